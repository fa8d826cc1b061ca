"""The collection of losses and its sums."""

from __future__ import annotations

from typing import Any

import pytest

import flowgraph as fg

S = fg.losses


@pytest.fixture(autouse=True)
def graph() -> Any:
    with fg.Graph().as_default() as graph:
        yield graph


def test_the_total_adds_losses_and_regularizers() -> None:
    with fg.variable_scope("layer"):
        fg.get_variable("w", initializer=[2.0, 2.0], regularizer=fg.nn.l2_loss)
    with fg.name_scope("a"):
        first = S.mean_squared_error([1.0], [3.0])
    second = S.absolute_difference([1.0], [3.0], loss_collection="others")
    S.add_loss(fg.constant(10.0, name="extra"))
    S.add_loss(fg.constant(99.0), loss_collection=None)
    assert [loss.name for loss in S.get_losses()] == [first.name, "extra:0"]
    assert S.get_losses("a/") == [first]
    assert S.get_losses(loss_collection="others") == [second]
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        assert session.run(S.get_total_loss()) == 18.0
        assert session.run(S.get_total_loss(add_regularization_losses=False)) == 14.0
        assert session.run(S.get_total_loss(scope="a/", name="part")) == 4.0
        assert session.run(S.get_regularization_loss()) == 4.0
        assert session.run(S.get_regularization_loss("none")) == 0.0
    assert len(S.get_regularization_losses("layer")) == 1


def test_reductions_are_tensorflows() -> None:
    assert S.Reduction.SUM_OVER_NONZERO_WEIGHTS == S.Reduction.SUM_BY_NONZERO_WEIGHTS
    assert set(S.Reduction.all()) == {
        "none", "weighted_sum", "weighted_mean", "weighted_sum_over_batch_size",
        "weighted_sum_by_nonzero_weights"}
    S.Reduction.validate("none")
    with pytest.raises(ValueError, match="Invalid Reduction Key x"):
        S.Reduction.validate("x")
