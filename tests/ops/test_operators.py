"""Python's operators on tensors: which nodes they make, under which names, of which dtypes."""

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.errors import DTypeError


@pytest.fixture
def x():
    return fg.placeholder(fg.float32, [2, 3], name="x")


def nodes(since=1):
    return [(op.name, op.type) for op in fg.get_default_graph().get_operations()[since:]]


@pytest.mark.parametrize(("build", "expected"), [
    (lambda x: x + 1, [("add/y", "Const"), ("add", "AddV2")]),
    (lambda x: 1 + x, [("add/x", "Const"), ("add", "AddV2")]),
    (lambda x: x - x, [("sub", "Sub")]),
    (lambda x: np.ones((2, 3)) * x, [("mul/x", "Const"), ("mul", "Mul")]),
    (lambda x: np.float64(2) * x, [("mul/x", "Const"), ("mul", "Mul")]),
    (lambda x: x / 2, [("truediv/y", "Const"), ("truediv", "RealDiv")]),
    (lambda x: 2 / x, [("truediv/x", "Const"), ("truediv", "RealDiv")]),
    (lambda x: x // 2, [("floordiv/y", "Const"), ("floordiv", "FloorDiv")]),
    (lambda x: x % 2, [("mod/y", "Const"), ("mod", "FloorMod")]),
    (lambda x: 2 ** x, [("pow/x", "Const"), ("pow", "Pow")]),
    (lambda x: x @ np.ones((3, 1)), [("matmul/b", "Const"), ("matmul", "MatMul")]),
    (lambda x: np.ones((1, 2)) @ x, [("matmul/a", "Const"), ("matmul", "MatMul")]),
    (lambda x: -x, [("Neg", "Neg")]),
    (lambda x: abs(x), [("Abs", "Abs")]),
    (lambda x: x < 1, [("Less/y", "Const"), ("Less", "Less")]),
    (lambda x: 1 < x, [("Greater/y", "Const"), ("Greater", "Greater")]),  # noqa: SIM300
    (lambda x: np.float32(1) <= x, [("GreaterEqual/y", "Const"), ("GreaterEqual", "GreaterEqual")]),
    (lambda x: x >= x, [("GreaterEqual", "GreaterEqual")]),
], ids=lambda value: value[-1][0] if isinstance(value, list) else "")
def test_operator_makes_the_nodes_of_tensorflow_1(x, build, expected) -> None:
    build(x)
    assert nodes() == expected


def test_division_of_integers_casts_both_in_the_scope_of_the_quotient() -> None:
    i = fg.placeholder(fg.int32, [3], name="i")
    assert (i / 2).dtype == fg.float64
    assert nodes() == [("truediv/y", "Const"), ("truediv/Cast", "Cast"), ("truediv/Cast_1", "Cast"),
                       ("truediv", "RealDiv")]


def test_logical_operators_of_bool_tensors() -> None:
    b = fg.placeholder(fg.bool, [3], name="b")
    b & b, b | True, True & b, ~b
    assert nodes() == [("and", "LogicalAnd"), ("or/y", "Const"), ("or", "LogicalOr"),
                       ("and_1/x", "Const"), ("and_1", "LogicalAnd"), ("LogicalNot", "LogicalNot")]


def test_exclusive_or_puts_its_parts_in_a_scope() -> None:
    b = fg.placeholder(fg.bool, [3], name="b")
    b ^ b
    assert nodes() == [("xor/LogicalOr", "LogicalOr"), ("xor/LogicalAnd", "LogicalAnd"),
                       ("xor/LogicalNot", "LogicalNot"), ("xor", "LogicalAnd")]


def test_second_operator_of_a_kind_gets_a_number(x) -> None:
    assert [(x + x).name, (x + x).name] == ["add:0", "add_1:0"]


def test_equality_of_tensors_is_identity(x) -> None:
    assert x == x
    assert x != fg.identity(x)
    assert x in {x: 1}


def test_python_number_takes_the_dtype_of_the_tensor(x) -> None:
    assert (x * 2).dtype == fg.float32
    assert (2 * fg.constant([1], fg.int64)).dtype == fg.int64


def test_float_beside_an_int_tensor_is_an_error() -> None:
    i = fg.placeholder(fg.int32, [3], name="i")
    with pytest.raises(DTypeError, match=r"1\.5"):
        i + 1.5


def test_tensors_of_two_dtypes_are_an_error(x) -> None:
    with pytest.raises(TypeError, match="float32 and int32"):
        x + fg.constant(1)


def test_object_that_knows_tensors_gets_its_reflected_operator(x) -> None:
    class Wrapped:
        def __radd__(self, other):
            return ("wrapped", other)

    assert x + Wrapped() == ("wrapped", x)


def test_variable_on_either_side(x) -> None:
    v = fg.Variable(np.ones(3, np.float32), name="v")
    assert (x + v).op.type == "AddV2"
    assert (v * x).op.type == "Mul"
    assert (2.0 / v).op.type == "RealDiv"
    assert (v < x).dtype == fg.bool


def test_complex_number_beside_a_complex_tensor() -> None:
    z = fg.constant([1 + 1j], fg.complex64)
    assert (z * (2 - 1j)).dtype == fg.complex64
    assert abs(z).dtype == fg.float32


def test_strings_are_joined() -> None:
    with fg.Session() as session:
        assert session.run(fg.constant("a") + "b") == b"ab"
