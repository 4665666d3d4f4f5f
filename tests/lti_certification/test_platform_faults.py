"""Platforms' key sets that fail, rotate or are flooded: whose fault it is, how often we ask, and that good launches go on."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.domain.deliveries import HttpAnswer
from lti.jose import public_jwk
from lti.registering import set_status
from lti.registrations import list_platforms
from tests.lti.platform import Platform, answer, rsa_key
from tests.lti_certification.test_floods import LAUNCHES
from tests.lti_certification.world import World, accepted, build_world, refused

FORGED_KIDS = min(10_000, LAUNCHES)


@pytest.fixture
def fresh(world: World, tmp_path: Path) -> World:
    """A world whose platform's keys nobody knows yet; `world` keeps its log quiet."""
    return build_world(tmp_path)


def launch(world: World, browser: FlaskClient | None = None, platform: Platform | None = None, **headers: str) -> TestResponse:
    own = platform or world.platform
    begun = world.begin(browser, own)
    return begun.post(own.sign(own.claims(begun.nonce), **headers))


def refused_until_mended(world: World, fault: Callable[..., HttpAnswer], code: str, *, wait_s: float) -> None:
    """Launch while the platform's key set is at fault: nothing is left of that, and the launch passes once it is mended."""
    good = world.http.routes[world.platform.jwks_url]
    world.http.routes[world.platform.jwks_url] = fault
    begun = world.begin()
    token = world.platform.sign(world.platform.claims(begun.nonce))
    before = world.stored()
    refused(begun.post(token), code)
    assert world.stored() == before
    world.http.routes[world.platform.jwks_url] = good
    world.clock.forward(seconds=wait_s)
    accepted(begun.post(token))


def test_who_is_switched_off_while_keys_are_fetched_stays_out(fresh: World) -> None:
    good = fresh.http.routes[fresh.platform.jwks_url]

    def meanwhile(*asked: Any) -> HttpAnswer:
        with fresh.uow() as uow:
            (mine,) = (r for r, _ in list_platforms(uow) if r.client_id == fresh.platform.client_id)
            set_status(uow, mine.id, "inactive")
            uow.commit()
        return good(*asked)

    fresh.http.routes[fresh.platform.jwks_url] = meanwhile
    begun = fresh.begin()
    before = fresh.stored()
    refused(begun.post(fresh.platform.sign(fresh.platform.claims(begun.nonce))), "platform_inactive")
    assert fresh.stored() == before


@pytest.mark.parametrize(
    "fault",
    [
        answer(500),
        answer(503, b"busy"),
        answer(200, b"<html>Sign in</html>"),
        answer(200, {"keys": None}),
        TimeoutError("slow"),
    ],
    ids=["500", "503", "html", "no keys", "timeout"],
)
def test_a_platform_without_its_keys_is_told_and_leaves_nothing(fresh: World, fault: HttpAnswer | OSError) -> None:
    def broken(*_: object) -> HttpAnswer:
        if isinstance(fault, OSError):
            raise fault
        return fault

    refused_until_mended(fresh, broken, "keys_unreachable", wait_s=6)


def test_a_kid_that_names_two_keys_names_none(fresh: World) -> None:
    twice = [public_jwk(rsa_key(name).public_key(), "kid-1") for name in ("platform", "stranger")]
    refused_until_mended(fresh, lambda *_: answer(200, {"keys": twice}), "key_unknown", wait_s=31)


def test_a_rotation_between_login_and_launch_passes(fresh: World) -> None:
    accepted(launch(fresh))
    begun = fresh.begin()
    fresh.platform.rotate("kid-2", "platform-2")
    accepted(begun.post(fresh.platform.sign(fresh.platform.claims(begun.nonce))))
    assert fresh.http.count(fresh.platform.jwks_url) == 2


def test_after_a_flood_of_forged_kids_a_rotated_key_works_at_once(fresh: World) -> None:
    """One request of the platform for all of them; the attacker's own browser is let in too, if its launch is a true one."""
    browser = fresh.browser()
    accepted(launch(fresh, browser))
    begun = fresh.begin(browser)
    _, payload, signature = fresh.platform.sign(fresh.platform.claims(begun.nonce), kid="forged").split(".")
    before = fresh.stored()
    for n in range(FORGED_KIDS):
        header = json.dumps({"alg": "RS256", "kid": f"forged-{n}"}).encode()
        response = begun.post(f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.{payload}.{signature}")
        assert response.status_code == 400
    refused(response, "key_unknown")
    assert fresh.stored() == before
    assert fresh.http.count(fresh.platform.jwks_url) == 2
    fresh.platform.rotate("kid-2", "platform-2")
    accepted(launch(fresh, browser))
    accepted(launch(fresh))
    assert fresh.http.count(fresh.platform.jwks_url) == 3


def test_who_launched_before_brings_a_rotated_key_at_once_while_strangers_flood(fresh: World) -> None:
    known = fresh.browser()
    accepted(launch(fresh, known))
    for n in range(10):
        begun = fresh.begin()
        token = fresh.platform.sign(fresh.platform.claims(begun.nonce), kid=f"forged-{n}")
        refused(begun.post_from(f"203.0.{n}.7", token), "key_unknown")
    assert fresh.http.count(fresh.platform.jwks_url) == 1 + 4
    fresh.platform.rotate("kid-2", "platform-2")
    refused(launch(fresh), "key_unknown")
    accepted(launch(fresh, known))
    accepted(launch(fresh))


def test_a_flood_from_one_network_keeps_no_stranger_of_another_waiting(fresh: World) -> None:
    accepted(launch(fresh))
    for n in range(10):
        refused(launch(fresh, kid=f"forged-{n}"), "key_unknown")
    fresh.platform.rotate("kid-2", "platform-2")
    begun = fresh.begin()
    accepted(begun.post_from("198.51.100.7", fresh.platform.sign(fresh.platform.claims(begun.nonce))))
    accepted(launch(fresh))
    assert fresh.http.count(fresh.platform.jwks_url) == 3


def test_known_browsers_cannot_flood_either(fresh: World) -> None:
    known = [fresh.browser() for _ in range(6)]
    for browser in known:
        accepted(launch(fresh, browser))
    for n in range(5):
        for browser in known:
            refused(launch(fresh, browser, kid=f"forged-{n}"), "key_unknown")
    assert fresh.http.count(fresh.platform.jwks_url) == 1 + 8
    fresh.clock.forward(seconds=31)
    refused(launch(fresh, known[0], kid="forged"), "key_unknown")
    assert fresh.http.count(fresh.platform.jwks_url) == 1 + 8 + 1


def test_a_flood_at_one_platform_does_not_touch_another(fresh: World) -> None:
    accepted(launch(fresh))
    other = Platform(fresh.http, fresh.clock, host="other.example", client_id="client-9", key_name="other", kid="kid-9")
    other.deployment_id = "dep-9"
    for n in range(10):
        refused(launch(fresh, kid=f"forged-{n}"), "key_unknown")
    accepted(launch(fresh, platform=other))
    other.rotate("kid-10", "other-2")
    accepted(launch(fresh, platform=other))
