"""Fitting a course's mastery model: its record is read, fitted to elsewhere, and what came of it is stored and promoted."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

from engine.domain.fits import CourseLog, FitRecord, due
from engine.mastery.coefficients import FitRefused, from_json
from engine.services.kit import Kit
from engine.services.models import find_model
from engine.services.promote_version import promote_version

log = logging.getLogger(__name__)

LIMIT_S = 540
"""A fit in a job ends within this; a million responses take seconds."""
LEASE = timedelta(minutes=15)
Fitter = Callable[[CourseLog, str | None], str]
"""Returns coefficients as text from a course's log and the coefficients in use. Raises FitRefused."""


def fit_course(course_id: str, kit: Kit, fit: Fitter, *, promote: bool) -> FitRecord:
    """Fit a course's model once and record what came of it; nothing is held open meanwhile.

    Args:
        promote: let the course's new enrolments pin what was kept.

    Raises:
        NotFound: no such course.
    """
    name = kit.default_model
    with kit.uow() as uow:
        told = uow.fits.log(course_id)
        promoted = uow.fits.promoted(course_id, name)
        # What cannot be read is not in use, and would end every fit that is to beat it.
        readable = promoted is not None and find_model(name, promoted, uow, kit) is not None
        current = uow.fits.coefficients(name, promoted) if promoted is not None and readable else None
    learners, version, summary, message, text = len({a.learner_id for a in told.answers}), None, {}, "", None
    try:
        text = fit(told, current)
        found = from_json(text)
        version = found.version
        summary = {"fitted_on": asdict(found.fitted_on), "validation": asdict(found.validation)}
        summary["tier_2"] = {"kept": found.regression is not None}
    except FitRefused as refused:
        message = refused.message
    record = FitRecord(
        id=str(uuid.uuid4()),
        course_id=course_id,
        model=name,
        version=version,
        outcome="refused" if version is None else "kept",
        learners=learners,
        responses=len(told.answers),
        at=kit.clock(),
        summary=summary,
        message=message,
    )
    with kit.uow() as uow:
        uow.fits.add(record, text)
        uow.commit()
    if version is not None and promote:
        promote_version(course_id, version, kit)
    return record


def fit_due(kit: Kit, fit: Fitter, *, nightly: bool) -> int:
    """Fit one course that is due and that no other worker has; return how many there were, 0 or 1.

    Each course is claimed by itself, so that workers share the courses and a fit that fails holds up no other.
    """
    now = kit.clock()
    with kit.uow() as uow:
        waiting = [course for course in uow.fits.evidence() if due(course, now, nightly=nightly)]
    for course in waiting:
        until = now + LEASE
        with kit.uow() as uow:
            taken = uow.fits.take_turn(course.course_id, now, until)
            uow.commit()
        if not taken:
            continue
        try:
            fit_course(course.course_id, kit, fit, promote=True)
        except Exception:
            # The courses behind it have their turn all the same.
            log.exception("mastery.fit_failed", extra={"course": course.course_id})
        finally:
            # Also after a failure: the next threshold or the next night tries again, not the next minute.
            with kit.uow() as uow:
                uow.fits.end_turn(course, until, kit.clock())
                uow.commit()
        return 1
    return 0


def in_own_process(log: CourseLog, current: str | None) -> str:
    """Fit in a process of its own: numpy and scikit-learn never enter one that serves. Raises FitRefused."""
    answers = [(a.learner_id, a.item_id, a.skills, a.correct) for a in log.answers]
    wanted = json.dumps({"answers": answers, "tags": log.tags, "current": current})
    command = [sys.executable, "-m", "engine.mastery.fitting.process"]
    try:
        done = subprocess.run(  # noqa: S603 - this Python with a module of ours
            command, input=wanted, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise FitRefused(f"The fit took longer than {LIMIT_S} s and was stopped. Run `pacemate mastery fit` by hand.") from None
    if done.returncode != 0:
        last = done.stderr.strip().rpartition("\n")[2][:200]
        raise FitRefused(f"The fit's process ended with code {done.returncode}: {last}. The version in use stays.")
    told = json.loads(done.stdout)
    if "refused" in told:
        raise FitRefused(told["refused"])
    return str(told["coefficients"])
