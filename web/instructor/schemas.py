"""The forms of an instructor's pages; their messages stand beside the fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, get_args

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validates_schema

from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import GradePolicy
from engine.services.override_path import MOST_NOTE
from engine.services.set_cohort import LOCKABLE, CohortSettings

NO_REASON: Final = "Say in a few words why; the learner can read it."
NO_DATE: Final = "Give a date, or leave it empty."
NO_MODULE: Final = "Choose at least one module of this course."


class Form(Schema):
    """A form; the fields of the page's frame are no concern of its own."""

    class Meta:
        """Fields that are not declared are left out."""

        unknown = EXCLUDE


class Act(Form):
    """An act on a learner's path: a target, and the reason for it.

    Args:
        targets: what may be named.
    """

    target = fields.String(required=True)
    note = fields.String(required=True)

    def __init__(self, targets: Collection[str]) -> None:
        super().__init__()
        self._targets = targets

    @validates_schema
    def complete(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse a target that is not there, and a missing or long reason."""
        errors: dict[str, list[str]] = {}
        if data["target"] not in self._targets:
            errors["target"] = ["This is not part of the cohort's course any more. Reload the page."]
        if not data["note"].strip():
            errors["note"] = [NO_REASON]
        elif len(data["note"]) > MOST_NOTE:
            errors["note"] = [f"The reason is {len(data['note'])} characters long; at most {MOST_NOTE}. Shorten it."]
        if errors:
            raise ValidationError(errors)


class Settings(Form):
    """A cohort's settings.

    Args:
        version: the course version the cohort is pinned to.
    """

    contract = fields.List(fields.String(), load_default=list)
    starts_on = fields.Date(load_default=None, allow_none=True, error_messages={"invalid": NO_DATE})
    ends_on = fields.Date(load_default=None, allow_none=True, error_messages={"invalid": NO_DATE})
    grade_policy = fields.String(required=True, error_messages={"required": "Choose what the grade means."})
    locks = fields.List(fields.String(), load_default=list)

    def __init__(self, version: CourseVersion) -> None:
        super().__init__()
        self._version = version

    @pre_load
    def empty_dates(self, data: Mapping[str, Any], **_: Any) -> Mapping[str, Any]:
        """Read an empty date as none."""
        dates = {name: data.get(name) or None for name in ("starts_on", "ends_on")}
        return {**data, **dates}

    @validates_schema
    def fits(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse what does not fit the course, field by field."""
        errors: dict[str, list[str]] = {}
        faults = self._contract_faults(data["contract"])
        if faults:
            errors["contract"] = faults
        starts, ends = data["starts_on"], data["ends_on"]
        if starts is not None and ends is not None and ends < starts:
            errors["ends_on"] = ["The last day is before the first. Change one of the two."]
        if data["grade_policy"] not in get_args(GradePolicy):
            errors["grade_policy"] = ["Choose one of the four."]
        if not set(data["locks"]) <= set(LOCKABLE):
            errors["locks"] = ["There is no such lock. Reload the page and choose again."]
        if errors:
            raise ValidationError(errors)

    def _contract_faults(self, chosen: Collection[str]) -> list[str]:
        modules = {m.id: m for m in self._version.modules}
        if not chosen or not set(chosen) <= set(modules):
            return [NO_MODULE]
        return [
            f"“{modules[m].title}” builds on “{modules[before].title}”. Choose both, or neither."
            for m in modules
            if m in chosen
            for before in modules[m].requires
            if before not in chosen
        ]


def settings_of(values: Mapping[str, Any]) -> CohortSettings:
    """Return the settings of a form that was accepted."""
    return CohortSettings(
        contract=tuple(values["contract"]),
        starts_on=values["starts_on"],
        ends_on=values["ends_on"],
        grade_policy=values["grade_policy"],
        locks=tuple(lock for lock in LOCKABLE if lock in values["locks"]),
    )


def told_errors(error: ValidationError) -> dict[str, str]:
    """Return field to message, as the form macros take them."""
    messages = error.messages
    return {str(name): _joined(told) for name, told in messages.items()} if isinstance(messages, Mapping) else {}


def _joined(messages: Any) -> str:
    if isinstance(messages, Mapping):
        return " ".join(_joined(m) for m in messages.values())
    return " ".join(messages) if isinstance(messages, list) else str(messages)
