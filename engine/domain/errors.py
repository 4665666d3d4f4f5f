"""Errors of the engine; each says what is wrong, where, and what to do next."""

from __future__ import annotations

from typing import ClassVar


class EngineError(Exception):
    """Base of every error that is meant for a person.

    Args:
        message: what is wrong, where, and what to do next, in plain words and without personal data.
    """

    code: ClassVar[str] = "engine_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(EngineError):
    """The thing does not exist, or belongs to another tenant."""

    code = "not_found"


class CourseUnavailable(NotFound):
    """A launch names a course that is not published, or that its tenant may not use, or not any more."""


class Refused(EngineError):
    """The request is understood and not allowed in this state."""

    code = "refused"


class Malformed(EngineError):
    """The input does not have the form that is asked for."""

    code = "malformed"


class Conflict(EngineError):
    """The same key came back with another content."""

    code = "conflict"


class PluginError(EngineError):
    """A plugin is broken, does not fit its port, or claims a name twice."""

    code = "plugin"


class ConfigurationError(EngineError):
    """One or more settings are wrong; the message lists all of them."""

    code = "configuration"
