"""The shapes of the items of lists: what reads them is told once the feeds' shapes are known."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.program.item_shapes import EMPTY, joined
from tests.program.programs import program_of


@pytest.mark.parametrize("found, shape", [
    ([EMPTY], EMPTY), ([EMPTY, (2, 3)], (2, 3)), ([(2, 3), (2, 3)], (2, 3)),
    ([(2, 3), (4, 3)], (None, 3)), ([(2, 3), (3,)], None), ([(2, 3), None], None), ([()], ())])
def test_what_items_have_in_common(found, shape) -> None:
    assert joined(found) == shape


def shapes_of(fetches, feeds, given) -> dict[str, tuple]:
    """By name, the shapes of what is read from lists, in bodies too."""
    found = {}

    def look(program) -> None:
        for instr in program.instrs:
            for body in instr.bodies:
                look(body)
            if instr.op_def.type.startswith("TensorList"):
                out = instr.outputs[0]
                if out.spec.dtype.is_floating:
                    found[out.name.rpartition("/")[2]] = out.spec.shape

    look(program_of(fetches, feeds, given))
    return found


@pytest.mark.parametrize("cell", [
    fg.nn.rnn_cell.BasicRNNCell, fg.nn.rnn_cell.GRUCell, fg.nn.rnn_cell.LSTMCell])
@pytest.mark.parametrize("lengths", [None, [2, 3, 1, 4]])
def test_networks_of_an_unknown_batch_know_all_shapes_when_they_run(cell, lengths) -> None:
    x = fg.placeholder(fg.float32, [None, 5, 3])
    outputs, _ = fg.nn.dynamic_rnn(cell(6), x, lengths, dtype=fg.float32)
    slopes = fg.gradients(outputs, [x, *fg.trainable_variables()])
    unknown = {name: shape for name, shape in
               shapes_of([outputs, *slopes], [x], ((4, 5, 3),)).items() if None in shape}
    assert unknown == {}


def test_items_that_grow_keep_what_they_have_in_common() -> None:
    x = fg.placeholder(fg.float32, [None])
    array = fg.TensorArray(fg.float32, 3, infer_shape=False, element_shape=None)
    array = fg.while_loop(lambda i, a: i < 3,
                          lambda i, a: (i + 1, a.write(i, fg.tile(x, [i + 1]))), [0, array])[1]
    read = array.read(1, name="read")
    assert shapes_of(read, [x], ((2,),)) == {"read": (None,)}
    np.testing.assert_array_equal(fg.Session().run(read, {x: [1, 2]}), [1, 2, 1, 2])


def test_branches_agree_on_what_they_read() -> None:
    x = fg.placeholder(fg.float32, [None, 2])
    choose = fg.placeholder(fg.bool, [])
    array = fg.TensorArray(fg.float32, 2, infer_shape=False).unstack(x)
    y = fg.cond(choose, lambda: array.read(0), lambda: array.read(1) * 2)
    for chosen, expected in ((True, [1, 2]), (False, [6, 8])):
        np.testing.assert_array_equal(
            fg.Session().run(y, {x: [[1, 2], [3, 4]], choose: chosen}), expected)


def test_what_was_not_written_is_an_error_or_zeros_as_its_shape_tells() -> None:
    array = fg.TensorArray(fg.float32, 2, infer_shape=False, element_shape=None)
    with pytest.raises(InvalidArgumentError, match="has not been written"):
        fg.Session().run(array.read(0))
