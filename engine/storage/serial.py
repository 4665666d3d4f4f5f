"""The domain's values as JSON and back, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.domain.mastery import MasteryState
from engine.domain.pacing import Marked, Pace, PathState, Queued, Reason, ReviewState, SlotState

Json = Mapping[str, Any]


def reason_to_json(reason: Reason) -> Json:
    """Return a reason as JSON values."""
    return {"code": reason.code, "facts": dict(reason.facts)}


def reason_from_json(value: Json) -> Reason:
    """Return the reason that `reason_to_json` wrote."""
    return Reason(value["code"], value["facts"])


def mastery_to_json(state: MasteryState) -> Json:
    """Return a model's state as JSON values."""
    return {"model": state.model, "version": state.version, "values": dict(state.values)}


def mastery_from_json(value: Json) -> MasteryState:
    """Return the state that `mastery_to_json` wrote."""
    return MasteryState(value["model"], value["version"], value["values"])


def slot_to_json(slot: SlotState) -> Json:
    """Return a slot's state as JSON values."""
    return {
        "items": list(slot.items),
        "right": slot.right,
        "first_tries": slot.first_tries,
        "active_s": slot.active_s,
        "probe": slot.probe,
        "helped": slot.helped,
        "streak": slot.streak,
        "shown": list(slot.shown),
    }


def slot_from_json(value: Json) -> SlotState:
    """Return the slot's state that `slot_to_json` wrote, of this release or of one that did not keep what help was given."""
    return SlotState(
        items=tuple(value["items"]),
        right=value["right"],
        first_tries=value["first_tries"],
        active_s=value["active_s"],
        probe=value["probe"],
        helped=value["helped"],
        streak=value["streak"],
        shown=tuple(value.get("shown", ())),
    )


def review_to_json(state: ReviewState) -> Json:
    """Return a skill's review state as JSON values."""
    return {
        "stability": state.stability,
        "difficulty": state.difficulty,
        "last": state.last.isoformat(),
        "due": state.due.isoformat(),
    }


def review_from_json(value: Json) -> ReviewState:
    """Return the review state that `review_to_json` wrote."""
    last, due = datetime.fromisoformat(value["last"]), datetime.fromisoformat(value["due"])
    return ReviewState(value["stability"], value["difficulty"], last, due)


def path_to_json(path: PathState) -> Json:
    """Return a path as JSON values."""
    return {
        "seq": path.seq,
        "closed": dict(path.closed),
        "slots": {key: slot_to_json(slot) for key, slot in path.slots.items()},
        "seen": dict(path.seen),
        "retry": None if path.retry is None else list(path.retry),
        "queue": [{"activity_id": q.activity_id, "purpose": q.purpose, "reason": reason_to_json(q.reason)} for q in path.queue],
        "no_skip": list(path.no_skip),
        "testing": path.testing,
        "test_right": path.test_right,
        "mode": path.mode,
        "since_card": path.since_card,
        "module_active_s": dict(path.module_active_s),
        "flags": list(path.flags),
        "marks": {key: {"before": dict(mark.before), "flag": mark.flag} for key, mark in path.marks.items()},
        "pace": [path.pace.count, path.pace.mean, path.pace.squares],
        "reviews": {skill: review_to_json(state) for skill, state in path.reviews.items()},
        "review_s": dict(path.review_s),
        "time_factor": path.time_factor,
        "earlier_s": dict(path.earlier_s),
        "returned": list(path.returned),
        "resumed_at": None if path.resumed_at is None else path.resumed_at.isoformat(),
    }


def path_from_json(value: Json) -> PathState:
    """Return the path that `path_to_json` wrote, of this release or of one without visits or marks."""
    retry, resumed_at = value["retry"], value.get("resumed_at")
    return PathState(
        seq=value["seq"],
        closed=value["closed"],
        slots={key: slot_from_json(slot) for key, slot in value["slots"].items()},
        seen=value["seen"],
        retry=None if retry is None else (retry[0], retry[1]),
        queue=tuple(Queued(q["activity_id"], q["purpose"], reason_from_json(q["reason"])) for q in value["queue"]),
        no_skip=tuple(value["no_skip"]),
        testing=value["testing"],
        test_right=value["test_right"],
        mode=value["mode"],
        since_card=value["since_card"],
        module_active_s=value["module_active_s"],
        flags=tuple(value["flags"]),
        marks={key: Marked(mark["before"], mark["flag"]) for key, mark in value.get("marks", {}).items()},
        pace=Pace(*value["pace"]),
        reviews={skill: review_from_json(state) for skill, state in value["reviews"].items()},
        review_s=value["review_s"],
        time_factor=value["time_factor"],
        earlier_s=value.get("earlier_s", {}),
        returned=tuple(value.get("returned", ())),
        resumed_at=None if resumed_at is None else datetime.fromisoformat(resumed_at),
    )
