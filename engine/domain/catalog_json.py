"""Course versions as JSON: what is stored, and what their digest is taken of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from engine.domain.catalog import Activity, CourseVersion, Module, Skill, Slot
from engine.domain.errors import Malformed

FORMAT = 1


def to_json(version: CourseVersion) -> dict[str, Any]:
    """Return a course version as JSON values; `from_json` gives an equal one back."""
    return {
        "format": FORMAT,
        "id": version.id,
        "course_id": version.course_id,
        "number": version.number,
        "title": version.title,
        "summary": version.summary,
        "language": version.language,
        "digest": version.digest,
        "skills": [_skill_json(s) for s in version.skills.values()],
        "modules": [_module_json(m) for m in version.modules],
        "activities": [_activity_json(a) for a in version.activities.values()],
        "meta": dict(version.meta),
    }


def from_json(data: Mapping[str, Any]) -> CourseVersion:
    """Return the course version that `to_json` wrote.

    Raises:
        Malformed: the data are of another format or lack a part.
    """
    if data.get("format") != FORMAT:
        raise Malformed(f"The stored course has format {data.get('format')!r}; this version reads {FORMAT}. Publish it again.")
    try:
        skills = [Skill(**s) for s in data["skills"]]
        activities = [_activity(a) for a in data["activities"]]
        return CourseVersion(
            id=data["id"],
            course_id=data["course_id"],
            number=data["number"],
            title=data["title"],
            summary=data["summary"],
            language=data["language"],
            digest=data["digest"],
            skills={s.id: s for s in skills},
            modules=tuple(_module(m) for m in data["modules"]),
            activities={a.id: a for a in activities},
            meta=dict(data["meta"]),
        )
    except (KeyError, TypeError) as error:
        raise Malformed(f"The stored course lacks a part or has one too many: {error}. Publish it again.") from error


def digest(version: CourseVersion) -> str:
    """Return the SHA-256 of a version's content, hexadecimal.

    Id, number and the lines that activities stand on are left out: the same content has the same digest.
    """
    content = to_json(version)
    for key in ("id", "number", "digest"):
        del content[key]
    for activity in content["activities"]:
        del activity["line"]
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _skill_json(skill: Skill) -> dict[str, Any]:
    return {
        "id": skill.id,
        "title": skill.title,
        "do": skill.do,
        "conditions": skill.conditions,
        "standard": skill.standard,
        "uri": skill.uri,
    }


def _module_json(module: Module) -> dict[str, Any]:
    return {
        "id": module.id,
        "title": module.title,
        "summary": module.summary,
        "minutes": module.minutes,
        "path": list(module.path),
        "slots": [
            {"key": s.key, "module_id": s.module_id, "skill_id": s.skill_id, "items": list(s.items), "position": s.position}
            for s in module.slots
        ],
        "requires": list(module.requires),
    }


def _module(data: Mapping[str, Any]) -> Module:
    slots = tuple(Slot(**{**s, "items": tuple(s["items"])}) for s in data["slots"])
    return Module(**{**data, "path": tuple(data["path"]), "slots": slots, "requires": tuple(data["requires"])})


def _activity_json(activity: Activity) -> dict[str, Any]:
    return {
        "id": activity.id,
        "type": activity.type,
        "module_id": activity.module_id,
        "title": activity.title,
        "skills": list(activity.skills),
        "pool": activity.pool,
        "difficulty": activity.difficulty,
        "evidence": activity.evidence,
        "seconds": activity.seconds,
        "body": dict(activity.body),
        "line": activity.line,
    }


def _activity(data: Mapping[str, Any]) -> Activity:
    return Activity(**{**data, "skills": tuple(data["skills"]), "body": dict(data["body"])})
