"""Elementwise groups: what joins, what stays outside, and that no group needs itself."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.check import check
from flowgraph.program.groups import IN_TILES
from flowgraph.program.passes import elementwise_groups as module
from flowgraph.program.passes.elementwise_groups import elementwise_groups
from tests.program.programs import program_of


@pytest.fixture(autouse=True)
def every_size_is_large(monkeypatch) -> None:
    monkeypatch.setattr(module, "SMALLEST", 4)
    monkeypatch.setattr(module, "LEAST_WORK", 8)


def large(name, shape=(4, 6)):
    return fg.placeholder(fg.float32, shape, name=name)


def groups(fetches, feeds) -> list[str]:
    """The members of each group, in the order in which they run."""
    program = elementwise_groups(program_of(fetches, feeds))
    check(program, "elementwise_groups")
    return [repr(instr.attrs["group"]) for instr in program.instrs if instr.op_def is IN_TILES]


def test_a_chain_is_one_group() -> None:
    x, y = feeds = [large("x"), large("y")]
    assert groups(fg.exp(fg.tanh(x) * y) + x, feeds) == ["Tanh Mul Exp AddV2"]


def test_branches_of_one_expression_are_one_group() -> None:
    x = large("x")
    assert groups(fg.tanh(x) * fg.sigmoid(x) - fg.square(x), [x]) == [
        "Tanh Sigmoid Mul Square Sub"]


def test_small_inputs_are_broadcast_and_do_not_split_a_group() -> None:
    x, row, number = feeds = [large("x"), large("row", [6]), large("number", [])]
    assert groups(fg.nn.relu(x * number + row), feeds) == ["Mul AddV2 Relu"]


def test_a_group_ends_at_another_shape() -> None:
    x = large("x")
    turned = fg.transpose(fg.tanh(fg.exp(x)))
    assert groups(fg.square(fg.negative(turned)), [x]) == ["Exp Tanh", "Neg Square"]


def test_what_leads_out_and_in_again_stays_outside() -> None:
    x = large("x")
    inner = fg.tanh(fg.exp(x))
    around = fg.reverse(inner, [1])  # needs all of a row: it cannot be in the group
    assert groups(fg.square(inner * around), [x]) == ["Exp Tanh", "Mul Square"]


def test_two_groups_that_would_need_each_other_are_not_made() -> None:
    x, y = feeds = [large("x"), large("y")]
    a, b = fg.exp(x), fg.tanh(y)
    across = fg.reverse(a, [1]), fg.reverse(b, [1])
    fetches = [fg.square(a) * across[1], fg.negative(b) + across[0]]
    found = groups(fetches, feeds)
    assert sum(len(group.split()) for group in found) >= 4


def test_a_reduction_ends_a_group() -> None:
    x = large("x")
    y = fg.square(fg.exp(x))
    assert groups([fg.reduce_mean(y), fg.reduce_sum(y, 1), fg.reduce_max(y)], [x]) == [
        "Exp Square Mean Sum Max"]


def test_what_uses_a_reduction_of_a_group_is_not_in_it() -> None:
    x = large("x")
    y = fg.square(fg.exp(x))
    assert groups(fg.tanh(fg.negative(y - fg.reduce_mean(y))), [x]) == [
        "Exp Square Mean", "Sub Neg Tanh"]


def test_reductions_of_rows_stand_in_the_middle_of_a_group() -> None:
    x = large("x")
    centred = x * 2.0 - fg.reduce_mean(x * 2.0, -1, keepdims=True)
    variance = fg.reduce_mean(fg.square(centred), -1, keepdims=True)
    assert groups(fg.reduce_sum(centred * fg.rsqrt(variance + 0.1)), [x]) == [
        "Mul Mul Mean Sub Square Mean AddV2 Rsqrt Mul Sum"]
    sums = fg.reduce_sum(fg.exp(fg.negative(x)), 1)
    assert groups(x / fg.reshape(fg.log(sums), [4, 1]), [x]) == ["Neg Exp Sum Log Reshape RealDiv"]
    assert groups(fg.nn.softmax(fg.tanh(x)) * x, [x]) == ["Tanh Softmax Mul"]


def test_what_is_taken_as_a_whole_and_by_rows_is_not_in_one_group() -> None:
    x = large("x", (6, 6))
    row = fg.reduce_sum(fg.square(fg.exp(x)), 1)  # [6]: one per row, then one per column
    assert groups(fg.tanh(fg.exp(x) * row) + x, [x]) == ["Exp Square Sum", "Exp Mul Tanh AddV2"]


def test_the_only_row_is_not_reduced_in_a_group() -> None:
    x = large("x", (1, 24))
    assert groups(fg.reduce_max(fg.square(fg.exp(x)), 1), [x]) == ["Exp Square"]


@pytest.mark.parametrize("dtype,kind", [(np.int64, "sparse"), (np.float32, "dense")])
def test_a_cross_entropy_joins_its_neighbours(dtype, kind) -> None:
    x, bias = large("x"), large("bias", [6])
    labels = fg.placeholder(dtype, [4] if kind == "sparse" else [4, 6], name="labels")
    function = (fg.nn.sparse_softmax_cross_entropy_with_logits if kind == "sparse" else
                fg.nn.softmax_cross_entropy_with_logits_v2)
    loss = fg.reduce_sum(function(labels=labels, logits=x + bias))
    found, = groups([loss, fg.gradients(loss, bias)[0]], [x, bias, labels])
    assert found.split()[0] == "AddV2" and found.split().count("Exp") == 1


def test_a_wrong_label_is_told_as_by_the_op_itself() -> None:
    x, labels = large("x"), fg.placeholder(fg.int64, [4], name="labels")
    loss = fg.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=x * 2.0, name="ce")
    told = []
    for options in ({"passes": []}, {}, {"runner": "interpreter"}):
        with pytest.raises(fg.errors.InvalidArgumentError) as raised:
            fg.Session(**options).run(loss, {x: np.zeros((4, 6)), labels: [0, 1, 6, 2]})
        told.append(str(raised.value))
    assert "outside the valid range of [0, 6)" in told[0]
    assert told[0] == told[1] == told[2]


def test_choices_and_zeros_are_members() -> None:
    x = large("x")
    chosen = fg.where(fg.greater(x, 0.0), fg.tanh(x), fg.zeros_like(x))
    assert groups(chosen * 2.0, [x]) == ["Greater Tanh SelectV2 Mul"]


@pytest.mark.parametrize("reduce", [fg.reduce_mean, fg.reduce_sum])
def test_parts_of_sums_of_float16_that_would_overflow_are_not_made(reduce) -> None:
    x = fg.placeholder(fg.float16, [4, 6], name="x")
    assert groups(reduce(fg.square(fg.abs(x))), [x]) == ["Abs Square"]


def test_what_was_broadcast_for_a_gradient_is_not_spread_out() -> None:
    x = large("x")
    gradient, = fg.gradients(fg.reduce_mean(fg.square(fg.tanh(x))), [x])
    program = elementwise_groups(program_of(gradient, [x]))
    assert "BroadcastTo" not in [instr.op_def.type for instr in program.instrs]


def test_a_broadcast_that_does_not_reach_the_whole_shape_is_kept() -> None:
    x = large("x")
    wide = fg.placeholder(fg.float32, [2, 1, 1], name="wide")
    row = fg.placeholder(fg.float32, [6], name="row")
    spread = fg.broadcast_to(row, [1, 4, 6])
    program = elementwise_groups(program_of(fg.tanh(spread * wide) + x, [x, wide, row]))
    assert [instr.op_def.type for instr in program.instrs] == ["BroadcastTo", "InTiles"]


def test_a_sum_with_what_was_broadcast_is_sums_of_two_which_broadcast() -> None:
    x = large("x")
    spread = fg.broadcast_to(fg.placeholder_with_default(1.0, []), [4, 6])
    total = fg.add_n([fg.exp(x), fg.tanh(x), spread])
    assert groups(total * 2.0, [x]) == ["Exp Tanh AddV2 AddV2 Mul"]


def test_small_and_few_operations_are_left_alone(monkeypatch) -> None:
    x = large("x")
    monkeypatch.setattr(module, "LEAST_WORK", 1000)
    assert groups(fg.exp(fg.tanh(x)), [x]) == []
    monkeypatch.setattr(module, "LEAST_WORK", 8)
    assert groups(fg.negative(x), [x]) == []
    monkeypatch.setattr(module, "SMALLEST", 25)
    assert groups(fg.exp(fg.tanh(x)), [x]) == []


@pytest.mark.parametrize(("function", "least"), [(fg.tanh, 24), (fg.log1p, 96)])
def test_one_slow_function_of_many_numbers_is_a_group(function, least, monkeypatch) -> None:
    x = large("x")
    monkeypatch.setattr(module, "LEAST_WORK", least)
    assert len(groups(function(x), [x])) == 1
    monkeypatch.setattr(module, "LEAST_WORK", least + 1)
    assert groups(function(x), [x]) == []


def test_effects_keep_their_order() -> None:
    x = large("x")
    first, second = (fg.py_func(lambda: 1.0, [], fg.float32, name=name) for name in ("p", "q"))
    program = elementwise_groups(program_of(fg.exp(fg.tanh(x) * second) * first, [x]))
    assert [instr.origins[0].name for instr in program.instrs if not instr.is_pure] == ["p", "q"]


@pytest.mark.parametrize("divide", [fg.floordiv, fg.floormod, fg.truncatediv, fg.truncatemod,
                                    lambda x, y: fg.pow(x, -y)])
def test_what_may_fail_is_in_no_group_so_that_the_error_names_it(divide) -> None:
    x, y = feeds = [fg.placeholder(fg.int32, [4, 6], name=name) for name in "xy"]
    wrong = divide(fg.abs(x * 2) + 1, y)
    assert all("Div" not in group and "Mod" not in group and "Pow" not in group
               for group in groups(fg.negative(wrong * 3), feeds))
    zeros = np.zeros((4, 6), np.int32)
    with pytest.raises(fg.errors.InvalidArgumentError, match=wrong.op.name):
        fg.Session().run(fg.negative(wrong * 3), {x: zeros, y: zeros + (wrong.op.type == "Pow")})


def test_what_has_to_keep_its_turn_does_not_come_between_two_members() -> None:
    x = large("x")
    inner = fg.tanh(fg.exp(x))
    first = fg.py_func(lambda a: a, [inner], fg.float32, name="p")  # needs the group
    second = fg.py_func(lambda a: a, [x], fg.float32, name="q")  # comes after p
    outer = fg.square(inner) + fg.ensure_shape(second, [4, 6])
    assert groups([outer, first], [x]) == ["Exp Tanh Square"]
