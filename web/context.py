"""What every view may reach: the services' kit, the settings, the LTI runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app

from engine.services.kit import Kit
from web.config import WebConfig

if TYPE_CHECKING:
    from lti.runtime import LtiRuntime

_KEY = "pacemate"


@dataclass(frozen=True, slots=True)
class Context:
    """What the application was built with."""

    kit: Kit
    config: WebConfig
    lti: LtiRuntime


def remember(app: Flask, context: Context) -> None:
    """Keep the context on the application."""
    app.extensions[_KEY] = context


def context() -> Context:
    """Return the context of the application that serves this request."""
    return cast(Context, current_app.extensions[_KEY])


def kit() -> Kit:
    """Return the services' kit."""
    return context().kit


def config() -> WebConfig:
    """Return the settings of the pages."""
    return context().config
