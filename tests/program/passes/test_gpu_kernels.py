"""Kernels for GPUs: what becomes one kernel, what stays outside, and that nothing needs itself."""

from __future__ import annotations

import pytest

import flowgraph as fg
from flowgraph.opdef.opdef import REGISTRY
from flowgraph.program import c_expressions
from flowgraph.program.kernel_groups import IN_KERNEL
from flowgraph.program.passes import gpu_kernels as module
from flowgraph.program.passes.gpu_kernels import gpu_kernels
from tests.gpu.groups import kernels, names, on_gpu
from tests.program.programs import program_of

CLEAN = ["simplify", "common_subexpressions", "fold_constants", "dead_code"]


def placeholder(name, shape=(4, 6), dtype=fg.float32):
    return fg.placeholder(dtype, shape, name=name)


def test_a_chain_is_one_kernel_however_small() -> None:
    x, y = feeds = [placeholder("x", [2]), placeholder("y", [2])]
    assert names(kernels(fg.exp(fg.tanh(x) * y) + x, feeds)) == ["Tanh Mul Exp AddV2"]


def test_one_instruction_alone_stays_as_it_is() -> None:
    x = placeholder("x")
    assert names(kernels(fg.tanh(x), [x])) == []


def test_what_is_on_the_host_stays_there() -> None:
    x = placeholder("x")
    program = program_of(fg.exp(fg.tanh(x)), [x])
    assert gpu_kernels(program) is program


def test_rows_columns_and_numbers_are_broadcast_by_the_kernel() -> None:
    x, row, column, number = feeds = [placeholder("x"), placeholder("row", [6]),
                                      placeholder("column", [4, 1]), placeholder("number", [])]
    (group,) = kernels(fg.nn.relu(x * number + row) - column, feeds, host=[number])
    assert names([group]) == ["Mul AddV2 Relu Sub"]
    assert [value.device for value in group.inputs] == ["gpu:0", "", "gpu:0", "gpu:0"]


def test_what_is_small_is_computed_once_by_a_kernel_of_its_own() -> None:
    x, row = feeds = [placeholder("x"), placeholder("row", [6])]
    assert names(kernels(fg.tanh(x * fg.exp(fg.square(row))), feeds)) == ["Square Exp", "Mul Tanh"]


def test_members_on_two_gpus_are_not_joined() -> None:
    x = placeholder("x")
    program = on_gpu(program_of(fg.exp(fg.tanh(fg.sin(fg.cos(x)))), [x]))
    for instr in program.instrs[2:]:
        instr.device = instr.outputs[0].device = "gpu:1"
    found = [instr.attrs["group"] for instr in gpu_kernels(program).instrs]
    assert names(found) == ["Cos Sin", "Tanh Exp"]


def test_what_leads_out_and_in_again_stays_outside() -> None:
    x = placeholder("x")
    inner = fg.tanh(fg.exp(x))
    around = fg.reverse(inner, [1])
    assert names(kernels(fg.square(inner * around), [x])) == ["Exp Tanh", "Mul Square"]


def test_results_that_others_need_are_results_of_the_kernel() -> None:
    x = placeholder("x")
    y = fg.exp(x)
    (group,) = kernels([fg.matmul(y, y, transpose_b=True), fg.square(fg.sin(y))], [x])
    assert [value.name for value in group.results] == ["Exp", "Square"]


@pytest.mark.parametrize("shape", [(None, 6), None])
def test_sizes_need_not_be_known(shape) -> None:
    x = placeholder("x", shape)
    assert names(kernels(fg.tanh(fg.exp(x)) * fg.exp(x), [x], passes=CLEAN)) == ["Exp Tanh Mul"]


def test_unknown_sizes_that_may_differ_are_not_taken_for_equal() -> None:
    x, y = feeds = [placeholder("x", [None, 6]), placeholder("y", [None, 6])]
    total = x + y  # x may have one row
    groups = kernels([fg.square(total), fg.tanh(fg.exp(x)), total * x], feeds)
    assert names(groups) == ["AddV2 Square Mul", "Exp Tanh"]
    assert [len(group.results) for group in groups] == [2, 1]


def test_a_bias_broadcasts_where_the_batch_is_unknown() -> None:
    x, bias = feeds = [placeholder("x", [None, 6]), placeholder("b", [6])]
    assert names(kernels(fg.nn.relu(fg.nn.bias_add(x, bias)), feeds)) == ["BiasAdd Relu"]


def test_a_row_that_may_be_stretched_is_not_of_the_others_shape() -> None:
    x, row = feeds = [placeholder("x", [None]), placeholder("row", [6])]
    y = x * row  # x may be one number
    assert sorted(names(kernels([fg.exp(fg.tanh(x)), fg.sin(fg.cos(y))], feeds))) == [
        "Mul Cos Sin", "Tanh Exp"]


@pytest.mark.parametrize(("reduce", "members"), [
    (lambda y: fg.reduce_sum(y), "Square Sum"),
    (lambda y: fg.reduce_mean(y, 1), "Square Mean"),
    (lambda y: fg.reduce_max(y, [0], keepdims=True), "Square Max"),
], ids=["all", "rows", "columns"])
def test_a_reduction_goes_into_the_kernel(reduce, members) -> None:
    x = placeholder("x")
    assert names(kernels(reduce(fg.square(x)), [x])) == [members]


def test_a_bias_gradient_goes_into_the_kernel() -> None:
    x, b, dy = feeds = [placeholder("x"), placeholder("b", [6]), placeholder("dy")]
    (db,) = fg.gradients(fg.tanh(fg.nn.bias_add(x, b)), [b], [dy])
    assert names(kernels(db, feeds)) == ["BiasAdd Tanh TanhGrad BiasAddGrad"]


def test_a_reduction_of_what_others_need_too_stays_outside() -> None:
    x = placeholder("x")
    y = fg.square(fg.exp(x))
    assert names(kernels([fg.reduce_sum(y), y], [x])) == ["Exp Square"]
    assert names(kernels([fg.reduce_sum(y), fg.reduce_max(y)], [x])) == ["Exp Square"]


def test_a_mean_of_integers_stays_outside() -> None:
    x = placeholder("x", dtype=fg.int32)
    assert names(kernels(fg.reduce_mean(fg.square(x + 1)), [x])) == ["AddV2 Square"]


def test_integers_are_divided_in_a_kernel_only_by_what_is_known() -> None:
    x, y = feeds = [placeholder("x", dtype=fg.int32), placeholder("y", dtype=fg.int32)]
    assert names(kernels(fg.square(x // 3), feeds)) == ["FloorDiv Square"]
    assert names(kernels(fg.square(x // y), feeds)) == []


def test_rows_have_kernels_of_their_own() -> None:
    x, labels = feeds = [placeholder("x"), placeholder("labels", [4], fg.int32)]
    fetches = [fg.nn.softmax(x), fg.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels, logits=x)]
    assert sorted(names(kernels(fetches, feeds))) == [
        "Softmax", "SparseSoftmaxCrossEntropyWithLogits"]


OPTIMIZERS = {
    "sgd": (lambda: fg.train.GradientDescentOptimizer(0.1), "Mul AssignSub"),
    "momentum": (lambda: fg.train.MomentumOptimizer(0.1, 0.9), "Mul AddV2 Assign Mul AssignSub"),
    "adagrad": (lambda: fg.train.AdagradOptimizer(0.1),
                "Square AssignAdd Mul Sqrt RealDiv AssignSub"),
    "adam": (lambda: fg.train.AdamOptimizer(0.1),
             "Sub Mul AssignAdd Square Sub Mul AssignAdd Mul Sqrt AddV2 RealDiv AssignSub"),
    "rmsprop": (lambda: fg.train.RMSPropOptimizer(0.1),
                "Square Sub Mul AssignAdd Mul Mul AddV2 Sqrt RealDiv AddV2 Assign AssignSub"),
}


def trained(optimizer):
    """A step of training of a network with four variables of four sizes, and its placeholder."""
    x = placeholder("x", [5, 8])
    y = fg.layers.dense(fg.layers.dense(x, 4, activation=fg.tanh), 3)
    return optimizer.minimize(fg.reduce_mean(fg.square(y))), x


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizers_updates_are_one_launch(name: str) -> None:
    make, formula = OPTIMIZERS[name]
    step, x = trained(make())
    assert f"4 of {formula}" in names(kernels(step, [x], passes=CLEAN))


def test_updates_with_other_numbers_are_other_launches() -> None:
    variables = [fg.get_variable(f"v{i}", [i + 2]) for i in range(4)]
    steps = [fg.assign_sub(v, (0.5 if i < 2 else 0.25) * fg.sin(v))
             for i, v in enumerate(variables)]
    assert names(kernels(steps, [], passes=CLEAN)) == ["2 of Sin Mul AssignSub"] * 2


def test_updates_of_which_one_needs_the_other_are_two_launches() -> None:
    a, b = (fg.get_variable(name, [size]) for name, size in (("a", 3), ("b", 4)))
    first = fg.assign_sub(a, 0.5 * fg.sin(a))
    second = fg.assign_sub(b, 0.5 * fg.sin(b) * 1.0 + 0.0 * fg.reduce_sum(first))
    assert all(" of " not in name for name in names(kernels([first, second], [])))


def test_many_updates_take_several_launches() -> None:
    variables = [fg.get_variable(f"v{i}", [i + 1]) for i in range(150)]
    groups = kernels([fg.assign_sub(v, 0.5 * fg.sin(v)) for v in variables], [], passes=CLEAN)
    sizes = [len(group.parts) for group in groups]
    assert sum(sizes) == 150
    assert module.argument_bytes(groups[0].parts[0], max(sizes)) <= module.MOST_TENSORS


def test_the_numbers_that_updates_take_have_room_beside_what_is_told_of_tensors() -> None:
    numbers = [placeholder(f"rate{i}", ()) for i in range(20)]
    steps = []
    for i in range(150):
        v = change = fg.get_variable(f"v{i}", [i + 1])
        for number in numbers:
            change = fg.sin(change * number)
        steps.append(fg.assign_sub(v, change))
    groups = kernels(steps, numbers, passes=CLEAN)
    sizes = [len(group.parts) for group in groups]
    assert sum(sizes) == 150
    assert max(sizes) * (2 * 8 + 12) + 20 * 8 <= 4096


def test_a_kernel_takes_only_so_many_arrays() -> None:
    feeds = [placeholder(f"x{i}") for i in range(40)]
    total = feeds[0]
    for x in feeds[1:]:
        total = fg.sin(total + x)
    groups = kernels(total, feeds)
    assert len(groups) > 1
    assert all(len(g.inputs) + len(g.results) <= module.MOST_ARRAYS for g in groups)


def test_a_branch_is_a_program_of_its_own() -> None:
    x = placeholder("x")
    y = fg.cond(fg.reduce_sum(x) > 0, lambda: fg.exp(fg.tanh(x)), lambda: fg.sin(fg.cos(x)))
    program = program_of(y, [x])
    bodies = [body for instr in program.instrs for body in instr.bodies]
    found = [instr for body in bodies for instr in gpu_kernels(on_gpu(body)).instrs]
    assert names([i.attrs["group"] for i in found if i.op_def is IN_KERNEL]) == [
        "Tanh Exp", "Cos Sin"]


def test_every_elementwise_op_has_an_expression_or_a_reason() -> None:
    tables = (c_expressions._ALL, c_expressions._NUMBERS, c_expressions._FLOATS,
              c_expressions._INTEGERS)
    known = {"AddN", "Cast", *(kind for table in tables for kind in table)}
    missing = [kind for kind, op_def in REGISTRY.items() if op_def.elementwise
               and kind not in known and kind not in c_expressions.NOT_IN_C]
    assert missing == []
    assert known.isdisjoint(c_expressions.NOT_IN_C)
