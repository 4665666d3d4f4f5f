"""Open edX: one column a block, named in the launch; line items are not made by tools unless switched on."""

from __future__ import annotations

from lti.quirks.generic import Generic


class OpenEdx(Generic):
    """Posts go to the `lineitem` of the launch; maxima are integers."""

    name = "openedx"
    title = "Open edX"
    family_codes = ("openedx", "open edx", "edx")
