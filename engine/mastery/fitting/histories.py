"""Features of tier 2: what a learner's recent answers say beyond the filter, each known before the answer."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from engine.mastery.fitting.filter_fit import FilterFit
from engine.mastery.fitting.sequences import Floats, Ints, Waves
from engine.mastery.fitting.wavefront import sigmoid
from engine.mastery.history import NAMES, NEVER_GAP, RATES, SHARE_RATE

TIME_NAMES = ("last_time_gap", "skill_time_gap")
"""Only for trees. A response's own time tells how long it took, so all gaps end at the answer before it."""
ALL_NAMES = NAMES + TIME_NAMES
_AT = {name: k for k, name in enumerate(ALL_NAMES)}
_DECAY = np.array(RATES)
_LEARNER = slice(_AT["surprise_50"], _AT["surprise_95"] + 1)
_SKILL = slice(_AT["skill_surprise_50"], _AT["skill_count"] + 1)


def features(fit: FilterFit, waves: Waves, time_s: Floats | None) -> Floats:
    """Return the features, of shape (n, len(ALL_NAMES)), by position.

    Args:
        fit: a filter that was fitted without these learners.
        time_s: by row of the table, None where the log tells no times.
    """
    trace, q = fit.trace(waves), fit.parameters
    logit = trace.logit
    surprise = waves.correct - sigmoid(logit)
    time = None if time_s is None else time_s[waves.row]
    out = np.zeros((len(waves), len(ALL_NAMES)))
    out[:, _AT["logit"]], out[:, _AT["spread"]] = logit, np.sqrt(trace.variance)
    out[:, _AT["learner"]], out[:, _AT["learner_variance"]] = trace.learner, trace.learner_variance
    out[:, _AT["difficulty"]], out[:, _AT["item_variance"]] = q.difficulty[waves.item], q.variance[waves.item]
    out[:, _AT["beta"]] = waves.mean_over_skills(q.beta)
    last = _learner_features(waves, surprise, time, out)
    _skill_features(waves, surprise, time, last, out)
    _item_features(waves, surprise, out)
    return out


def _learner_features(waves: Waves, surprise: Floats, time: Floats | None, out: Floats) -> Ints:
    """Fill what is by learner; return the position of each response's predecessor, -1 without one."""
    sums = np.zeros((waves.learners, len(_DECAY)))
    previous = np.full(waves.learners, -1)
    last = np.full(len(waves), -1)
    starts = waves.starts.tolist()
    for k, (a, b) in enumerate(pairwise(starts)):
        m = b - a
        out[a:b, _LEARNER] = sums[:m]
        out[a:b, _AT["count"]] = np.log1p(k)
        sums[:m] = sums[:m] * _DECAY + surprise[a:b, None]
        last[a:b] = previous[:m]
        previous[:m] = np.arange(a, b)
    known = last >= 0
    out[:, _AT["last_surprise"]] = np.where(known, surprise[last], 0.0)
    same = known & (_first_skill(waves)[last] == _first_skill(waves))
    out[:, _AT["last_same_skill"]], out[:, _AT["last_same_surprise"]] = same, out[:, _AT["last_surprise"]] * same
    out[:, _AT["skills"]] = 1 / waves.share
    if time is not None:
        twice = known & (last[last] >= 0)
        gap = np.maximum(time[last] - time[last[last]], 0.0)
        out[:, _AT["last_time_gap"]] = np.where(twice, np.log1p(gap), 0.0)
    return last


def _first_skill(waves: Waves) -> Ints:
    skill: Ints = waves.edge_skill[waves.edge_at[:-1]]
    return skill


def _skill_features(waves: Waves, surprise: Floats, time: Floats | None, last: Ints, out: Floats) -> None:
    # By (learner, skill): three sums of surprise, decayed right, decayed count, streaks, count, last turn, last time.
    state = np.zeros((waves.pairs, 10))
    state[:, 8], state[:, 9] = -1.0, np.nan
    keep = np.concatenate([_DECAY, [SHARE_RATE, SHARE_RATE]])
    count_edges = np.diff(waves.edge_at)
    for k, (a, b, e, f) in enumerate(waves.spans()):
        pair = waves.edge_pair[e:f]
        s = state[pair]
        now = time[a:b] if time is not None else None
        clock = time[last[a:b]] if time is not None else None
        view = _view(s, k)
        y, r = waves.correct[a:b], surprise[a:b]
        if f - e != b - a:
            local = np.repeat(np.arange(b - a), count_edges[a:b])
            y, r = y[local], r[local]
            now = now[local] if now is not None else None
            clock = clock[local] if clock is not None else None
        gap = np.zeros(f - e) if clock is None else np.log1p(np.maximum(clock - s[:, 9], 0.0))
        gap = np.where(np.isnan(gap), NEVER_GAP * 1.5, gap)
        view = np.column_stack([view, gap])
        if f - e != b - a:
            view = np.add.reduceat(view, waves.edge_at[a:b] - e, axis=0) * waves.share[a:b, None]
        out[a:b, _SKILL], out[a:b, _AT["skill_gap"]], out[a:b, _AT["skill_time_gap"]] = view[:, :8], view[:, 8], view[:, 9]
        s[:, :5] *= keep
        s[:, :3] += r[:, None]
        s[:, 3] += y
        s[:, 4] += 1
        signed = s[:, 5]
        s[:, 5] = np.where(y > 0, np.maximum(signed, 0) + 1, np.minimum(signed, 0) - 1)
        s[:, 6] += 1
        s[:, 8] = k
        if now is not None:
            s[:, 9] = now
        state[pair] = s


def _view(s: Floats, turn: int) -> Floats:
    """Return what is told of a (learner, skill): surprises, decayed right and share, streaks, count and gap in turns."""
    gap = np.where(s[:, 8] < 0, NEVER_GAP, np.log1p(turn - s[:, 8]))
    share = (s[:, 3] + 0.7) / (s[:, 4] + 1.0)
    right, wrong = np.log1p(np.maximum(s[:, 5], 0)), np.log1p(np.maximum(-s[:, 5], 0))
    return np.column_stack([s[:, :4], share, right, wrong, np.log1p(s[:, 6]), gap])


def _item_features(waves: Waves, surprise: Floats, out: Floats) -> None:
    pair = waves.slot * np.int64(waves.items) + waves.item
    order = np.argsort(pair, kind="stable")
    group = pair[order]
    first = np.concatenate([[True], group[1:] != group[:-1]]) if len(group) else np.zeros(0, dtype=bool)
    begin = np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))
    seen = np.arange(len(group)) - begin
    earlier = np.cumsum(surprise[order]) - surprise[order]
    out[order, _AT["item_count"]] = np.log1p(seen)
    previous = np.where(first, 0.0, 2 * np.roll(waves.correct[order], 1) - 1)
    out[order, _AT["item_last"]], out[order, _AT["item_surprise"]] = previous, (earlier - earlier[begin]) * (seen > 0)
