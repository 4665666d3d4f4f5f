"""Floods of launches that nobody signed: no rows, no requests, no memory."""

from __future__ import annotations

import gc
import os
import sys
from itertools import pairwise

from sqlalchemy import func, select

from lti.storage import launch_log, login_states, platform_key_sets
from tests.lti_certification.world import World, accepted, refused

LAUNCHES = int(os.environ.get("LTI_FLOOD_LAUNCHES", "500"))
"""Badly signed launches; the nightly setting is 100,000 (docs/testing.md)."""


def test_badly_signed_launches_leave_no_rows_and_no_memory(world: World) -> None:
    begun = world.begin()
    token = world.platform.sign(world.platform.claims(begun.nonce))
    head, payload, signature = token.split(".")
    before, asked = _rows(world), len(world.http.asked)

    def post(n: int) -> None:
        forged = f"{n:06d}".replace("0", "A")
        response = begun.post(f"{head}.{payload}.{forged}{signature[6:]}")
        assert response.status_code == 400

    # What a launch leaves grows in every window; what other threads of the process happen to hold does not.
    window = LAUNCHES // 5
    held = []
    for start in range(0, 5 * window, window):
        for n in range(start, start + window):
            post(n)
        held.append(_blocks())
    grown = min(after - earlier for earlier, after in pairwise(held))
    assert grown < window / 2, f"at least {grown} blocks of memory more after each {window} launches"
    assert _rows(world) == before
    assert len(world.http.asked) == asked
    refused(begun.post(f"{head}.{payload}.AAAA{signature[4:]}"), "signature")
    accepted(begun.post(token))


def _blocks() -> int:
    """Return how many blocks of memory Python holds."""
    gc.collect()
    return sys.getallocatedblocks()


def _rows(world: World) -> dict[str, int]:
    with world.database.connect() as connection:
        counted = (launch_log, login_states, platform_key_sets)
        mine = {t.name: connection.scalar(select(func.count()).select_from(t)) or 0 for t in counted}
    return {**world.stored(), **mine}
