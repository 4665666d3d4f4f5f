"""The ports of the engine: what plugins and adapters implement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from engine.domain.catalog import Activity, Difficulty
from engine.domain.mastery import Evidence, ItemParameters, MasteryState, SkillMastery, SkillPrior
from engine.domain.pacing import Advance, Decision, Outlook, Override, PathState
from engine.domain.responses import PublicView, Response, Score


@dataclass(frozen=True, slots=True)
class Block:
    """A directive block of a module file, as the reader found it.

    Args:
        kind: directive name, such as `choice`.
        id: the authored id.
        options: `:name: value` lines; a repeated name keeps all its values in order.
        body: the Markdown between the fences.
        line: line number of the opening fence, from 1; `body_line` that of the body's first line.
        option_lines: line numbers of the options' values, in the same order.
    """

    kind: str
    id: str
    options: Mapping[str, tuple[str, ...]]
    body: str
    line: int
    body_line: int
    option_lines: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in a course: `file:line: what, and what to do`."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What an activity type made of a block.

    Args:
        body: JSON values, stored with the course version.
        seconds: authored time of one pass, in seconds.
        faults: (line, message) pairs; a block with faults is not used.
    """

    body: Mapping[str, Any]
    seconds: int
    faults: tuple[tuple[int, str], ...] = ()


@runtime_checkable
class ActivityType(Protocol):
    """A kind of activity: parses its block, shows it without its key, scores an answer.

    Attributes:
        name: directive name and plugin name.
        evidence: `practice` where answers say something about mastery.
        template: template that shows it and its feedback.
        assets: static files its page needs, relative to `web/static`.
    """

    name: str
    evidence: Literal["none", "practice"]
    template: str
    assets: tuple[str, ...]

    def parse(self, block: Block) -> Parsed:
        """Return the stored body of a block, or its faults."""

    def present(self, activity: Activity, seed: int) -> PublicView:
        """Return what may be shown before an answer; the same seed gives the same view."""

    def score(self, activity: Activity, seed: int, answer: Mapping[str, Any]) -> Score:
        """Score an answer given to the view of the same seed. Raises Malformed for an answer of the wrong form."""

    def hint(self, activity: Activity, number: int) -> str:
        """Return hint `number` (from 1) as sanitised HTML. Raises NotFound past the last."""


@runtime_checkable
class MasteryModel(Protocol):
    """A pure model of what a learner knows.

    Attributes:
        name: plugin name.
        version: version of its coefficients; an installed model serves its day-one version.
    """

    name: str
    version: str

    def with_coefficients(self, text: str) -> MasteryModel:
        """Return the model of a stored fit, its `version` that of the fit. Raises Malformed where it takes no such text."""

    def released(self, version: str) -> MasteryModel | None:
        """Return the model with the day-one coefficients of an earlier release; None for what is not, or no longer, known."""

    def start(self, skills: Sequence[str], priors: Sequence[SkillPrior] = ()) -> MasteryState:
        """Return the state before the first answer; priors say what other enrolments of the person tell, none where new."""

    def item(self, item_id: str, skills: Sequence[str], difficulty: Difficulty | None) -> ItemParameters:
        """Return the parameters of an item, from the author's tag where nothing was fitted."""

    def update(self, state: MasteryState, evidence: Evidence) -> MasteryState:
        """Return the state after one piece of evidence; never changes its argument."""

    def predict(self, state: MasteryState, item: ItemParameters) -> float:
        """Return P(right) in [0, 1] for the next answer to an item."""

    def mastery(self, state: MasteryState, skill_id: str) -> SkillMastery:
        """Return what is known of a skill; monotone: never lower after a right answer, never higher after a wrong one."""

    def raised(self, state: MasteryState, floors: Mapping[str, float]) -> MasteryState:
        """Return the state with no published probability below its floor, by skill id; for a change of version."""


@runtime_checkable
class PacingPolicy(Protocol):
    """A pure policy: what a response closes, and what comes next.

    Attributes:
        name: plugin name.
        version: changes whenever a decision could differ.
        model: the mastery model it decides by, which its enrolments pin; None to go by any.
    """

    name: str
    version: str
    model: str | None

    def respond(self, path: PathState, response: Response, look: Outlook) -> Advance:
        """Fold one response; `look` already knows its evidence."""

    def override(self, path: PathState, override: Override, look: Outlook) -> Advance:
        """Fold one override. Raises Refused where it does not apply."""

    def decide(self, path: PathState, module_id: str, look: Outlook, now: datetime) -> Decision:
        """Return what comes next in a module. A function of its arguments alone."""
