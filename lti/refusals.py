"""Why a launch is refused, in words for the person who launched and for their administrator."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A launch that is not right, ready to be shown.

    Args:
        code: stable name, one of `REASONS`.
        what: what is wrong, in plain words for the person at the screen.
        admin_hint: what an administrator of the LMS or of this tool should check.
        reference: what the page shows and the log carries.
        status: HTTP status, always 4xx but for the platform's own faults (502, 503).
        frame_origins: origins that may frame the explanation: those of the platform it came from, where that is known.
    """

    code: str
    what: str
    admin_hint: str
    reference: str
    status: int
    frame_origins: tuple[str, ...] = ()


class LaunchRefusedError(Exception):
    """Raised by the gate.

    Args:
        code: one of `REASONS`.
        detail: which claim or value; never personal data, never the value of a token.
    """

    def __init__(self, code: str, detail: str = "", *, registration_id: str | None = None) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.registration_id = registration_id

    def refusal(self, reference: str) -> Refusal:
        """Return the refusal to show, under a reference id."""
        status, what, hint = REASONS[self.code]
        suffix = f" ({self.detail})" if self.detail else ""
        return Refusal(self.code, what, hint + suffix, reference, status)


def new_reference() -> str:
    """Return a short reference id that can be read out on the phone."""
    return "".join([_ALPHABET[byte % len(_ALPHABET)] for byte in secrets.token_bytes(10)])


_REOPEN = "Go back to your course and open this link again. Nothing of yours is lost."

REASONS: Final[dict[str, tuple[int, str, str]]] = {
    "login_incomplete": (
        400,
        "Your learning platform started this launch with a piece of information missing.",
        "The login initiation must carry iss, login_hint and target_link_uri. Check the tool's initiate login URL in the LMS.",
    ),
    "platform_unknown": (
        400,
        "This tool does not know the learning platform that sent you.",
        "Compare issuer and client ID in the LMS with the registration: `pacemate platform list`.",
    ),
    "platform_ambiguous": (
        400,
        "Several platforms are registered under this address, and the launch does not say which one it is.",
        "The LMS should send client_id (or lti_deployment_id) with the login initiation. Switch that on in the LMS.",
    ),
    "platform_inactive": (
        403,
        "The connection between your learning platform and this tool is not switched on.",
        "The registration is pending or inactive. Approve it on the admin page or with `pacemate platform list`.",
    ),
    "target_foreign": (
        400,
        "The link in your course leads to another address than this tool's.",
        "target_link_uri must begin with this tool's address. Check the tool URL in the LMS.",
    ),
    "too_many_logins": (
        429,
        "Too many launches arrive at once. Wait a minute, then open the link again.",
        "The rate limit of logins from one address was reached. Raise it if a whole class shares one address.",
    ),
    "form_incomplete": (
        400,
        f"The launch did not arrive whole. {_REOPEN}",
        "The LMS must POST id_token and state to the redirect URL. Check for a proxy that drops form fields.",
    ),
    "platform_error": (
        400,
        f"Your learning platform stopped the launch. {_REOPEN}",
        "The LMS answered the login with an error. Check redirect URI and client ID in the LMS.",
    ),
    "token_malformed": (
        400,
        "The launch from your learning platform cannot be read.",
        "The id_token is no well-formed signed token of at most 64 KB. The tool must be set up as LTI 1.3 in the LMS.",
    ),
    "algorithm": (
        400,
        "The launch from your learning platform is not signed in the way this tool accepts.",
        "Only RS256 is accepted. Check the signature method in the LMS.",
    ),
    "key_missing": (
        400,
        "The launch does not say which key it was signed with.",
        "The id_token's header lacks `kid`. Check the platform's key setup.",
    ),
    "key_unknown": (
        400,
        "The launch is signed with a key that your learning platform does not publish.",
        "Open the registered key set URL and look for the kid. If the LMS has just changed its keys, try again in a minute.",
    ),
    "keys_unreachable": (
        503,
        "Your learning platform's keys cannot be fetched just now. Try again in a minute.",
        "The key set URL did not answer with a key set. Check that this server can reach it.",
    ),
    "signature": (
        400,
        "The signature of this launch is not valid.",
        "The id_token was changed on its way, or signed by somebody else. Compare the key set URL with the LMS.",
    ),
    "state_unknown": (
        400,
        f"This launch was opened too late, or a second time. {_REOPEN}",
        "The state is unknown, expired (10 minutes) or used. Reloading a launch does this; so does a very wrong clock.",
    ),
    "state_used": (
        400,
        f"This launch was already used. {_REOPEN}",
        "A launch works once. Reloading the page or going back to it sends the same launch again.",
    ),
    "reloaded": (
        400,
        f"Reloading this page ended it: your browser keeps nothing for it inside your learning platform. {_REOPEN}",
        "A frame without cookies holds its session in the page's memory, which a reload empties. In a tab it survives.",
    ),
    "browser_unknown": (
        400,
        f"Your browser did not send back this tool's cookie, so that the launch cannot be tied to you. {_REOPEN} "
        "If it happens again, open the link in a new tab.",
        "The browser blocks this tool's cookies in frames. Let the link open in a new window, or allow cookies for this site.",
    ),
    "handover_used": (
        400,
        f"This was opened in a tab already, or it waited too long. {_REOPEN}",
        "A framed login that finds neither cookie nor storage can be continued in one new tab, for ten minutes.",
    ),
    "nonce": (
        400,
        f"This launch does not belong to the login that began it. {_REOPEN}",
        "The nonce in the id_token is not the one of this login. A platform that caches tokens does this.",
    ),
    "issuer": (
        400,
        "This launch was signed for another platform than the one that began it.",
        "iss in the id_token differs from the registration. Compare the issuer in the LMS, with and without a trailing slash.",
    ),
    "audience": (
        400,
        "This launch was meant for another tool.",
        "aud must be (or hold) this tool's client ID, and azp must name it where aud has several.",
    ),
    "expired": (
        400,
        f"This launch has expired. {_REOPEN}",
        "exp is over by more than 60 s, or missing. Check the clocks of the LMS and of this server.",
    ),
    "issued_at": (
        400,
        f"This launch is too old, or from the future. {_REOPEN}",
        "iat must be there, at most 10 minutes old and at most 60 s ahead. Check the clocks of the LMS and of this server.",
    ),
    "version": (
        400,
        "Your learning platform speaks another version of LTI than this tool.",
        "The version claim must be 1.3.0. Set the tool up as LTI 1.3 in the LMS.",
    ),
    "message_type": (
        400,
        "Your learning platform sent a kind of message that this tool does not handle.",
        "message_type must be LtiResourceLinkRequest or LtiDeepLinkingRequest, with the claims of that type.",
    ),
    "claim_missing": (
        400,
        "Something that this tool needs is missing in the launch.",
        "A required claim is missing.",
    ),
    "claim_malformed": (
        400,
        "Something in the launch does not have the form that the standard asks for.",
        "A claim has the wrong form.",
    ),
    "deployment_pending": (
        403,
        "This tool is new in your part of the learning platform and waits for its administrator's approval.",
        "The deployment is listed as pending: approve it on the admin page, or use `pacemate platform add --deployment`.",
    ),
    "return_url": (
        400,
        "Your learning platform asked for the selection to be sent to an address that is not its own.",
        "deep_link_return_url must belong to the registered platform; else add its origin to the frame origins.",
    ),
    "nothing_to_add": (
        400,
        "This place of your learning platform takes no links to this tool. Open the picker where activities or assignments are "
        "added.",
        "accept_types of the deep linking request lacks ltiResourceLink. Offer the tool where the LMS adds LTI links.",
    ),
    "not_found": (
        404,
        "This selection is not open any more. Open the picker again from your course.",
        "The deep linking request has ended or belongs to another session.",
    ),
    "registration_link": (
        403,
        "This registration link is not valid any more.",
        "Registration links work once, for one hour. Make a new one with `pacemate platform invite` or on the admin page.",
    ),
    "registration_failed": (
        400,
        "The registration could not be completed.",
        "The configuration must be whole, its addresses on the issuer's host; `pacemate platform invite --host` allows others.",
    ),
}
"""Code to (status, words for the person, words for the administrator)."""
