"""The ops of iterators, and the object that a Session keeps for each: where a pass stands."""

from __future__ import annotations

import threading
import uuid
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.shapes import compatible
from flowgraph.core.spec import Spec, shape_text
from flowgraph.data.dataset_op import VARIANT, WHY_HOST, dataset_spec
from flowgraph.data.function import Functions
from flowgraph.data.mapping import check_shapes
from flowgraph.data.pipeline import Element, Run, Stage, cancelled, stage_of
from flowgraph.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    OutOfRangeError,
    ShapeError,
)
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.resources import RESOURCE, HandleOp, as_handle, handle_spec, resource_of

# Which iterator a string handle means; an iterator is forgotten with its session.
_by_token: weakref.WeakValueDictionary[bytes, IteratorResource] = weakref.WeakValueDictionary()


class IteratorResource:
    """Goes through a dataset; any thread may ask for the next element.

    Args:
        dtypes, shapes: of the components.
    """

    def __init__(self, dtypes: Any, shapes: Any) -> None:
        self.dtypes = tuple(dtypes)
        self.shapes = tuple(shapes)
        self.token = b"tf.data.Iterator/" + uuid.uuid4().hex.encode()
        _by_token[self.token] = self
        self._lock = threading.Lock()  # held while the next element is made
        self._changing = threading.Lock()  # held while a pass takes the place of another
        self._run: Run | None = None
        self._elements: Iterator[Element] | None = None
        self._is_fresh = False
        self._ended = self._closed = False
        self._end: Any = None

    def initialize(self, stage: Stage) -> None:
        """Starts a pass over a dataset; what went on before ends."""
        run = Run()
        with self._changing:
            if self._closed:
                raise cancelled()
            old, self._run = self._run, run
            end, self._end = self._end, weakref.finalize(self, run.close)
        if old is not None:
            old.close()  # wakes who waits and holds the lock
            end.detach()
        with self._lock:
            if run.closed:  # another thread has started a pass in the meantime
                return
            self._elements = stage.start(run)
            self._is_fresh = stage.fresh
            self._ended = False

    def next(self) -> Element:
        """The next element, in arrays of its own.

        Raises:
            FailedPreconditionError: no pass has been started.
            OutOfRangeError: there are no more elements.
        """
        with self._lock:
            if self._closed:
                raise cancelled()
            if self._elements is None:
                raise FailedPreconditionError(
                    None, None, "GetNext() failed because the iterator has not been initialized. "
                    "Ensure that you have run the initializer operation for this iterator before "
                    "getting the next element.")
            if self._ended:
                raise OutOfRangeError(None, None, "End of sequence")
            try:
                element = next(self._elements)
            except StopIteration:
                self._ended = True
                raise OutOfRangeError(None, None, "End of sequence") from None
            if self._is_fresh:
                return element
        return tuple([np.array(part) for part in element])

    def close(self) -> None:
        """Ends the pass: threads stop, and who waits gets a CancelledError."""
        with self._changing:
            self._closed = True
        if self._run is not None:
            self._run.close()
            self._end.detach()
        self._elements = None


class OneShotResource(IteratorResource):
    """An iterator that starts by itself, once.

    Args:
        dtypes, shapes: of the components.
        factory: graph that computes the dataset.
    """

    def __init__(self, dtypes: Any, shapes: Any, factory: Any) -> None:
        super().__init__(dtypes, shapes)
        self._functions = Functions([factory])
        self._starting = threading.Lock()
        self._started = False

    def start(self) -> OneShotResource:
        """The iterator, started."""
        if not self._started:
            with self._starting:
                if not self._started:
                    factory, = self._functions.with_captured((), (0,))
                    self.initialize(stage_of(factory()[0]))
                    self._started = True
        return self

    def close(self) -> None:
        """Ends the pass."""
        super().close()
        self._functions.close()


# ---- ops that make iterators ---------------------------------------------------------------------


class IteratorV2(HandleOp):
    """The handle of an iterator that is to be initialised."""

    grad = NotDifferentiable

    def infer(self, *, output_types, output_shapes, shared_name="", container=""):
        _components(output_types, output_shapes)
        return handle_spec()

    def create_state(self, attrs):
        """An iterator that has not started."""
        return IteratorResource(attrs["output_types"], attrs["output_shapes"])

    def kernel(self, xp, *, output_types, output_shapes, shared_name="", container="", state):
        return as_handle(state)


class OneShotIterator(HandleOp):
    """The handle of an iterator that starts by itself."""

    grad = NotDifferentiable
    waits = True

    def infer(self, *, dataset_factory, output_types, output_shapes, shared_name="",
              container=""):
        _components(output_types, output_shapes)
        return handle_spec()

    def sub_graphs(self, attrs):
        """The graph of the dataset."""
        return [attrs["dataset_factory"]]

    def create_state(self, attrs):
        """An iterator over the dataset."""
        return OneShotResource(attrs["output_types"], attrs["output_shapes"],
                               attrs["dataset_factory"])

    def kernel(self, xp, *, dataset_factory, output_types, output_shapes, shared_name="",
               container="", state):
        return as_handle(state.start())


class MakeIterator(OpDef):
    """Starts an iterator on a dataset."""

    dtypes = {"dataset": VARIANT, "iterator": RESOURCE}
    multiple = True
    effects = "resource"
    host_only = WHY_HOST
    grad = NotDifferentiable

    def infer(self, dataset, iterator):
        dataset_spec(dataset, iterator)
        return ()

    def kernel(self, xp, dataset, iterator):
        resource_of(iterator, IteratorResource).initialize(stage_of(dataset))
        return ()


# ---- ops that use iterators ----------------------------------------------------------------------


def _components(output_types, output_shapes):
    if not output_types or len(output_types) != len(output_shapes):
        raise ShapeError(f"has {len(output_types)} output_types and {len(output_shapes)} "
                         "output_shapes; it needs one or more, and as many of both")
    return tuple(Spec(dtype, shape)
                 for dtype, shape in zip(output_types, output_shapes, strict=True))


class _OnIterator(OpDef, abstract=True):
    """An op that uses an iterator."""

    effects = "resource"
    host_only = WHY_HOST
    grad = NotDifferentiable


class IteratorGetNext(_OnIterator):
    """The next element."""

    dtypes = {"iterator": RESOURCE}
    multiple = True
    waits = True

    def infer(self, iterator, *, output_types, output_shapes):
        shape_rules.require_rank(iterator, 0, "the handle of an iterator")
        return _components(output_types, output_shapes)

    def kernel(self, xp, iterator, *, output_types, output_shapes):
        element = resource_of(iterator, IteratorResource).next()
        check_shapes(element, output_shapes)
        return element


class IteratorToStringHandle(_OnIterator):
    """A text that stands for an iterator."""

    dtypes = {"resource_handle": RESOURCE}

    def infer(self, resource_handle):
        shape_rules.require_rank(resource_handle, 0, "the handle of an iterator")
        return Spec(dt.string, ())

    def kernel(self, xp, resource_handle):
        text = np.empty((), object)
        text[()] = resource_of(resource_handle, IteratorResource).token
        return text


class IteratorFromStringHandleV2(_OnIterator):
    """The iterator that a text stands for."""

    dtypes = {"string_handle": dt.STRING}

    def infer(self, string_handle, *, output_types=(), output_shapes=()):
        shape_rules.require_rank(string_handle, 0, "a string handle")
        return handle_spec()

    def kernel(self, xp, string_handle, *, output_types=(), output_shapes=()):
        found = _by_token.get(string_handle[()])
        if found is None:
            raise InvalidArgumentError(
                None, None, "the string handle stands for no iterator. Feed what "
                "session.run(iterator.string_handle()) gives, in the same session.")
        _check_alike(output_types, output_shapes, found)
        return as_handle(found)


def _check_alike(dtypes, shapes, found):
    if len(dtypes) != len(found.dtypes):
        raise InvalidArgumentError(None, None, "Number of components does not match: expected "
                                   f"{len(dtypes)} types but got {len(found.dtypes)}.")
    for i, (want, got) in enumerate(zip(dtypes, found.dtypes, strict=True)):
        if want is not got:
            raise InvalidArgumentError(None, None, f"Data type mismatch at component {i}: expected "
                                       f"{want.name} but got {got.name}.")
    for i, (want, got) in enumerate(zip(shapes, found.shapes, strict=True)):
        if not compatible(want, got):
            raise InvalidArgumentError(
                None, None, f"Incompatible shapes at component {i}: expected {shape_text(want)} "
                f"but got {shape_text(got)}.")


# ---- optional values -----------------------------------------------------------------------------


class OptionalValue:
    """A value, or that there is none.

    Args:
        components: the value's; None when there is none.
    """

    __slots__ = ("components",)

    def __init__(self, components: Element | None) -> None:
        self.components = components

    def zeros_like(self) -> OptionalValue:
        """The value with zeros in its place."""
        parts = self.components
        return OptionalValue(None if parts is None else tuple(np.zeros_like(p) for p in parts))


def _optional_of(variant):
    value = variant[()] if isinstance(variant, np.ndarray) else variant
    if not isinstance(value, OptionalValue):
        raise InvalidArgumentError(None, None, "the variant tensor holds no optional value")
    return value


class IteratorGetNextAsOptional(_OnIterator):
    """The next element, or that there is none."""

    dtypes = {"iterator": RESOURCE}
    waits = True

    def infer(self, iterator, *, output_types, output_shapes):
        shape_rules.require_rank(iterator, 0, "the handle of an iterator")
        return Spec(dt.variant, ())

    def kernel(self, xp, iterator, *, output_types, output_shapes):
        try:
            element = resource_of(iterator, IteratorResource).next()
        except OutOfRangeError:
            return as_handle(OptionalValue(None))
        check_shapes(element, output_shapes)
        return as_handle(OptionalValue(element))


class OptionalFromValue(_OnIterator):
    """A value that is there."""

    dtypes = {"components": dt.ANY}
    lists = ("components",)

    def infer(self, components):
        return Spec(dt.variant, ())

    def kernel(self, xp, components):
        return as_handle(OptionalValue(tuple(np.array(part) for part in components)))


class OptionalNone(_OnIterator):
    """A value that is not there."""

    def infer(self):
        return Spec(dt.variant, ())

    def kernel(self, xp):
        return as_handle(OptionalValue(None))


class OptionalHasValue(_OnIterator):
    """Whether the value is there."""

    dtypes = {"optional": VARIANT}

    def infer(self, optional):
        shape_rules.require_rank(optional, 0, "an optional value")
        return Spec(dt.bool_, ())

    def kernel(self, xp, optional):
        return np.bool_(_optional_of(optional).components is not None)


class OptionalGetValue(_OnIterator):
    """The value."""

    dtypes = {"optional": VARIANT}
    multiple = True

    def infer(self, optional, *, output_types, output_shapes):
        shape_rules.require_rank(optional, 0, "an optional value")
        return _components(output_types, output_shapes)

    def kernel(self, xp, optional, *, output_types, output_shapes):
        components = _optional_of(optional).components
        if components is None:
            raise InvalidArgumentError(None, None, "The given optional does not have a value.")
        if [np.dtype(part.dtype) for part in components] != [d.numpy for d in output_types]:
            raise InvalidArgumentError(None, None, "The given optional has other dtypes than "
                                       "are asked for.")
        check_shapes(components, output_shapes)
        return tuple(np.array(part) for part in components)


class DatasetCardinality(_OnIterator):
    """How many elements a dataset has; -1 for no end, -2 when it is not known."""

    dtypes = {"input_dataset": VARIANT}

    def infer(self, input_dataset):
        dataset_spec(input_dataset)
        return Spec(dt.int64, ())

    def kernel(self, xp, input_dataset):
        return np.int64(stage_of(input_dataset).cardinality())
