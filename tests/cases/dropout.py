"""Cases of ops/dropout.py. Expected numbers with a seed are TensorFlow's."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

ONES = np.ones((8, 50), np.float32)


def kept_or_dropped(value):
    """Every element is 0 or `value`, and both occur."""
    def check(results):
        assert set(np.unique(results[0])) == {np.float32(0), np.float32(value)}
    return check


def rows_together(results):
    assert (results[0] == results[0][:, :1]).all()


CASES = [
    Case("dropout/rate", lambda x: fg.nn.dropout(x, rate=0.5), (ONES,), check=kept_or_dropped(2)),
    Case("dropout/keep_prob", lambda x: fg.nn.dropout(x, 0.25), (ONES,), check=kept_or_dropped(4)),
    Case("dropout/rate_is_a_tensor", lambda x, r: fg.nn.dropout(x, rate=r),
         (ONES, np.float32(0.5)), check=kept_or_dropped(2)),
    Case("dropout/keep_prob_is_a_tensor", lambda x, k: fg.nn.dropout(x, k),
         (ONES, np.float32(0.5)), check=kept_or_dropped(2)),
    Case("dropout/noise_shape", lambda x: fg.nn.dropout(x, rate=0.5, noise_shape=[8, 1]), (ONES,),
         check=rows_together),
    Case("dropout/noise_shape_partly_known",
         lambda x: fg.nn.dropout(x, rate=0.5, noise_shape=[None, 1]), (ONES,), check=rows_together,
         unknown_shapes=False),
    Case("dropout/rate_0", lambda x: fg.identity(fg.nn.dropout(x, rate=0.0)), (ONES,), ONES),
    Case("dropout/float16", lambda x: fg.nn.dropout(x, rate=0.5), (ONES.astype(np.float16),),
         check=kept_or_dropped(2)),
    Case("dropout/seed", lambda x: fg.nn.dropout(x, rate=0.3, seed=5), (ONES[0, :8],),
         np.array([1, 1, 0, 1, 1, 1, 1, 1]) / 0.7),
    Case("dropout/gradient_is_the_same_mask",
         lambda x: (lambda y: [y - fg.gradients(y, x)[0]])(fg.nn.dropout(x, rate=0.5)), (ONES,),
         np.zeros_like(ONES)),
]

BAD = [
    BadCase("dropout/rate_1", lambda: fg.nn.dropout([1.0], rate=1.0), ValueError, ("[0, 1)",)),
    BadCase("dropout/no_rate", lambda: fg.nn.dropout([1.0]), ValueError, ("rate",)),
    BadCase("dropout/both", lambda: fg.nn.dropout([1.0], 0.5, rate=0.5), ValueError,
            ("rate", "keep_prob")),
    BadCase("dropout/int32", lambda: fg.nn.dropout(fg.constant([1]), rate=0.5), ValueError,
            ("floating point", "int32")),
]
