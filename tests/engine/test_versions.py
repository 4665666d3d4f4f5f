"""Versions of models and policies: what enrolments pin, priors they begin with, promotion, and replay across a switch."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.domain.errors import NotFound
from engine.domain.fits import FitRecord
from engine.domain.mastery import Evidence, SkillMastery, prior_from
from engine.mastery.coefficients import to_json
from engine.mastery.gaussian_filter import DAY_ONE_VERSION, GaussianFilter
from engine.pacing.mastery_paced import MasteryPaced
from engine.services.enrol import start_over
from engine.services.promote_version import promote_version, refold_idle
from engine.services.publish_course import publish_course
from engine.services.replay import replay
from engine.services.submit_response import Answer, submit_response
from tests.engine.sample import build_version
from tests.engine.stage import OTHER_TENANT, TENANT, Stage
from tests.mastery.test_wavefront import fitted

MODEL = "gaussian-filter"
URI = "https://skills.example/skill-1"


@pytest.fixture
def stage(uow_factory):
    return Stage(uow_factory)


def store(stage, version="fit-1", **changes):
    found = replace(fitted(True), version=version, betas={}, items={}, **changes)
    with stage.uow_factory() as uow:
        uow.fits.add(FitRecord(version, "sample", MODEL, version, "kept", 30, 900, stage.now, {}), to_json(found))
        uow.commit()


def published(stage, learner):
    state = stage.state(learner)
    with stage.uow_factory() as uow:
        text = uow.fits.coefficients(MODEL, state.enrolment.model_version)
    model = GaussianFilter() if text is None else GaussianFilter().with_coefficients(text)
    return {s: model.mastery(state.mastery, s).probability for s in ("skill-1", "skill-2")}


def test_new_enrolments_pin_the_promoted_version_and_others_keep_theirs(stage):
    before = stage.launch("before")
    store(stage)
    promote_version("sample", "fit-1", stage.kit)
    after = stage.launch("after")
    assert (before.model_version, after.model_version) == (DAY_ONE_VERSION, "fit-1")
    stage.answer_some(after, 6)
    stage.answer_some(before, 6)
    assert stage.state(after).mastery.version == "fit-1"
    assert stage.state(before).mastery.version == DAY_ONE_VERSION
    assert "history" in stage.state(after).mastery.values
    assert replay(after.id, TENANT, stage.kit).same
    promote_version("sample", DAY_ONE_VERSION, stage.kit)
    assert stage.launch("third").model_version == DAY_ONE_VERSION


def test_a_version_of_another_course_cannot_be_promoted(stage):
    store(stage)
    publish_course(replace(build_version(), course_id="other", id="o1", digest="1" * 64), stage.kit, grant_to=(TENANT,))
    for course, version in (("other", "fit-1"), ("sample", "fit-2"), ("lost", DAY_ONE_VERSION)):
        with pytest.raises(NotFound):
            promote_version(course, version, stage.kit)


def test_promotion_moves_idle_enrolments_takes_nothing_back_and_replays(stage):
    idle, busy, fresh = stage.launch("idle"), stage.launch("busy"), stage.launch("fresh")
    stage.answer_some(idle, 14)
    stage.now += timedelta(hours=1)
    stage.answer_some(busy, 5)
    store(stage, base=0.9)  # a fit that finds the course hard, so that every mastery would fall
    promote_version("sample", "fit-1", stage.kit)
    was, seen = stage.state(idle), published(stage, idle)
    assert refold_idle(stage.kit) == 2
    assert refold_idle(stage.kit) == 0
    now = stage.state(idle)
    assert now.enrolment.model_version == now.mastery.version == "fit-1"
    assert stage.state(busy).enrolment.model_version == DAY_ONE_VERSION
    assert stage.state(fresh).enrolment.model_version == "fit-1"
    assert now.path == replace(was.path, seq=was.path.seq + 1)
    assert (now.enrolment.progress_bp, now.enrolment.skills_mastered) == (
        was.enrolment.progress_bp,
        was.enrolment.skills_mastered,
    )
    after = published(stage, idle)
    assert all(after[skill] >= seen[skill] for skill in seen)
    assert now.mastery.values["skills"] != was.mastery.values["skills"]
    stage.answer_some(idle, 6, seed=4)
    result = replay(idle.id, TENANT, stage.kit)
    assert result.state_same
    assert [s for s in result.steps if not s.same] == []
    assert {s.recorded.purpose for s in result.steps} > {"probe", "practice"}


def test_what_was_served_before_a_switch_may_be_answered_after_it(stage):
    learner = stage.launch()
    stage.answer_some(learner, 4)
    waiting = stage.next(learner)
    stage.now += timedelta(hours=1)
    store(stage)
    promote_version("sample", "fit-1", stage.kit)
    assert refold_idle(stage.kit) == 1
    stage.answer(learner, waiting, True)
    assert replay(learner.id, TENANT, stage.kit).same


def test_a_switch_is_a_step_of_the_record(stage):
    learner = stage.launch()
    stage.answer_some(learner, 10)
    stage.now += timedelta(hours=1)
    store(stage)
    promote_version("sample", "fit-1", stage.kit)
    refold_idle(stage.kit)
    with stage.uow_factory() as uow:
        steps = [(o.seq, o.kind, o.target, o.note) for o in uow.record.overrides(learner.id)]
    assert steps == [(11, "switch_model", "fit-1", DAY_ONE_VERSION)]


def test_another_version_of_the_policy_takes_over_as_a_recorded_step(stage):
    learner = stage.launch()
    stage.answer_some(learner, 3)
    waiting = stage.next(learner)
    newer = MasteryPaced()
    newer.version = "99"
    stage.kit.policies[newer.name] = newer
    assert stage.answer(learner, waiting, True).seq == 5
    state = stage.state(learner)
    assert state.enrolment.policy_version == "99"
    with stage.uow_factory() as uow:
        kinds = [(o.kind, o.target, o.note) for o in uow.record.overrides(learner.id)]
    assert kinds == [("switch_policy", "99", MasteryPaced.version)]


def with_uri(stage, course_id, uri=URI):
    version = build_version(modules=1)
    skills = {k: replace(s, uri=uri) if k == "skill-1" else s for k, s in version.skills.items()}
    version = replace(version, course_id=course_id, id=f"{course_id}-1", skills=skills, digest=course_id.ljust(64, "0"))
    publish_course(version, stage.kit, grant_to=(TENANT, OTHER_TENANT))


@pytest.fixture
def twins(stage):
    with_uri(stage, "first")
    with_uri(stage, "second")
    return stage


def begin(stage, course, sub="learner", tenant=TENANT, **more):
    return stage.launch(sub, tenant, course_id=course, cohort_key=f"context:{course}", **more)


def test_an_enrolment_begins_with_what_the_persons_other_one_says_of_the_same_skill(twins):
    stage = twins
    known = begin(stage, "first")
    stage.go(known, right=True)
    learner, stranger = begin(stage, "second"), begin(stage, "second", "somebody-else")
    cousin = begin(stage, "second", tenant=OTHER_TENANT)
    of = {e.id: published(stage, e)["skill-1"] for e in (known, learner, stranger, cousin)}
    assert of[stranger.id] == of[cousin.id] < of[learner.id] < of[known.id]
    model = GaussianFilter()
    assert not model.mastery(stage.state(learner).mastery, "skill-1").enough
    with stage.uow_factory() as uow:
        assert [(p.skill_id, p.source) for p in uow.record.priors(learner.id)] == [("skill-1", known.id)]
        assert uow.record.priors(stranger.id) == []
    stage.answer_some(learner, 8)
    assert replay(learner.id, TENANT, stage.kit).same


def test_what_is_known_already_takes_fewer_questions(twins):
    stage = twins
    stage.go(begin(stage, "first"), right=True)
    learner, stranger = begin(stage, "second"), begin(stage, "second", "somebody-else")
    assert len(stage.go(learner, right=True)) < len(stage.go(stranger, right=True))


def test_starting_over_and_previews_begin_without_priors(twins):
    stage = twins
    known = begin(stage, "first")
    stage.go(known, right=True)
    again, preview = start_over(known.id, TENANT, stage.kit), begin(stage, "second", preview=True)
    with stage.uow_factory() as uow:
        assert uow.record.priors(again.id) == uow.record.priors(preview.id) == []


def test_priors_survive_a_promotion(twins):
    stage = twins
    stage.go(begin(stage, "first"), right=True)
    learner = begin(stage, "second")
    stage.answer_some(learner, 3)
    stage.now += timedelta(hours=1)
    with stage.uow_factory() as uow:
        found = replace(fitted(False), version="fit-2")
        uow.fits.add(FitRecord("2", "second", MODEL, "fit-2", "kept", 30, 900, stage.now, {}), to_json(found))
        uow.commit()
    promote_version("second", "fit-2", stage.kit)
    assert refold_idle(stage.kit) == 1
    stage.answer_some(learner, 3)
    assert replay(learner.id, TENANT, stage.kit).same


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 0.0), (1.0, 1.0), (0.2, 0.9), (1e-300, 1 - 1e-16)])
def test_a_prior_from_any_band_is_finite_and_weaker_than_an_answer_or_two(low, high):
    prior = prior_from("a", SkillMastery(0.5, low, high, "new", False, 3), "e")
    assert -6 <= prior.logit <= 6
    assert 0.1 <= prior.variance < 50
    model = GaussianFilter()
    state = model.start(("a", "b"), [prior, prior_from("unheard-of", SkillMastery(0.5, 0.1, 0.2, "new", False, 3), "e")])
    assert set(state.values["skills"]) == {"a"}
    known = model.mastery(state, "a")
    assert 0 <= known.probability <= 1
    assert known.responses == 0
    for correct in (True, False):
        after = model.mastery(model.update(state, Evidence(model.item("x", ["a"], None), correct)), "a").probability
        assert after >= known.probability if correct else after <= known.probability


def test_a_resent_answer_moves_no_version(stage):
    learner = stage.launch()
    first = stage.next(learner)
    reply = stage.answer(learner, first, True)
    newer = MasteryPaced()
    newer.version = "99"
    stage.kit.policies[newer.name] = newer
    values = {} if first.activity.type == "reading" else {"right": True}
    assert submit_response(Answer(learner.id, TENANT, first.presentation.id, values), stage.kit) == reply
    assert stage.state(learner).path.seq == 1
