"""What a course must hold to: every check of docs/course-format.md that looks at more than one block."""

from __future__ import annotations

from collections.abc import Iterator

from content.course_file import FILE_NAME
from content.draft import DIFFICULTIES, Draft, DraftModule, Piece, Pool, Step
from content.timing import MAX_PASSIVE_S, MODULE_MINUTES
from engine.domain.ports import Fault

POOL_ITEMS = 8
HARD_ITEMS = 3


def check(draft: Draft) -> tuple[Fault, ...]:
    """Return the faults of a course that reading its files one by one cannot show."""
    faults: list[Fault] = []
    for module in draft.modules:
        for piece in module.pieces:
            faults += _piece(piece, draft)
        for pool in module.pools():
            faults += _pool(pool, module)
        if module.pieces and module.sound:
            faults += (*_minutes(module), *_passive(module), *_application(module))
    faults += (*_repeated_ids(draft), *_skills(draft), *_prerequisites(draft))
    return tuple(faults)


def _piece(piece: Piece, draft: Draft) -> Iterator[Fault]:
    options = piece.block.options
    known = {s.id for s in draft.course.skills}
    for name in ("title", "skills", "pool", "difficulty"):
        if len(options.get(name, ())) > 1:
            yield Fault(piece.file, piece.block.option_lines[name][1], f"':{name}:' stands twice. Keep one.")
    if not piece.pool and not piece.title:
        yield piece.fault(f"block '{piece.block.id}' has no title. Add ':title: ...', which the learner reads.", "title")
    for skill in piece.skills:
        if skill not in known:
            yield piece.fault(f"the skill '{skill}' is not in {FILE_NAME}. Add it there, or correct the name.", "skills")
    if len(set(piece.skills)) < len(piece.skills):
        yield piece.fault("':skills:' names a skill twice. Name it once.", "skills")
    if (piece.practice or piece.pool) and not piece.skills:
        yield piece.fault(f"block '{piece.block.id}' has no skill. Add ':skills: ...', which says what it asks for.", "skills")
    if options.get("pool", ("",))[0] not in {"", "yes"}:
        yield piece.fault("':pool:' takes no value. Write ':pool:' alone, or remove it for a block of the path.", "pool")
    if piece.pool and piece.kind is not None and not piece.practice:
        yield piece.fault(f"a {piece.block.kind} block cannot be practised. Remove ':pool:', or ask a question.", "pool")
    tag = options.get("difficulty", ("",))[0]
    if "difficulty" in options and tag not in DIFFICULTIES:
        yield piece.fault(f"'{tag}' is no difficulty. Write easy, medium or hard.", "difficulty")
    elif piece.pool and not tag:
        yield piece.fault(f"item '{piece.block.id}' has no difficulty. Add ':difficulty: easy', medium or hard.")


def _pool(pool: Pool, module: DraftModule) -> Iterator[Fault]:
    first = pool.items[0]
    where = f"the pool of '{pool.skill_id}' in module '{module.entry.id}'"
    if len(pool.items) < POOL_ITEMS:
        yield first.fault(f"{where} holds {len(pool.items)} items; at least {POOL_ITEMS} are needed. Write more, or drop it.")
    hard = sum(item.difficulty == "hard" for item in pool.items)
    if hard < HARD_ITEMS:
        yield first.fault(f"{where} holds {hard} hard items; at least {HARD_ITEMS} are needed. Write or tag more.")


def _minutes(module: DraftModule) -> Iterator[Fault]:
    low, high = MODULE_MINUTES
    minutes = module.minutes
    if low <= minutes <= high:
        return
    what = (
        "Split it, or move activities to the next module" if minutes > high else "Add what is missing, or merge it with another"
    )
    yield Fault(module.entry.file, 1, f"module '{module.entry.id}' lasts {minutes:g} min; allowed {low}-{high}. {what}.")


def _passive(module: DraftModule) -> Iterator[Fault]:
    seconds = 0.0
    start: Step | None = None
    for step in (*module.walk(), None):
        if step is None or step.active:
            if start is not None and seconds > MAX_PASSIVE_S:
                yield start.first.fault(
                    f"{seconds / 60:.1f} min from here without an active element; at most {MAX_PASSIVE_S // 60}. "
                    "Put a question or a worked example between, or shorten."
                )
            seconds, start = 0.0, None
        else:
            start = start or step
            seconds += step.seconds


def _application(module: DraftModule) -> Iterator[Fault]:
    steps = list(module.walk())
    for at, concept in enumerate(steps):
        if concept.active or not concept.skills:
            continue
        seconds = 0.0
        for later in steps[at + 1 :]:
            if seconds > MAX_PASSIVE_S or (later.practice and set(later.skills) & set(concept.skills)):
                break
            seconds += later.seconds
        else:
            seconds = float("inf")
        if seconds > MAX_PASSIVE_S:
            came = "none comes in this module" if seconds == float("inf") else f"none comes within {MAX_PASSIVE_S // 60} min"
            yield concept.first.fault(
                f"'{concept.first.block.id}' teaches {', '.join(concept.skills)}, but a question on it is missing: {came}. "
                "Ask one sooner, or remove ':skills:' from a text that only introduces or sums up."
            )


def _repeated_ids(draft: Draft) -> Iterator[Fault]:
    seen: dict[str, Piece] = {}
    for piece in (p for module in draft.modules for p in module.pieces if p.block.id):
        first = seen.setdefault(piece.block.id, piece)
        if first is not piece:
            where = f"{first.file}:{first.block.line}"
            yield piece.fault(
                f"the id '{piece.block.id}' stands twice in the course (first at {where}). Give this block its own."
            )


def _skills(draft: Draft) -> Iterator[Fault]:
    pooled = {pool.skill_id for module in draft.modules for pool in module.pools()}
    for at, skill in enumerate(draft.course.skills):
        if skill.id not in pooled:
            line = draft.course.line("skills", at, "id")
            yield Fault(
                FILE_NAME, line, f"skill '{skill.id}' has no practice pool. Write {POOL_ITEMS} items with ':pool:' for it."
            )


def _prerequisites(draft: Draft) -> Iterator[Fault]:
    modules = draft.course.modules
    places = {m.id: at for at, m in enumerate(modules)}
    requires: dict[str, set[str]] = {}
    for at, module in enumerate(modules):
        for number, name in enumerate(module.requires):
            if name not in places:
                line = draft.course.line("modules", at, "requires", number)
                yield Fault(FILE_NAME, line, f"module '{module.id}' requires '{name}', which is no module. Correct the name.")
        requires[module.id] = {name for name in module.requires if name in places}
    circle = _circle(requires)
    if circle:
        line = draft.course.line("modules", places[circle[0]], "requires")
        shown = " -> ".join((*circle, circle[0]))
        yield Fault(FILE_NAME, line, f"prerequisites go in a circle: {shown}. Remove one of these.")


def _circle(requires: dict[str, set[str]]) -> list[str]:
    """Return the modules of one circle in order, empty when there is none."""
    left = {module: set(names) for module, names in requires.items()}
    while free := [module for module, names in left.items() if not names & left.keys()]:
        for module in free:
            del left[module]
    walk: list[str] = []
    at = next(iter(left), None)
    while at is not None and at not in walk:
        walk.append(at)
        at = min(left[at] & left.keys())
    return [] if at is None else walk[walk.index(at) :]
