"""What a new release changes for those who began under another: coefficients and policies that come, go, and replay."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from engine.domain.errors import PluginError
from engine.domain.fits import FitRecord
from engine.domain.pacing import PROVED
from engine.mastery.coefficients import to_json
from engine.mastery.gaussian_filter import DAY_ONE, DAY_ONE_VERSION, GaussianFilter
from engine.pacing.mastery_paced import MasteryPaced
from engine.services.fitted_models import FittedModels
from engine.services.priors import priors_for
from engine.services.promote_version import promote_version, refold_idle
from engine.services.publish_course import publish_course
from engine.services.replay import replay
from engine.services.state import standing
from engine.storage.repositories.fits import SqlFits
from engine.storage.tables.enrolments import enrolments, learner_states
from engine.storage.tables.learning import responses, standings
from engine.storage.tables.mastery import mastery_fits, mastery_promotions
from lti.storage import session_of
from tests.engine.sample import build_version
from tests.engine.stage import TENANT, Stage
from tests.mastery.test_wavefront import fitted

MODEL = "gaussian-filter"
URI = "https://skills.example/skill-1"


@pytest.fixture
def stage(uow_factory):
    return Stage(uow_factory)


def steps_of(stage, learner):
    with stage.uow_factory() as uow:
        return [(o.seq, o.kind, o.target, o.note) for o in uow.record.overrides(learner.id)]


def run(stage, *statements):
    with stage.uow_factory() as uow:
        for statement in statements:
            session_of(uow).execute(statement)
        uow.commit()


def release(stage, version="day-one-99", **changes):
    """Install another release, whose filter has other constants; a process of it has built no model yet."""
    newer = GaussianFilter(replace(DAY_ONE[DAY_ONE_VERSION], **changes), version)
    stage.kit = replace(stage.kit, models={**stage.kit.models, MODEL: newer}, fitted=FittedModels())


def store(stage, version="fit-1", course="sample", **changes):
    found = replace(fitted(True), version=version, betas={}, items={}, **changes)
    with stage.uow_factory() as uow:
        uow.fits.add(FitRecord(version, course, MODEL, version, "kept", 30, 900, stage.now, {}), to_json(found))
        uow.commit()


def lose(stage, version):
    """Delete a fit, as nobody should; a process that starts then does not hold it either."""
    run(stage, delete(mastery_fits).where(mastery_fits.c.version == version))
    stage.kit = replace(stage.kit, fitted=FittedModels())


def spoil(stage, **change):
    """Change what all stored fits say; a process that starts then holds none of them."""
    with stage.uow_factory() as uow:
        for version, text in session_of(uow).execute(select(mastery_fits.c.version, mastery_fits.c.coefficients)).all():
            spoilt = update(mastery_fits).where(mastery_fits.c.version == version)
            session_of(uow).execute(spoilt.values(coefficients=json.dumps(json.loads(text) | change)))
        uow.commit()
    stage.kit = replace(stage.kit, fitted=FittedModels())


class Later(MasteryPaced):
    """Another release of the policy: it asks nothing before a lesson, and no path of it is one of the release before."""

    version = "99"

    def respond(self, path, response, look):
        advance = super().respond(path, response, look)
        return replace(advance, path=replace(advance.path, since_card=advance.path.since_card + 1))

    def decide(self, path, module_id, look, now):
        every = tuple(slot.key for module in look.version.modules for slot in module.slots)
        return super().decide(replace(path, no_skip=every), module_id, look, now)


def raise_policy(stage):
    stage.kit = replace(stage.kit, policies={**stage.kit.policies, Later.name: Later()})


# Coefficients


def test_other_day_one_constants_leave_those_who_began_under_the_old_ones(stage):
    learner = stage.launch()
    stage.answer_some(learner, 6)
    release(stage, growth=0.4)
    stage.answer_some(learner, 6, seed=4)
    assert stage.state(learner).mastery.version == DAY_ONE_VERSION
    assert steps_of(stage, learner) == []
    assert replay(learner.id, TENANT, stage.kit).same
    assert stage.launch("later").model_version == "day-one-99"


def test_an_earlier_day_one_version_can_be_promoted_and_left_again(stage):
    learner = stage.launch()
    stage.answer_some(learner, 6)
    release(stage, growth=0.4)
    promote_version("sample", DAY_ONE_VERSION, stage.kit)
    assert stage.launch("later").model_version == DAY_ONE_VERSION
    stage.now += timedelta(hours=1)
    promote_version("sample", "day-one-99", stage.kit)
    assert refold_idle(stage.kit) == 2
    assert steps_of(stage, learner) == [(7, "switch_model", "day-one-99", DAY_ONE_VERSION)]
    stage.answer_some(learner, 3)
    result = replay(learner.id, TENANT, stage.kit)
    assert result.same
    assert len(result.compared) == len(result.steps) > 6


def who_lost_their_fit(stage):
    """Return a learner whose coefficients, of a course found easy, are nowhere to be had, and their state before."""
    store(stage, base=-2.0)
    promote_version("sample", "fit-1", stage.kit)
    learner = stage.launch()
    stage.answer_some(learner, 8)
    before = stage.state(learner)
    promote_version("sample", DAY_ONE_VERSION, stage.kit)
    lose(stage, "fit-1")
    return learner, before


def test_who_pins_a_version_that_is_gone_goes_on_under_the_one_in_use(stage, caplog):
    learner, before = who_lost_their_fit(stage)
    with caplog.at_level(logging.WARNING):
        coming = stage.next(learner)
    assert coming.presentation is not None
    assert [r.message for r in caplog.records] == ["mastery.version_missing", "mastery.version_replaced"]
    assert steps_of(stage, learner) == [(9, "replace_model", DAY_ONE_VERSION, "fit-1")]
    after = stage.state(learner)
    assert after.path == replace(before.path, seq=9)
    assert after.enrolment == replace(before.enrolment, seq=9, model_version=DAY_ONE_VERSION)
    assert (after.mastery.version, after.mastery.values["t"] != 0) == (DAY_ONE_VERSION, True)
    with stage.uow_factory() as uow:
        _, fold = standing(after, uow, stage.kit)
        assert after.mastery == fold.relearn((), uow.record.responses(learner.id))
    stage.answer(learner, coming, True)
    stage.answer_some(learner, 4)
    result = replay(learner.id, TENANT, stage.kit)
    assert (result.same, result.state_same) == (True, True)
    assert [s.pinned.model_version for s in result.steps if s.replayed is None] == ["fit-1"] * 8
    assert len(result.compared) == 5


def test_what_waited_under_a_version_that_is_gone_may_be_answered(stage):
    store(stage)
    promote_version("sample", "fit-1", stage.kit)
    learner = stage.launch()
    stage.answer_some(learner, 3)
    waiting = stage.next(learner)
    lose(stage, "fit-1")
    assert stage.answer(learner, waiting, True).seq == 5
    assert steps_of(stage, learner) == [(4, "replace_model", DAY_ONE_VERSION, "fit-1")]
    stage.answer_some(learner, 1)
    assert replay(learner.id, TENANT, stage.kit).same


def test_a_page_reads_a_version_that_is_gone_without_a_write(stage):
    learner, before = who_lost_their_fit(stage)
    with stage.uow_factory() as uow:
        seen, fold = standing(before, uow, stage.kit)
    assert (seen.mastery.version, fold.model.version) == (DAY_ONE_VERSION, DAY_ONE_VERSION)
    assert stage.state(learner) == before
    stage.next(learner)
    assert stage.state(learner).mastery == seen.mastery


def test_a_promotion_takes_along_who_pins_a_version_that_is_gone(stage):
    learner, before = who_lost_their_fit(stage)
    store(stage, "fit-2")
    promote_version("sample", "fit-2", stage.kit)
    stage.now += timedelta(hours=1)
    assert refold_idle(stage.kit) == 1
    assert steps_of(stage, learner) == [(9, "replace_model", "fit-2", "fit-1")]
    assert stage.state(learner).path == replace(before.path, seq=9)
    stage.answer_some(learner, 3)
    assert replay(learner.id, TENANT, stage.kit).same


def test_a_replacement_replays_the_same_once_the_version_is_back(stage):
    learner, _ = who_lost_their_fit(stage)
    stage.answer_some(learner, 3)
    store(stage, base=-2.0)
    result = replay(learner.id, TENANT, stage.kit)
    assert result.same
    assert len(result.compared) == len(result.steps) == 11


def test_a_replay_outlasts_a_fit_that_was_left_by_a_promotion(stage):
    store(stage)
    promote_version("sample", "fit-1", stage.kit)
    learner = stage.launch()
    stage.answer_some(learner, 6)
    store(stage, "fit-2", base=0.9)
    promote_version("sample", "fit-2", stage.kit)
    stage.now += timedelta(hours=1)
    assert refold_idle(stage.kit) == 1
    stage.answer_some(learner, 6)
    assert len(replay(learner.id, TENANT, stage.kit).compared) == 12
    lose(stage, "fit-1")
    result = replay(learner.id, TENANT, stage.kit)
    assert (result.same, result.state_same, len(result.compared)) == (True, True, 6)


def test_a_version_that_is_gone_is_looked_for_once_a_minute_and_told_once(stage, caplog, monkeypatch):
    _, before = who_lost_their_fit(stage)
    asked = []
    coefficients = SqlFits.coefficients
    monkeypatch.setattr(SqlFits, "coefficients", lambda *of: asked.append(of[2]) or coefficients(*of))

    def version_seen():
        with stage.uow_factory() as uow:
            return standing(before, uow, stage.kit)[1].model.version

    with caplog.at_level(logging.WARNING):
        assert {version_seen() for _ in range(3)} == {DAY_ONE_VERSION}
        assert asked == ["fit-1"]
        stage.now += timedelta(minutes=1)
        assert version_seen() == DAY_ONE_VERSION
        assert asked == ["fit-1"] * 2
    assert [r.message for r in caplog.records] == ["mastery.version_missing"]
    store(stage, base=-2.0)
    promote_version("sample", "fit-1", stage.kit)  # looks at once
    assert version_seen() == "fit-1"


def test_nobody_is_tried_where_the_promoted_version_is_gone(stage, caplog, monkeypatch):
    learner = stage.launch()
    store(stage)
    promote_version("sample", "fit-1", stage.kit)
    lose(stage, "fit-1")
    stage.now += timedelta(hours=1)
    with caplog.at_level(logging.WARNING):
        assert [refold_idle(stage.kit) for _ in range(2)] == [0, 0]
    assert [r.message for r in caplog.records] == ["mastery.version_missing"]
    assert steps_of(stage, learner) == []


def test_an_idle_enrolment_whose_version_is_gone_is_replaced_without_a_promotion(stage):
    store(stage)
    promote_version("sample", "fit-1", stage.kit)
    learner, other = stage.launch(), stage.launch("other")
    stage.answer_some(learner, 4)
    run(stage, delete(mastery_promotions))
    lose(stage, "fit-1")
    beside = stage.launch("beside")
    release(stage, growth=0.4)
    assert refold_idle(stage.kit) == 0  # the one is busy, the others have just begun
    stage.now += timedelta(hours=1)
    assert [refold_idle(stage.kit) for _ in range(2)] == [2, 0]
    assert steps_of(stage, learner) == [(5, "replace_model", "day-one-99", "fit-1")]
    assert stage.state(other).enrolment.model_version == "day-one-99"
    assert stage.state(beside).enrolment.model_version == DAY_ONE_VERSION
    stage.answer_some(learner, 2)
    assert replay(learner.id, TENANT, stage.kit).same


def test_a_policy_whose_model_is_not_installed_is_told_in_words(stage):
    models = {name: model for name, model in stage.kit.models.items() if name != "bkt"}
    stage.kit = replace(stage.kit, default_policy="bkt-95", models=models)
    with pytest.raises(PluginError, match="model 'bkt'"):
        stage.launch()


def test_states_of_the_first_day_one_version_are_folded_anew(stage):
    learner = stage.launch()
    stage.answer_some(learner, 5)
    first = {"t": 0.4, "vt": 0.7, "skills": {"skill-1": [0.3, 0.5, 0.8, 4], "skill-2": [0.0, 0.6, 0.4, 0]}}
    run(
        stage,
        update(enrolments).where(enrolments.c.id == learner.id).values(model_version="day-one-1"),
        update(learner_states)
        .where(learner_states.c.enrolment_id == learner.id)
        .values(mastery={"model": MODEL, "version": "day-one-1", "values": first}),
    )
    stage.answer_some(learner, 3)
    assert steps_of(stage, learner) == [(6, "replace_model", DAY_ONE_VERSION, "day-one-1")]
    assert replay(learner.id, TENANT, stage.kit).same


def test_new_enrolments_begin_under_the_installed_version_where_the_promoted_one_is_gone(stage):
    store(stage)
    promote_version("sample", "fit-1", stage.kit)
    lose(stage, "fit-1")
    learner = stage.launch()
    assert learner.model_version == DAY_ONE_VERSION
    assert stage.next(learner).presentation is not None


@pytest.mark.parametrize("change", [{"schema": "a later one"}, {"fading": 1.5}, {"growth": -0.01}, {"version": "fit-9"}])
def test_coefficients_that_cannot_be_read_are_as_if_they_were_gone(stage, change):
    store(stage)
    promote_version("sample", "fit-1", stage.kit)
    learner = stage.launch()
    stage.answer_some(learner, 3)
    spoil(stage, **change)
    assert stage.launch("later").model_version == DAY_ONE_VERSION
    assert stage.next(learner).presentation is not None
    assert steps_of(stage, learner) == [(4, "replace_model", DAY_ONE_VERSION, "fit-1")]
    with pytest.raises(PluginError, match=r"Version 'fit-1' .* promote another"):
        promote_version("sample", "fit-1", stage.kit)


def test_an_enrolment_whose_version_is_gone_tells_other_courses_nothing(stage):
    for course_id in ("first", "second"):
        version = build_version(modules=1)
        skills = {k: replace(s, uri=URI) if k == "skill-1" else s for k, s in version.skills.items()}
        version = replace(version, course_id=course_id, id=course_id, skills=skills, digest=course_id.ljust(64, "0"))
        publish_course(version, stage.kit, grant_to=(TENANT,))
    store(stage, course="first")
    promote_version("first", "fit-1", stage.kit)
    known = stage.launch(course_id="first", cohort_key="context:first")
    stage.go(known, right=True)
    again = stage.launch("another", course_id="second", cohort_key="context:second")

    def told():
        with stage.uow_factory() as uow:
            state = uow.enrolments.get(again.id, TENANT)
            version = uow.courses.version(state.enrolment.course_version_id)
            return priors_for(known.person_id, state.cohort, version, uow, stage.kit)

    assert [p.source for p in told()] == [known.id]
    lose(stage, "fit-1")
    assert told() == ()
    learner = stage.launch(course_id="second", cohort_key="context:second")
    assert stage.next(learner).presentation is not None


# Policies


def test_a_new_release_of_the_policy_goes_on_where_the_old_one_stood_and_replays(stage):
    learner = stage.launch()
    stage.override(learner, "test_out", "slot:module-1/skill-1")
    stage.answer_some(learner, 7)
    waiting = stage.next(learner)
    before = stage.state(learner)
    raise_policy(stage)
    coming = stage.next(learner)
    after = stage.state(learner)
    assert steps_of(stage, learner)[1:] == [(9, "switch_policy", "99", MasteryPaced.version)]
    assert after.path == replace(before.path, seq=9)
    assert after.mastery == before.mastery
    assert after.enrolment == replace(before.enrolment, seq=9, policy_version="99")
    stage.answer(learner, coming, True)
    stage.answer(learner, waiting, True)
    proved = [key for key, how in after.path.closed.items() if key.startswith("slot:") and how in PROVED]
    stage.override(learner, "undo", proved[0])
    stage.answer_some(learner, 6, seed=5)

    result = replay(learner.id, TENANT, stage.kit)
    assert (result.same, result.state_same) == (True, True)
    gone = [s for s in result.steps if s.replayed is None]
    assert {s.pinned.policy_version for s in gone} == {MasteryPaced.version}
    assert len(gone) == 8  # the seven, and what had waited
    assert {s.pinned.policy_version for s in result.compared} == {"99"}
    assert len(result.compared) == 7

    other = replay(learner.id, TENANT, stage.kit, policy="fixed-order")
    assert [s.seq for s in other.compared][-7:] == [s.seq for s in result.compared]
    assert not all(s.same_choice for s in other.compared)


def test_a_replay_after_a_release_still_sees_what_does_not_follow(stage):
    learner = stage.launch()
    stage.answer_some(learner, 4)
    raise_policy(stage)
    stage.answer_some(learner, 6)
    assert replay(learner.id, TENANT, stage.kit).same
    told = stage.state(learner).path.seq
    run(stage, update(responses).where(responses.c.seq == told).values(active_s=400.0))
    assert replay(learner.id, TENANT, stage.kit).state_same is False


def test_before_the_next_visit_nothing_of_a_release_that_is_gone_is_compared(stage):
    learner = stage.launch()
    stage.answer_some(learner, 4)
    raise_policy(stage)
    result = replay(learner.id, TENANT, stage.kit)
    assert (result.compared, result.path, result.state_same, result.same) == ((), None, None, None)
    # The model is at hand, and its part is looked at all the same.
    assert result.mastery == stage.state(learner).mastery
    run(stage, update(responses).where(responses.c.purpose == "probe").values(correct=False, points=0))
    assert replay(learner.id, TENANT, stage.kit).state_same is False


def test_a_switch_of_before_that_stored_nothing_is_told_as_that(stage):
    learner = stage.launch()
    stage.answer_some(learner, 4)
    raise_policy(stage)
    stage.answer_some(learner, 4)
    run(stage, delete(standings))
    result = replay(learner.id, TENANT, stage.kit)
    assert (result.compared, result.state_same, result.same) == ((), None, None)
    assert {s.pinned.policy_version for s in result.steps} == {MasteryPaced.version, "99"}


def test_a_promotion_under_a_release_that_is_gone_replays(stage):
    learner = stage.launch()
    stage.answer_some(learner, 6)
    stage.now += timedelta(hours=1)
    store(stage, base=0.9)
    promote_version("sample", "fit-1", stage.kit)
    assert refold_idle(stage.kit) == 1
    stage.answer_some(learner, 3)
    raise_policy(stage)
    stage.answer_some(learner, 3)
    assert [kind for _, kind, _, _ in steps_of(stage, learner)] == ["switch_model", "switch_policy"]
    run(stage, update(standings).values(mastery={"model": MODEL, "version": "fit-1", "values": {}}))
    result = replay(learner.id, TENANT, stage.kit)
    # Mastery follows from the record, and needs nothing of what was stored.
    assert (result.same, result.state_same, len(result.compared)) == (True, True, 3)


def test_model_and_policy_may_both_be_gone(stage):
    learner, before = who_lost_their_fit(stage)
    raise_policy(stage)
    stage.answer_some(learner, 4)
    assert [kind for _, kind, _, _ in steps_of(stage, learner)] == ["replace_model", "switch_policy"]
    assert stage.state(learner).path.closed.keys() >= before.path.closed.keys()
    result = replay(learner.id, TENANT, stage.kit)
    assert (result.same, result.state_same, len(result.compared)) == (True, True, 4)
