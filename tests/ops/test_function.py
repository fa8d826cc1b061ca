"""tf.function: what a call builds, in which order it runs, and its signature."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg


def test_a_call_builds_ops_in_a_scope_of_the_functions_name() -> None:
    @fg.function
    def doubled(x):
        return fg.multiply(x, 2.0, name="twice")

    assert doubled(fg.constant(3.0)).op.inputs[0].name == "doubled/twice:0"
    assert doubled(fg.constant(3.0)).op.inputs[0].name == "doubled_1/twice:0"
    assert float(fg.Session().run(doubled(np.float32(4.0)))) == 8.0


def test_gradients_go_through_and_nests_keep_their_form() -> None:
    @fg.function(autograph=False)
    def parts(x, scale=1.0):
        return {"a": x * scale, "b": (x, None)}

    x = fg.constant(3.0)
    result = parts(x, scale=5.0)
    assert set(result) == {"a", "b"} and result["b"][1] is None
    assert float(fg.Session().run(fg.gradients(result["a"], x)[0])) == 5.0


def test_what_it_writes_is_written_when_its_result_is_fetched() -> None:
    counter = fg.Variable(0)

    @fg.function
    def counted(x):
        fg.assign_add(counter, 1)
        return x + 1

    result = counted(fg.constant(1))
    with fg.Session() as session:
        session.run(counter.initializer)
        assert [int(session.run(result)) for _ in range(3)] == [2, 2, 2]
        assert session.run(counter) == 3


def test_methods_and_keywords_have_signatures_too() -> None:
    class Model:
        @fg.function(input_signature=[fg.TensorSpec([None], fg.float32)])
        def total(self, x):
            return fg.reduce_sum(x)

    session = fg.Session()
    assert float(session.run(Model().total([1, 2]))) == 3.0
    assert float(session.run(Model().total(x=[1, 2]))) == 3.0


@pytest.mark.parametrize("args, error, words", [
    (([1.0, 2.0],), ValueError, r"shape \(2,\), and input_signature says \(3,\)"),
    (([1.0, 2.0, 3.0], 1.0), TypeError, "too many positional arguments"),
    ((), TypeError, "missing a required argument"),
])
def test_a_signature_converts_and_refuses(args, error, words) -> None:
    @fg.function(input_signature=[fg.TensorSpec([3], fg.float32)])
    def summed(x):
        return fg.reduce_sum(x)

    assert float(fg.Session().run(summed([1, 2, 3]))) == 6.0
    with pytest.raises(error, match=words):
        summed(*args)
