"""YAML with the line of every value; only plain data, every scalar as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

MAX_DEPTH = 20
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """A document: mappings, lists and texts, the line each stands on, and what is wrong with it."""

    data: Any
    lines: Mapping[Path, int]
    faults: tuple[tuple[int, str], ...] = ()

    def line(self, path: Path) -> int:
        """Return the line of a value, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str) -> YamlDocument:
    """Read one YAML document. Scalars stay text, so that `3.10` is not `3.1`; aliases and tags are refused."""
    try:
        refused = _refused(text)
        if refused is not None:
            return YamlDocument(None, {}, (refused,))
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        what = error.problem or error.context or "not readable"
        return YamlDocument(None, {}, ((line, f"no valid YAML: {what}. Check indentation, colons and quotes."),))
    except yaml.YAMLError:
        return YamlDocument(
            None, {}, ((1, "no valid YAML: it holds a character that is not allowed. Remove control characters."),)
        )
    lines: dict[Path, int] = {}
    faults: list[tuple[int, str]] = []
    data = None if node is None else _value(node, (), lines, faults)
    return YamlDocument(data, lines, tuple(faults))


def _refused(text: str) -> tuple[int, str] | None:
    """Return why a document is not even composed: deep nesting and aliases make small files large."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        line = 1 if event.start_mark is None else event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                return line, "a second document begins. Keep one; remove the line '---'."
        if isinstance(event, yaml.AliasEvent):
            return line, "aliases ('*name') are not allowed. Write the value out."
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                return line, f"nested more than {MAX_DEPTH} deep. Check brackets and indentation."
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], faults: list[tuple[int, str]]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                faults.append((line, "a key is no plain text. Write 'name: value'."))
                continue
            key = str(key_node.value)
            if key in found:
                faults.append((line, f"'{key}' stands twice (first on line {lines[(*path, key)]}). Keep one."))
                continue
            lines[(*path, key)] = line
            found[key] = _value(value_node, (*path, key), lines, faults)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, at), lines, faults) for at, item in enumerate(node.value)]
    return str(node.value)
