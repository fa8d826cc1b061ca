"""convert_to_tensor: values, tensors, lists that hold tensors, the user's own classes."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.opdef import convert


@pytest.fixture(autouse=True)
def own_conversions(monkeypatch):
    """Conversions registered by a test are forgotten after it."""
    monkeypatch.setattr(convert, "_conversions", list(convert._conversions))


def op_names(graph: fg.Graph) -> list[str]:
    return [op.name for op in graph.get_operations()]


def test_a_tensor_stays_itself() -> None:
    c = fg.constant(1.0)
    assert fg.convert_to_tensor(c) is c
    assert fg.convert_to_tensor(c, fg.float32, name="other") is c


@pytest.mark.parametrize(("value", "dtype", "found"), [
    (1, None, "int32"), (1.5, None, "float32"), ([1, 2], "int64", "int64"),
    (np.float64(1), None, "float64"), (np.array([1.5]), fg.float32, "float32"),
    (np.array([1.5]), fg.int32, "int32"), ("a", None, "string"), (True, None, "bool"),
    (1, "float32_ref", "float32")])
def test_a_value_becomes_a_constant(value, dtype, found) -> None:
    tensor = fg.convert_to_tensor(value, dtype, name="c")
    assert (tensor.op.type, tensor.name, tensor.dtype.name) == ("Const", "c:0", found)


def test_a_constant_holds_a_copy_that_no_one_can_change() -> None:
    array = np.array([1.0, 2.0])
    tensor = fg.convert_to_tensor(array)
    array[0] = 7.0
    assert fg.Session().run(tensor).tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        tensor.op.attrs["value"][0] = 7.0


def test_a_preferred_dtype_is_taken_where_it_fits() -> None:
    assert fg.convert_to_tensor([1, 2], preferred_dtype=fg.float32).dtype is fg.float32
    assert fg.convert_to_tensor([1, 2], dtype_hint=fg.float64).dtype is fg.float64
    assert fg.convert_to_tensor([1.5], preferred_dtype=fg.int32).dtype is fg.float32
    assert fg.convert_to_tensor(fg.constant(1), preferred_dtype=fg.float32).dtype is fg.int32


@pytest.mark.parametrize(("value", "dtype", "error", "words"), [
    (1.5, fg.int32, TypeError, "expected int32, got 1.5 of type 'float'"),
    (None, None, ValueError, "None values not supported."),
    ([1, None], None, TypeError, "a list holds None"),
    ([[1], [2, 3]], None, ValueError, "uneven lengths"),
    ({}, None, TypeError, "cannot make a tensor of dict"),
    (1, "nosuch", TypeError, "cannot convert 'nosuch' to a dtype")])
def test_a_value_that_is_no_tensor_raises_at_the_users_line(value, dtype, error, words) -> None:
    with pytest.raises(error) as caught:
        fg.convert_to_tensor(value, dtype)
    assert words in str(caught.value)
    if dtype != "nosuch":
        assert "cannot make a tensor of this value (test_convert.py:" in str(caught.value)


def test_a_tensor_of_another_dtype_is_a_value_error_and_no_type_error() -> None:
    x = fg.constant(1.0, name="x")
    with pytest.raises(ValueError, match="expected a int32 tensor, got 'x:0' of float32") as caught:
        fg.convert_to_tensor(x, fg.int32)
    assert not isinstance(caught.value, TypeError)
    assert "Write tf.cast(..., tf.int32)." in str(caught.value)


# ---- lists that hold tensors ---------------------------------------------------------------------


def test_a_list_that_holds_tensors_is_packed(fresh_graph) -> None:
    a = fg.constant(1.0, name="a")
    t = fg.convert_to_tensor([a, 2.0, 3])
    assert (t.op.type, t.name, t.shape.as_list(), t.dtype) == ("Pack", "packed:0", [3], fg.float32)
    assert op_names(fresh_graph) == ["a", "packed/1", "packed/2", "packed"]
    assert fg.Session().run(t).tolist() == [1.0, 2.0, 3.0]
    assert fg.convert_to_tensor([a, a], name="z").name == "z:0"


def test_nested_lists_are_packed_level_by_level(fresh_graph) -> None:
    a = fg.constant(1.0, name="a")
    t = fg.convert_to_tensor([[a, 2.0], [3, a]])
    assert op_names(fresh_graph) == ["a", "packed/0/1", "packed/0", "packed/1/0", "packed/1",
                                     "packed"]
    assert fg.Session().run(t).tolist() == [[1.0, 2.0], [3.0, 1.0]]


def test_the_first_tensor_gives_the_dtype_wherever_it_stands() -> None:
    x = fg.constant(1.0, fg.float64)
    assert fg.convert_to_tensor([1, x]).dtype is fg.float64
    assert fg.convert_to_tensor([[1, 2], [3, x]]).dtype is fg.float64
    assert fg.convert_to_tensor([fg.constant([1.0, 2.0]), [3, 4]]).shape.as_list() == [2, 2]


def test_tensors_in_a_list_are_cast_to_the_dtype_asked_for() -> None:
    i, x = fg.constant(1), fg.placeholder(fg.float32, [2])
    t = fg.convert_to_tensor([i, 2], fg.float32)
    assert fg.Session().run(t).tolist() == [1.0, 2.0]
    assert (x + [i, 2.5]).dtype is fg.float32


@pytest.mark.parametrize(("build", "error", "words"), [
    (lambda i, x: [i, 2.5], TypeError, "expected int32, got 2.5"),
    (lambda i, x: [i, x], TypeError, "expected a int32 tensor, got 'x:0' of float32"),
    (lambda i, x: [i, [i, i]], ValueError, "needs tensors of one shape"),
    (lambda i, x: [i, None], ValueError, "None values not supported")])
def test_lists_that_cannot_be_packed_raise(build, error, words) -> None:
    with pytest.raises(error, match=words):
        fg.convert_to_tensor(build(fg.constant(1, name="i"), fg.constant(1.0, name="x")))


def test_a_list_of_variables_is_packed() -> None:
    v = fg.Variable(2.0)
    t = fg.convert_to_tensor([v, 1.0])
    with fg.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(t).tolist() == [2.0, 1.0]


# ---- the user's own classes ----------------------------------------------------------------------


class Celsius:
    def __init__(self, degrees: float) -> None:
        self.degrees = degrees


def to_kelvin(value, dtype=None, name=None, as_ref=False):
    return fg.constant(value.degrees + 273.0, dtype, name=name)


def test_a_registered_function_makes_tensors_of_a_class() -> None:
    fg.register_tensor_conversion_function(Celsius, to_kelvin)
    assert fg.convert_to_tensor(Celsius(1.0), name="t").name == "t:0"
    x = fg.placeholder(fg.float64, [])
    y = x + Celsius(10.0)
    assert (y.name, y.dtype, y.op.inputs[1].name) == ("add:0", fg.float64, "add/y:0")
    assert fg.Session().run(fg.add(Celsius(0.0), 1.0)) == 274.0


def test_the_smaller_priority_is_asked_first_and_may_pass() -> None:
    asked = []

    def passing(value, dtype=None, name=None, as_ref=False):
        asked.append("passing")
        return NotImplemented

    fg.register_tensor_conversion_function(Celsius, to_kelvin, priority=50)
    fg.register_tensor_conversion_function((Celsius, dict), passing, priority=10)
    assert fg.Session().run(fg.convert_to_tensor(Celsius(0.0))) == 273.0
    assert asked == ["passing"]
    with pytest.raises(TypeError, match="cannot make a tensor of dict"):
        fg.convert_to_tensor({})


@pytest.mark.parametrize(("base_type", "function", "words"), [
    (3, to_kelvin, "must be a type or a tuple of types, not 3"),
    ((Celsius, 3), to_kelvin, "must be a type or a tuple of types"),
    (Celsius, 3, "conversion_func must be callable"),
    (int, to_kelvin, "have their conversion already"),
    (np.ndarray, to_kelvin, "have their conversion already")])
def test_a_wrong_registration_raises(base_type, function, words) -> None:
    with pytest.raises(TypeError, match=words):
        fg.register_tensor_conversion_function(base_type, function)


def test_an_object_with_an_array_of_its_own_becomes_a_constant() -> None:
    class Table:
        def __array__(self, dtype=None, copy=None):
            return np.array([1.0, 2.0])

    assert fg.convert_to_tensor(Table()).dtype is fg.float64
    assert fg.convert_to_tensor(Table(), fg.float32).dtype is fg.float32
