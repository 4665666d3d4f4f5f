"""`pacemate`: the command line's root. Wrong use is one line and exit code 2; a refused act is one line and 1."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module

import click

from engine.domain.errors import EngineError

COMMANDS: Mapping[str, str] = {
    "admin": "pacemate.cli.admin:admin",
    "course": "pacemate.cli.course:course",
    "db": "pacemate.cli.db:db",
    "demo": "pacemate.cli.demo:demo",
    "doctor": "pacemate.cli.doctor:doctor",
    "keys": "pacemate.cli.keys:keys",
    "mastery": "pacemate.cli.mastery:mastery",
    "pacing": "pacemate.cli.pacing:pacing",
    "platform": "pacemate.cli.platform:platform",
    "plugins": "pacemate.cli.plugins:plugins",
    "scheduler": "pacemate.cli.serve:scheduler",
    "serve": "pacemate.cli.serve:serve",
    "worker": "pacemate.cli.serve:worker",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pacemate")
def cli() -> None:
    """Adaptive micro-courses inside any LMS."""


def main() -> None:
    """Run the command line and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line.

    Returns:
        The exit code: 0 done, 1 refused or failed, 2 wrong use.
    """
    try:
        code = cli.main(arguments, prog_name="pacemate", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx is not None else "pacemate"
        click.echo(f"{where}: {error.format_message().replace(chr(10), ' ')} See `{where} --help`.", err=True)
        return 2
    except click.ClickException as error:
        click.echo(f"pacemate: {error.format_message()}", err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except EngineError as error:
        click.echo(error.message, err=True)
        return 1
    return code if isinstance(code, int) else 0
