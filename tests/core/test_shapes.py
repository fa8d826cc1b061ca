"""TensorShape and Dimension, and the algebra of plain shape tuples."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import shapes
from flowgraph.core.spec import Spec, shape_text

D = fg.Dimension
TS = fg.TensorShape

# ---- Dimension -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "size"), [
    (3, 3), (0, 0), (None, None), (np.int64(4), 4), (D(5), 5), (D(None), None), (2.0, 2),
    (True, 1)])
def test_a_dimension_takes_whole_numbers_none_and_dimensions(value, size) -> None:
    assert D(value).value == size


@pytest.mark.parametrize(("value", "error"), [
    ("3", TypeError), (1.5, TypeError), ([1], TypeError), (b"1", TypeError), (-1, ValueError),
    (float("nan"), TypeError)])
def test_a_dimension_refuses_what_is_no_size(value, error) -> None:
    with pytest.raises(error, match="Dimension"):
        D(value)


@pytest.mark.parametrize(("compute", "size"), [
    (lambda: D(3) + 1, 4), (lambda: 1 + D(3), 4), (lambda: 5 - D(3), 2), (lambda: D(5) - D(3), 2),
    (lambda: D(3) * 2, 6), (lambda: 2 * D(3), 6), (lambda: D(7) // 2, 3), (lambda: 7 // D(2), 3),
    (lambda: D(7) % 4, 3), (lambda: 9 % D(4), 1)])
def test_dimensions_count(compute, size) -> None:
    result = compute()
    assert isinstance(result, fg.Dimension)
    assert result.value == size


@pytest.mark.parametrize("compute", [
    lambda: D(None) + 1, lambda: 1 - D(None), lambda: D(None) * 0, lambda: D(3) // D(None),
    lambda: D(None) % 2, lambda: D(3) + None])
def test_arithmetic_with_an_unknown_size_is_unknown(compute) -> None:
    assert compute().value is None


@pytest.mark.parametrize(("compute", "error", "words"), [
    (lambda: D(3) - 5, ValueError, "must be >= 0"),
    (lambda: D(3) // 0, ZeroDivisionError, "by zero"),
    (lambda: D(4) / 2, TypeError, "please use // instead"),
    (lambda: 2 / D(4), TypeError, "please use // instead"),
    (lambda: D(3) + "a", TypeError, "unsupported operand"),
    (lambda: D(3) >= "a", TypeError, "not supported"),
    (lambda: int(D(None)), TypeError, "non-int"),
    (lambda: range(D(None)), TypeError, "non-int")])
def test_wrong_arithmetic_raises(compute, error, words) -> None:
    with pytest.raises(error, match=words):
        compute()


def test_a_known_dimension_is_an_index() -> None:
    assert list(range(D(3))) == [0, 1, 2]
    assert "abc"[D(1)] == "b"
    assert float(D(3)) == 3.0
    assert np.zeros(D(2)).shape == (2,)


@pytest.mark.parametrize(("compute", "answer"), [
    (lambda: D(1) == 1, True), (lambda: D(1) == D(2), False), (lambda: D(1) != 2, True),
    (lambda: D(3) < 4, True), (lambda: D(3) <= D(3), True), (lambda: D(3) > 4, False),
    (lambda: D(3) >= 3, True), (lambda: D(2) < D(3), True), (lambda: D(1) == "a", False),
    (lambda: D(None) == D(None), None), (lambda: D(None) != D(1), None),
    (lambda: D(1) == None, None), (lambda: D(1) < D(None), None),  # noqa: E711
    (lambda: D(None) >= 1, None)])
def test_comparing_with_an_unknown_size_gives_none(compute, answer) -> None:
    assert compute() is answer


def test_dimensions_merge_when_they_are_compatible() -> None:
    assert D(None).merge_with(3).value == 3
    assert D(3).merge_with(None).value == 3
    assert D(3).is_compatible_with(3)
    assert not D(3).is_compatible_with(4)
    with pytest.raises(ValueError, match="Dimensions 3 and 4 are not compatible"):
        D(3).merge_with(4)


def test_dimensions_print_as_in_tensorflow() -> None:
    assert (repr(D(3)), str(D(3))) == ("Dimension(3)", "3")
    assert (repr(D(None)), str(D(None))) == ("Dimension(None)", "?")


# ---- TensorShape ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("dims", "sizes"), [
    ([2, None], (2, None)), ((), ()), (None, None), (3, (3,)), (D(3), (3,)), (TS([1, 2]), (1, 2)),
    (np.array([1, 2]), (1, 2)), (range(3), (0, 1, 2)), ([np.int64(3), D(None)], (3, None)),
    (iter([4, 5]), (4, 5)), ([2.0], (2,))])
def test_a_shape_is_made_of_anything_that_lists_sizes(dims, sizes) -> None:
    assert TS(dims).as_tuple() == sizes


@pytest.mark.parametrize(("dims", "error"), [
    ("ab", TypeError), (b"a", TypeError), (1.5, TypeError), ([1.5], TypeError), (["1"], TypeError),
    ([[1]], TypeError), ([-1], ValueError), (-1, ValueError), (object(), TypeError)])
def test_a_shape_refuses_what_lists_no_sizes(dims, error) -> None:
    with pytest.raises(error):
        TS(dims)


def test_what_a_shape_knows() -> None:
    full, part, unknown = TS([2, 3]), TS([2, None]), TS(None)
    assert [s.ndims for s in (full, part, unknown)] == [2, 2, None]
    assert [s.rank for s in (full, part, unknown)] == [2, 2, None]
    assert [s.is_fully_defined() for s in (full, part, unknown)] == [True, False, False]
    assert [s.num_elements() for s in (full, part, unknown, TS([]))] == [6, None, None, 1]
    assert [bool(s) for s in (full, TS([]), unknown)] == [True, True, False]
    assert part.as_list() == [2, None]
    assert [d.value for d in part.dims] == [2, None]
    assert unknown.dims is None
    assert [d.value for d in part] == [2, None]
    assert len(part) == 2


@pytest.mark.parametrize("use", [len, list, lambda s: s.as_list()])
def test_a_shape_of_unknown_rank_has_no_length_and_no_sizes(use) -> None:
    with pytest.raises(ValueError, match="of unknown rank"):
        use(TS(None))


@pytest.mark.parametrize(("key", "sizes"), [
    (slice(1, None), (3, 4)), (slice(None, None, 2), (2, 4)), (slice(-1, None), (4,)),
    (slice(5, 9), ())])
def test_a_slice_of_a_shape_is_a_shape(key, sizes) -> None:
    assert TS([2, 3, 4])[key].as_tuple() == sizes


@pytest.mark.parametrize(("key", "sizes"), [
    (slice(1, 3), (None, None)), (slice(None, 3), (None, None, None)), (slice(1, None), None),
    (slice(-1, None), None), (slice(2, 1), ())])
def test_a_slice_of_an_unknown_shape_knows_its_rank_where_it_can(key, sizes) -> None:
    assert TS(None)[key].as_tuple() == sizes


def test_indexing_a_shape_gives_a_dimension() -> None:
    assert TS([2, None])[0] == 2
    assert isinstance(TS([2, None])[1], fg.Dimension)
    assert TS([2, 3])[-1] == 3
    assert TS(None)[5].value is None
    with pytest.raises(IndexError):
        TS([2, 3])[5]


@pytest.mark.parametrize(("a", "b", "equal"), [
    ([1, 2], [1, 2], True), ([1, 2], (1, 2), True), ([1], [2], False), ([1], [1, 1], False),
    ([None], [None], True), ([2, 3], [2, None], False), (None, None, True), (None, [1], False),
    ([1], "x", False)])
def test_shapes_are_equal_when_they_know_the_same(a, b, equal) -> None:
    assert (TS(a) == b) is equal
    assert (TS(a) != b) is not equal


def test_equal_shapes_have_one_hash() -> None:
    assert len({TS([1, None]), TS([1, None]), TS(None), TS(None), TS([1])}) == 3


@pytest.mark.parametrize(("a", "b", "merged"), [
    ([1, None], [None, 2], (1, 2)), (None, [2], (2,)), ([2], None, (2,)), (None, None, None),
    ([], [], ())])
def test_compatible_shapes_merge(a, b, merged) -> None:
    assert TS(a).is_compatible_with(b)
    assert TS(a).merge_with(b).as_tuple() == merged


@pytest.mark.parametrize(("a", "b"), [([1], [2]), ([1], [1, 2]), ([], [1])])
def test_incompatible_shapes_do_not_merge(a, b) -> None:
    assert not TS(a).is_compatible_with(b)
    for method in ("merge_with", "assert_is_compatible_with"):
        with pytest.raises(ValueError, match=r"Shapes \(.*\) and \(.*\) are incompatible"):
            getattr(TS(a), method)(b)


def test_concatenate_joins_sizes() -> None:
    assert TS([1, None]).concatenate([3]).as_tuple() == (1, None, 3)
    assert TS(None).concatenate([3]).as_tuple() is None
    assert TS([1]).concatenate(None).as_tuple() is None


@pytest.mark.parametrize(("method", "argument", "words"), [
    ("with_rank", 2, "must have rank 2"), ("with_rank_at_least", 2, "must have rank at least 2"),
    ("with_rank_at_most", 0, "must have rank at most 0"),
    ("assert_has_rank", 2, "must have rank 2"),
    ("assert_same_rank", [1, 2], "must have the same rank")])
def test_wrong_ranks_raise(method, argument, words) -> None:
    with pytest.raises(ValueError, match=words):
        getattr(TS([1]), method)(argument)


def test_right_and_unknown_ranks_pass() -> None:
    assert TS([1]).with_rank(1).as_tuple() == (1,)
    assert TS(None).with_rank(2).as_tuple() == (None, None)
    assert TS([1]).with_rank_at_least(1).as_tuple() == (1,)
    assert TS(None).with_rank_at_least(3).as_tuple() is None
    assert TS([1]).with_rank_at_most(1).as_tuple() == (1,)
    TS([1]).assert_has_rank(1)
    TS(None).assert_has_rank(1)
    TS([1]).assert_same_rank([2])
    TS(None).assert_same_rank([2])
    TS([1]).assert_is_fully_defined()
    with pytest.raises(ValueError, match=r"\(\?,\) is not fully defined"):
        TS([None]).assert_is_fully_defined()


def test_shapes_print_as_in_tensorflow() -> None:
    assert repr(TS([1, None])) == "TensorShape([Dimension(1), Dimension(None)])"
    assert repr(TS(None)) == "TensorShape(None)"
    assert [str(TS(s)) for s in ([1, None], [3], [], None)] == ["(1, ?)", "(3,)", "()", "<unknown>"]


# ---- algebra on plain tuples ---------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b", "result"), [
    ((2, 3), (2, 3), (2, 3)), ((2, 3), (3,), (2, 3)), ((2, 1), (1, 3), (2, 3)), ((), (4,), (4,)),
    (None, (2,), None), ((None,), (None,), (None,)), ((None,), (1,), (None,)),
    ((None,), (3,), (3,)), ((None, 3), (3,), (None, 3)), ((0,), (1,), (0,)), ((1,), (0,), (0,))])
def test_broadcasting_works_both_ways(a, b, result) -> None:
    assert shapes.broadcast(a, b) == result
    assert shapes.broadcast(b, a) == result


def test_a_broadcast_that_fails_says_which_sizes_clash() -> None:
    with pytest.raises(ValueError, match="the sizes 3 and 4 must be equal, or one of them 1"):
        shapes.broadcast((2, 3), (4,))


def test_widening_keeps_what_holds_for_both() -> None:
    assert shapes.widen((1, 2), (1, 3)) == (1, None)
    assert shapes.widen((1,), (1, 2)) is None
    assert shapes.widen(None, (1,)) is None


# ---- specs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "rank", "static", "size", "nbytes", "text"), [
    ((2, 3), 2, True, 6, 24, "float32[2, 3]"), ((2, None), 2, False, None, None, "float32[2, ?]"),
    (None, None, False, None, None, "float32[...]"), ((), 0, True, 1, 4, "float32[]"),
    ((0,), 1, True, 0, 0, "float32[0]")])
def test_what_a_spec_tells(shape, rank, static, size, nbytes, text) -> None:
    spec = Spec(fg.float32, shape)
    assert (spec.rank, spec.is_static, spec.size, spec.nbytes, repr(spec)) == (
        rank, static, size, nbytes, text)


def test_specs_are_equal_by_dtype_and_shape() -> None:
    assert Spec(fg.float32, (2,)) == Spec(fg.float32, (2,), value=(1.0, 2.0))
    assert Spec(fg.float32, (2,)) != Spec(fg.float64, (2,))
    assert Spec(fg.float32, (2,)) != Spec(fg.float32, (None,))
    assert len({Spec(fg.float32, (2,)), Spec(fg.float32, (2,))}) == 1


def test_shape_text_for_messages() -> None:
    assert [shape_text(s) for s in ((2, None), (2,), (), None)] == ["(2, ?)", "(2,)", "()",
                                                                    "<unknown>"]
