"""`pacemate pacing`: the flight recorder."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import click

from engine.domain.catalog import CourseVersion
from engine.domain.pacing import Decision
from engine.services.replay import Replay, Step

EXIT_CODES = {True: 0, False: 1, None: 3}
"""Of a replay, by whether it came out the same; 2 is for wrong command lines."""


@click.group()
def pacing() -> None:
    """Look into pacing decisions."""


@pacing.command()
@click.argument("enrolment")
@click.option("--policy", help="Decide with another policy, to see where it would have chosen otherwise.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(enrolment: str, policy: str | None, as_json: bool) -> int:
    """Re-run a learner's path from empty state, responses and overrides alone.

    Exit code 0 when all that is compared, decisions and final state, comes out equal bit for bit, 1 when something differs, 3
    when no decision or not the final state could be compared. With --policy it is 0: each line marked ! is a choice that the
    other policy would have made otherwise, standing where the learner stood.

    What was decided by a fit or a release that is gone is marked ?, counted, and not compared.
    """
    from engine.services.replay import replay as run
    from engine.storage.reads.installation import tenant_of_enrolment
    from pacemate.bootstrap import open_runtime

    with open_runtime() as runtime:
        if policy is not None and policy not in runtime.kit.policies:
            known = ", ".join(sorted(runtime.kit.policies))
            raise click.BadParameter(f"There is no policy '{policy}'. Installed: {known}.", param_hint="--policy")
        with runtime.uow() as uow:
            tenant = tenant_of_enrolment(uow.session, enrolment)
        result = run(enrolment, tenant, runtime.kit, policy=policy)
    if as_json:
        click.echo(json.dumps(_json(result, policy), indent=2))
    else:
        _tell(result, policy)
    return 0 if policy is not None else EXIT_CODES[result.same]


def _tell(result: Replay, policy: str | None) -> None:
    old, rules, steps = result.enrolment, result.rules, result.steps
    recorded = f"{old.policy} {old.policy_version} on {old.model} {old.model_version}"
    decided = f"{rules.policy.name} {rules.policy.version} on {rules.model.name} {rules.model.version}"
    click.echo(f"{result.version.title}, version {result.version.number}. Recorded by {recorded}; decided anew by {decided}.")
    for step in steps:
        new = step.replayed
        equal = step.same if policy is None else step.same_choice
        mark = "?" if new is None else " " if equal else "!"
        click.echo(f"{mark} {step.seq:4}  {_line(step.recorded, result.version)}")
        if new is not None and not equal:
            click.echo(f"{'':8}{_instead(step, new, result.version)}")
    compared = result.compared
    if policy is None:
        differing = sum(not s.same for s in compared)
        state = {True: "equal", False: "DIFFERS", None: "not compared"}[result.state_same]
        click.echo(f"{len(compared)} decisions, {differing} differ; final state {state}.")
    else:
        others = sum(not s.same_choice for s in compared)
        click.echo(f"{len(compared)} decisions; {policy} would have chosen otherwise in {others}.")
    _tell_of_the_rest(result)


def _tell_of_the_rest(result: Replay) -> None:
    """Count the decisions that were not compared, by what decided them."""
    old = result.enrolment
    rest = Counter(s.pinned for s in result.steps if s.replayed is None)
    for pinned, count in rest.items():
        rules = f"{old.policy} {pinned.policy_version} on {old.model} {pinned.model_version}"
        click.echo(f"{count} more, marked ?, by {rules}, are not compared: a release that is gone decided or led there.")


def _line(decision: Decision, version: CourseVersion) -> str:
    from web.words import reason_words

    what = decision.activity_id or decision.kind.replace("_", " ")
    return f"{decision.purpose or '-':14} {what:24} {reason_words(decision.reason, version)}"


def _instead(step: Step, new: Decision, version: CourseVersion) -> str:
    closed = [f"{a.slot_key} {a.reason.code}" for a in step.adjustments]
    after = f" (after {', '.join(closed)})" if closed else ""
    if step.same_choice and step.recorded.reason == new.reason:
        return f"would be the same on other figures: {dict(step.recorded.inputs)} became {dict(new.inputs)}"
    return f"would be {_line(new, version)}{after}"


def _json(result: Replay, policy: str | None) -> dict[str, Any]:
    old, rules = result.enrolment, result.rules
    return {
        "enrolment": old.id,
        "recorded_by": {
            "policy": old.policy,
            "policy_version": old.policy_version,
            "model": old.model,
            "model_version": old.model_version,
        },
        "decided_by": {
            "policy": rules.policy.name,
            "policy_version": rules.policy.version,
            "model": rules.model.name,
            "model_version": rules.model.version,
        },
        "same": result.same,
        "state_same": result.state_same,
        "compared": len(result.compared),
        "not_compared": len(result.steps) - len(result.compared),
        "other_choices": None if policy is None else sum(not s.same_choice for s in result.compared),
        "steps": [
            {
                "seq": s.seq,
                "same": None if s.replayed is None else s.same,
                "same_choice": None if s.replayed is None else s.same_choice,
                "policy_version": s.pinned.policy_version,
                "model_version": s.pinned.model_version,
                "recorded": _decision_json(s.recorded),
                "replayed": None if s.replayed is None else _decision_json(s.replayed),
                "adjustments": [{"kind": a.kind, "slot": a.slot_key, "reason": a.reason.code} for a in s.adjustments],
            }
            for s in result.steps
        ],
    }


def _decision_json(decision: Decision) -> dict[str, Any]:
    return {
        "kind": decision.kind,
        "activity": decision.activity_id,
        "purpose": decision.purpose,
        "attempt": decision.attempt,
        "reason": decision.reason.code,
        "facts": dict(decision.reason.facts),
        "inputs": dict(decision.inputs),
    }
