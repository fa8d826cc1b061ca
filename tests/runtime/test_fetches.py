"""Fetches: every nest comes back in the shape in which it was asked for."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.runtime.fetches import (
    IndexedSlicesValue,
    conversions,
    register_session_run_conversion_functions,
)

Point = namedtuple("Point", "x y")


@pytest.fixture
def sess():
    with fg.Session() as session:
        yield session


@pytest.fixture
def ab():
    return fg.constant(1.0, name="a"), fg.constant([2.0, 3.0], name="b")


NESTS = [
    ("tensor", lambda a, b: a, np.float32(1)),
    ("list", lambda a, b: [a, b], [1, [2, 3]]),
    ("tuple", lambda a, b: (a, b), (1, [2, 3])),
    ("named tuple", lambda a, b: Point(a, b), Point(1, [2, 3])),
    ("dict", lambda a, b: {"first": a, "second": b}, {"first": 1, "second": [2, 3]}),
    ("ordered dict", lambda a, b: OrderedDict([("z", a), ("y", b)]),
     OrderedDict([("z", 1), ("y", [2, 3])])),
    ("default dict", lambda a, b: defaultdict(list, x=a), {"x": 1}),
    ("deep", lambda a, b: {"l": [a, (b, {"p": Point([a], b)})]},
     {"l": [1, ([2, 3], {"p": Point([1], [2, 3])})]}),
    ("name of a tensor", lambda a, b: "a:0", 1),
    ("name as bytes", lambda a, b: [b"b:0"], [[2, 3]]),
    ("name of an operation", lambda a, b: "a", None),
    ("operation", lambda a, b: a.op, None),
    ("operations among tensors", lambda a, b: [a.op, b, {"o": b.op}], [None, [2, 3], {"o": None}]),
    ("duplicates", lambda a, b: [b, b, (b, "b:0")], [[2, 3], [2, 3], ([2, 3], [2, 3])]),
    ("empty list", lambda a, b: [], []),
    ("empty tuple", lambda a, b: (), ()),
    ("empty dict", lambda a, b: {}, {}),
    ("nested empties", lambda a, b: [[], {}, ((),)], [[], {}, ((),)]),
    ("slices", lambda a, b: fg.IndexedSlices(b, fg.constant([0, 1])),
     IndexedSlicesValue([2, 3], [0, 1], None)),
    ("slices with shape", lambda a, b: [fg.IndexedSlices(b, fg.constant([0, 1]), fg.constant([5]))],
     [IndexedSlicesValue([2, 3], [0, 1], [5])]),
]


def plain(value):
    """Arrays as lists, everything else as it is."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if hasattr(value, "_fields"):
        return type(value)(*map(plain, value))
    if isinstance(value, (list, tuple)):
        return type(value)(map(plain, value))
    if isinstance(value, dict):
        return type(value)((k, plain(v)) for k, v in value.items())
    return value


@pytest.mark.parametrize("build, expected", [row[1:] for row in NESTS],
                         ids=[row[0] for row in NESTS])
def test_a_nest_comes_back_as_it_was_asked_for(build, expected, ab, sess) -> None:
    for _ in range(2):  # the second run finds the executable of the first
        found = sess.run(build(*ab))
        assert plain(found) == plain(expected)
        assert type(found) is type(expected) or isinstance(expected, (int, np.generic))


def test_a_variable_is_fetched_by_itself_and_by_its_name(sess) -> None:
    v = fg.Variable([1.0, 2.0], name="v")
    sess.run(v.initializer)
    for fetch in (v, "v:0", v.value(), v._variable):
        assert sess.run(fetch).tolist() == [1, 2]


def test_rank_0_results_are_numpy_scalars_and_others_arrays(ab, sess) -> None:
    a, b = sess.run(ab)
    assert (type(a), type(b)) == (np.float32, np.ndarray)


def test_strings_come_as_bytes(sess) -> None:
    assert sess.run(fg.constant("hello")) == b"hello"
    assert sess.run(fg.constant(["a", "ß"])).tolist() == [b"a", "ß".encode()]


def test_duplicates_are_computed_once_and_are_arrays_of_their_own(sess) -> None:
    calls = []
    y = fg.py_func(lambda: calls.append(1) or np.float32([1, 2]), [], fg.float32)
    one, other = sess.run([y, y])
    one += 1
    assert other.tolist() == [1, 2]
    assert len(calls) == 1


def test_lists_and_tuples_of_the_same_fetches_are_not_mixed_up(ab, sess) -> None:
    assert type(sess.run([*ab])) is list
    assert type(sess.run((*ab,))) is tuple
    assert type(sess.run(Point(*ab))) is Point
    assert list(sess.run({"x": ab[0], "y": ab[1]})) == ["x", "y"]
    assert list(sess.run({"y": ab[1], "x": ab[0]})) == ["y", "x"]


BAD = [
    ("None", lambda: None, TypeError, "Fetch argument None has invalid type NoneType"),
    ("number", lambda: 3, TypeError, "has invalid type int, must be a string, Tensor"),
    ("array", lambda: np.zeros(2), TypeError, "has invalid type ndarray"),
    ("value of an earlier run", lambda: np.float32(3), TypeError,
     "'loss_value, _ = session.run([loss, step])' keeps 'loss' a tensor"),
    ("set", lambda: {fg.constant(1.0)}, TypeError, "has invalid type set"),
    ("None in a list", lambda: [fg.constant(1.0), None], TypeError, "NoneType"),
    ("unknown name", lambda: "nope:0", ValueError, "cannot be interpreted as a Tensor"),
    ("a name nearly right", lambda: [fg.constant(1.0, name="loss"), "los:0"][1], ValueError,
     "did you mean 'loss'?"),
    ("no such output", lambda: [fg.constant(1.0, name="c"), "c:1"][1], ValueError,
     "operation 'c' has 1 output(s)"),
    ("malformed name", lambda: "a:b", ValueError, "'<operation name>:<output number>'"),
]


@pytest.mark.parametrize("build, error, words", [row[1:] for row in BAD],
                         ids=[row[0] for row in BAD])
def test_what_cannot_be_fetched_says_so(build, error, words, sess, ab) -> None:
    with pytest.raises(error) as caught:
        sess.run(build())
    assert words in str(caught.value)
    assert "docs: errors#fetch-error" in str(caught.value)


def test_a_tensor_of_another_graph_is_named_with_its_line(sess, ab) -> None:
    with fg.Graph().as_default():
        other = fg.constant(1.0, name="other")
    with pytest.raises(ValueError) as caught:
        sess.run([ab[0], other])
    assert "'other:0' (test_fetches.py:" in str(caught.value)
    assert "is not an element of this graph" in str(caught.value)


def test_an_unfetchable_operation_is_refused(sess, ab) -> None:
    ab[0].graph.prevent_fetching(ab[0].op)
    with pytest.raises(ValueError, match="'a' may not be fetched"):
        sess.run(ab[0].op)


class Pair:
    """A user's class that stands for two tensors."""

    __hash__ = None

    def __init__(self, first, second):
        self.parts = [first, second]


class Key(Pair):
    """The same, able to be a key of feed_dict."""

    __hash__ = object.__hash__


@pytest.fixture
def pairs(monkeypatch):
    monkeypatch.setattr("flowgraph.runtime.fetches.conversions", list(conversions))
    register_session_run_conversion_functions(
        Pair, lambda pair: (pair.parts, tuple), lambda pair, value: [*zip(pair.parts, value)])


def test_a_registered_class_is_fetched_and_fed_through_its_tensors(pairs, ab, sess) -> None:
    assert plain(sess.run([Pair(*ab)])) == [(1, [2, 3])]
    key = Key(*ab)
    assert sess.run(ab[0] + ab[1], {key: (5, [1, 1])}).tolist() == [6, 6]


def test_an_unhashable_fetch_is_never_taken_for_an_earlier_one(pairs, ab, sess) -> None:
    constants = [fg.constant(float(i)) for i in range(20)]
    # short-lived objects get each other's address again
    assert [sess.run(Pair(c, ab[0]))[0] for c in constants] == list(range(20))


def test_a_class_is_registered_only_once(pairs) -> None:
    with pytest.raises(ValueError, match="already been registered"):
        register_session_run_conversion_functions(Pair, lambda pair: (pair.parts, tuple))


@pytest.mark.parametrize("shape", [[1, 3], [2, 3]])
def test_fetched_broadcasts_can_be_written_to(shape) -> None:
    x = fg.placeholder(fg.float32, [3])
    y = fg.reshape(fg.broadcast_to(x * 2.0, shape), [-1])
    sess = fg.Session()
    for _ in range(2):
        for fetched in sess.run([y, fg.broadcast_to(x * 2.0, shape)], {x: [1, 2, 3]}):
            assert fetched.flags.writeable
