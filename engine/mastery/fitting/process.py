"""A fit as a process of its own: what to fit to as JSON on stdin, coefficients or a refusal as JSON on stdout.

Run as `python -m engine.mastery.fitting.process`; a process that serves starts it and never imports it.
"""

from __future__ import annotations

import json
import os
import sys

from engine.mastery.coefficients import FitRefused, from_json, to_json
from engine.mastery.fitting.fit import fit_coefficients
from engine.mastery.log import RawResponse, collect

NICE = 10
"""Pages come before fits."""


def main() -> None:
    """Fit once."""
    os.nice(NICE)
    wanted = json.load(sys.stdin)
    log = collect(
        RawResponse(learner, item, tuple(skills), correct, None) for learner, item, skills, correct in wanted["answers"]
    )
    current = None if wanted["current"] is None else from_json(wanted["current"])
    try:
        told = {"coefficients": to_json(fit_coefficients(log, wanted["tags"], current))}
    except FitRefused as refused:
        told = {"refused": refused.message}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
