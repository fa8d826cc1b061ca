"""Moving averages: shadows of variables and tensors, their names, and the start from zero."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.train.moving_averages import assign_moving_average


def names(variables):
    return [variable.op.name for variable in variables]


def test_the_shadow_of_a_variable_starts_from_its_initial_value():
    w = fg.Variable([1.0, 2.0], name="w")
    averages = fg.train.ExponentialMovingAverage(0.75)
    up = w.assign([5.0, 6.0])
    update = averages.apply([w])
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        assert sess.run(averages.average(w)).tolist() == [1.0, 2.0]
        sess.run(up)
        sess.run(update)
        assert sess.run(averages.average(w)).tolist() == [2.0, 3.0]


def test_updates_after_training_see_the_new_values():
    w = fg.Variable(0.0)
    averages = fg.train.ExponentialMovingAverage(0.5)
    with fg.control_dependencies([w.assign_add(4.0)]):
        update = averages.apply([w])
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        sess.run(update)
        sess.run(update)
        assert sess.run(averages.average(w)) == 5.0


@pytest.mark.parametrize(("zero_debias", "expect"), [(False, [0.5, 1.75]), (True, [2.0, 3.5])])
def test_the_shadow_of_a_tensor_starts_from_zero(zero_debias, expect):
    x = fg.placeholder(fg.float32, [], name="x")
    averages = fg.train.ExponentialMovingAverage(0.75, zero_debias=zero_debias)
    update = averages.apply([x])
    got = []
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        for value in (2.0, 5.5):
            sess.run(update, {x: value})
            got.append(sess.run(averages.average(x)))
    if zero_debias:
        expect = [2.0, (0.75 * 0.25 * 2.0 + 0.25 * 5.5) / (1 - 0.75**2)]
    np.testing.assert_allclose(got, expect, rtol=1e-6)


def test_the_number_of_updates_lowers_the_decay():
    w = fg.Variable(0.0)
    count = fg.placeholder(fg.int64, [])
    averages = fg.train.ExponentialMovingAverage(0.5, num_updates=count)
    with fg.control_dependencies([w.assign(1.0)]):
        update = averages.apply([w])
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        sess.run(update, {count: 2})  # decay 3 / 12
        assert sess.run(averages.average(w)) == 0.75
        sess.run(update, {count: 1000})  # decay 0.5
        assert sess.run(averages.average(w)) == 0.875


def test_shadows_are_in_tensorflows_collections_under_its_names():
    w = fg.Variable(1.0, name="w")
    t = fg.multiply(w, 2.0, name="t")
    averages = fg.train.ExponentialMovingAverage(0.5, zero_debias=True)
    assert averages.average(w) is None
    assert averages.average_name(w) == "w/ExponentialMovingAverage"
    update = averages.apply([w, t])
    assert (update.type, update.name) == ("NoOp", "ExponentialMovingAverage")
    assert names(fg.global_variables()) == [
        "w", "w/ExponentialMovingAverage", "t/ExponentialMovingAverage",
        "t/ExponentialMovingAverage/biased", "t/ExponentialMovingAverage/local_step"]
    assert fg.moving_average_variables() == fg.trainable_variables() == [w]
    assert averages.average_name(w) == averages.average(w).op.name
    assert averages.name == "ExponentialMovingAverage"


def test_applying_again_keeps_the_shadows():
    w = fg.Variable(1.0)
    averages = fg.train.ExponentialMovingAverage(0.5)
    averages.apply()
    shadow = averages.average(w)
    averages.apply()
    assert averages.average(w) is shadow and len(fg.global_variables()) == 2


def test_restoring_gives_variables_their_averages():
    w, b = fg.Variable(1.0, name="w"), fg.Variable(1.0, name="b")
    step = fg.train.create_global_step()
    averages = fg.train.ExponentialMovingAverage(0.5, name="mean")
    assert averages.variables_to_restore() == {"w/mean": w, "b/mean": b, "global_step": step}
    averages.apply([w])
    shadow = averages.average(w)
    assert averages.variables_to_restore([w]) == {"w/mean": w, "b": b, "global_step": step}
    assert shadow not in averages.variables_to_restore([w]).values()


def test_debiased_averages_of_one_variable_count_their_own_updates():
    with fg.variable_scope("outer"):
        average = fg.get_variable("average", initializer=0.0)
        first = assign_moving_average(average, 4.0, 0.75)
        second = assign_moving_average(average, 2.0, 0.5, name="second")
    assert (first.op.name, second.op.name) == ("outer/AssignMovingAvg", "outer/second")
    assert names(fg.global_variables())[1:] == [
        "outer/outer/average/biased", "outer/outer/average/local_step",
        "outer/outer/average/biased_1", "outer/outer/average/local_step_1"]
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        assert [sess.run(up) for up in (first, second, first)] == [4.0, 2.0, 4.0]


def test_only_floating_values_have_averages():
    with pytest.raises(TypeError, match="half, float, or double: count:0 is int32"):
        fg.train.ExponentialMovingAverage(0.5).apply([fg.Variable(1, name="count")])
