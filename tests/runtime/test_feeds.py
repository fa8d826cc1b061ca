"""Feeds: what may be fed, to what, and what is said when it does not fit."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest

import flowgraph as fg

Pair = namedtuple("Pair", "c h")


@pytest.fixture
def sess():
    return fg.Session()


@pytest.fixture
def x():
    return fg.placeholder(fg.float32, [2], name="x")


# ---- what may be fed -----------------------------------------------------------------------------


@pytest.mark.parametrize("value", [
    [1, 2], (1.0, 2.0), np.array([1, 2]), np.array([1, 2], np.int64), np.array([1, 2], ">f4"),
    [np.float64(1), np.int8(2)], np.float32([[1, 2]])[0], np.array([True, 2]),
    np.array([1, 9, 2])[::2], memoryview(np.float32([1, 2])), range(1, 3)],
    ids=lambda value: type(value).__name__)
def test_anything_like_an_array_is_taken_in_the_tensors_dtype(value, x, sess) -> None:
    result = sess.run(x + 0.0, {x: value})
    assert (result.dtype, result.tolist()) == (np.float32, [1, 2])


class Lent:
    """An array of another library, which only lends its memory."""

    def __init__(self, array):
        self._array = array

    def __dlpack__(self, **options):
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()


def test_memory_that_is_lent_through_dlpack_is_taken(x, sess) -> None:
    assert sess.run(x + 0.0, {x: Lent(np.float32([1, 2]))}).tolist() == [1, 2]


class Rows(np.ndarray):
    """An array whose operators mean something else."""

    def __array_ufunc__(self, *args, **kwargs):
        raise AssertionError("a kernel has met the user's class")


def test_an_array_of_a_users_class_becomes_a_plain_array(sess) -> None:
    x = fg.placeholder(fg.float32, [2, 2])
    result = sess.run(fg.tanh(x) * x, {x: np.zeros((2, 2), np.float32).view(Rows)})
    assert type(result) is np.ndarray


def test_any_tensor_may_be_fed(x, sess) -> None:
    c = fg.constant([1.0, 1.0], name="c")
    middle = fg.add(x, c, name="middle")
    y = middle * 2.0
    assert sess.run(y, {middle: [5, 5]}).tolist() == [10, 10]
    assert sess.run(y, {x: [0, 0], c: [3, 3]}).tolist() == [6, 6]
    assert sess.run(y, {x: [0, 0], middle: [7, 7]}).tolist() == [14, 14]


def test_a_fed_tensor_may_be_fetched_in_the_same_run(x, sess) -> None:
    fed = np.float32([1, 2])
    result = sess.run(x, {x: fed})
    assert result.tolist() == [1, 2]
    assert not np.may_share_memory(result, fed)


def test_tensors_are_fed_by_name(x, sess) -> None:
    assert sess.run(x * 2.0, {"x:0": [1, 2]}).tolist() == [2, 4]


def test_a_tensor_fed_twice_takes_the_last_value(x, sess) -> None:
    assert sess.run(x * 2.0, {x: [0, 0], "x:0": [1, 2]}).tolist() == [2, 4]


def test_a_variable_may_be_fed(sess) -> None:
    v = fg.Variable([1.0, 2.0])
    assert sess.run(v * 2.0, {v: [5, 6]}).tolist() == [10, 12]
    with pytest.raises(fg.errors.FailedPreconditionError):
        sess.run(v * 2.0)


def test_indexed_slices_are_fed_part_by_part(sess) -> None:
    params = fg.placeholder(fg.float32, [3, 2], name="params")
    slices, = fg.gradients(fg.reduce_sum(fg.gather(params, [0, 2])), params)
    assert isinstance(slices, fg.IndexedSlices)
    fed = (np.float32([[1, 1], [2, 2]]), np.int32([2, 2]), np.int32([3, 2]))
    assert sess.run(fg.convert_to_tensor(slices), {slices: fed}).tolist() == [
        [0, 0], [0, 0], [3, 3]]


def test_tuples_of_tensors_are_fed_entry_by_entry(sess) -> None:
    c, h = fg.placeholder(fg.float32, []), fg.placeholder(fg.float32, [])
    for key in ((c, h), Pair(c, h)):
        for value in ((1.0, 2.0), [1.0, 2.0], Pair(1.0, 2.0), np.array([1.0, 2.0])):
            assert sess.run(c - h, {key: value}) == -1
    assert sess.run(c - h, {((c,), h): ((3,), 1)}) == 2
    for value in (1.0, (1.0,), (1.0, 2.0, 3.0)):
        with pytest.raises(ValueError, match="has 2 entries"):
            sess.run(c - h, {(c, h): value})


def test_an_unknown_shape_takes_every_shape(sess) -> None:
    any_shape = fg.placeholder(fg.float32)
    rows = fg.placeholder(fg.float32, [None, 2])
    assert sess.run(fg.reduce_sum(any_shape), {any_shape: 3}) == 3
    assert sess.run(fg.reduce_sum(any_shape), {any_shape: np.ones((2, 3, 4))}) == 24
    assert sess.run(fg.shape(rows), {rows: np.ones((5, 2))}).tolist() == [5, 2]
    assert sess.run(fg.shape(rows), {rows: np.ones((0, 2))}).tolist() == [0, 2]


def test_text_is_fed_as_text_or_bytes(sess) -> None:
    s = fg.placeholder(fg.string, [None])
    for value in (["a", "ß"], [b"a", "ß".encode()], np.array(["a", "ß"]),
                  np.array([b"a", "ß".encode()], object)):
        assert sess.run(fg.identity(s), {s: value}).tolist() == [b"a", "ß".encode()]


def test_the_callers_array_is_not_changed_by_a_run(x, sess) -> None:
    fed = np.float32([1, 2])
    for _ in range(3):
        sess.run(fg.square(fg.tanh(x)), {x: fed})
    assert fed.tolist() == [1, 2]


@pytest.mark.parametrize("dtype, value, expected", [
    (fg.int32, 1.7, 1), (fg.int32, np.float64(-1.7), -1), (fg.int64, np.int32(5), 5),
    (fg.float32, 16777217, 16777216.0), (fg.float32, 1e300, np.inf), (fg.bool, 1, True),
    (fg.float16, 0.1, np.float16(0.1)), (fg.complex64, 2.0, 2 + 0j), (fg.int32, True, 1)],
    ids=str)
def test_numbers_are_cast_as_tensorflow_1_casts_them(dtype, value, expected, sess) -> None:
    p = fg.placeholder(dtype, [])
    result = sess.run(fg.identity(p), {p: value})
    assert result == expected
    assert result.dtype == dtype.as_numpy_dtype


# ---- what does not fit ---------------------------------------------------------------------------

BAD = [
    ("wrong shape", lambda x: {x: [1, 2, 3]}, ValueError,
     ["Cannot feed value of shape (3,) for Tensor 'x:0' (test_feeds.py:", "has shape (2,)",
      "None for the sizes that vary"]),
    ("wrong rank", lambda x: {x: 1.0}, ValueError, ["Cannot feed value of shape ()"]),
    ("None", lambda x: {x: None}, ValueError, ["'x:0'", "float32", "None"]),
    ("ragged", lambda x: {x: [[1], [1, 2]]}, ValueError, ["'x:0'", "float32"]),
    ("text", lambda x: {x: ["a", "b"]}, ValueError, ["'x:0'", "it holds text"]),
    ("complex", lambda x: {x: [1j, 2]}, TypeError, ["imaginary part would be lost"]),
    ("objects", lambda x: {x: [object(), object()]}, ValueError, ["other than numbers"]),
    ("too large an int", lambda x: {fg.placeholder(fg.int32, [], name="i"): 2**40}, TypeError,
     ["'i:0'", "1099511627776 does not fit int32"]),
    ("too small an int", lambda x: {fg.placeholder(fg.uint8, [], name="u"): -1}, TypeError,
     ["-1 does not fit uint8"]),
    ("a tensor", lambda x: {x: fg.constant([1.0, 2.0], name="c")}, TypeError,
     ["'x:0' (test_feeds.py:", "is itself the tensor 'c:0'", "run the tensor first"]),
    ("itself", lambda x: {x: x}, TypeError, ["is itself the tensor 'x:0'"]),
    ("a variable", lambda x: {x: fg.Variable([1.0, 2.0], name="v")}, TypeError, ["'v:0'"]),
    ("an unknown name", lambda x: {"y:0": 1.0}, TypeError,
     ["Cannot interpret feed_dict key as Tensor", "'y:0'"]),
    ("a name without its number", lambda x: {"x": [1, 2]}, TypeError, ["did you mean 'x:0'?"]),
    ("an operation", lambda x: {x.op: [1, 2]}, TypeError, ["Cannot interpret feed_dict key"]),
    ("a number as key", lambda x: {3: [1, 2]}, TypeError, ["Cannot interpret feed_dict key"]),
    ("None as key", lambda x: {None: [1, 2]}, TypeError, ["Cannot interpret feed_dict key"]),
]


@pytest.mark.parametrize("build, error, words", [row[1:] for row in BAD],
                         ids=[row[0] for row in BAD])
def test_a_feed_that_does_not_fit_says_so(build, error, words, x, sess) -> None:
    with pytest.raises(error) as caught:
        sess.run(x * 1.0, {x: [1, 2], **build(x)})
    for word in [*words, "docs: errors#feed-error"]:
        assert word in str(caught.value)


def test_a_feed_dict_that_is_no_dict_is_refused(x, sess) -> None:
    with pytest.raises(TypeError, match="feed_dict must be a dict of values by tensor"):
        sess.run(x, [(x, [1, 2])])


def test_a_tensor_of_another_graph_cannot_be_fed(x, sess) -> None:
    with fg.Graph().as_default():
        other = fg.placeholder(fg.float32, name="other")
    with pytest.raises(TypeError, match=r"'other:0'.*is not an element of this graph"):
        sess.run(x, {x: [1, 2], other: 1.0})


def test_an_unfeedable_tensor_is_refused(x, sess) -> None:
    y = fg.identity(x, name="y")
    y.graph.prevent_feeding(y)
    with pytest.raises(ValueError, match=r"'y:0' \(test_feeds.py:\d+\) may not be fed"):
        sess.run(y, {y: [1, 2]})


def test_a_wrong_shape_is_found_in_every_run(x, sess) -> None:
    y = x * 2.0
    sess.run(y, {x: [1, 2]})
    for _ in range(2):
        with pytest.raises(ValueError, match="Cannot feed value of shape"):
            sess.run(y, {x: [1, 2, 3]})
    assert sess.run(y, {x: [1, 2]}).tolist() == [2, 4]


def test_an_unfed_placeholder_tells_what_needs_it(x, sess) -> None:
    loss = fg.reduce_sum(fg.square(x), name="loss")
    with pytest.raises(fg.errors.InvalidArgumentError) as caught:
        sess.run({"l": loss})
    for word in ("You must feed a value for placeholder tensor 'x' (test_feeds.py:",
                 "dtype float32 and shape (2,)", "'loss:0' needs it", "feed_dict={x: value}"):
        assert word in str(caught.value)
    assert caught.value.op is x.op


def test_object_arrays_fed_to_text_become_bytes() -> None:
    x = fg.placeholder(fg.string, [None])
    sess = fg.Session()
    fed = np.array(["a", "b"], object)
    assert sess.run(fg.equal(x, "a"), {x: fed}).tolist() == [True, False]
    with pytest.raises(fg.errors.FeedTypeError):
        sess.run(x, {x: np.array([1, 2.5], object)})


def test_an_int_that_only_a_float_can_hold_may_be_fed() -> None:
    x = fg.placeholder(fg.float32, [])
    assert fg.Session().run(x, {x: 10**20}) == np.float32(1e20)


@pytest.mark.parametrize("wrong", [lambda: fg.constant(1.0), lambda: [1], lambda: 3])
def test_a_second_fetch_in_place_of_feed_dict_is_told_apart(wrong) -> None:
    with pytest.raises(fg.errors.FeedTypeError, match=r"put them into a list: sess.run\(\[a, b\]"):
        fg.Session().run(fg.constant(1.0), wrong())


def test_a_variable_cannot_be_fed_in_a_run_that_writes_it() -> None:
    v = fg.Variable(1.0, name="v")
    sess = fg.Session()
    sess.run(v.initializer)
    with pytest.raises(fg.errors.InvalidArgumentError, match="the variable 'v', which is fed"):
        sess.run(v.assign_add(1.0), {v: 10.0})
    assert sess.run(v * 2.0, {v: 10.0}) == 20.0
    assert sess.run(v) == 1.0


def test_an_error_inside_an_error_names_its_page_once() -> None:
    with fg.Graph().as_default():
        other = fg.placeholder(fg.float32, [])
    with pytest.raises(fg.errors.FeedTypeError) as caught:
        fg.Session().run(fg.constant(1.0), {other: 1.0})
    assert str(caught.value).count("docs:") == 1
