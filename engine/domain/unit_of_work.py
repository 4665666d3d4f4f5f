"""The unit of work: the one way to the record. Explicit commit; leaving without one rolls back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from engine.domain.access import AdminSession, OpenLink
from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import Cohort, Enrolment, GradePolicy, LearnerState, Membership, Person, Role, Standing
from engine.domain.events import Event
from engine.domain.fits import CourseEvidence, CourseLog, FitRecord, Pin, Promotion
from engine.domain.mastery import MasteryState, SkillPrior
from engine.domain.milestones import Milestone
from engine.domain.pacing import Adjustment, Override, PathState
from engine.domain.plan import Spent, WeeklyPlan
from engine.domain.presentations import Presentation
from engine.domain.responses import Response

if TYPE_CHECKING:
    from engine.domain.deliveries import Delivery, Destination


class Courses(Protocol):
    """Published course versions and who may use them."""

    def add(self, version: CourseVersion, now: datetime) -> None:
        """Store a version; its (course, number) is unique."""

    def add_file(self, sha256: str, content: bytes, now: datetime) -> None:
        """Store a file of a course under its SHA-256; storing it again is harmless."""

    def file(self, sha256: str) -> bytes | None:
        """Return a file by its SHA-256."""

    def version(self, version_id: str) -> CourseVersion:
        """Return a version, from the process's cache where it is there. Raises NotFound."""

    def latest(self, course_id: str) -> CourseVersion | None:
        """Return the newest version of a course."""

    def available(self, tenant_id: str) -> Sequence[CourseVersion]:
        """Return the newest version of each course the tenant may use."""

    def grant(self, course_id: str, tenant_id: str) -> None:
        """Let a tenant use a course; granting twice is harmless."""

    def revoke(self, course_id: str, tenant_id: str) -> bool:
        """Let a tenant begin no more cohorts of a course; those it has go on. Return whether it might before."""


class People(Protocol):
    """Tenants and the people they know."""

    def add_tenant(self, tenant_id: str, name: str, now: datetime) -> None:
        """Store a tenant."""

    def suspended(self, tenant_id: str) -> bool:
        """Return whether a tenant is kept out."""

    def suspend_tenants(self, tenant_ids: Collection[str], *, suspended: bool) -> None:
        """Keep tenants out, so that their running sessions end, or let them in again."""

    def upsert(
        self, tenant_id: str, sub: str, *, name: str | None, email: str | None, locale: str | None, now: datetime
    ) -> Person:
        """Return the person of (tenant, sub), made where missing; None never erases what is known."""

    def get(self, person_id: str) -> Person:
        """Return a person. Raises NotFound."""


class Cohorts(Protocol):
    """Cohorts and memberships."""

    def find(self, tenant_id: str, key: str, course_id: str) -> Cohort | None:
        """Return the cohort of an LMS context and course."""

    def add(self, cohort: Cohort, now: datetime) -> Cohort:
        """Store a cohort; when another process was first, return that one."""

    def get(self, cohort_id: str, tenant_id: str) -> Cohort:
        """Return a cohort of a tenant. Raises NotFound, also for another tenant's."""

    def update(
        self,
        cohort_id: str,
        *,
        contract: tuple[str, ...] | None,
        confirmed_at: datetime | None,
        starts_on: date | None,
        ends_on: date | None,
        grade_policy: GradePolicy,
        locks: tuple[str, ...],
    ) -> None:
        """Store the settings of a cohort."""

    def join(self, cohort_id: str, person_id: str, role: Role, *, preview: bool, source: str, now: datetime) -> Membership:
        """Return the membership, made or brought up to date; a dropped member who launches is active again."""

    def set_status(self, cohort_id: str, person_ids: Collection[str], status: str, now: datetime) -> int:
        """Flag memberships, for the roster; return how many changed."""


class Enrolments(Protocol):
    """Enrolments and their folded state."""

    def current(self, cohort_id: str, person_id: str, *, preview: bool | None = None) -> Enrolment | None:
        """Return the newest attempt: of previews, of real ones, or (None) of either."""

    def add(self, state: LearnerState) -> Enrolment:
        """Store an enrolment with its first state; when another process was first, return that one."""

    def get(self, enrolment_id: str, tenant_id: str) -> LearnerState:
        """Return an enrolment of a tenant without a lock. Raises NotFound."""

    def lock(self, enrolment_id: str, tenant_id: str) -> LearnerState:
        """Return an enrolment of a tenant and hold its row until the end of the unit of work. Raises NotFound."""

    def save(self, enrolment: Enrolment, mastery: MasteryState, path: PathState) -> None:
        """Write back the enrolment's figures and its state."""

    def of_cohort(self, cohort_id: str) -> Sequence[LearnerState]:
        """Return the newest attempt of each active learner with state; previews are left out."""

    def of_person(self, tenant_id: str, person_id: str) -> Sequence[LearnerState]:
        """Return all of a person's enrolments in a tenant with state, the last active first; previews are left out."""

    def pins(self) -> Sequence[Pin]:
        """Return the versions of models that enrolments are folded by, by course, model and version."""

    def idle(self, pin: Pin, *, since: datetime, after: str, limit: int) -> Sequence[tuple[str, str]]:
        """Return (enrolment, tenant) of those that pin a version and have been idle since then, by id."""


class Record(Protocol):
    """The append-only record: presentations, responses, overrides, adjustments, milestones."""

    def presentation(self, presentation_id: str, enrolment_id: str) -> Presentation:
        """Return a presentation of an enrolment. Raises NotFound."""

    def presented(self, enrolment_id: str, decided_seq: int, module_id: str) -> Presentation | None:
        """Return the presentation decided at a position of the fold."""

    def add_presentation(self, presentation: Presentation) -> Presentation:
        """Store a presentation; when another process was first, return that one."""

    def show_hint(self, presentation_id: str, number: int) -> None:
        """Record that hints up to `number` were shown."""

    def reply(self, presentation_id: str) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """Return (answer, saved reply) of an answered presentation."""

    def add_response(
        self,
        enrolment_id: str,
        response: Response,
        *,
        answer: Mapping[str, Any],
        reply: Mapping[str, Any],
        misconception: str | None,
    ) -> None:
        """Append a response with the reply it got."""

    def responses(self, enrolment_id: str) -> Sequence[Response]:
        """Return all responses in order of seq."""

    def add_priors(self, enrolment_id: str, priors: Sequence[SkillPrior]) -> None:
        """Store what an enrolment begins with, its position 0."""

    def priors(self, enrolment_id: str) -> Sequence[SkillPrior]:
        """Return what an enrolment began with, in order."""

    def add_override(self, enrolment_id: str, override: Override) -> None:
        """Append an override."""

    def overrides(self, enrolment_id: str) -> Sequence[Override]:
        """Return all overrides in order of seq."""

    def add_standing(self, enrolment_id: str, standing: Standing) -> None:
        """Store what an enrolment goes on from at a switch."""

    def standings(self, enrolment_id: str) -> Sequence[Standing]:
        """Return what was stored at the switches of an enrolment, in order."""

    def add_adjustments(self, enrolment_id: str, seq: int, adjustments: Sequence[Adjustment], now: datetime) -> None:
        """Append what a response or override changed of the path."""

    def adjustments(self, enrolment_id: str) -> Sequence[tuple[int, Adjustment]]:
        """Return (seq, adjustment), oldest first."""

    def presentations(self, enrolment_id: str) -> Sequence[Presentation]:
        """Return all presentations in order of decided_seq and serving."""

    def add_milestones(self, milestones: Sequence[Milestone], now: datetime) -> Sequence[Milestone]:
        """Store milestones; return those that were new, once for ever by unique (enrolment, threshold)."""

    def uncelebrated(self, enrolment_id: str) -> Milestone | None:
        """Return the highest milestone to celebrate that was not yet seen."""

    def celebrated(self, enrolment_id: str, now: datetime) -> None:
        """Mark all milestones of an enrolment as seen."""


class Plans(Protocol):
    """Weekly plans; data beside the path, which they never move."""

    def get(self, enrolment_id: str, day: datetime, week: datetime) -> tuple[WeeklyPlan | None, Spent]:
        """Return the plan, None where the learner chose none, and the active time since two moments."""

    def save(self, enrolment_id: str, plan: WeeklyPlan, now: datetime) -> None:
        """Store the plan of an enrolment in place of the one before."""


class Outbox(Protocol):
    """Events on their way out, and deliveries."""

    def add(self, events: Sequence[Event]) -> None:
        """Append events, in the transaction of what they tell."""

    def take(self, limit: int) -> Sequence[Event]:
        """Claim the oldest unrelayed events, skipping those another relay holds; marked relayed on commit."""

    def add_deliveries(self, sink: str, wanted: Sequence[tuple[Event, Destination]], now: datetime) -> int:
        """Store deliveries; the same (sink, address, event) twice, or a coalesced one, is stored once."""

    def due(self, now: datetime, limit: int, lease_s: int) -> Sequence[Delivery]:
        """Claim due deliveries, the first of each order key, by moving `next_try_at` on by the lease."""

    def settle(
        self, delivery_id: str, *, status: str, attempts: int, next_try_at: datetime, error: str | None, now: datetime
    ) -> None:
        """Store the outcome of a try."""

    def wake(self, delivery_id: str, now: datetime) -> bool:
        """Make a waiting or dead delivery due at once; False when there is none."""

    def sweep(self, before: datetime, limit: int) -> int:
        """Delete what was settled before, at most `limit` rows of either table; return how many."""


class Fits(Protocol):
    """Fits of mastery models and their promotions, by course."""

    def log(self, course_id: str) -> CourseLog:
        """Return a course's evidence. Raises NotFound."""

    def add(self, fit: FitRecord, coefficients: str | None) -> None:
        """Store a try and what it brought; a version that is there already stays as it is."""

    def coefficients(self, model: str, version: str) -> str | None:
        """Return the coefficients of a version as text; None where no fit has it."""

    def of_course(self, course_id: str) -> Sequence[FitRecord]:
        """Return all tries of a course, the newest first."""

    def promote(self, promotion: Promotion) -> None:
        """Let a course's new enrolments pin a version."""

    def promoted(self, course_id: str, model: str) -> str | None:
        """Return the version that a course's new enrolments pin; None while it is the installed one."""

    def promotions(self) -> Sequence[Promotion]:
        """Return the newest promotion of each course and model."""

    def evidence(self) -> Sequence[CourseEvidence]:
        """Return what each course's record holds now, and held at its last try."""

    def take_turn(self, course_id: str, now: datetime, until: datetime) -> bool:
        """Claim a course for fitting until a time; False while another worker has it."""

    def end_turn(self, course: CourseEvidence, until: datetime, now: datetime) -> None:
        """Give a course back, with what its record held; nothing changes where another worker has it by now.

        Args:
            until: what this worker claimed it until.
        """


class Access(Protocol):
    """Launch sessions and administrators' sessions and single-purpose capability links; secrets are stored hashed."""

    def add_session(self, session_id: str, values: Mapping[str, Any]) -> None:
        """Store a launch session; the keys are the columns of `launch_sessions`."""

    def session(self, session_id: str) -> Mapping[str, Any] | None:
        """Return a launch session, and as `suspended` whether its tenant is kept out."""

    def add_link(self, purpose: str, token_hash: str, subject: str, expires_at: datetime, now: datetime) -> None:
        """Store a capability link."""

    def use_link(self, purpose: str, token_hash: str, now: datetime) -> str | None:
        """Consume a link atomically; return its subject, or None when unknown, used, revoked or expired."""

    def open_links(self, purpose: str, now: datetime) -> Sequence[OpenLink]:
        """Return the links of a purpose that may still be used, newest first."""

    def revoke_link(self, purpose: str, link_id: str, now: datetime) -> bool:
        """Make an open link useless; return whether there was one."""

    def add_admin_session(self, session_id: str, token_hash: str, name: str, expires_at: datetime, now: datetime) -> None:
        """Store an administrator's session."""

    def admin_session(self, token_hash: str, now: datetime) -> AdminSession | None:
        """Return the session that a cookie proves, None where it has ended."""

    def admin_sessions(self, now: datetime) -> Sequence[AdminSession]:
        """Return all administrators' sessions, newest first."""

    def end_admin_sessions(self, session_id: str | None = None, *, but: str | None = None) -> int:
        """End one administrator's session, or all `but` one; return how many."""

    def find_link(self, purpose: str, token_hash: str, now: datetime) -> str | None:
        """Return a link's subject without using it up, or None when unknown, used, revoked or expired."""

    def link_made(self, purpose: str, subject: str, now: datetime) -> datetime | None:
        """Return when the subject's newest open link was made; None without one."""

    def revoke_links(self, purpose: str, subject: str, now: datetime) -> int:
        """End all open links of a subject; return how many."""

    def sweep(self, now: datetime) -> int:
        """Delete expired sessions and links; return how many."""


class UnitOfWork(Protocol):
    """One transaction over the record."""

    courses: Courses
    people: People
    cohorts: Cohorts
    enrolments: Enrolments
    record: Record
    plans: Plans
    outbox: Outbox
    fits: Fits
    access: Access

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def commit(self) -> None:
        """Make it so."""

    def rollback(self) -> None:
        """Undo everything since the last commit."""
