"""Maps that keep sparse tensors between runs, under numbers that can go through a queue.

A queue holds dense arrays only. To batch a sparse tensor, `tf.train.batch` puts it into a map,
sends its number through the queue, and takes the tensors of a batch of numbers out of the map:

    SparseTensor --add--> number --> [queue] --> numbers --take--> SparseTensor of the batch
"""

from __future__ import annotations

import itertools

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.resources import ON_HOST
from flowgraph.ops.sparse_rows import INT64, check_parts, sparse_rule, sparse_specs
from flowgraph.ops.sparse_serialize import slices_of, stacked
from flowgraph.ops.sparse_tensor import SparseTensor, sparse_parts


class SparseTensorsMap:
    """Sparse tensors by number."""

    def __init__(self):
        self.name = ""
        self._numbers = itertools.count()
        self._tensors = {}

    def named(self, name):
        """Takes the name that errors call it by."""
        self.name = name

    def add(self, indices, values, sizes):
        """Keeps a sparse tensor and returns its number."""
        number = next(self._numbers)
        self._tensors[number] = (np.array(indices), np.array(values), np.array(sizes, np.int64))
        return number

    def take(self, number, dtype):
        """Gives a sparse tensor out, for good."""
        found = self._tensors.pop(number, None)
        if found is None:
            raise InvalidArgumentError(None, None, f"Unable to find SparseTensor: {number} in map: "
                                       f"{self.name}")
        if found[1].dtype != dtype.numpy:
            raise InvalidArgumentError(None, None, f"the map {self.name} holds {found[1].dtype}, "
                                       f"not {dtype.name}")
        return found


class _OnMap(OpDef, abstract=True):
    """An op that uses a map."""

    state_kind = "SparseTensorsMap"
    effects = "resource"
    host_only = ON_HOST
    grad = NotDifferentiable

    def create_state(self, attrs):
        """An empty map."""
        return SparseTensorsMap()


class AddSparseToTensorsMap(_OnMap):
    """Puts a sparse tensor into a map; its number."""

    dtypes = {"sparse_indices": INT64, "sparse_shape": INT64}
    host_inputs = ("sparse_shape",)

    def infer(self, sparse_indices, sparse_values, sparse_shape, *, container="", shared_name=""):
        sparse_rule(sparse_indices, sparse_values, sparse_shape)
        return Spec(dt.int64, ())

    def kernel(self, xp, sparse_indices, sparse_values, sparse_shape, *, container="",
               shared_name="", state):
        check_parts(sparse_indices, sparse_values, sparse_shape)
        return np.array(state.add(sparse_indices, sparse_values, sparse_shape), np.int64)


class AddManySparseToTensorsMap(_OnMap):
    """Puts each slice along the first dimension of a sparse tensor into a map; their numbers."""

    dtypes = {"sparse_indices": INT64, "sparse_shape": INT64}
    host_inputs = ("sparse_shape",)

    def infer(self, sparse_indices, sparse_values, sparse_shape, *, container="", shared_name=""):
        _, rank = sparse_rule(sparse_indices, sparse_values, sparse_shape)
        if rank is not None and rank < 2:
            raise ShapeError(f"needs a sparse tensor of rank 2 or more, got rank {rank}")
        return Spec(dt.int64, (sparse_shape.value[0] if sparse_shape.value else None,))

    def kernel(self, xp, sparse_indices, sparse_values, sparse_shape, *, container="",
               shared_name="", state):
        check_parts(sparse_indices, sparse_values, sparse_shape)
        slices = slices_of(xp, sparse_indices, sparse_values, sparse_shape)
        return np.array([state.add(*one, sparse_shape[1:]) for one in slices], np.int64)


class TakeManySparseFromTensorsMap(_OnMap):
    """Takes the sparse tensors of these numbers out of a map, stacked along a new first axis."""

    dtypes = {"sparse_handles": INT64}
    multiple = True

    def infer(self, sparse_handles, *, dtype, container="", shared_name=""):
        shape_rules.require_rank(sparse_handles, 1, "sparse_handles")
        return sparse_specs(None, None, dtype)

    def kernel(self, xp, sparse_handles, *, dtype, container="", shared_name="", state):
        if not len(sparse_handles):
            raise InvalidArgumentError(None, None, "Must have at least 1 serialized SparseTensor, "
                                       "but input matrix has 0 rows")
        return stacked([state.take(number, dtype) for number in sparse_handles.tolist()],
                       sparse_handles.shape)


# ---- for tf.train.batch and its like -------------------------------------------------------------


def store_sparse(sparse, shared_name="", name=None):
    """Puts a SparseTensor into a map of that name; the tensor of its number.

    Args:
        sparse: a SparseTensor.
        shared_name: the map's name; default that of the node.
        name: name of the node.
    """
    return AddSparseToTensorsMap.build(*sparse_parts(sparse), shared_name=shared_name, name=name)


def store_many_sparse(sparse, shared_name="", name=None):
    """Puts each slice along the first dimension of a SparseTensor into a map; their numbers.

    Args:
        sparse: a SparseTensor.
        shared_name: the map's name; default that of the node.
        name: name of the node.
    """
    return AddManySparseToTensorsMap.build(*sparse_parts(sparse), shared_name=shared_name,
                                           name=name)


def restore_sparse(numbers, map_name, dtype, rank):
    """The SparseTensor of a vector of numbers, which stacks what stands in the map.

    Args:
        numbers: int64 vector.
        map_name: the map's name.
        dtype: dtype of the values.
        rank: rank of the result, or None.
    """
    indices, values, dense_shape = TakeManySparseFromTensorsMap.build(
        numbers, dtype=dtype, shared_name=map_name)
    indices.set_shape([None, rank])
    dense_shape.set_shape([rank])
    return SparseTensor(indices, values, dense_shape)
