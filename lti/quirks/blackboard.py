"""Blackboard Learn, from its documentation, unverified; docs/platforms.md, B1 to B3."""

from __future__ import annotations

from lti.quirks.generic import Generic


class Blackboard(Generic):
    """One client for everyone: the deployment is the institution (B1). An unknown user is 400 (B2)."""

    name = "blackboard"
    title = "Blackboard Learn"
    family_codes = ("blackboardlearn", "blackboard")
    verified = False
    tenant_per_deployment = True

    def hosts(self, issuer: str) -> tuple[str, ...]:  # noqa: ARG002
        """Return the developer portal, which signs in and gives tokens for every customer."""
        return ("developer.blackboard.com",)
