"""Nested structures: flatten, pack, map, compare."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest

from flowgraph.core import nest

Point = namedtuple("Point", "x y")
OtherPoint = namedtuple("OtherPoint", "x y")


@pytest.mark.parametrize("structure, leaves", [
    (1, [1]),
    (None, [None]),
    ("text", ["text"]),
    ([], []),
    ([1, [2, (3,)], []], [1, 2, 3]),
    ({"b": 1, "a": [2, 3]}, [2, 3, 1]),
    (OrderedDict([("z", 1), ("a", 2)]), [2, 1]),
    (Point(1, Point(2, 3)), [1, 2, 3]),
])
def test_flatten_and_pack_are_opposites(structure, leaves):
    assert nest.flatten(structure) == leaves
    packed = nest.pack_sequence_as(structure, leaves)
    assert packed == structure
    assert type(packed) is type(structure)


def test_an_array_is_a_leaf():
    array = np.zeros(3)
    assert nest.flatten([array])[0] is array
    assert not nest.is_nested(array)


def test_a_packed_dict_keeps_its_class_and_its_order_of_keys():
    first = OrderedDict([("z", 0), ("a", 0)])
    assert list(nest.pack_sequence_as(first, [1, 2]).items()) == [("z", 2), ("a", 1)]
    packed = nest.pack_sequence_as(defaultdict(list, k=0), [1])
    assert packed == {"k": 1}
    assert packed["new"] == []


def test_keys_that_cannot_be_sorted_are_an_error():
    with pytest.raises(TypeError, match="sortable"):
        nest.flatten({1: 2, "a": 3})


@pytest.mark.parametrize("leaves", [[1], [1, 2, 3]])
def test_pack_wants_as_many_leaves_as_there_is_room_for(leaves):
    with pytest.raises(ValueError, match="room for 2"):
        nest.pack_sequence_as([0, (0,)], leaves)


def test_pack_wants_a_sequence_of_leaves():
    with pytest.raises(TypeError, match="list of leaves"):
        nest.pack_sequence_as([0, 0], 3)


def test_map_structure_takes_one_leaf_from_each_structure():
    result = nest.map_structure(lambda a, b: a - b, {"p": Point(5, 6), "q": [7]},
                                {"p": Point(1, 2), "q": [3]})
    assert result == {"p": Point(4, 4), "q": [4]}
    assert isinstance(result["p"], Point)


def test_map_structure_refuses_what_it_cannot_use():
    with pytest.raises(TypeError, match="callable"):
        nest.map_structure(1, [2])
    with pytest.raises(ValueError, match="at least one"):
        nest.map_structure(len)
    with pytest.raises(ValueError, match="typo"):
        nest.map_structure(len, [1], typo=2)


@pytest.mark.parametrize("a, b, error", [
    (1, [1], ValueError),
    ([1], [2, 3], ValueError),
    ([1, [2]], [1, 2], ValueError),
    ({"a": 1}, {"b": 1}, ValueError),
    ([1], (1,), TypeError),
    ([[1]], [(1,)], TypeError),
    (Point(1, 2), (1, 2), TypeError),
    (Point(1, 2), OtherPoint(1, 2), TypeError),
])
def test_structures_that_differ_raise(a, b, error):
    with pytest.raises(error, match="differ"):
        nest.assert_same_structure(a, b)
    with pytest.raises(error, match="differ"):
        nest.assert_same_structure(b, a)


def test_structures_that_agree_do_not_raise():
    nest.assert_same_structure([1, (2, {"a": 3})], ["x", ("y", {"a": "z"})])
    nest.assert_same_structure(OrderedDict(b=1, a=2), {"a": 1, "b": 2})
    nest.assert_same_structure([1, [2]], (1, (2,)), check_types=False)
    same_fields = namedtuple("Point", "x y")
    nest.assert_same_structure(Point(1, 2), same_fields(1, 2))


@pytest.mark.parametrize("structure", [[1, [2]], Point((1,), 2), {"b": 1, "a": [2]}, ()])
def test_pack_once_is_the_opposite_of_flatten_once(structure):
    packed = nest.pack_once(structure, nest.flatten_once(structure))
    assert packed == structure
    assert type(packed) is type(structure)


def test_flatten_up_to_stops_where_the_shallow_structure_does():
    assert nest.flatten_up_to([0, (0, 0)], [[1, 2], (3, [4])]) == [[1, 2], 3, [4]]
    assert nest.flatten_up_to({"b": 0, "a": 0}, {"a": [1], "b": 2}) == [[1], 2]
    assert nest.flatten_up_to(0, [1, 2]) == [[1, 2]]


@pytest.mark.parametrize("shallow, deep, error", [
    ([0, 0], [1], ValueError),
    ({"a": 0}, {"b": 0}, ValueError),
    ([0], 1, TypeError),
    ([0], (1,), TypeError),
])
def test_flatten_up_to_wants_the_form_of_the_shallow_structure(shallow, deep, error):
    with pytest.raises(error):
        nest.flatten_up_to(shallow, deep)


def test_composites_are_opened_on_request():
    class Pair:
        def __init__(self, left, right):
            self.left, self.right = left, right

    nest.register_composite(Pair, lambda pair: [pair.left, pair.right],
                            lambda pair, items: Pair(*items))
    pair = Pair(1, 2)
    assert nest.flatten([pair, 3]) == [pair, 3]
    assert nest.flatten([pair, 3], expand_composites=True) == [1, 2, 3]
    doubled = nest.map_structure(lambda x: 2 * x, [pair, 3], expand_composites=True)
    assert (doubled[0].left, doubled[0].right, doubled[1]) == (2, 4, 6)
