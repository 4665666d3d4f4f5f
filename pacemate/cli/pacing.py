"""`pacemate pacing`: the flight recorder."""

from __future__ import annotations

import json
from typing import Any

import click

from engine.domain.catalog import CourseVersion
from engine.domain.pacing import Decision
from engine.services.replay import Replay, Step


@click.group()
def pacing() -> None:
    """Look into pacing decisions."""


@pacing.command()
@click.argument("enrolment")
@click.option("--policy", help="Decide with another policy, to see where it would have chosen otherwise.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(enrolment: str, policy: str | None, as_json: bool) -> int:
    """Re-run a learner's path from empty state, responses and overrides alone.

    Exit code 0 when every decision and the final state come out equal bit for bit, 1 when they do not. With --policy it is 0:
    each line marked ! is a choice that the other policy would have made otherwise, standing where the learner stood.
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
    return 0 if policy is not None or result.same else 1


def _tell(result: Replay, policy: str | None) -> None:
    old, rules, steps = result.enrolment, result.rules, result.steps
    recorded = f"{old.policy} {old.policy_version} on {old.model} {old.model_version}"
    decided = f"{rules.policy.name} {rules.policy.version} on {rules.model.name} {rules.model.version}"
    click.echo(f"{result.version.title}, version {result.version.number}. Recorded by {recorded}; decided anew by {decided}.")
    for step in steps:
        equal = step.same if policy is None else step.same_choice
        click.echo(f"{' ' if equal else '!'} {step.seq:4}  {_line(step.recorded, result.version)}")
        if not equal:
            click.echo(f"{'':8}{_instead(step, result.version)}")
    if policy is None:
        differing = sum(not s.same for s in steps)
        state = "equal" if result.state_same else "DIFFERS"
        click.echo(f"{len(steps)} decisions, {differing} differ; final state {state}.")
    else:
        others = sum(not s.same_choice for s in steps)
        click.echo(f"{len(steps)} decisions; {policy} would have chosen otherwise in {others}.")


def _line(decision: Decision, version: CourseVersion) -> str:
    from web.words import reason_words

    what = decision.activity_id or decision.kind.replace("_", " ")
    return f"{decision.purpose or '-':14} {what:24} {reason_words(decision.reason, version)}"


def _instead(step: Step, version: CourseVersion) -> str:
    closed = [f"{a.slot_key} {a.reason.code}" for a in step.adjustments]
    after = f" (after {', '.join(closed)})" if closed else ""
    if step.same_choice and step.recorded.reason == step.replayed.reason:
        return f"would be the same on other figures: {dict(step.recorded.inputs)} became {dict(step.replayed.inputs)}"
    return f"would be {_line(step.replayed, version)}{after}"


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
        "other_choices": None if policy is None else sum(not s.same_choice for s in result.steps),
        "steps": [
            {
                "seq": s.seq,
                "same": s.same,
                "same_choice": s.same_choice,
                "recorded": _decision_json(s.recorded),
                "replayed": _decision_json(s.replayed),
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
