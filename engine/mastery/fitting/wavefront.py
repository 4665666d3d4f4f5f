"""The filter of `gaussian_filter`, all learners at a time: the same arithmetic, wave by wave.

Candidates for the constants may be tried side by side: each constant is then an array of shape (k,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.mastery.fitting.sequences import Floats, Waves

LIMIT = 35.0


@dataclass(frozen=True, slots=True)
class Constants:
    """The filter's constants, numbers or arrays of shape (k,); see `gaussian_filter.Coefficients`."""

    learner_variance: Floats
    skill_variance: Floats
    learner_drift: Floats
    skill_drift: Floats
    growth: Floats
    fading: Floats

    @classmethod
    def of(cls, values: Floats) -> Constants:
        """Return constants from an array of shape (6,) or (6, k)."""
        return cls(*np.asarray(values, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class Trace:
    """What the filter held just before each response, by position, in logits and squared logits."""

    z: Floats
    variance: Floats
    learner: Floats
    learner_variance: Floats

    @property
    def logit(self) -> Floats:
        """The prediction in logits, smoothed over the state's uncertainty (MacKay 1992, eq. 10)."""
        out: Floats = self.z / np.sqrt(1 + np.pi * self.variance / 8)
        return out


def sigmoid(x: Floats) -> Floats:
    """Return the logistic function."""
    out: Floats = 1.0 / (1.0 + np.exp(-np.clip(x, -LIMIT, LIMIT)))
    return out


def run(waves: Waves, constants: Constants, offset: Floats, item_variance: Floats) -> Trace:
    """Run the filter over every learner: predict, then update.

    Args:
        offset: item difficulty plus the mean of its skills' betas, by position.
        item_variance: by position; of shape (n,) or (n, k).
    """
    wide = np.asarray(constants.learner_variance).shape
    c = constants
    t = np.zeros((waves.learners, *wide))
    vt = np.broadcast_to(np.asarray(c.learner_variance), t.shape).copy()
    s = np.zeros((waves.pairs, *wide))
    vs = np.broadcast_to(np.asarray(c.skill_variance), s.shape).copy()
    seen = np.zeros(waves.pairs)
    n = len(waves)
    out = Trace(*(np.empty((n, *wide)) for _ in range(4)))
    z_out, v_out, t_out, vt_out = out.z, out.variance, out.learner, out.learner_variance
    extra = (slice(None), None) if wide else (slice(None),)
    y_all, off_all, share_all = waves.correct[extra], offset[extra], waves.share[extra]
    vb_all = item_variance if item_variance.ndim == 1 + len(wide) else item_variance[extra]
    qs, qt, fading = np.asarray(c.skill_drift), np.asarray(c.learner_drift), np.asarray(c.fading)
    for a, b, e, f in waves.spans():
        m = b - a
        pair = waves.edge_pair[e:f]
        sp, vp = s[pair], vs[pair]
        g = c.growth / (1 + fading * seen[pair][extra])
        seen[pair] += 1
        tm, vm = t[:m], vt[:m]
        if f - e == m:
            mean_s, mean_v, local = sp, vp, None
        else:
            at = waves.edge_at[a:b] - e
            share = share_all[a:b]
            local = np.repeat(np.arange(m), np.diff(waves.edge_at[a : b + 1]))
            mean_s = np.add.reduceat(sp, at) * share
            mean_v = np.add.reduceat(vp, at) * (share * share)
        z = tm + mean_s - off_all[a:b]
        v = vm + mean_v + vb_all[a:b]
        z_out[a:b], v_out[a:b], t_out[a:b], vt_out[a:b] = z, v, tm, vm
        p = 1.0 / (1.0 + np.exp(-np.minimum(np.maximum(z, -LIMIT), LIMIT)))
        w = p * (1.0 - p)
        d = 1.0 / (1.0 + w * v)
        error = (y_all[a:b] - p) * d
        curve = w * d
        if local is None:
            s[pair] = sp + vp * error + g
            vs[pair] = vp + qs - vp * vp * curve
        else:
            vp_share = vp * share[local]
            s[pair] = sp + vp_share * error[local] + g
            vs[pair] = vp + qs - vp_share * vp_share * curve[local]
        tm += vm * error
        vm += qt - vm * vm * curve
    return out
