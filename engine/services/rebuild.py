"""Positions of the fold, rebuilt from the record alone; a release that is gone leaves a gap up to the next switch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from engine.domain.enrolment import Enrolment, Standing
from engine.domain.mastery import MasteryState, SkillPrior
from engine.domain.pacing import Adjustment, Override, PathState
from engine.domain.responses import Response
from engine.services.fold import Fold
from engine.services.switch import SWITCHES, carried


class Pinned(NamedTuple):
    """The versions that an enrolment pins at a position of its fold."""

    model_version: str
    policy_version: str


@dataclass(frozen=True, slots=True)
class Position:
    """Mastery and path at a position of the fold, with the rules there.

    Args:
        mastery, path: None where what folded them is gone.
        fold: the rules; where one of the pinned versions is gone, with the installed one in its place.
    """

    mastery: MasteryState | None
    path: PathState | None
    fold: Fold
    pinned: Pinned

    @property
    def model_at_hand(self) -> bool:
        """Return whether the pinned version of the model is to be had."""
        return self.fold.model.version == self.pinned.model_version

    @property
    def policy_at_hand(self) -> bool:
        """Return whether the pinned version of the policy is to be had."""
        return self.fold.policy.version == self.pinned.policy_version


@dataclass(frozen=True, slots=True)
class Past:
    """All that an enrolment's state is made of.

    Args:
        priors: position 0: what the enrolment began with.
        standings: what was stored at switches, by position.
    """

    responses: Sequence[Response]
    overrides: Sequence[Override]
    priors: Sequence[SkillPrior] = ()
    standings: Mapping[int, Standing] | None = None

    @property
    def entries(self) -> list[Response | Override]:
        """Return responses and overrides in the order they were folded."""
        both: list[Response | Override] = [*self.responses, *self.overrides]
        return sorted(both, key=lambda entry: entry.seq)


def pinned_at_the_start(enrolment: Enrolment, overrides: Iterable[Override]) -> Pinned:
    """Return the versions that an enrolment began with; a switch names the one before."""
    model, policy = enrolment.model_version, enrolment.policy_version
    for step in sorted((o for o in overrides if o.kind in SWITCHES), key=lambda o: o.seq, reverse=True):
        if step.kind == "switch_policy":
            policy = step.note
        else:
            model = step.note
    return Pinned(model, policy)


def rebuild(past: Past, pinned: Pinned, rules: Callable[[Pinned], Fold]) -> list[Position]:
    """Return the position at every seq from 0.

    Args:
        pinned: versions at the start.
        rules: returns the fold for versions; for those that are gone, with the installed ones.
    """
    fold = rules(pinned)
    at = Position(None, PathState(), fold, pinned)
    at = replace(at, mastery=fold.start(past.priors) if at.model_at_hand else None)
    positions = [at]
    for entry in past.entries:
        at = _switched(at, entry, past, rules) if is_switch(entry) else _folded(at, entry)
        positions.append(at)
    return positions


def is_switch(entry: Response | Override) -> bool:
    """Return whether an entry changes the version that folds what follows."""
    return isinstance(entry, Override) and entry.kind in SWITCHES


def fold_one(
    fold: Fold, mastery: MasteryState, path: PathState, entry: Response | Override
) -> tuple[MasteryState, PathState, tuple[Adjustment, ...]]:
    """Fold one response or override. Raises Refused where an override does not apply."""
    if isinstance(entry, Response):
        mastery, advance = fold.respond(mastery, path, entry)
    else:
        advance = fold.override(mastery, path, entry)
    return mastery, advance.path, advance.adjustments


def _folded(at: Position, entry: Response | Override) -> Position:
    if at.mastery is None:
        return replace(at, path=None)
    if at.path is None or not at.policy_at_hand:
        # The model goes its way without the policy.
        mastery = at.fold.learn(at.mastery, entry) if isinstance(entry, Response) else at.mastery
        return replace(at, mastery=mastery, path=None)
    mastery, path, _ = fold_one(at.fold, at.mastery, at.path, entry)
    return replace(at, mastery=mastery, path=path)


def _switched(at: Position, entry: Response | Override, past: Past, rules: Callable[[Pinned], Fold]) -> Position:
    assert isinstance(entry, Override)
    name = "policy_version" if entry.kind == "switch_policy" else "model_version"
    pinned = at.pinned._replace(**{name: entry.target})
    path = None if at.path is None else replace(at.path, seq=entry.seq)
    after = Position(at.mastery, path, rules(pinned), pinned)
    before = [r for r in past.responses if r.seq < entry.seq]
    if entry.kind == "switch_model" and at.mastery is not None:
        after = replace(after, mastery=carried(at.fold, at.mastery, after.fold, past.priors, before))
    elif entry.kind == "replace_model":
        after = replace(after, mastery=after.fold.relearn(past.priors, before))
    stored = None if past.standings is None else past.standings.get(entry.seq)
    if stored is not None:
        after = replace(
            after,
            mastery=stored.mastery if after.mastery is None else after.mastery,
            path=stored.path if after.path is None else after.path,
        )
    return after if after.model_at_hand else replace(after, mastery=None)
