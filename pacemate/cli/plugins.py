"""`pacemate plugins`: what is installed."""

from __future__ import annotations

import json
from importlib.metadata import entry_points

import click

from engine.domain.deliveries import EventSink
from engine.domain.ports import ActivityType, MasteryModel, PacingPolicy
from engine.plugins import GROUPS, load

PORTS = {
    "pacemate.activity_types": ActivityType,
    "pacemate.mastery_models": MasteryModel,
    "pacemate.pacing_policies": PacingPolicy,
    "pacemate.event_sinks": EventSink,
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plugins(as_json: bool) -> None:
    """List the plugins, each checked against its port."""
    rows = []
    for group in GROUPS:
        if group in PORTS:
            load(group, PORTS[group])
        rows += [{"group": group, "name": p.name, "object": p.value} for p in entry_points(group=group)]
    rows.sort(key=lambda r: (r["group"], r["name"]))
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{row['group']:26} {row['name']:18} {row['object']}")
