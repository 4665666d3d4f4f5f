"""Logging: JSON lines in production, readable lines in development; one format for structlog and the standard library."""

from __future__ import annotations

import logging
import re
import sys
from typing import Final

import structlog

from pacemate.settings import Settings

SECRETS: Final = re.compile(r"(/admin/enter/|[?&](?:invite|registration_token|id_token|state)=)[^&\s\"'#\\]+")
"""What must stand in no log, wherever an address or a library's message carries it."""


def redacted(line: str) -> str:
    """Return a line of the log without the secrets of capability links, registrations and launches."""
    return SECRETS.sub(r"\1[redacted]", line)


def configure_logging(settings: Settings) -> None:
    """Send all logs to standard error."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if settings.development
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    final: list[structlog.types.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if not settings.development:
        final.append(structlog.processors.format_exc_info)

    def render(logger: structlog.types.WrappedLogger, name: str, event: structlog.types.EventDict) -> str:
        return redacted(str(renderer(logger, name, event)))

    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*final, render]))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for chatty in ("urllib3", "alembic", "waitress.queue"):
        logging.getLogger(chatty).setLevel("WARNING")
