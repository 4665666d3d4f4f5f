"""State and nonce: one row, bound to registration and browser, used up once; and what peers' suites lack about it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from lti.registering import add_deployment, set_status
from lti.registrations import find
from lti.storage import deployments, login_states
from tests.lti.conftest import register
from tests.lti.platform import LTI, TOOL, Begun, Platform
from tests.lti_certification.world import World, accepted, refused


def token(world: World, begun: Begun, **changes: object) -> str:
    return world.platform.sign(world.platform.claims(begun.nonce, **changes))


def test_a_replay_is_refused(world: World) -> None:
    begun = world.begin()
    launch = token(world, begun)
    accepted(begun.post(launch))
    before = world.stored()
    for _ in range(3):
        refused(begun.post(launch), "state_used")
    refused(begun.post(token(world, begun, jti="another")), "state_used")
    assert world.stored() == before


def test_a_used_token_under_a_new_state_is_refused(world: World) -> None:
    browser = world.browser()
    first, second = world.begin(browser), world.begin(browser)
    launch = token(world, first)
    accepted(first.post(launch))
    before = world.stored()
    refused(second.post(launch), "nonce")
    assert world.stored() == before
    accepted(second.post(token(world, second)))


def test_state_and_nonce_of_two_logins_do_not_mix(world: World) -> None:
    browser = world.browser()
    first, second = world.begin(browser), world.begin(browser)
    before = world.stored()
    refused(first.post(token(world, second)), "nonce")
    refused(second.post(token(world, first)), "nonce")
    assert world.stored() == before
    accepted(first.post(token(world, first)))
    accepted(second.post(token(world, second)))


def test_a_login_ends_after_ten_minutes(world: World) -> None:
    begun = world.begin()
    world.clock.forward(minutes=10)
    before = world.stored()
    refused(begun.post(token(world, begun)), "state_unknown")
    assert world.stored() == before
    begun = world.begin()
    world.clock.forward(minutes=9, seconds=59)
    accepted(begun.post(token(world, begun)))


@pytest.mark.parametrize("state", ["", "made-up", "x" * 600, "half \ud800 a character", "' OR 1=1 --"])
def test_a_made_up_state_is_refused(world: World, state: str) -> None:
    begun = world.begin()
    before = world.stored()
    form = {"id_token": token(world, begun), "state": state.encode("utf-8", "surrogatepass")}
    response = begun.client.post("/lti/launch", data=form, base_url=TOOL)
    refused(response, "form_incomplete" if not state or len(state) > 512 else "state_unknown")
    assert world.stored() == before
    accepted(begun.post(token(world, begun)))


def test_the_launch_of_another_browser_is_refused(world: World) -> None:
    begun = world.begin()
    launch = token(world, begun)
    before = world.stored()
    without, other = world.browser(), world.browser()
    world.begin(other)
    for browser in (without, other):
        refused(Begun(browser, begun.state, begun.nonce, {}).post(launch), "browser_unknown")
    assert world.stored() == before
    accepted(begun.post(launch))


def test_of_copies_at_once_one_is_accepted(world: World) -> None:
    """In one process here; `test_many_processes` posts 64 to four."""
    begun = world.begin()
    launch = token(world, begun)
    cookies = "; ".join(f"{c.key}={c.value}" for c in begun.client._cookies.values())
    barrier = Barrier(8)

    def post(_: int) -> int:
        client = world.app.test_client(use_cookies=False)
        barrier.wait()
        form = {"id_token": launch, "state": begun.state}
        return client.post("/lti/launch", data=form, headers={"Cookie": cookies}, base_url=TOOL).status_code

    before = world.stored()
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(post, range(8))) == [303] + [400] * 7
    after = world.stored()
    for name in ("logins used", "launches accepted", "launch_sessions"):
        assert after[name] == before[name] + 1


@pytest.mark.parametrize("status", ["inactive", "pending"])
def test_a_registration_that_is_not_active_launches_nothing(world: World, status: str) -> None:
    begun = world.begin()
    _set_status(world, status)
    before, logins = world.stored(), _logins(world)
    refused(begun.post(token(world, begun)), "platform_inactive")
    refused(begun.client.post("/lti/login", data=world.platform.initiation(), base_url=TOOL), "platform_inactive")
    assert (world.stored(), _logins(world)) == (before, logins)
    _set_status(world, "active")
    accepted(begun.post(token(world, begun)))


@pytest.mark.parametrize("named", ["dep-9", "dep-new"])
def test_the_deployment_of_another_tenant_and_a_new_one_only_wait_for_approval(world: World, named: str) -> None:
    begun = world.begin()
    before = world.stored()
    for _ in range(2):
        refused(begun.post(token(world, begun, **{LTI + "deployment_id": named})), "deployment_pending")
    assert world.stored() == {**before, "lti_deployments": before["lti_deployments"] + 1}
    with world.database.connect() as connection:
        mine = select(deployments.c.status).where(deployments.c.deployment_id == named).order_by(deployments.c.created_at)
        assert connection.scalars(mine).all()[-1] == "pending"
    accepted(begun.post(token(world, begun)))


def test_only_registered_tuples_pass(world: World) -> None:
    """Three platforms, two clients, two deployments: a login of one, and every issuer, audience and deployment in its token."""
    registered: Mapping[str, tuple[str, ...]] = {"tool-1": ("d-1", "d-2"), "tool-2": ("d-2",)}
    hosts = ("a.example", "b.example", "c.example")
    worlds: list[Platform] = []
    with world.uow() as uow:
        for host, client in itertools.product(hosts, registered):
            own = Platform(world.http, world.clock, host=host, client_id=client, key_name=host, kid=host)
            register(uow, own, world.clock, deployments=registered[client])
            worlds.append(own)
        uow.commit()
    passed = 0
    for began in worlds:
        begun = world.begin(platform=began)
        for signer, client, deployment in itertools.product(worlds[::2], registered, ("d-1", "d-2")):
            if signer.issuer == began.issuer and client == began.client_id and deployment in registered[client]:
                continue
            before = world.stored()
            claims = signer.claims(begun.nonce, aud=client, **{LTI + "deployment_id": deployment})
            response = begun.post(signer.sign(claims))
            strange = signer.issuer == began.issuer and client == began.client_id
            refused(response, "deployment_pending" if strange else "issuer" if signer.issuer != began.issuer else "audience")
            left = {**before, "lti_deployments": before["lti_deployments"] + strange}
            assert world.stored() == left
        for deployment in registered[began.client_id]:
            begun = world.begin(platform=began)
            accepted(begun.post(began.sign(began.claims(begun.nonce, **{LTI + "deployment_id": deployment}))))
            passed += 1
    assert passed == 9


def test_a_login_at_one_client_is_not_answered_by_another_client_of_the_issuer(world: World) -> None:
    second = Platform(world.http, world.clock, client_id="client-2", deployment_id="dep-2")
    with world.uow() as uow:
        stored = register(uow, second, world.clock, deployments=["dep-2"])
        assert add_deployment(uow, stored, "dep-1", now=world.clock()) is not None
        uow.commit()
    begun = world.begin()
    before = world.stored()
    refused(begun.post(second.sign(second.claims(begun.nonce, **{LTI + "deployment_id": "dep-1"}))), "audience")
    assert world.stored() == before
    accepted(begun.post(token(world, begun)))


def test_the_platforms_own_error_is_told(world: World) -> None:
    begun = world.begin()
    before = world.stored()
    for error in ("login_required", "<script>alert(1)</script>"):
        response = begun.client.post("/lti/launch", data={"error": error, "state": begun.state}, base_url=TOOL)
        refused(response, "platform_error")
        assert "alert(1)" not in response.get_data(as_text=True)
    assert world.stored() == before
    accepted(begun.post(token(world, begun)))


def test_a_login_writes_one_row_that_is_swept(world: World) -> None:
    from lti import logins

    before, rows = world.stored(), _logins(world)
    world.begin()
    assert (world.stored(), _logins(world)) == (before, rows + 1)
    world.clock.forward(minutes=10)
    with world.uow() as uow:
        assert logins.sweep(uow, world.clock()) == rows + 1
        uow.commit()
    assert _logins(world) == 0


def _set_status(world: World, status: str) -> None:
    with world.uow() as uow:
        mine = find(uow, world.platform.issuer, world.platform.client_id)
        assert mine is not None
        set_status(uow, mine.id, status)
        uow.commit()


def _logins(world: World) -> int:
    with world.database.connect() as connection:
        return connection.scalar(select(func.count()).select_from(login_states)) or 0
