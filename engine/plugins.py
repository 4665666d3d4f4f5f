"""Plugins by entry points; the built-ins register the same way as anybody's."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar, cast

from engine.domain.errors import PluginError

GROUPS = (
    "pacemate.activity_types",
    "pacemate.mastery_models",
    "pacemate.pacing_policies",
    "pacemate.partner_matchers",
    "pacemate.event_sinks",
)

Port = TypeVar("Port")


def load(group: str, port: type[Port], only: str | None = None) -> Mapping[str, Port]:
    """Load the plugins of one entry-point group and check each against its port.

    Args:
        group: one of `GROUPS`.
        port: the runtime-checkable Protocol its objects must satisfy.
        only: load just the plugin of this name.

    Returns:
        Plugin name to instance. An entry point names a class (called without arguments) or an instance.

    Raises:
        PluginError: a name is claimed twice, a plugin does not import, or does not fit its port.
    """
    found: dict[str, tuple[EntryPoint, Port]] = {}
    for point in sorted(entry_points(group=group), key=lambda p: (p.name, p.value)):
        if only is not None and point.name != only:
            continue
        if point.name in found and found[point.name][0].value != point.value:
            raise PluginError(
                f"{group}: the name '{point.name}' is claimed by {found[point.name][0].value} and by {point.value}. "
                "Uninstall one of the two, or rename its entry point."
            )
        found[point.name] = (point, cast(Port, _instance(group, point, port)))
    return {name: plugin for name, (_, plugin) in found.items()}


def _instance(group: str, point: EntryPoint, port: type[Any]) -> object:
    try:
        loaded = point.load()
        plugin = loaded() if isinstance(loaded, type) else loaded
    except Exception as error:
        # A third party's code may raise anything; the person who starts the server needs its name.
        raise PluginError(
            f"{group}: plugin '{point.name}' ({point.value}) does not load: {type(error).__name__}: {error}. "
            "Mend or uninstall the distribution that brings it."
        ) from error
    missing = sorted(n for n in _members(port) if not hasattr(plugin, n))
    if missing:
        raise PluginError(
            f"{group}: plugin '{point.name}' ({point.value}) is no {port.__name__}: it lacks {', '.join(missing)}."
        )
    if getattr(plugin, "name", point.name) != point.name:
        raise PluginError(f"{group}: plugin '{point.name}' ({point.value}) calls itself '{plugin.name}'. Make the two equal.")
    return plugin


def _members(port: type[Any]) -> set[str]:
    protocols = [c for c in port.__mro__ if getattr(c, "_is_protocol", False)]
    names = {n for c in protocols for n in (*vars(c), *getattr(c, "__annotations__", {}))}
    return {n for n in names if not n.startswith("_")}
