"""Fits that serve: better than what is in use or refused, with what they were fitted on."""

from __future__ import annotations

import json

import pytest

from engine.mastery.coefficients import FitRefused, from_json
from engine.mastery.fitting.fit import fit_coefficients, held_out
from engine.mastery.gaussian_filter import TAG_LOGITS, GaussianFilter
from engine.mastery.log import RawResponse, collect
from pacemate.cli.main import run
from tests.mastery.simulated import csv_of, difficulties, simulated

TAGS = {name: min(TAG_LOGITS, key=lambda t, b=b: abs(TAG_LOGITS[t] - b)) for name, b in difficulties().items()}


@pytest.fixture(scope="module")
def found():
    return fit_coefficients(simulated(150, 60), TAGS)


def test_a_fit_says_what_it_was_fitted_on_and_how_it_did(found):
    v, on = found.validation, found.fitted_on
    assert v.log_loss < v.current_log_loss
    assert v.current_version == "day-one-2"
    assert on.learners + v.learners == 150
    assert on.responses + v.responses == len(simulated(150, 60))
    assert found.version.startswith(f"fit-{on.responses + v.responses}-")
    assert found.tag_weight > 0.7
    assert set(found.items) == {f"item-{k}" for k in range(60)}


def test_the_same_responses_give_the_same_fit_and_others_another_version(found):
    assert fit_coefficients(simulated(150, 60), TAGS) == found
    assert fit_coefficients(simulated(150, 60, seed=1), TAGS).version != found.version


def test_a_fit_that_does_no_better_is_refused(found):
    with pytest.raises(FitRefused, match=f"refused: log loss .* with version {found.version}, which stays"):
        fit_coefficients(simulated(150, 60), TAGS, current=found)


def test_a_fit_that_new_learners_contradict_is_refused():
    names = [f"learner-{k}" for k in range(40)]
    other = dict(zip(names, held_out(names), strict=True))
    rows = [RawResponse(n, f"item-{j}", ("s",), (j % 2 == 0) != other[n], None) for n in names for j in range(8)]
    with pytest.raises(FitRefused, match="with version day-one-2, which stays"):
        fit_coefficients(collect(rows))


def test_too_few_learners_are_refused():
    with pytest.raises(FitRefused, match="9 learners have answered; a fit needs 10"):
        fit_coefficients(simulated(9))


def test_the_same_learners_are_held_out_in_every_fit():
    names = [f"learner-{k}" for k in range(500)]
    first, later = held_out(names[:300]), held_out(names)
    assert (first == later[:300]).all()
    assert 70 < later.sum() < 130
    assert held_out(names[:3]).sum() == 2


def test_a_fitted_filter_serves(found):
    model = GaussianFilter(fitted=found)
    state = model.start(["skill-0"])
    easy, hard = (model.item(name, ["skill-0"], None) for name in sorted(found.items, key=lambda k: found.items[k][0])[::59])
    assert model.predict(state, easy) > model.predict(state, hard) + 0.2


def test_the_command_writes_coefficients_and_the_next_fit_has_to_beat_them(tmp_path, capsys):
    log, out = tmp_path / "log.csv", tmp_path / "fit.json"
    log.write_text(csv_of(simulated(60, 40)))
    assert run(["mastery", "fit", "--responses", str(log), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert from_json(out.read_text()).version == told["version"]
    assert told["validation"]["log_loss"] < told["validation"]["current_log_loss"]
    assert run(["mastery", "fit", "--responses", str(log), "--out", str(tmp_path / "b.json"), "--current", str(out)]) == 1
    assert "is refused" in capsys.readouterr().err
    assert not (tmp_path / "b.json").exists()


def test_a_refusal_is_json_too_where_json_is_asked_for(tmp_path, capsys):
    log = tmp_path / "log.csv"
    log.write_text(csv_of(simulated(9)))
    assert run(["mastery", "fit", "--responses", str(log), "--out", str(tmp_path / "fit.json"), "--json"]) == 1
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert (told["name"], told["version"]) == ("log.csv", None)
    assert told["message"] == captured.err.strip()
    assert "9 learners have answered" in told["message"]


def test_a_folder_that_is_not_there_is_told_before_the_log_is_read(tmp_path, capsys):
    log = tmp_path / "log.csv"
    log.write_text("no log at all\n")
    assert run(["mastery", "fit", "--responses", str(log), "--out", str(tmp_path / "nowhere" / "fit.json")]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "nowhere' does not exist or cannot be written to" in told[0]


def test_coefficients_that_cannot_be_written_are_told_in_one_line(found, tmp_path, capsys, monkeypatch):
    log, out = tmp_path / "log.csv", tmp_path / "late" / "fit.json"
    log.write_text(csv_of(simulated(60, 40)))
    out.parent.mkdir()

    def fit(*_arguments):
        out.parent.rmdir()
        return found

    monkeypatch.setattr("engine.mastery.fitting.fit.fit_coefficients", fit)
    assert run(["mastery", "fit", "--responses", str(log), "--out", str(out)]) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "the coefficients cannot be written (No such file or directory)" in told[0]


WRONG = [
    ["--out", "x"],
    ["--course", "a", "--all"],
    ["--course", "a", "--out", "x"],
    ["--all", "--strict"],
    ["--responses", "LOG"],
    ["--responses", "LOG", "--out", "x", "--promote"],
]


@pytest.mark.parametrize("arguments", WRONG)
def test_wrong_use_is_one_line_and_2(tmp_path, capsys, arguments):
    log = tmp_path / "log.csv"
    log.write_text("learner_id,item_id,skill_id,correct\n")
    assert run(["mastery", "fit", *(str(log) if a == "LOG" else a for a in arguments)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
