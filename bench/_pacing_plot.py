"""The plot of `bench.pacing`: items against false mastery, a dot a threshold, after the chart rules of the product."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape

from bench._pacing_runs import Figures

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 50, 170, 80, 55
APART = 20
"""Pixels between two labels."""
OURS = "mastery-paced"
INK, MUTED, GREY, TEAL, PAPER = "#1E2A2B", "#566163", "#8A8578", "#0E5A5A", "#FAF7F1"
Sweeps = Mapping[str, list[tuple[float, Figures]]]


def draw(found: Sweeps, without: str = "fixed order") -> str:
    """Return an SVG: direct labels, grey first, one teal highlight.

    Args:
        without: a policy so far off that it would flatten all the others; the table has it.
    """
    lines = {n: sorted((f for _, f in rows), key=lambda f: f.false) for n, rows in found.items() if n != without}
    points = [f for line in lines.values() for f in line]
    left, right = _ends([f.false * 100 for f in points], 5)
    low, high = _ends([f.items for f in points], 1)

    def x(percent: float) -> float:
        return LEFT + (percent - left) / (right - left) * (WIDTH - LEFT - RIGHT)

    def y(items: float) -> float:
        return HEIGHT - BOTTOM - (items - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    floor = HEIGHT - BOTTOM
    parts = [_text(LEFT, 30, "Fewer items at the same false mastery", INK, ' font-size="17" font-weight="600"')]
    parts.append(_text(LEFT, 54, "Items a skill takes; gradual learners, a dot a threshold", MUTED))
    parts.append(f'<path d="M{LEFT} {floor}H{WIDTH - RIGHT}" stroke="{GREY}"/>')
    parts += [_text(x(p), floor + 20, f"{p} %", MUTED, ' text-anchor="middle"') for p in range(left, right + 1, 5)]
    parts += [_text(LEFT - 10, y(n) + 5, str(n), MUTED, ' text-anchor="end"') for n in range(low, high + 1)]
    parts.append(_text(WIDTH - RIGHT, HEIGHT - 10, "called mastered too soon", MUTED, ' text-anchor="end"'))
    at = -math.inf
    for name, line in sorted(lines.items(), key=lambda row: y(row[1][-1].items)):
        end_x, end_y = x(line[-1].false * 100), y(line[-1].items)
        at = max(end_y, at + APART)
        colour = TEAL if name == OURS else GREY
        corners = " ".join(f"{x(f.false * 100):.1f},{y(f.items):.1f}" for f in line)
        parts.append(f'<polyline points="{corners}" fill="none" stroke="{colour}" stroke-width="1.75"/>')
        parts.append(f'<path d="M{end_x:.1f} {end_y:.1f}L{WIDTH - RIGHT + 12} {at:.1f}" stroke="{colour}" stroke-width=".5"/>')
        parts += [f'<circle cx="{x(f.false * 100):.1f}" cy="{y(f.items):.1f}" r="4" fill="{colour}"/>' for f in line]
        parts.append(_text(WIDTH - RIGHT + 16, at + 5, name, TEAL if name == OURS else MUTED))
    title = "<title>Items a skill takes against the share called mastered too soon, by policy</title>"
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif" font-size="14"'
    ground = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', title, ground, *parts, "</svg>"]) + "\n"


def _ends(values: list[float], step: int) -> tuple[int, int]:
    return math.floor(min(values) / step) * step, math.ceil(max(values) / step) * step


def _text(x: float, y: float, words: str, colour: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{more}>{escape(words)}</text>'
