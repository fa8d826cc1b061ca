"""From Graph to Program: what is needed, and which version of a variable each reader gets."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.extract import in_order
from tests.program.programs import lines, program_of, text


@pytest.fixture
def v():
    return fg.Variable([1.0, 2.0], name="v")


def session():
    sess = fg.Session()
    sess.run(fg.global_variables_initializer())
    return sess


# ---- what is needed ------------------------------------------------------------------------------


def test_only_what_the_fetches_need_is_in_the_program() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    fg.placeholder(fg.float32, name="unfed")
    fg.exp(x, name="not_needed")
    y = fg.tanh(x + 1.0, name="y")
    assert text(program_of(y, [x])) == lines("""
        feed x float32[2]
        add float32[2] = AddV2(x, 1.)
        y float32[2] = Tanh(add)
        return y
    """)


def test_instructions_stand_in_the_order_in_which_their_operations_were_built() -> None:
    x = fg.placeholder(fg.float32, [], name="x")
    b = fg.exp(x, name="b")
    a = fg.tanh(x, name="a")
    assert [i.origins[0].name for i in program_of([a, b], [x]).instrs] == ["b", "a"]


def test_large_constants_are_listed_and_small_ones_stand_in_place() -> None:
    x = fg.placeholder(fg.float32, [9], name="x")
    y = (x + np.arange(9, dtype=np.float32)) * [2.0] * 9
    assert text(program_of(y, [x])) == lines("""
        feed x float32[9]
        const add/y float32[9]
        add float32[9] = AddV2(x, add/y)
        mul float32[9] = Mul(add, [2.])
        mul_1 float32[9] = Mul(mul, 9.)
        return mul_1
    """)


def test_what_stands_before_a_fed_tensor_is_not_needed() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    middle = fg.exp(x, name="middle")
    y = fg.tanh(middle, name="y")
    assert text(program_of(y, [middle])) == lines("""
        feed middle float32[2]
        y float32[2] = Tanh(middle)
        return y
    """)


def test_one_fed_output_of_an_operation_leaves_its_other_outputs_computed() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    first, second = fg.unstack(x, name="parts")
    assert text(program_of(first + second, [x, second])) == lines("""
        feed x float32[2]
        feed parts:1 float32[]
        parts, parts:1 float32[], float32[] = Unpack(x, num=2)
        add float32[] = AddV2(parts, parts:1)
        return add
    """)
    assert fg.Session().run(first + second, {x: [1, 2], second: 10}) == 11


def test_fetching_a_fed_tensor_returns_the_feed() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    assert text(program_of(fg.identity(x), [x])).endswith("return Identity")
    assert text(program_of(x, [x])) == "feed x float32[2]\nreturn x"


def test_a_fetched_operation_is_kept_though_no_one_uses_its_result() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    program = program_of(fg.check_numerics(x, "bad").op, [x])
    assert [instr.keep for instr in program.instrs] == [True]
    with pytest.raises(fg.errors.InvalidArgumentError, match="bad"):
        fg.Session().run(fg.check_numerics(x, "bad").op, {x: [np.nan, 0]})


def test_control_inputs_are_kept_too_and_groups_leave_no_instruction() -> None:
    x = fg.placeholder(fg.float32, [], name="x")
    check = fg.check_numerics(x, "bad", name="check")
    program = program_of(fg.group(fg.group(check)), [x])
    assert [(i.op_def.type, i.keep) for i in program.instrs] == [("CheckNumerics", True)]


def test_an_unfed_placeholder_is_named_with_the_fetch_that_needs_it() -> None:
    x = fg.placeholder(fg.float32, [2, None], name="x")
    other = fg.constant(1.0, name="other")
    y = fg.tanh(x, name="y")
    with pytest.raises(fg.errors.InvalidArgumentError) as caught:
        program_of([other, y])
    for part in ("'x' (test_extract.py:", "float32 and shape (2, ?)", "'y:0' needs it",
                 "feed_dict={x: value}", "docs: errors#unfed-placeholder"):
        assert part in str(caught.value)
    assert caught.value.op is x.op


def test_a_placeholder_with_a_default_may_be_left_out() -> None:
    x = fg.placeholder_with_default(fg.constant([1.0, 2.0]), [None], name="x")
    assert fg.Session().run(fg.reduce_sum(x)) == 3
    assert fg.Session().run(fg.reduce_sum(x), {x: [1, 2, 3]}) == 6


# ---- reads and writes ----------------------------------------------------------------------------


def test_a_read_without_an_edge_from_a_write_sees_the_value_from_before_the_run(v) -> None:
    up = fg.assign_add(v, [10.0, 10.0], name="up")
    assert text(program_of([v.value(), up])) == lines("""
        state v float32[2]
        v/read float32[2] = Identity(v)
        up float32[2] = AssignAdd(v, [10., 10.])
        write v = up
        return v/read, up
    """)
    before, after = session().run([v.value(), up])
    assert (before.tolist(), after.tolist()) == ([1, 2], [11, 12])


def test_a_read_built_after_the_write_but_without_an_edge_sees_the_old_value_too(v) -> None:
    up = fg.assign_add(v, [10.0, 10.0])
    later = v.read_value()
    assert session().run([up.op, later])[1].tolist() == [1, 2]


def test_a_control_edge_puts_a_read_after_the_write(v) -> None:
    with fg.control_dependencies([fg.assign_add(v, [10.0, 10.0], name="up")]):
        now = v.read_value()
    assert text(program_of(now)) == lines("""
        state v float32[2]
        up float32[2] = AssignAdd(v, [10., 10.])
        read float32[2] = Identity(up)
        write v = up
        return read
    """)


def test_a_data_edge_puts_a_read_after_the_write(v) -> None:
    up = fg.assign_add(v, [10.0, 10.0], name="up")
    assert session().run(fg.identity(up)).tolist() == [11, 12]
    assert session().run(up * 2.0).tolist() == [22, 24]


def test_an_edge_reaches_through_other_operations_and_groups(v) -> None:
    w = fg.Variable(0.0, name="w")
    with fg.control_dependencies([fg.group(fg.assign(v, [5.0, 5.0]), name="g")]):
        step = fg.assign_add(w, 1.0)
    with fg.control_dependencies([step]):
        both = v.read_value() + w.read_value()
    assert session().run(both).tolist() == [6, 6]


def test_an_edge_from_what_comes_into_a_body_is_kept(v) -> None:
    def round_of(total):
        with fg.control_dependencies([total]):
            return total + fg.reduce_sum(fg.assign_add(v, [1.0, 1.0]))

    total = fg.while_loop(lambda total: total < 10.0, round_of, [0.0])
    assert session().run(total) == 12


def test_the_snapshot_read_made_with_the_variable_stays_before_the_write(v) -> None:
    with fg.control_dependencies([fg.assign(v, [5.0, 5.0])]):
        old, new = fg.identity(v.value()), v.read_value()
    assert [a.tolist() for a in session().run([old, new])] == [[1, 2], [5, 5]]


def test_writes_happen_in_the_order_in_which_they_were_built(v) -> None:
    first = fg.assign(v, [3.0, 3.0], name="first")
    second = fg.assign_add(v, [1.0, 1.0], name="second")
    third = fg.assign_sub(v, [0.5, 0.5], name="third")
    assert text(program_of([third.op, first.op, second.op])) == lines("""
        first float32[2] = Assign(-, [3., 3.])
        second float32[2] = AssignAdd(first, [1., 1.])
        third float32[2] = AssignSub(second, [0.5, 0.5])
        write v = third
        return nothing
    """)
    sess = session()
    sess.run([third.op, first.op, second.op])
    assert sess.run(v).tolist() == [3.5, 3.5]


def test_a_chain_of_assigns_gives_each_reader_its_own_version(v) -> None:
    first = fg.assign_add(v, [1.0, 1.0])
    between = fg.identity(first)
    second = fg.assign_add(first, [1.0, 1.0])
    results = session().run([v.value(), between, second, first])
    assert [r.tolist() for r in results] == [[1, 2], [2, 3], [3, 4], [2, 3]]


def test_a_write_that_ignores_the_old_value_needs_no_initial_value(v) -> None:
    program = program_of(fg.assign(v, [1.0, 1.0]))
    assert not program.reads
    assert len(program_of(fg.assign_add(v, [1.0, 1.0])).reads) == 1


def test_a_fed_variable_is_not_read_and_not_written(v) -> None:
    assert text(program_of(v.value() * 2.0, [v._variable])) == lines("""
        feed v float32[2]
        v/read float32[2] = Identity(v)
        mul float32[2] = Mul(v/read, 2.)
        return mul
    """)
    sess = session()
    assert sess.run(v * 2.0, {v: [5, 5]}).tolist() == [10, 10]
    assert sess.run(v).tolist() == [1, 2]


def test_asking_whether_a_variable_has_a_value_does_not_need_one(v) -> None:
    asked = fg.is_variable_initialized(v, name="asked")
    assert text(program_of(asked)) == lines("""
        state v float32[2] or uninitialized
        asked bool[] = IsVariableInitialized(v, dtype=tf.float32)
        return asked
    """)
    assert not fg.Session().run(asked)
    assert "or uninitialized" not in text(program_of([asked, v.value()]))


def test_two_variables_swap_their_values_in_one_run(v) -> None:
    w = fg.Variable([3.0, 4.0], name="w")
    swap = fg.group(fg.assign(v, w.value()), fg.assign(w, v.value()))
    sess = session()
    sess.run(swap)
    assert [a.tolist() for a in sess.run([v, w])] == [[3, 4], [1, 2]]


# ---- edges added late ----------------------------------------------------------------------------


def test_late_control_inputs_change_the_order(v) -> None:
    read = v.read_value()
    up = fg.assign_add(v, [1.0, 1.0])
    sess = session()
    assert sess.run([read, up.op])[0].tolist() == [1, 2]
    read.op._add_control_input(up.op)
    assert sess.run(read).tolist() == [3, 4]
    assert [op.name for op in in_order({read.op, up.op, v.op})] == [
        v.op.name, up.op.name, read.op.name]


def test_late_control_inputs_that_make_a_cycle_are_an_error_that_names_the_cycle() -> None:
    before = fg.constant(1.0, name="before") + 1.0
    a = fg.tanh(before, name="a")
    b = fg.tanh(a, name="b")
    fg.tanh(b, name="unconcerned")
    before.op._add_control_input(a.op)
    with pytest.raises(ValueError) as caught:
        program_of(b)
    message = str(caught.value)
    assert "'add' (test_extract.py:" in message
    assert "waits for itself" in message
    assert "'b'" not in message


def test_the_operations_behind_a_cycle_are_not_blamed() -> None:
    late = fg.constant(1.0, name="late") + 1.0  # waits for the cycle, but is not on it
    x = fg.tanh(fg.constant(1.0), name="x")
    y = fg.tanh(x, name="y")
    x.op._add_control_input(y.op)
    late.op._add_control_input(y.op)
    with pytest.raises(ValueError, match=r"^'x' \(test_extract.py:\d+\) waits for itself"):
        program_of(late)


def test_feeding_a_tensor_of_a_cycle_breaks_it() -> None:
    a = fg.tanh(fg.constant(1.0), name="a")
    b = a + 1.0
    a.op._add_control_input(b.op)
    assert fg.Session().run(b, {a: 1.0}) == 2


def test_a_deep_graph_is_extracted_planned_and_run_without_recursion() -> None:
    length = 20_000
    x = y = fg.placeholder(fg.float32, [1], name="x")
    for _ in range(length):
        y = fg.negative(y)
    program = program_of(y, [x])
    assert len(program.instrs) == length
    assert fg.Session(runner="interpreter", passes=["dead_code"]).run(y, {x: [3]}).tolist() == [3]
