"""A course between its files and its version: its blocks, what their types made of them, and where each stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from content.course_file import CourseFile, ModuleEntry
from content.timing import slot_s
from engine.domain.catalog import Difficulty
from engine.domain.ports import ActivityType, Block, Fault, Parsed

DIFFICULTIES = ("easy", "medium", "hard")


@dataclass(frozen=True, slots=True)
class Piece:
    """One block of a module.

    Args:
        kind: its activity type, None when it names none that is known.
        parsed: what the type made of it, None likewise.
    """

    file: str
    block: Block
    kind: ActivityType | None
    parsed: Parsed | None
    skills: tuple[str, ...]

    @property
    def pool(self) -> bool:
        """Say whether it is an item of a practice pool."""
        return "pool" in self.block.options

    @property
    def title(self) -> str:
        """Return its title, empty when there is none."""
        return self.block.options.get("title", ("",))[0]

    @property
    def difficulty(self) -> Difficulty | None:
        """Return the author's tag."""
        tag = self.block.options.get("difficulty", ("",))[0]
        return cast(Difficulty, tag) if tag in DIFFICULTIES else None

    @property
    def seconds(self) -> int:
        """Return its authored time."""
        return 0 if self.parsed is None else self.parsed.seconds

    @property
    def sound(self) -> bool:
        """Say whether its type found no fault in it."""
        return self.parsed is not None and not self.parsed.faults

    @property
    def practice(self) -> bool:
        """Say whether its answers are evidence, so that it applies its skills."""
        return self.kind is not None and self.kind.evidence == "practice"

    @property
    def active(self) -> bool:
        """Say whether it asks something of the learner; a type may say so itself with an attribute `active`."""
        return bool(getattr(self.kind, "active", self.practice))

    def fault(self, message: str, option: str | None = None) -> Fault:
        """Return a fault on the line of an option, or on that of the block."""
        lines = self.block.option_lines.get(option or "", ())
        return Fault(self.file, lines[0] if lines else self.block.line, message)


@dataclass(frozen=True, slots=True)
class Pool:
    """The practice pool of one skill in one module; `position` as in `catalog.Slot`."""

    skill_id: str
    items: tuple[Piece, ...]
    position: int

    @property
    def seconds(self) -> float:
        """Return the authored time of its slot."""
        return slot_s(item.seconds for item in self.items)


@dataclass(frozen=True, slots=True)
class Step:
    """One element of the walk through a module: a block of the path, or the practice of a skill."""

    skills: tuple[str, ...]
    seconds: float
    active: bool
    practice: bool
    first: Piece


@dataclass(frozen=True, slots=True)
class DraftModule:
    """A module and its blocks, in the order of its file."""

    entry: ModuleEntry
    pieces: tuple[Piece, ...]

    @property
    def path(self) -> tuple[Piece, ...]:
        """Return the blocks of the path."""
        return tuple(p for p in self.pieces if not p.pool)

    @property
    def sound(self) -> bool:
        """Say whether every block could be read, so that its time is known."""
        return all(p.sound for p in self.pieces)

    def pools(self) -> tuple[Pool, ...]:
        """Return its practice pools in the order of their first items."""
        items: dict[str, list[Piece]] = {}
        positions: dict[str, int] = {}
        walked = 0
        for piece in self.pieces:
            if not piece.pool:
                walked += 1
            elif piece.skills:
                positions.setdefault(piece.skills[0], walked)
                items.setdefault(piece.skills[0], []).append(piece)
        return tuple(Pool(skill, tuple(items[skill]), position) for skill, position in positions.items())

    def walk(self) -> Iterator[Step]:
        """Yield its elements in the order a learner meets them."""
        path, pools = self.path, self.pools()
        for at in range(len(path) + 1):
            for pool in pools:
                if pool.position == at:
                    yield Step((pool.skill_id,), pool.seconds, True, True, pool.items[0])
            if at < len(path):
                piece = path[at]
                yield Step(piece.skills, piece.seconds, piece.active, piece.practice, piece)

    @property
    def minutes(self) -> float:
        """Return its authored minutes, to a tenth."""
        return round(sum(step.seconds for step in self.walk()) / 60, 1)


@dataclass(frozen=True, slots=True)
class Draft:
    """A course as it was read, faults or not."""

    course: CourseFile
    modules: tuple[DraftModule, ...]
