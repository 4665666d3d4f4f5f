"""A learner's path as a log: what was decided and why, what came of it, what changed the path."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import LearnerState
from engine.domain.pacing import Adjustment, Override
from engine.domain.presentations import Presentation
from engine.domain.replies import card
from engine.domain.responses import Response
from engine.domain.unit_of_work import UnitOfWork
from web.words import MODES, PURPOSES, card_title, reason_words, skill_title, whole_minutes

ACTS: Final[dict[str, str]] = {
    "test_out": "Asked to test out of {target}",
    "undo": "Asked for {target} back",
    "show_anyway": "Asked to see {target}",
    "waive": "Waived: {target}",
    "saw_them_do": "You saw them do {target}",
    "take_back": "You took back that you saw them do {target}",
    "mode": "Changed the pace to {target}",
    "skip_review": "Skipped the review",
    "resume": "Began another visit",
    "switch_model": "The mastery model was fitted anew",
    "replace_model": "The mastery model was replaced, and folded anew",
    "switch_policy": "The pacing rules were renewed",
}
SWITCHES: Final = frozenset({"switch_model", "replace_model", "switch_policy"})
PRIVATE: Final = frozenset({"accommodate"})
"""Acts that are the learner's own affair."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log.

    Args:
        kind: `decision` with what came of it, `change` of the path, or an `act` of a person.
        why: the words the learner was shown.
        result: what came of a decision; empty while unanswered.
    """

    at: datetime
    seq: int
    kind: Literal["decision", "change", "act"]
    title: str
    why: str
    result: str = ""


def path_log(state: LearnerState, uow: UnitOfWork) -> list[Line]:
    """Return the whole log of an enrolment, newest first; four statements."""
    enrolment = state.enrolment
    version = uow.courses.version(enrolment.course_version_id)
    responses = {r.presentation_id: r for r in uow.record.responses(enrolment.id)}
    overrides = list(uow.record.overrides(enrolment.id))
    adjustments = list(uow.record.adjustments(enrolment.id))
    times = {r.seq: r.answered_at for r in responses.values()} | {o.seq: o.at for o in overrides}
    lines = [_decision(p, responses.get(p.id), version) for p in uow.record.presentations(enrolment.id)]
    lines += [_act(o, version) for o in overrides if o.kind not in PRIVATE]
    lines += [_change(a, seq, times.get(seq, enrolment.started_at), version) for seq, a in adjustments]
    rank = {"decision": 0, "act": 1, "change": 2}
    return sorted(lines, key=lambda one: (one.seq, rank[one.kind], one.at), reverse=True)


def _decision(p: Presentation, response: Response | None, version: CourseVersion) -> Line:
    activity = version.activities.get(p.activity_id)
    title = activity.title if activity is not None and activity.title else p.activity_id
    seq = p.decided_seq + 1 if response is None else response.seq
    return Line(
        at=p.served_at if response is None else response.answered_at,
        seq=seq,
        kind="decision",
        title=f"{PURPOSES.get(p.purpose, p.purpose)}: {title}",
        why=reason_words(p.reason, version),
        result=_result(response),
    )


def _result(response: Response | None) -> str:
    if response is None:
        return "not answered yet"
    if response.correct is None:
        return "done"
    told = "right" if response.correct else "not right"
    notes = ["" if response.first_try else "second try", f"{response.hints_used} hints" if response.hints_used > 1 else ""]
    notes += ["1 hint" if response.hints_used == 1 else ""]
    extra = ", ".join(n for n in notes if n)
    return f"{told} ({extra})" if extra else told


def _act(override: Override, version: CourseVersion) -> Line:
    title = ACTS.get(override.kind, override.kind).format(target=_target(override, version))
    note = f"{override.note} to {override.target}" if override.kind in SWITCHES else override.note
    return Line(override.at, override.seq, "act", title, note)


def _target(override: Override, version: CourseVersion) -> str:
    target = override.target
    if override.kind == "mode":
        return next((words[0] for name, words in MODES.items() if name == target), target)
    if target.startswith("slot:"):
        target = target.rpartition("/")[2]
    titles = {m.id: m.title for m in version.modules} | {a.id: a.title or a.id for a in version.activities.values()}
    return f"“{titles[target]}”" if target in titles else f"“{skill_title(target, version)}”"


def _change(adjustment: Adjustment, seq: int, at: datetime, version: CourseVersion) -> Line:
    skill = skill_title(adjustment.reason.facts.get("skill", ""), version)
    titles = {"close": f"Practice closed: {skill}", "flag": f"Help wanted: {skill}"}
    title = titles.get(adjustment.kind) or card_title(card(adjustment), version)
    minutes = whole_minutes(abs(adjustment.seconds))
    effect = "" if not minutes else f"saves {minutes} min" if adjustment.seconds < 0 else f"adds {minutes} min"
    return Line(at, seq, "change", title, reason_words(adjustment.reason, version), effect)
