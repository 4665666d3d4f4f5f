"""The simulated worlds that policies are judged in, and how they are compared at equal false mastery."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from bench._pacing_plot import draw
from bench._pacing_runs import Figures, at_rate
from engine.simulation.worlds import NEVER, World

SKILLS = tuple(f"skill-{n}" for n in range(12))


@pytest.mark.parametrize("kind", ["gradual", "bkt"])
def test_a_world_is_the_same_for_the_same_number_and_a_tenth_cannot_learn(kind):
    world = World(kind, SKILLS)
    assert world.learner(3) == world.learner(3) != world.learner(4)
    pairs = [pair for n in range(200) for pair in world.learner(n).values()]
    stuck = sum(p.mastered_at >= NEVER for p in pairs) / len(pairs)
    assert 0.08 < stuck < 0.13
    known = [p for p in pairs if p.mastered_at == 0]
    assert 0.2 < len(known) / len(pairs) < 0.6
    right = sum(p.right(5, 0.0) for p in known) / len(known)
    assert 0.8 < right < 0.97


def test_policies_are_compared_between_the_thresholds_around_a_rate():
    rows = [(0.8, Figures(0.1, 12.0, 4.0, 6.0)), (0.7, Figures(0.4, 8.0, 2.0, 3.0))]
    assert at_rate(rows, 0.2) == Figures(0.2, pytest.approx(10.0), pytest.approx(3.0), pytest.approx(4.5))
    assert at_rate(rows, 0.05) is at_rate(rows, 0.5) is None


def test_the_plot_names_every_policy_it_draws():
    rows = [(0.8, Figures(0.1, 12.0, 4.0, 6.0)), (0.7, Figures(0.4, 8.0, 2.0, 3.0))]
    picture = ElementTree.fromstring(draw({"fixed order": rows, "BKT, fitted": rows, "mastery-paced": rows}))
    words = [t.text for t in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"BKT, fitted", "mastery-paced"} <= set(words)
    assert "fixed order" not in words
