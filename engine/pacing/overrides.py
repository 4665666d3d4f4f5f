"""How overrides change a path; the same for every policy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import cast, get_args

from engine.domain.errors import Refused
from engine.domain.minutes_back import SKIPPED
from engine.domain.pacing import Adjustment, Advance, Closure, Marked, Mode, Outlook, Override, PathState, Queued, Reason
from engine.domain.path import Segment, close, element_seconds, reopen, segment_of, without_marks
from engine.pacing.review import REVIEW_S

ACCOMMODATIONS: Mapping[str, float | None] = {"1": 1.0, "1.25": 1.25, "1.5": 1.5, "2": 2.0, "untimed": None}


def apply_override(path: PathState, override: Override, look: Outlook) -> Advance:
    """Return the path after an override. Raises Refused where it does not apply."""
    path = replace(path, seq=override.seq)
    if override.kind == "test_out":
        return _test_out(path, override)
    if override.kind == "undo":
        return _undo(path, override, look)
    if override.kind == "show_anyway":
        return _show_anyway(path, override, look)
    if override.kind == "waive":
        return _waive(path, override, look)
    if override.kind == "saw_them_do":
        return _saw_them_do(path, override, look)
    if override.kind == "take_back":
        return _take_back(path, override, look)
    if override.kind == "skip_review":
        return Advance(replace(path, review_s={**path.review_s, override.target: float(REVIEW_S)}))
    if override.kind == "accommodate":
        return _accommodate(path, override)
    if override.kind == "resume":
        return Advance(_resume(path, override))
    if override.target not in get_args(Mode):
        raise Refused(f"There is no pace '{override.target}'. Choose {', '.join(get_args(Mode))}.")
    return Advance(replace(path, mode=cast(Mode, override.target)))


def _test_out(path: PathState, override: Override) -> Advance:
    if path.closed.get(override.target, "practised") != "practised":
        raise Refused("You have already shown this skill here. Open the map to see what comes next.")
    return Advance(replace(path, testing=override.target, test_right=0, retry=None))


def _undo(path: PathState, override: Override, look: Outlook) -> Advance:
    slot = look.version.slot(override.target)
    segment = segment_of(look.version, look.version.module(slot.module_id), slot.key)
    keys = segment.elements if segment is not None else ()
    skipped = tuple(k for k in keys if path.closed.get(k) in SKIPPED)
    if not skipped or slot.key in path.no_skip:
        raise Refused("Nothing was skipped here that could be brought back.")
    path = without_marks(reopen(path, skipped), [slot.key])
    path = replace(path, no_skip=(*path.no_skip, slot.key), queue=(), retry=None, testing=None)
    added = element_seconds(look.version, skipped)
    reason = Reason("undo.skip", {"skill": slot.skill_id})
    return Advance(path, (Adjustment("insert", slot.key, reason, skipped, added),))


def _show_anyway(path: PathState, override: Override, look: Outlook) -> Advance:
    if override.target not in look.version.activities:
        raise Refused("This activity is not part of your course.")
    if any(q.activity_id == override.target for q in path.queue):
        return Advance(path)
    shown = Queued(override.target, "show_anyway", Reason("show_anyway.asked", {"activity": override.target}))
    return Advance(replace(path, queue=(*path.queue, shown)))


def _waive(path: PathState, override: Override, look: Outlook) -> Advance:
    modules = {m.id: m for m in look.version.modules}
    keys = modules[override.target].elements() if override.target in modules else (override.target,)
    known = {k for m in modules.values() for k in m.elements()}
    if not set(keys) <= known:
        raise Refused(f"The course has no module or element '{override.target}' that could be waived.")
    return Advance(close(replace(path, retry=None), keys, "waived"))


def _saw_them_do(path: PathState, override: Override, look: Outlook) -> Advance:
    adjustments = []
    for module in look.version.modules:
        for slot in module.slots:
            segment = segment_of(look.version, module, slot.key)
            if slot.skill_id != override.target or segment is None:
                continue
            keys = tuple(k for k in segment.elements if k not in path.closed)
            shut = keys if path.closed.get(slot.key) != "practised" else (*keys, slot.key)
            path = _mark(path, segment, shut)
            reason = Reason("skip.seen_by_instructor", {"skill": slot.skill_id})
            adjustments.append(Adjustment("skip", slot.key, reason, shut, -element_seconds(look.version, keys), card=True))
    if not adjustments:
        raise Refused(f"The course has no skill '{override.target}'.")
    return Advance(path, tuple(adjustments))


def _mark(path: PathState, segment: Segment, shut: Collection[str]) -> PathState:
    """Close a segment and remember what that replaced; what was practised in vain is mastered, and asks for no help."""
    key = segment.slot.key
    flag = path.flags.index(key) if key in path.flags else None
    marks = dict(path.marks)
    if (shut or flag is not None) and key not in marks:
        marks[key] = Marked({k: path.closed.get(k) for k in shut}, flag)
    now: dict[str, Closure] = {k: "mastered" if k == key else "skipped" for k in shut}
    return replace(path, closed={**path.closed, **now}, flags=tuple(f for f in path.flags if f != key), marks=marks)


def _take_back(path: PathState, override: Override, look: Outlook) -> Advance:
    """Restore what marks of a skill replaced; since then the learner has neither proved it nor asked for its lesson."""
    slots = [s for m in look.version.modules for s in m.slots if s.skill_id == override.target and s.key in path.marks]
    if not slots:
        raise Refused("There is nothing to take back: no mark stands on this skill any more. Reload the page.")
    adjustments = []
    # The last mark first, so that each flag finds its place.
    for slot in reversed(slots):
        mark = path.marks[slot.key]
        opened = tuple(k for k, how in mark.before.items() if how is None)
        closed = {**path.closed, **{k: how for k, how in mark.before.items() if how is not None}}
        path = without_marks(reopen(replace(path, closed=closed), opened), [slot.key])
        if mark.flag is not None:
            path = replace(path, flags=(*path.flags[: mark.flag], slot.key, *path.flags[mark.flag :]))
        reason = Reason("take_back.by_instructor", {"skill": slot.skill_id})
        changed = tuple(mark.before)
        adjustments.append(Adjustment("insert", slot.key, reason, changed, element_seconds(look.version, opened)))
    return Advance(path, tuple(reversed(adjustments)))


def _accommodate(path: PathState, override: Override) -> Advance:
    if override.target not in ACCOMMODATIONS:
        raise Refused(f"There is no accommodation '{override.target}'. Choose {', '.join(ACCOMMODATIONS)}.")
    return Advance(replace(path, time_factor=ACCOMMODATIONS[override.target]))


def _resume(path: PathState, override: Override) -> PathState:
    """Begin another visit: its time and its review count anew, and a second try that nobody remembers is dropped."""
    return replace(
        path,
        retry=None,
        review_s={},
        earlier_s=dict(path.module_active_s),
        # Sorted, since a stored mapping comes back in another order than the fold made it.
        returned=tuple(sorted(path.module_active_s)),
        resumed_at=override.at,
    )
