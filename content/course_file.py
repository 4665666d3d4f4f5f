"""`course.yaml`: its schema, and its faults with their lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from content.reader import is_id
from content.yaml_lines import Path, YamlDocument, read_yaml
from engine.domain.catalog import Skill
from engine.domain.ports import Fault

FILE_NAME = "course.yaml"


@dataclass(frozen=True, slots=True)
class ModuleEntry:
    """A module as `course.yaml` lists it."""

    id: str
    file: str
    title: str
    summary: str = ""
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A source that modules cite as `[@id]`; `number` is what readers see."""

    id: str
    number: int
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class CourseFile:
    """What `course.yaml` says."""

    id: str
    title: str
    summary: str
    language: str
    reviewed: date
    versions: Mapping[str, str]
    skills: tuple[Skill, ...]
    modules: tuple[ModuleEntry, ...]
    sources: tuple[Source, ...] = ()
    document: YamlDocument = field(default_factory=lambda: YamlDocument(None, {}))

    def line(self, *path: str | int) -> int:
        """Return the line of a value, such as `line("skills", 0, "id")`."""
        return self.document.line(path)


def _check_id(value: str) -> None:
    if not is_id(value):
        raise ValidationError("is no id. Use lower-case letters, figures and single dashes, at most 80 characters.")


def _text(required: bool = True, most: int = 300) -> fields.String:
    limits = [validate.Length(1 if required else 0, most, error=f"is empty or has more than {most} characters. Change it.")]
    return (
        fields.String(required=required, load_default="", validate=limits)
        if not required
        else fields.String(required=True, validate=limits)
    )


def _id() -> fields.String:
    return fields.String(required=True, validate=_check_id)


def _address(required: bool) -> fields.String:
    well_formed = validate.URL(schemes={"https", "http"}, error="is no web address. Write it in full, with https://.")
    return (
        fields.String(required=True, validate=well_formed)
        if required
        else fields.String(load_default=None, validate=well_formed)
    )


class SkillSchema(Schema):
    """One entry under `skills`."""

    id = _id()
    title = _text()
    do = _text()
    conditions = _text()
    standard = _text()
    uri = _address(required=False)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Skill:
        """Return the skill."""
        return Skill(**data)


class ModuleSchema(Schema):
    """One entry under `modules`."""

    id = _id()
    file = fields.String(
        required=True,
        validate=validate.Regexp(r"modules/[\w.-]+\.md\Z", error="is no module file. Name one such as modules/01-joins.md."),
    )
    title = _text()
    summary = _text(most=600)
    requires = fields.List(fields.String(), load_default=list)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> ModuleEntry:
        """Return the entry."""
        return ModuleEntry(**{**data, "requires": tuple(data["requires"])})


class SourceSchema(Schema):
    """One entry under `sources`."""

    title = _text()
    url = _address(required=True)


class CourseSchema(Schema):
    """The whole of `course.yaml`."""

    id = _id()
    title = _text()
    summary = _text(most=600)
    language = fields.String(
        required=True,
        validate=validate.Regexp(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", error="is no language tag. Write one such as en."),
    )
    reviewed = fields.Date(required=True, format="iso", error_messages={"invalid": "is no date. Write it as 2026-11-20."})
    versions = fields.Dict(fields.String(), fields.String(), load_default=dict)
    skills = fields.List(fields.Nested(SkillSchema), required=True, validate=validate.Length(1, error="lists none. Add one."))
    modules = fields.List(fields.Nested(ModuleSchema), required=True, validate=validate.Length(1, error="lists none. Add one."))
    sources = fields.Dict(fields.String(validate=_check_id), fields.Nested(SourceSchema), load_default=dict)

    class Meta:
        unknown = RAISE


def read_course_file(text: str) -> tuple[CourseFile | None, tuple[str, ...], tuple[Fault, ...]]:
    """Read `course.yaml`.

    Returns:
        What it says, or None; the module files it names, also when it has faults; its faults.
    """
    document = read_yaml(text)
    faults = [Fault(FILE_NAME, line, message) for line, message in document.faults]
    if document.data is None and faults:
        return None, (), tuple(faults)
    if not isinstance(document.data, dict):
        return None, (), (Fault(FILE_NAME, 1, "is no mapping. Begin with lines such as 'id: my-course'."),)
    named = tuple(_named_files(document.data.get("modules")))
    try:
        loaded = CourseSchema().load(document.data)
    except ValidationError as error:
        faults += [_schema_fault(document, path, message) for path, message in _flat(error.messages, ())]
        return None, named, tuple(faults)
    sources = tuple(
        Source(key, number, item["title"], item["url"]) for number, (key, item) in enumerate(loaded.pop("sources").items(), 1)
    )
    course = CourseFile(
        **{**loaded, "skills": tuple(loaded["skills"]), "modules": tuple(loaded["modules"])}, sources=sources, document=document
    )
    faults += _repeats(course)
    return course, named, tuple(faults)


def _named_files(modules: object) -> Iterator[str]:
    for module in modules if isinstance(modules, list) else ():
        if isinstance(module, dict) and isinstance(module.get("file"), str):
            yield module["file"]


def _repeats(course: CourseFile) -> Iterator[Fault]:
    for kind, ids in (("skills", [s.id for s in course.skills]), ("modules", [m.id for m in course.modules])):
        for at, item in enumerate(ids):
            if item in ids[:at]:
                first = course.line(kind, ids.index(item), "id")
                yield Fault(
                    FILE_NAME, course.line(kind, at, "id"), f"the id '{item}' stands twice (first on line {first}). Change one."
                )
    files = [m.file for m in course.modules]
    for at, name in enumerate(files):
        if name in files[:at]:
            yield Fault(
                FILE_NAME, course.line("modules", at, "file"), f"'{name}' is the file of two modules. Give each its own."
            )


def _flat(messages: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield (path, message) of marshmallow's nested messages."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            # A mapping's own keys and values are reported under 'key' and 'value', an object's faults under '_schema'.
            own = key == "_schema" or (key in {"key", "value"} and path[:1] in {("sources",), ("versions",)} and len(path) == 2)
            yield from _flat(inner, path if own else (*path, key))
    else:
        for message in messages:
            yield path, str(message)


_SENTENCES = {
    "Missing data for required field.": "is missing. Add it.",
    "Unknown field.": "is unknown. Remove it, or correct its name.",
    "Not a valid string.": "is no text. Write one value behind the colon.",
    "Not a valid list.": "is no list. Write its entries on lines that begin with '- '.",
    "Not a valid mapping type.": "is no mapping. Write lines such as 'name: value'.",
    "Invalid input type.": "is no mapping. Write lines such as 'name: value'.",
    "Field may not be null.": "is empty. Write a value behind the colon.",
}


def _schema_fault(document: YamlDocument, path: Path, message: str) -> Fault:
    shown = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "the file"
    return Fault(FILE_NAME, document.line(path), f"'{shown}' {_SENTENCES.get(message, message)}")
