"""`pacemate demo`: the tool, a sandbox LMS and simulated learners."""

from __future__ import annotations

import click


@click.command()
@click.option("--reset", is_flag=True, help="Forget what was stored and start over.")
@click.option("--port", envvar="PORT", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port of the tool.")
@click.option(
    "--sandbox-port",
    envvar="SANDBOX_PORT",
    default=8001,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Port of the sandbox LMS.",
)
def demo(reset: bool, port: int, sandbox_port: int) -> int:
    """Run the tool with a sandbox LMS and 41 simulated learners."""
    if port == sandbox_port:
        raise click.UsageError(f"The tool and the sandbox LMS cannot both listen on port {port}. Choose two ports.")
    from pacemate.demo.run import run_demo

    return run_demo(reset=reset, port=port, sandbox_port=sandbox_port)
