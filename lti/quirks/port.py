"""What a platform may do in its own way; see the modules beside this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from engine.domain.deliveries import HttpAnswer

Verdict = Literal["sent", "retry", "dead", "conflict", "missing"]
"""`conflict`: read the result and compare. `missing`: look the line item up once."""


class Quirks(Protocol):
    """One platform's manners.

    Attributes:
        name: the family, as `--family` names it.
        title: the product's name, for people.
        family_codes: values of `tool_platform.product_family_code` it is known by, in lower case.
        verified: False where nothing but documents stands behind the module.
        tenant_per_deployment: one client serves many customers, each a deployment.
        sections_by_link: the roster of one link tells custom parameters, and so the sections, of each member.
    """

    name: str
    title: str
    family_codes: tuple[str, ...]
    verified: bool
    tenant_per_deployment: bool
    sections_by_link: bool

    def returns_anywhere(self, issuer: str) -> bool:
        """Return whether the platform's pages live on customers' own domains, foreign to the issuer's."""

    def score(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the score as this platform wants it."""

    def verdict(self, answer: HttpAnswer) -> tuple[Verdict, str]:
        """Return what an answer to a score means, and plain words for the instructor."""

    def line_item(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a new line item as this platform wants it."""

    def custom(self) -> Mapping[str, str]:
        """Return the custom parameters that a link of ours asks this platform to fill in."""

    def registration(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return this tool's configuration as this platform wants it for dynamic registration."""

    def hosts(self, issuer: str) -> tuple[str, ...]:
        """Return further host names that are known to be the platform's; `.x` stands for all below `x`."""
