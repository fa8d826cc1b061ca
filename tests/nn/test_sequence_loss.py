"""The weighted loss of predicted sequences."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.nn.sequence_loss import sequence_loss

RANDOM = np.random.RandomState(0)
LOGITS = RANDOM.randn(2, 3, 4)
TARGETS = RANDOM.randint(0, 4, (2, 3))
WEIGHTS = np.array([[1.0, 2.0, 0.0], [0.5, 0.0, 0.0]])
LOSSES = WEIGHTS * (np.log(np.exp(LOGITS).sum(-1))
                    - np.take_along_axis(LOGITS, TARGETS[..., None], -1)[..., 0])
NOT = {"average_across_timesteps": False, "average_across_batch": False}


def loss(**options):
    return fg.Session().run(sequence_loss(fg.constant(LOGITS), fg.constant(TARGETS),
                                          fg.constant(WEIGHTS), **options))


@pytest.mark.parametrize("options, want", [
    ({}, LOSSES.sum() / WEIGHTS.sum()),
    (NOT, LOSSES),
    ({"average_across_timesteps": False}, [LOSSES[:, 0].sum() / 1.5, LOSSES[0, 1] / 2, 0]),
    ({"average_across_batch": False}, LOSSES.sum(1) / WEIGHTS.sum(1)),
    ({**NOT, "sum_over_timesteps": True, "sum_over_batch": True}, LOSSES.sum() / 3),
    ({**NOT, "sum_over_timesteps": True}, LOSSES.sum(1) / [2, 1]),
    ({**NOT, "sum_over_batch": True}, [LOSSES[:, 0].sum() / 2, LOSSES[0, 1], 0]),
], ids=["mean", "none", "over_batch", "over_time", "sum", "sum_over_time", "sum_over_batch"])
def test_losses_are_reduced_along_the_axes_asked_for(options, want):
    np.testing.assert_allclose(loss(**options), want, rtol=1e-12)


def test_another_loss_function_may_be_given():
    got = loss(softmax_loss_function=lambda labels, logits: fg.cast(labels, fg.float64))
    np.testing.assert_allclose(got, (TARGETS * WEIGHTS).sum() / WEIGHTS.sum())


def test_wrong_ranks_and_options_raise():
    with pytest.raises(ValueError, match="Logits must be"):
        sequence_loss(LOGITS[0], TARGETS, WEIGHTS)
    with pytest.raises(ValueError, match="Targets must be"):
        sequence_loss(LOGITS, TARGETS[0], WEIGHTS)
    with pytest.raises(ValueError, match="Weights must be"):
        sequence_loss(LOGITS, TARGETS, WEIGHTS[0])
    with pytest.raises(ValueError, match="sum_over_batch"):
        loss(sum_over_batch=True)
