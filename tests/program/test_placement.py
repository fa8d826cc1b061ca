"""Placement: which instruction goes where, and which values are copied; as text."""

from __future__ import annotations

import pytest

import flowgraph as fg
from flowgraph.errors import ProgramError
from flowgraph.program.check import check
from flowgraph.program.ir import Instr, Program
from flowgraph.program.passes.simplify import simplify
from flowgraph.program.placement import asked_for, place
from tests.program.programs import lines, program_of, text

GPUS = ["gpu:0", "gpu:1"]


def placed(fetches, feeds=(), gpus=GPUS) -> str:
    program = place(simplify(program_of(fetches, feeds)), gpus)
    check(program, "place")
    return text(program)


def large(name="x", dtype=fg.float32):
    return fg.placeholder(dtype, [None, 30], name=name)


def test_what_is_fed_is_copied_once_and_results_stay_where_they_are_made() -> None:
    x = large()
    y = fg.tanh(x)
    assert placed([y, x + y], [x]) == lines("""
        feed x float32[?, 30]
        x/gpu:0 float32[?, 30] = ToGpu(x) on gpu:0
        Tanh float32[?, 30] = Tanh(x/gpu:0) on gpu:0
        add float32[?, 30] = AddV2(x/gpu:0, Tanh) on gpu:0
        return Tanh, add
    """)


def test_what_is_small_stays_on_the_host_and_a_kernel_takes_its_numbers() -> None:
    x, rate = large(), fg.placeholder(fg.float32, [], name="rate")
    assert placed(x * fg.sqrt(rate), [x, rate]) == lines("""
        feed x float32[?, 30]
        feed rate float32[]
        Sqrt float32[] = Sqrt(rate)
        x/gpu:0 float32[?, 30] = ToGpu(x) on gpu:0
        mul float32[?, 30] = Mul(x/gpu:0, Sqrt) on gpu:0
        return mul
    """)


def test_shapes_are_asked_for_on_the_host_and_nothing_is_copied_for_them() -> None:
    x = large()
    rows = fg.shape(x)[0]
    assert placed(fg.reshape(fg.tanh(x), [rows * 2, 15]), [x]) == lines("""
        feed x float32[?, 30]
        Shape int32[2] = Shape(x)
        strided_slice int32[] = StridedSlice(Shape, [0], [1], [1], shrink_axis_mask=1)
        x/gpu:0 float32[?, 30] = ToGpu(x) on gpu:0
        Tanh float32[?, 30] = Tanh(x/gpu:0) on gpu:0
        mul int32[] = Mul(strided_slice, 2)
        Reshape/shape int32[2] = Pack(mul, 15)
        Reshape float32[?, 15] = Reshape(Tanh, Reshape/shape) on gpu:0
        return Reshape
    """)


def test_what_has_no_kernel_for_a_gpu_gets_a_copy_on_the_host() -> None:
    x = large()
    assert placed(fg.as_string(fg.tanh(x)), [x]) == lines("""
        feed x float32[?, 30]
        x/gpu:0 float32[?, 30] = ToGpu(x) on gpu:0
        Tanh float32[?, 30] = Tanh(x/gpu:0) on gpu:0
        Tanh/host float32[?, 30] = ToHost(Tanh)
        AsString string[?, 30] = AsString(Tanh/host)
        return AsString
    """)


def test_devices_that_were_asked_for() -> None:
    x = large()
    with fg.device("/gpu:1"):
        y = fg.tanh(x)
    with fg.device("/cpu:0"):
        z = fg.exp(y)
    with fg.device("/gpu:7"):  # there is none: as if it had not been asked for
        z = z + y
    assert placed(z, [x]) == lines("""
        feed x float32[?, 30]
        x/gpu:1 float32[?, 30] = ToGpu(x) on gpu:1
        Tanh float32[?, 30] = Tanh(x/gpu:1) on gpu:1
        Tanh/host float32[?, 30] = ToHost(Tanh)
        Exp float32[?, 30] = Exp(Tanh/host)
        Exp/gpu:0 float32[?, 30] = ToGpu(Exp) on gpu:0
        Tanh/gpu:0 float32[?, 30] = ToGpu(Tanh) on gpu:0
        add float32[?, 30] = AddV2(Exp/gpu:0, Tanh/gpu:0) on gpu:0
        return add
    """)


@pytest.mark.parametrize("device, found", [
    ("", None), ("/gpu:0", "gpu:0"), ("/gpu:1", "gpu:1"), ("/gpu:2", None),
    ("/device:GPU:*", "gpu:0"), ("/cpu:0", ""), ("/cpu:3", ""),
    ("/job:worker/task:1/gpu:1", "gpu:1"), ("/job:worker", None), ("/device:TPU:0", None)])
def test_which_device_a_string_asks_for(device, found) -> None:
    with fg.device(device or None):
        assert asked_for(fg.constant(1.0).op, GPUS) == found


def test_variables_are_where_their_new_values_are_made() -> None:
    with fg.device("/gpu:1"):
        w = fg.Variable(fg.ones([30, 30]), name="w", trainable=False)
    steps, scale = fg.Variable(0, name="steps"), fg.Variable(1.0, name="scale")
    x = large()
    changed = [w.assign_add(fg.matmul(x, x, transpose_a=True)), steps.assign_add(1),
               scale.assign(fg.reduce_mean(x) * scale)]
    assert placed(changed, [x]) == lines("""
        feed x float32[?, 30]
        state scale float32[] on gpu:0
        state w float32[30, 30] on gpu:1
        state steps int32[]
        x/gpu:0 float32[?, 30] = ToGpu(x) on gpu:0
        MatMul float32[30, 30] = MatMul(x/gpu:0, x/gpu:0, transpose_a=True) on gpu:0
        MatMul/gpu:1 float32[30, 30] = ToGpu(MatMul) on gpu:1
        AssignAdd float32[30, 30] = AssignAdd(w, MatMul/gpu:1) on gpu:1
        AssignAdd_1 int32[] = AssignAdd(steps, 1)
        Mean float32[] = Mean(x/gpu:0, [0, 1]) on gpu:0
        mul float32[] = Mul(Mean, scale) on gpu:0
        Assign float32[] = Assign(-, mul, use_locking=False) on gpu:0
        write w = AssignAdd
        write steps = AssignAdd_1
        write scale = Assign
        return AssignAdd, AssignAdd_1, Assign
    """)


def test_loop_variables_are_on_the_gpu_as_soon_as_one_round_makes_them_there() -> None:
    x = large()
    total = fg.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a + fg.reduce_sum(x)),
                          [0, 0.0])[1]
    found = placed(total, [x]).splitlines()
    assert [line for line in found if " on " in line or "feed" in line] == lines("""
        feed x float32[?, 30]
        while/Const_1/gpu:0 float32[] = ToGpu(0.) on gpu:0
        x/gpu:0 float32[?, 30] = ToGpu(x) on gpu:0
        feed while/Identity int32[]
        feed while/Identity_1 float32[] on gpu:0
        feed unused variant[...] on gpu:0
        feed while/Identity_2 int32[]
        feed while/Identity_3 float32[] on gpu:0
        feed while/x float32[?, 30] on gpu:0
        while/Sum float32[] = Sum(while/x, [0, 1]) on gpu:0
        while/add_1 float32[] = AddV2(while/Identity_3, while/Sum) on gpu:0
    """).splitlines()


def test_results_of_branches_are_on_the_gpu_as_soon_as_one_makes_them_there() -> None:
    x = large()
    y = fg.cond(fg.reduce_sum(x) > 0, lambda: fg.reduce_max(x), lambda: fg.constant(2.0))
    found = placed(y + 1, [x])
    assert "Greater/host bool[] = ToHost(Greater)" in found
    assert "cond/Const_2/gpu:0 float32[] = ToGpu(2.) on gpu:0" in found
    assert "add float32[] = AddV2(cond/If, 1.) on gpu:0" in found


@pytest.mark.parametrize("gpus", [[], GPUS])
def test_a_program_of_the_host_alone_is_left_as_it_is(gpus) -> None:
    program = program_of(fg.constant([1.0, 2.0]) * 2)
    assert place(program, gpus) is program


def test_the_checker_sees_what_is_in_the_wrong_place() -> None:
    x = large()
    program = place(program_of(fg.tanh(x), [x]), GPUS)
    transfer, tanh = program.instrs
    wrong = Program(program.feeds, (), (transfer, Instr(
        tanh.op_def, (program.feeds[0].value,), tanh.outputs, tanh.attrs, tanh.origins,
        device="gpu:0")), program.fetches, ())
    with pytest.raises(ProgramError, match=r"Tanh\(x\) is on gpu:0, and x on the host"):
        check(wrong)
