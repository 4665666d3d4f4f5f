"""`pacemate pacing`: the flight recorder."""

from __future__ import annotations

import json

import click

from engine.services.replay import Replay, Step


@click.group()
def pacing() -> None:
    """Look into pacing decisions."""


@pacing.command()
@click.argument("enrolment")
@click.option("--policy", help="Decide with another policy, to see where it would have chosen otherwise.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(enrolment: str, policy: str | None, as_json: bool) -> int:
    """Re-run a learner's path from empty state, responses and overrides alone."""
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
        click.echo(json.dumps(_json(result), indent=2))
    else:
        for step in result.steps:
            click.echo(_line(step))
        differing = sum(not s.same for s in result.steps)
        click.echo(
            f"{len(result.steps)} decisions, {differing} differ; final state {'equal' if result.state_same else 'DIFFERS'}."
        )
    return 0 if policy is not None or result.same else 1


def _line(step: Step) -> str:
    old, new = step.recorded, step.replayed
    line = f"{'=' if step.same else '!'} {step.seq:4}  {old.purpose or '?':15} {old.activity_id}  ({old.reason.code})"
    if step.same:
        return line
    return f"{line}\n        would be {new.purpose or new.kind} {new.activity_id or ''} ({new.reason.code})"


def _json(result: Replay) -> dict[str, object]:
    return {
        "same": result.same,
        "state_same": result.state_same,
        "steps": [
            {
                "seq": s.seq,
                "same": s.same,
                "recorded": {
                    "activity": s.recorded.activity_id,
                    "purpose": s.recorded.purpose,
                    "reason": s.recorded.reason.code,
                },
                "replayed": {
                    "activity": s.replayed.activity_id,
                    "purpose": s.replayed.purpose,
                    "reason": s.replayed.reason.code,
                },
            }
            for s in result.steps
        ],
    }
