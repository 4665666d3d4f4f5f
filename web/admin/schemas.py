"""The form by which a platform is added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validates_schema

from lti.addresses import origin, secure, split_address
from lti.quirks.families import FAMILIES

NEEDED: Final = {
    "name": "Give it a name, such as the school's.",
    "issuer": "Copy the issuer from the LMS's tool page.",
    "client_id": "Copy the client ID from the LMS's tool page.",
    "login_url": "Copy the authentication request URL from the LMS's tool page.",
    "token_url": "Copy the access token URL from the LMS's tool page.",
    "jwks_url": "Copy the public keyset URL from the LMS's tool page.",
}
MOST: Final = 500


class Platform(Schema):
    """A platform as the form names it.

    Args:
        development: allows http.
    """

    class Meta:
        """Fields of the page's frame are no concern of this form."""

        unknown = EXCLUDE

    name = fields.String(load_default="")
    issuer = fields.String(load_default="")
    client_id = fields.String(load_default="")
    login_url = fields.String(load_default="")
    token_url = fields.String(load_default="")
    jwks_url = fields.String(load_default="")
    family = fields.String(load_default="")
    token_audience = fields.String(load_default="")
    deployments = fields.String(load_default="")
    frame_origins = fields.String(load_default="")

    def __init__(self, *, development: bool) -> None:
        super().__init__()
        self._development = development

    @pre_load
    def trimmed(self, data: Mapping[str, str], **_: Any) -> Mapping[str, str]:
        """Cut the spaces that copying brings."""
        return {name: value.strip() for name, value in data.items()}

    @validates_schema
    def complete(self, data: Mapping[str, str], **_: Any) -> None:
        """Refuse what is missing or no address, field by field."""
        errors = {name: [words] for name, words in NEEDED.items() if not data[name]}
        errors |= {name: [f"At most {MOST} characters."] for name in NEEDED if len(data[name]) > MOST}
        for name in ("login_url", "token_url", "jwks_url"):
            if name not in errors:
                errors |= self._address_fault(name, data[name])
        if data["family"] and data["family"] not in FAMILIES:
            errors["family"] = ["Choose one of the list."]
        wrong = [one for one in words_of(data["frame_origins"]) if origin(one) is None]
        if wrong:
            errors["frame_origins"] = [f"{wrong[0]} is no origin such as https://lms.example.org."]
        if errors:
            raise ValidationError(errors)

    def _address_fault(self, name: str, url: str) -> dict[str, list[str]]:
        if split_address(url) is None:
            return {name: ["This is no absolute address such as https://lms.example.org/auth. Copy it from the LMS."]}
        if not secure(url, development=self._development):
            return {name: ["This address is not https. In production, platforms must use https."]}
        return {}


def words_of(text: str) -> tuple[str, ...]:
    """Return the entries of a field that takes several, by space, comma or line."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def told_errors(error: ValidationError) -> dict[str, str]:
    """Return field to message, as the form macros take them."""
    messages = error.messages
    return {str(name): " ".join(told) for name, told in messages.items()} if isinstance(messages, Mapping) else {}
