"""The tool's keys: published before they sign, encrypted at rest."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import load_der_private_key
from flask.testing import FlaskClient
from sqlalchemy import select, update

from engine.domain.errors import ConfigurationError, Refused
from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.jose import parse, sign, usable_keys, verify
from lti.keys import ToolKeys, Vault
from lti.storage import tool_keys
from tests.lti.platform import TOOL, Clock


@pytest.fixture
def keys(uow_factory: UnitOfWorkFactory, clock: Clock) -> ToolKeys:
    return ToolKeys(uow_factory, Vault(["first secret"]), clock)


def kids(keys: ToolKeys) -> list[str]:
    return [jwk["kid"] for jwk in keys.key_set()["keys"]]


def test_the_next_key_is_published_before_it_signs(keys: ToolKeys, clock: Clock) -> None:
    active, upcoming = keys.active().kid, kids(keys)[1]
    assert kids(keys) == [active, upcoming]
    with pytest.raises(Refused):
        keys.rotate()
    clock.forward(days=1, seconds=1)
    assert keys.rotate() == upcoming
    assert keys.active().kid == upcoming
    assert kids(keys)[:2] == [active, upcoming]
    assert len(kids(keys)) == 3


def test_after_a_leak_keys_rotate_at_once_in_every_process(
    keys: ToolKeys, uow_factory: UnitOfWorkFactory, clock: Clock
) -> None:
    other = ToolKeys(uow_factory, Vault(["first secret"]), clock)
    leaked = keys.active().kid
    assert other.active().kid == leaked
    fresh = keys.rotate(at_once=True)
    assert fresh != leaked
    for process in (keys, other):
        assert process.active().kid == fresh
        assert leaked not in kids(process), "no platform may believe it any more"


def test_the_schedule_rotates_and_forgets(keys: ToolKeys, clock: Clock) -> None:
    first = keys.active().kid
    assert keys.rotate_when_due() is False
    clock.forward(days=91)
    assert keys.rotate_when_due() is True
    assert first in kids(keys)
    clock.forward(days=31)
    assert keys.rotate_when_due() is False
    assert first not in kids(keys)


def test_another_process_has_the_same_keys(keys: ToolKeys, uow_factory: UnitOfWorkFactory, clock: Clock) -> None:
    other = ToolKeys(uow_factory, Vault(["first secret"]), clock)
    assert keys.active().kid == other.active().kid
    assert keys.key_set() == other.key_set()


def test_private_keys_are_encrypted_and_bound_to_their_name(keys: ToolKeys, uow_factory: UnitOfWorkFactory) -> None:
    keys.ensure()
    with uow_factory() as uow:
        first, second = uow.session.execute(select(tool_keys)).all()
    with pytest.raises(ValueError, match=r".+"):
        load_der_private_key(first.private_key, None)
    vault = Vault(["first secret"])
    assert load_der_private_key(vault.open(first.private_key, first.vault_key_id, first.kid), None)
    with pytest.raises(ConfigurationError):
        vault.open(first.private_key, first.vault_key_id, second.kid)


def test_an_old_secret_still_opens_and_a_wrong_one_says_so(
    keys: ToolKeys, uow_factory: UnitOfWorkFactory, clock: Clock
) -> None:
    kid = keys.active().kid
    assert ToolKeys(uow_factory, Vault(["new secret", "first secret"]), clock).active().kid == kid
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        ToolKeys(uow_factory, Vault(["new secret"]), clock).active()


def test_the_key_set_is_public_and_holds_nothing_private(browser: FlaskClient) -> None:
    response = browser.get("/lti/jwks", base_url=TOOL)
    assert response.status_code == 200
    assert len(response.json["keys"]) == 2
    for jwk in response.json["keys"]:
        assert set(jwk) == {"kty", "use", "alg", "kid", "n", "e"}
        assert (jwk["kty"], jwk["use"], jwk["alg"]) == ("RSA", "sig", "RS256")


def test_a_key_that_is_no_key_is_said(keys: ToolKeys, uow_factory: UnitOfWorkFactory, clock: Clock) -> None:
    keys.ensure()
    with uow_factory() as uow:
        uow.session.execute(update(tool_keys).values(private_key=b"garbage"))
        uow.commit()
    with pytest.raises(ConfigurationError):
        keys.active()


def test_a_retired_keys_private_part_is_forgotten_at_once(keys: ToolKeys, uow_factory: UnitOfWorkFactory, clock: Clock) -> None:
    first = keys.active().kid
    clock.forward(days=2)
    keys.rotate()
    with uow_factory() as uow:
        stored = {row.kid: row for row in uow.session.execute(select(tool_keys))}
    assert stored[first].private_key == b""
    assert all(row.private_key for kid, row in stored.items() if kid != first)
    assert first in kids(keys), "what it signed can still be checked"


def test_after_a_new_secret_the_old_one_can_be_forgotten(keys: ToolKeys, uow_factory: UnitOfWorkFactory, clock: Clock) -> None:
    kid = keys.active().kid
    keys.rotate(at_once=True)
    both = ToolKeys(uow_factory, Vault(["new secret", "first secret"]), clock)
    assert both.rotate_when_due() is False
    alone = ToolKeys(uow_factory, Vault(["new secret"]), clock)
    assert alone.active().kid == keys.active().kid != kid
    clock.forward(days=2)
    alone.rotate()


def test_no_call_fails_through_a_scheduled_rotation(keys: ToolKeys, uow_factory: UnitOfWorkFactory, clock: Clock) -> None:
    """A platform caches our key set for a day, and another process still signs with what it read before the rotation."""
    other = ToolKeys(uow_factory, Vault(["first secret"]), clock)
    cached, cached_at, signers = keys.key_set(), clock(), set()
    for _ in range(2 * 125):
        clock.forward(hours=12)
        before = other.active()
        keys.rotate_when_due()
        if clock() - cached_at >= timedelta(hours=24):
            cached, cached_at = keys.key_set(), clock()
        published = usable_keys(cached)
        for signing in (before, keys.active()):
            signers.add(signing.kid)
            verify(parse(sign({"jti": "1"}, signing.private_key, signing.kid)), published[signing.kid])
    assert len(signers) == 2
    assert len(kids(keys)) == 2, "the first key has left the set a month after it signed last"
