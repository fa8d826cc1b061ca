"""Fetches: what the caller asks for, nested as they like, and the same nesting for the results."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from flowgraph.core.frames import located
from flowgraph.errors import (
    FeedError,
    FeedTypeError,
    FetchError,
    FetchTypeError,
    without_docs,
)
from flowgraph.graph.graph import Graph
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.sparse_tensor import SparseTensor, SparseTensorValue, sparse_parts


class IndexedSlicesValue(NamedTuple):
    """What fetching an IndexedSlices gives: its parts as arrays."""

    values: Any
    indices: Any
    dense_shape: Any


class Conversion(NamedTuple):
    """How objects of a class are fetched and fed, through the tensors they are made of."""

    type: type
    fetch: Callable[[Any], tuple[list[Any], Callable[[list[Any]], Any]]]
    feed: Callable[[Any, Any], list[tuple[Any, Any]]] | None = None


conversions: list[Conversion] = []


def register_session_run_conversion_functions(
        tensor_type: type, fetch_function: Callable, feed_function: Callable | None = None,
        feed_function_for_partial_run: Callable | None = None) -> None:
    """Says how objects of a class are fetched and fed.

    Args:
        tensor_type: the class.
        fetch_function: from an object to (its tensors, a function from their values to the result).
        feed_function: from an object and the value fed for it to [(tensor, value), ...].
        feed_function_for_partial_run: accepted; `fetch_function` tells what is fed.

    Raises:
        ValueError: the class is registered already.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.runtime.fetches import register_session_run_conversion_functions
        >>> class Named:
        ...     def __init__(self, tensor):
        ...         self.tensor = tensor
        >>> def fetch(named):
        ...     return [named.tensor], lambda values: {named.tensor.name: values[0]}
        >>> register_session_run_conversion_functions(Named, fetch)
        >>> fg.Session().run(Named(fg.constant(2.0, name="c")))
        {'c:0': np.float32(2.0)}
    """
    if any(c.type is tensor_type for c in conversions):
        raise ValueError(located(f"{tensor_type} has already been registered, ignore this "
                                 "operation"))
    conversions.insert(0, Conversion(tensor_type, fetch_function, feed_function))


def _fetch_slices(slices: IndexedSlices) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    parts = [slices.values, slices.indices]
    if slices.dense_shape is None:
        return parts, lambda values: IndexedSlicesValue(values[0], values[1], None)
    return [*parts, slices.dense_shape], lambda values: IndexedSlicesValue(*values)


def _feed_slices(slices: IndexedSlices, value: Any) -> list[tuple[Any, Any]]:
    return [(tensor, part) for tensor, part in
            zip((slices.values, slices.indices, slices.dense_shape), value, strict=False)
            if tensor is not None]


def _fetch_sparse(sparse: SparseTensor) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    return list(sparse_parts(sparse)), lambda values: SparseTensorValue(*values)


def _feed_sparse(sparse: SparseTensor, value: Any) -> list[tuple[Any, Any]]:
    if not isinstance(value, (list, tuple)):
        raise FeedTypeError(located(
            f"{sparse!r:.200} must be fed a SparseTensorValue or a tuple (indices, values, "
            f"dense_shape), not {value!r:.100}", section="feed-error"))
    if len(value) != 3:
        raise FeedError(located(
            f"{sparse!r:.200} must be fed three parts (indices, values, dense_shape), got "
            f"{len(value)}", section="feed-error"))
    return list(zip(sparse_parts(sparse), value, strict=True))


register_session_run_conversion_functions(IndexedSlices, _fetch_slices, _feed_slices)
register_session_run_conversion_functions(SparseTensor, _fetch_sparse, _feed_sparse)


def feed_parts(key: Any, value: Any) -> list[tuple[Any, Any]] | None:
    """The tensors that a key of `feed_dict` is made of, each with its value; None if it is one.

    Raises:
        FeedError: the key is a tuple and the value has not as many entries.
    """
    if isinstance(key, tuple):
        if not isinstance(value, (list, tuple, np.ndarray)) or len(value) != len(key):
            raise FeedError(located(
                f"the feed_dict key {key!r:.200} has {len(key)} entries; the value for it must be "
                "a list or tuple with as many", section="feed-error"))
        return list(zip(key, value, strict=True))
    return next((c.feed(key, value) for c in conversions
                 if c.feed is not None and isinstance(key, c.type)), None)


def fetch_key(fetches: Any) -> Any:
    """A hashable key for a nest of fetches: equal keys mean the same fetches."""
    if isinstance(fetches, (Tensor, Operation, str, bytes)):
        return fetches
    if isinstance(fetches, (list, tuple)):
        return (type(fetches), *[fetch_key(f) for f in fetches])
    if isinstance(fetches, Mapping):
        return (type(fetches), *[(k, fetch_key(f)) for k, f in fetches.items()])
    hash(fetches)
    return fetches


class Fetches:
    """A nest of fetches, flattened.

    Attributes:
        elements: the distinct tensors and operations asked for.
        tensors: the tensors among them, in the order in which a plan returns their values.
    """

    def __init__(self, graph: Graph, fetches: Any) -> None:
        self._graph = graph
        self._number: dict[Any, int] = {}
        self._rebuild = self._visit(fetches)
        self.elements = list(self._number)
        self.tensors = [e for e in self.elements if isinstance(e, Tensor)]
        at = {tensor: i for i, tensor in enumerate(self.tensors)}
        self._position = [at.get(element, -1) for element in self.elements]
        self._single = len(self.elements) == 1 and isinstance(fetches, Tensor)

    def nest(self, values: tuple[Any, ...]) -> Any:
        """The values (one per tensor) in the nesting that was asked for; None for operations."""
        if self._single:
            return values[0][()]
        return self._rebuild(values)

    def _visit(self, fetch: Any) -> Callable[[tuple[Any, ...]], Any]:
        """Notes what a part of the nest needs; returns the function that rebuilds this part."""
        if isinstance(fetch, (list, tuple)):
            parts = [self._visit(f) for f in fetch]
            if hasattr(fetch, "_fields"):
                kind = type(fetch)
                return lambda values: kind(*[part(values) for part in parts])
            make = type(fetch) if type(fetch) in (list, tuple) else list
            return lambda values: make([part(values) for part in parts])
        if isinstance(fetch, Mapping):
            named = [(key, self._visit(f)) for key, f in fetch.items()]
            mapping = OrderedDict if isinstance(fetch, OrderedDict) else dict
            return lambda values: mapping([(key, part(values)) for key, part in named])
        for conversion in conversions:
            if isinstance(fetch, conversion.type):
                tensors, contract = conversion.fetch(fetch)
                inner = [self._visit(t) for t in tensors]
                return lambda values: contract([part(values) for part in inner])
        element = self._element(fetch)
        is_again = element in self._number
        number = self._number.setdefault(element, len(self._number))

        def leaf(values: tuple[Any, ...]) -> Any:
            position = self._position[number]
            return None if position < 0 else values[position][()]

        def copy(values: tuple[Any, ...]) -> Any:
            position = self._position[number]
            return None if position < 0 else np.array(values[position])[()]

        return copy if is_again else leaf

    def _element(self, fetch: Any) -> Any:
        try:
            element = self._graph.find_element(fetch)
        except TypeError as error:
            raise FetchTypeError(located(
                f"Fetch argument {fetch!r:.200} has invalid type {type(fetch).__name__}, must be a "
                f"string, Tensor, Operation or Variable: {error}{_overwritten(fetch)}",
                section="fetch-error")) from None
        except (KeyError, ValueError) as error:
            raise FetchError(located(
                f"Fetch argument {fetch!r:.200} cannot be interpreted as a Tensor: "
                f"{without_docs(error)}",
                section="fetch-error")) from None
        if not self._graph.is_fetchable(element):
            raise FetchError(located(f"Operation {element.name!r} may not be fetched.",
                                     section="fetch-error"))
        return element


def _overwritten(fetch: Any) -> str:
    """A hint for the value of an earlier run that took its tensor's name."""
    if not isinstance(fetch, (int, float, bytes, np.generic, np.ndarray)):
        return ""
    return ("\n  This is a value. If an earlier run gave it the name of its tensor, take another: "
            "'loss_value, _ = session.run([loss, step])' keeps 'loss' a tensor.")
