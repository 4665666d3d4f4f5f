"""Reads a course's folder into a course version, or says everything that is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from content.checks import check
from content.course_file import FILE_NAME, CourseFile, read_course_file
from content.draft import Draft, DraftModule, Piece
from content.files import ASSET_SUFFIXES, find, read_bytes, read_text
from content.markdown import Reference, references
from content.placeholders import resolve_sources
from content.reader import read_blocks
from engine import plugins
from engine.domain.catalog import Activity, CourseVersion, Module, Slot, slot_key
from engine.domain.catalog_json import digest
from engine.domain.ports import ActivityType, Block, Fault


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that modules show or offer.

    Args:
        path: relative to the course's folder, such as `data/orders.csv`; what `content-asset:` addresses name.
        file: where it is on this machine.
        sha256: of its bytes, hexadecimal.
        size_bytes: at most 1 MB.
    """

    path: str
    file: Path
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class LoadedCourse:
    """A course without faults.

    Args:
        version: ready to be published; `id` and `number` are the caller's.
        folder: where it was read from.
        assets: the files it names.
    """

    version: CourseVersion
    folder: Path
    assets: tuple[Asset, ...]


def activity_types() -> Mapping[str, ActivityType]:
    """Return the installed activity types by directive name. Raises PluginError for a broken one."""
    return plugins.load("pacemate.activity_types", ActivityType)  # type: ignore[type-abstract]


def load_course(
    folder: Path, types: Mapping[str, ActivityType] | None = None, *, version_id: str = "", number: int = 0
) -> tuple[LoadedCourse | None, tuple[Fault, ...]]:
    """Load the course in a folder.

    Args:
        folder: holds `course.yaml`.
        types: activity types by name; the installed ones by default.
        version_id, number: of the version that is made; neither counts for its digest.

    Returns:
        The course and no faults, or None and all faults, by file and line.
    """
    known = activity_types() if types is None else types
    text = read_text(folder, FILE_NAME, FILE_NAME, 1)
    if isinstance(text, Fault):
        return None, (text,)
    course, named, found = read_course_file(text)
    faults = list(found)
    if course is None:
        for name in dict.fromkeys(named):
            faults += _read_module(folder, name, 1, known)[1]
        return None, _sorted(faults)
    modules: list[DraftModule] = []
    for at, entry in enumerate(course.modules):
        pieces, module_faults = _read_module(folder, entry.file, course.line("modules", at, "file"), known)
        modules.append(DraftModule(entry, pieces))
        faults += module_faults
    draft = Draft(course, tuple(modules))
    assets, reference_faults = _references(folder, draft)
    faults += (*check(draft), *reference_faults)
    if faults:
        return None, _sorted(faults)
    return LoadedCourse(_version(draft, assets, version_id, number), folder, assets), ()


def _sorted(faults: list[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(set(faults), key=lambda f: (f.file != FILE_NAME, f.file, f.line, f.message)))


def _read_module(
    folder: Path, name: str, line: int, types: Mapping[str, ActivityType]
) -> tuple[tuple[Piece, ...], list[Fault]]:
    text = read_text(folder, name, FILE_NAME, line)
    if isinstance(text, Fault):
        return (), [text]
    blocks, found = read_blocks(text, name)
    faults = list(found)
    if not blocks:
        faults.append(Fault(name, 1, "the module has no blocks. Begin with one such as ':::{reading} first-look'."))
    pieces = []
    for block in blocks:
        kind = types.get(block.kind)
        parsed = None if kind is None else kind.parse(block)
        if parsed is None:
            close = get_close_matches(block.kind, types, 1)
            known = f"Did you mean '{close[0]}'?" if close else f"Known are {', '.join(sorted(types))}."
            faults.append(Fault(name, block.line, f"'{block.kind}' is no activity type. {known}"))
        else:
            faults += [Fault(name, at, message) for at, message in parsed.faults]
        skills = tuple(s.strip() for s in block.options.get("skills", ("",))[0].split(",") if s.strip())
        pieces.append(Piece(name, block, kind, parsed, skills))
    return tuple(pieces), faults


def _named(block: Block) -> Iterator[Reference]:
    """Yield the files and sources that a block names in its text and its options."""
    yield from references(block.body, block.body_line)
    for name, values in block.options.items():
        for at, value in enumerate(values):
            if "[" in value:
                yield from references(value, block.option_lines[name][at])


def _references(folder: Path, draft: Draft) -> tuple[tuple[Asset, ...], list[Fault]]:
    sources = {s.id for s in draft.course.sources}
    assets: dict[str, Asset | Fault] = {}
    faults: list[Fault] = []
    for piece in (p for module in draft.modules for p in module.pieces):
        for named in _named(piece.block):
            if named.kind == "source":
                if named.target not in sources:
                    message = (
                        f"the source '{named.target}' is not in {FILE_NAME}. Add it under 'sources:', or correct the name."
                    )
                    faults.append(Fault(piece.file, named.line, message))
                continue
            if named.target not in assets or isinstance(assets[named.target], Fault):
                assets[named.target] = _asset(folder, named.target, piece.file, named.line)
            asset = assets[named.target]
            if isinstance(asset, Fault):
                faults.append(asset)
    return tuple(a for a in assets.values() if isinstance(a, Asset)), faults


def _asset(folder: Path, name: str, named_in: str, line: int) -> Asset | Fault:
    path = find(folder, name, named_in, line)
    if isinstance(path, Fault):
        return path
    if path.suffix.lower() not in ASSET_SUFFIXES:
        allowed = " ".join(sorted(ASSET_SUFFIXES))
        return Fault(named_in, line, f"a course offers no '{path.suffix}' files. Allowed are {allowed}.")
    raw = read_bytes(path, name)
    return raw if isinstance(raw, Fault) else Asset(name, path, hashlib.sha256(raw).hexdigest(), len(raw))


def _version(draft: Draft, assets: tuple[Asset, ...], version_id: str, number: int) -> CourseVersion:
    course = draft.course
    version = CourseVersion(
        id=version_id,
        course_id=course.id,
        number=number,
        title=course.title,
        summary=course.summary,
        language=course.language,
        digest="",
        skills={s.id: s for s in course.skills},
        modules=tuple(_module(m) for m in draft.modules),
        activities={p.block.id: _activity(p, m, course) for m in draft.modules for p in m.pieces},
        meta={
            "reviewed": course.reviewed.isoformat(),
            "versions": dict(course.versions),
            "sources": [{"id": s.id, "number": s.number, "title": s.title, "url": s.url} for s in course.sources],
            "assets": [
                {"path": a.path, "sha256": a.sha256, "bytes": a.size_bytes} for a in sorted(assets, key=lambda a: a.path)
            ],
        },
    )
    return replace(version, digest=digest(version))


def _module(module: DraftModule) -> Module:
    entry = module.entry
    slots = tuple(
        Slot(slot_key(entry.id, p.skill_id), entry.id, p.skill_id, tuple(i.block.id for i in p.items), p.position)
        for p in module.pools()
    )
    path = tuple(p.block.id for p in module.path)
    return Module(entry.id, entry.title, entry.summary, module.minutes, path, slots, entry.requires)


def _activity(piece: Piece, module: DraftModule, course: CourseFile) -> Activity:
    # A course with faults makes no version, so both are there.
    assert piece.kind is not None
    assert piece.parsed is not None
    titles = {s.id: s.title for s in course.skills}
    return Activity(
        id=piece.block.id,
        type=piece.kind.name,
        module_id=module.entry.id,
        title=piece.title or titles[piece.skills[0]],
        skills=piece.skills,
        pool=piece.pool,
        difficulty=piece.difficulty,
        evidence=piece.kind.evidence,
        seconds=piece.parsed.seconds,
        body=_with_sources(piece.parsed.body, piece.block, course),
        line=piece.block.line,
    )


def _with_sources(body: Mapping[str, Any], block: Block, course: CourseFile) -> dict[str, Any]:
    """Return a body whose citations lead to their sources, with the list of those it cites."""
    cited = {named.target for named in _named(block) if named.kind == "source"}
    used = {s.id: s for s in course.sources if s.id in cited}
    if not used:
        return dict(body)
    resolved: dict[str, Any] = resolve_sources(dict(body), lambda i: used[i].url, lambda i: str(used[i].number))
    shown = [{"number": s.number, "title": s.title, "url": s.url} for s in used.values()]
    return {**resolved, "sources": shown}
