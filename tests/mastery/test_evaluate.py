"""Cross-validation: no leakage, learners in one fold only, the JSON that others read, wrong use in one line."""

from __future__ import annotations

import io
import json
from array import array
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import roc_auc_score

from engine.domain.errors import Refused
from engine.mastery.fitting.evaluate import BASELINES, Evaluation, ModelFigures, evaluate, learner_folds
from engine.mastery.fitting.metrics import Metrics, auc, calibration_error, log_loss
from engine.mastery.fitting.sequences import table_of
from engine.mastery.fitting.tiers import fit_tiers
from pacemate.cli.main import run
from pacemate.cli.mastery import silent_tiers
from tests.mastery.simulated import csv_of, simulated

FIGURES = {"auc", "rmse", "log_loss", "ece", "fit_seconds"}


def test_each_learner_is_tested_in_exactly_one_fold():
    folds = learner_folds(53, 5, seed=3)
    assert (np.sum(folds, axis=0) == 1).all()
    assert {int(f.sum()) for f in folds} == {10, 11}
    assert all((a == b).all() for a, b in zip(folds, learner_folds(53, 5, seed=3), strict=True))
    assert any((a != b).any() for a, b in zip(folds, learner_folds(53, 5, seed=4), strict=True))


@pytest.fixture(scope="module")
def split():
    table = table_of(simulated(60, 40, timed=True))
    test = np.arange(60) % 4 == 0
    return table, test


def test_answers_of_test_learners_never_reach_the_fit_nor_later_ones_earlier_predictions(split):
    table, test = split
    rows = np.flatnonzero(test[table.learner])
    turn = np.concatenate([np.arange(n) for n in np.bincount(table.learner[rows])[np.flatnonzero(test)]])
    late = turn >= 10
    shuffled = table.correct.copy()
    shuffled[rows[late]] = 1 - shuffled[rows[late]]
    changed = replace(table, correct=shuffled, time_s=table.time_s + np.where(shuffled == table.correct, 0, 1e-3))
    tiers, again = (fit_tiers(t, ~test, np.random.default_rng(0)) for t in (table, changed))
    before, after = tiers.predict(table, test), again.predict(changed, test)
    assert set(before) == {"filter", "filter+lr", "filter+lr2", "filter+hgb"}
    for name in before:
        # The first prediction that may differ is the one after the first changed answer.
        # Up to rounding: BLAS adds up by where a row lies in memory.
        assert np.abs(before[name] - after[name])[turn <= 10].max() < 1e-12
        assert (before[name][turn > 11] != after[name][turn > 11]).any()


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_do_not_see_what_they_predict(split, name):
    table, test = split
    rows = np.flatnonzero(test[table.learner])
    turn = np.concatenate([np.arange(n) for n in np.bincount(table.learner[rows])[np.flatnonzero(test)]])
    flipped = table.correct.copy()
    flipped[rows[turn >= 10]] = 1 - flipped[rows[turn >= 10]]
    a, b = (BASELINES[name](t, ~test, np.random.default_rng(0))(test) for t in (table, replace(table, correct=flipped)))
    assert np.abs(a - b)[turn <= 10].max() < 1e-12
    assert np.abs(a - b)[turn > 10].max() > 1e-3


def test_a_skill_more_on_each_row_gives_no_rows_more():
    log = simulated(40, 30)
    found = evaluate(log, folds=2)
    assert set(found.models) == {"filter", "filter+lr", "filter+lr2", "filter+hgb"}
    table = table_of(log)
    tiers = fit_tiers(table, np.arange(40) < 30, np.random.default_rng(0))
    assert len(tiers.predict(table, np.arange(40) >= 30)["filter"]) == np.count_nonzero(table.learner >= 30)


def test_every_model_beats_chance_and_the_filter_beats_models_without_items():
    found = evaluate(simulated(110, 50, seed=5), folds=2, baselines=True).models
    assert set(found) == {"filter", "filter+lr", "filter+lr2", "filter+hgb", *BASELINES}
    assert all(f.metrics.auc > 0.55 for f in found.values())
    assert found["filter"].metrics.auc > max(found[name].metrics.auc for name in ("bkt", "pfa")) + 0.05
    assert found["filter"].metrics.ece < 0.04


def test_the_same_seed_gives_the_same_figures():
    log = simulated(40, 30)
    a, b = (evaluate(log, folds=2, seed=7) for _ in range(2))
    assert [f.metrics for f in a.models.values()] == [f.metrics for f in b.models.values()]


def test_metrics_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    p = np.round(rng.random(2000), 2)
    y = (rng.random(2000) < p).astype(float)
    assert auc(y, p) == pytest.approx(roc_auc_score(y, p))
    assert log_loss(y, np.clip(p, 0.01, 0.99)) == pytest.approx(sklearn_log_loss(y, np.clip(p, 0.01, 0.99)))
    assert calibration_error(y, p) < 0.05
    assert calibration_error(np.ones(10), np.full(10, 0.7)) == pytest.approx(0.3)


@pytest.mark.parametrize(("learners", "folds", "what"), [(4, 5, "too few for 5 folds")])
def test_too_few_learners_are_refused(learners, folds, what):
    with pytest.raises(Refused, match=what):
        evaluate(simulated(learners), folds=folds)


def test_a_log_of_right_answers_only_is_refused():
    log = simulated(20)
    with pytest.raises(Refused, match="alike"):
        evaluate(replace(log, correct=array("b", [1] * len(log))))


def test_tiny_logs_are_measured():
    assert set(evaluate(simulated(4, 6), folds=2, baselines=True).models) > {"filter", "bkt"}


@pytest.fixture
def log_file(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(csv_of(simulated(30, 20)))
    return path


def test_the_json_is_as_the_design_fixes_it(log_file, capsys):
    assert run(["mastery", "evaluate", "--responses", str(log_file), "--folds", "2", "--json"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert set(out) == {"models", "best"}
    assert out["best"] in out["models"]
    assert all(set(figures) == FIGURES for figures in out["models"].values())
    assert all(isinstance(v, float) for figures in out["models"].values() for v in figures.values())


def test_people_get_a_table(log_file, capsys):
    assert run(["mastery", "evaluate", "--responses", str(log_file), "--folds", "2"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("best: ")


QUICK = ["--folds", "2", "--json"]


def test_bad_rows_are_named_counted_and_left_out(log_file, capsys):
    run(["mastery", "evaluate", "--responses", str(log_file), *QUICK])
    clean = json.loads(capsys.readouterr().out)
    lines = log_file.read_text().splitlines()
    bad = [*["l,i,s,7,"] * 9, "l,i,,1,", 'l,"i,s,1,', "l,i"]
    log_file.write_text("\n".join([*lines[:20], *bad, *lines[20:]]) + "\n")
    assert run(["mastery", "evaluate", "--responses", str(log_file), *QUICK]) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert "log.csv:21: correct is '7'" in captured.err
    assert "log.csv:30: skill_id is empty" in captured.err
    assert "log.csv:31:" not in captured.err
    assert "2 more bad rows" in captured.err
    assert f"bad rows left out: 12, rows that count: {len(lines) - 1}" in captured.err
    assert "WARNING" not in captured.err
    left_out = told.pop("left_out")
    assert (left_out["rows"], left_out["of"], len(left_out["first"])) == (12, len(lines) + 11, 10)
    assert left_out["first"][9] == {"line": 30, "what": "skill_id is empty, or has an empty part between its ~"}
    assert figures_of(told) == figures_of(clean)


def figures_of(told):
    return {name: {k: v for k, v in f.items() if k != "fit_seconds"} for name, f in told["models"].items()}


def test_a_log_that_is_mostly_bad_is_measured_with_a_warning(tmp_path, capsys):
    path = tmp_path / "log.csv"
    rows = csv_of(simulated(12, 4))
    path.write_text(rows + "l,i,s,7,\n" * rows.count("\n"))
    assert run(["mastery", "evaluate", "--responses", str(path), *QUICK]) == 0
    captured = capsys.readouterr()
    assert "WARNING: at least half of the rows are bad" in captured.err
    assert json.loads(captured.out)["best"]


def test_strict_refuses_a_log_with_bad_rows(log_file, capsys):
    log_file.write_text(log_file.read_text() + "l,i,s,7,\n" * 12)
    assert run(["mastery", "evaluate", "--responses", str(log_file), "--strict", "--json"]) == 1
    captured = capsys.readouterr()
    assert "bad rows: 12, good rows:" in captured.err
    assert captured.out == ""


def test_a_log_without_a_good_row_is_refused(tmp_path, capsys):
    path = tmp_path / "log.csv"
    path.write_text("learner_id,item_id,skill_id,correct\nl,i,,1\nm,i,,0\n")
    assert run(["mastery", "evaluate", "--responses", str(path), "--json"]) == 1
    captured = capsys.readouterr()
    assert "no row is good, all 2 are bad" in captured.err
    assert captured.out == ""


def test_standard_input_is_read(monkeypatch, capsys):
    log = csv_of(simulated(12, 4)) + "l,i,s,7,\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(log.encode()))))
    assert run(["mastery", "evaluate", "--responses", "-", *QUICK]) == 0
    captured = capsys.readouterr()
    assert f"standard input:{log.count(chr(10))}: correct is '7'" in captured.err
    assert json.loads(captured.out)["best"]


def test_why_tier_1_spoke_is_told_rightly(tmp_path, capsys):
    path = tmp_path / "log.csv"
    path.write_text(csv_of(simulated(12, 4)))
    run(["mastery", "evaluate", "--responses", str(path), *QUICK])
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "filter+lr, filter+lr2, filter+hgb: fewer than 20 training learners, so not tried, in 2 of 2 folds; tier 1 spoke there."
    ]
    same = ModelFigures(Metrics(0.5, 0.5, 0.7, 0.0), 1.0, refused_folds=1)
    found = Evaluation({"filter": replace(same, refused_folds=0), "a": same, "b": same, "c": replace(same, untried_folds=2)})
    assert silent_tiers(found, 5) == [
        "c: fewer than 20 training learners, so not tried, in 2 of 5 folds; tier 1 spoke there.",
        "a, b, c: no gain on validation learners, in 1 of 5 folds; tier 1 spoke there.",
    ]


@pytest.mark.parametrize(
    "arguments", [[], ["--folds", "1"], ["--folds", "x"], ["--seed", "-1"], ["--wrong"], ["--responses", "no-such-file.csv"]]
)
def test_wrong_use_is_one_line_and_2(log_file, capsys, arguments):
    given = arguments if "--responses" in arguments or not arguments else ["--responses", str(log_file), *arguments]
    assert run(["mastery", "evaluate", *given]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
