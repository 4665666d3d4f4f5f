"""The gate: a launch is believed here or nowhere.

Everything is checked before anything is written, and one UPDATE decides which of several copies of a launch is the one. The
checks are ours; pylti1p3's own validators run after them as a second opinion (docs/decisions/0002-lti-gate.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from sqlalchemy import and_, bindparam, select
from sqlalchemy.exc import IntegrityError

from engine.domain.unit_of_work import UnitOfWork
from engine.storage.prepared import Prepared
from lti import checks, logins
from lti.addresses import belongs_to_tool, origin, same_platform, secure
from lti.browser import LaunchProof, network_hash
from lti.claims import LaunchContext, reduce_claims
from lti.jose import TokenError, UnverifiedToken, parse, verify
from lti.launch_log import LaunchLog, Trail
from lti.links import remember
from lti.platform_keys import Asker, PlatformKeys
from lti.quirks.families import family_of, quirks
from lti.reading import LTI, NO_TEXT, Claims
from lti.refusals import LaunchRefusedError
from lti.registering import add_deployment
from lti.registrations import Registration, from_row
from lti.storage import deployments, login_states, registrations, send

_LOGIN: Final = ("state_hash", "nonce_hash", "browser_hash", "storage_target", "expires_at", "consumed_at")

_LOOK_UP: Final = Prepared(
    select(
        registrations,
        *(login_states.c[name] for name in _LOGIN),
        deployments.c.id.label("deployment_row"),
        deployments.c.status.label("deployment_status"),
        deployments.c.tenant_id.label("deployment_tenant"),
    )
    .select_from(login_states)
    .join(registrations, registrations.c.id == login_states.c.registration_id)
    .outerjoin(
        deployments,
        and_(deployments.c.registration_id == registrations.c.id, deployments.c.deployment_id == bindparam("deployment")),
    )
    .where(login_states.c.state_hash == bindparam("state"))
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A launch on its way through the gate."""

    token: UnverifiedToken
    state_hash: str
    proof: LaunchProof
    trail: Trail
    address: str | None


@dataclass(frozen=True, slots=True)
class _Found:
    """What the database knows of a candidate: its login, registration and deployment."""

    row: Any
    registration: Registration


class Gate:
    """Admits launches.

    Args:
        secret: for the hash of the browser's cookie.
        base_url: this tool's own address, without a slash at its end.
        development: allows http.
    """

    def __init__(
        self,
        *,
        uow: Callable[[], UnitOfWork],
        keys: PlatformKeys,
        log: LaunchLog,
        clock: Callable[[], datetime],
        secret: str,
        base_url: str,
        development: bool,
    ) -> None:
        self._uow = uow
        self._keys = keys
        self._log = log
        self._clock = clock
        self._secret = secret
        self._base_url = base_url
        self._development = development

    def admit(self, form: Mapping[str, str], proof: LaunchProof, trail: Trail, *, address: str | None = None) -> LaunchContext:
        """Return the launch that a POST to `/lti/launch` carries; its state is used up by that.

        Args:
            form: `state` and `id_token`.
            proof: what was brought to prove the browser.
            trail: notes each check, for the launch log.
            address: where the request came from; whoever floods us from one network keeps no other waiting for a new key.

        Raises:
            LaunchRefusedError: anything that is not right; nothing was written but, for a verified launch from a new
                deployment, that deployment as pending.
        """
        candidate = self._read(form, proof, trail, address)
        read = len(trail.checks)
        with self._uow() as uow:
            found = self._look_up(uow, candidate)
            launch, fault = self._examine(candidate, found)
            key = self._keys.known(found.registration.jwks_url, candidate.token.kid)
            if key is not None:
                return self._finish(uow, candidate, found, key, launch, fault)
        key = self._find_key(candidate, found, fault)
        with self._uow() as uow:
            # A fetch may take seconds: what was switched off or used up meanwhile stays out.
            del trail.checks[read:]
            found = self._look_up(uow, candidate)
            launch, fault = self._examine(candidate, found)
            return self._finish(uow, candidate, found, key, launch, fault)

    def _read(self, form: Mapping[str, str], proof: LaunchProof, trail: Trail, address: str | None) -> _Candidate:
        if form.get("error") and not form.get("id_token"):
            raise LaunchRefusedError("platform_error", _word(form["error"]))
        state, token = form.get("state"), form.get("id_token")
        if not state or not token or len(state) > 512:
            raise LaunchRefusedError("form_incomplete", "id_token is missing" if state else "state is missing")
        try:
            parsed = parse(token)
        except TokenError as error:
            trail.failed("token")
            raise LaunchRefusedError(error.code, error.detail) from error
        trail.passed("token")
        return _Candidate(parsed, logins.digest(state), proof, trail, address)

    def _look_up(self, uow: UnitOfWork, candidate: _Candidate) -> _Found:
        named = candidate.token.payload.get(LTI + "deployment_id")
        values = {"state": candidate.state_hash, "deployment": _storable(named) if isinstance(named, str) else ""}
        row = send(uow, _LOOK_UP, values).first()
        trail = candidate.trail
        if row is None or row.expires_at <= self._clock():
            trail.failed("state")
            raise LaunchRefusedError("state_unknown")
        trail.registration_id = row.id
        if row.consumed_at is not None:
            trail.failed("state")
            raise LaunchRefusedError("state_used", registration_id=row.id)
        trail.passed("state")
        if not candidate.proof.shows(self._secret, row.browser_hash, candidate.state_hash):
            trail.failed("browser")
            raise LaunchRefusedError("browser_unknown", registration_id=row.id)
        trail.passed("browser")
        return _Found(row, from_row(row))

    def _examine(self, candidate: _Candidate, found: _Found) -> tuple[LaunchContext | None, LaunchRefusedError | None]:
        """Check all claims; a fault is told after the signature, so that only a signed one is stored."""
        try:
            return self._claims(candidate, found), None
        except LaunchRefusedError as fault:
            candidate.trail.fell()
            return None, fault

    def _claims(self, candidate: _Candidate, found: _Found) -> LaunchContext:
        payload, trail, registration = candidate.token.payload, candidate.trail, found.registration
        claims = Claims(payload)
        trail.begins("registration")
        checks.registration_active(registration)
        trail.begins("issuer")
        checks.issuer(claims, registration)
        trail.begins("audience")
        checks.audience(payload, registration)
        trail.begins("nonce")
        checks.nonce(claims, found.row.nonce_hash)
        trail.begins("time")
        checks.times(payload, self._clock().timestamp())
        trail.begins("claims")
        return self._reduce(claims, payload, found, trail)

    def _reduce(self, claims: Claims, payload: Mapping[str, Any], found: _Found, trail: Trail) -> LaunchContext:
        registration = found.registration
        platform = claims.group(LTI + "tool_platform")
        code = platform.text("product_family_code") if platform is not None else None
        family = registration.family if registration.family != "generic" else family_of(code, registration.issuer)
        anywhere = quirks(family).returns_anywhere(registration.issuer)
        launch = reduce_claims(
            payload,
            reference=trail.reference,
            registration_id=registration.id,
            tenant_id=found.row.deployment_tenant or registration.tenant_id,
            storage_target=found.row.storage_target,
            family=family,
            origins=registration.origins,
            theirs=lambda url: self._theirs(url, registration, anywhere),
        )
        trail.message_type, trail.deployment_id = launch.message_type, launch.deployment_id
        if not belongs_to_tool(claims.required(LTI + "target_link_uri", 8192), self._base_url):
            raise LaunchRefusedError("target_foreign")
        checks.second_opinion(payload)
        return launch

    def _theirs(self, url: str, registration: Registration, anywhere: bool) -> bool:
        if origin(url) is None or origin(url) == origin(self._base_url):
            return False
        if anywhere:
            return secure(url, development=self._development)
        return same_platform(url, registration.addresses, development=self._development)

    def _find_key(self, candidate: _Candidate, found: _Found, fault: LaunchRefusedError | None) -> RSAPublicKey:
        url, kid = found.registration.jwks_url, candidate.token.kid
        try:
            key = self._keys.find(url, kid, self._asker(candidate, found), again=fault is None)
        except OSError as error:
            if fault is not None:
                raise fault from error
            candidate.trail.failed("key")
            raise LaunchRefusedError("keys_unreachable", str(error)[:200], registration_id=found.registration.id) from error
        if key is None and fault is not None:
            raise fault
        if key is None:
            candidate.trail.failed("key")
            raise LaunchRefusedError("key_unknown", registration_id=found.registration.id)
        return key

    def _asker(self, candidate: _Candidate, found: _Found) -> Asker:
        def launched_before() -> bool:
            with self._uow() as uow:
                return logins.launched_before(uow, found.row.browser_hash, found.registration.id)

        network = network_hash(self._secret, candidate.address)
        return Asker(candidate.state_hash, found.row.browser_hash, network, launched_before)

    def _finish(
        self,
        uow: UnitOfWork,
        candidate: _Candidate,
        found: _Found,
        key: RSAPublicKey,
        launch: LaunchContext | None,
        fault: LaunchRefusedError | None,
    ) -> LaunchContext:
        """Verify, use the state up, write what the launch says, commit."""
        trail = candidate.trail
        try:
            verify(candidate.token, key)
        except TokenError as error:
            trail.failed("signature")
            raise LaunchRefusedError("signature", registration_id=found.registration.id) from error
        trail.passed("signature")
        trail.verified = True
        if fault is not None or launch is None:
            raise fault or LaunchRefusedError("claim_malformed")
        now = self._clock()
        self._deployment(uow, found, launch, trail, now)
        if not logins.consume(uow, candidate.state_hash, now):
            trail.failed("single use")
            raise LaunchRefusedError("state_used", registration_id=found.registration.id)
        trail.passed("single use")
        launch = remember(uow, launch, found.row.deployment_row, now)
        self._log.accepted(uow, trail)
        uow.commit()
        return launch

    def _deployment(self, uow: UnitOfWork, found: _Found, launch: LaunchContext, trail: Trail, now: datetime) -> None:
        if found.row.deployment_status == "active":
            trail.passed("deployment")
            return
        trail.failed("deployment")
        if found.row.deployment_row is None:
            with suppress(IntegrityError):  # Another launch from there was first: it waits already.
                add_deployment(uow, found.registration, launch.deployment_id, now=now, pending=True)
                uow.commit()
        raise LaunchRefusedError("deployment_pending", registration_id=found.registration.id)


def _storable(text: str) -> str:
    """Return a text that both databases take as a parameter; what they would refuse matches nothing."""
    return "" if len(text) > 255 or NO_TEXT.search(text) is not None else text


def _word(text: str) -> str:
    """Return an OAuth error code, or nothing where it is none."""
    return text if len(text) <= 60 and text.replace("_", "").isalnum() and text.isascii() else ""
