"""Iterators: `make_initializable_iterator`, `make_one_shot_iterator`, `Iterator.from_structure`."""

from __future__ import annotations

import warnings
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.data import structure
from flowgraph.data.dataset_op import DatasetOp
from flowgraph.data.described import Described
from flowgraph.data.function import FunctionGraph
from flowgraph.data.iterator_ops import (
    IteratorFromStringHandleV2,
    IteratorGetNext,
    IteratorToStringHandle,
    IteratorV2,
    MakeIterator,
    OneShotIterator,
)
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor

GLOBAL_ITERATORS = "iterators"
_MANY_CALLS = 32  # of get_next: it is called in the training loop
_PURE_READS = ("ReadFile", "MatchingFiles")  # stateless to TensorFlow


class Iterator(Described):
    """Where the going through a dataset stands; each run of `get_next`'s tensors goes one on.

    Args:
        iterator_resource: tensor, the handle.
        initializer: the operation that starts it; None if there is none.
        output_types, output_shapes, output_classes: of its elements, in their structure.

    Example:
        >>> import flowgraph as tf
        >>> iterator = tf.data.Dataset.range(2).make_initializable_iterator()
        >>> number = iterator.get_next()
        >>> sess = tf.Session()
        >>> _ = sess.run(iterator.initializer)
        >>> [int(sess.run(number)), int(sess.run(number))]
        [0, 1]
        >>> sess.run(number)
        Traceback (most recent call last):
        flowgraph.errors.OutOfRangeError: ... End of sequence ...
    """

    def __init__(self, iterator_resource: Any, initializer: Any, output_types: Any,
                 output_shapes: Any, output_classes: Any) -> None:
        if output_types is None or output_shapes is None or output_classes is None:
            raise ValueError(located("If `structure` is not specified, all of `output_types`, "
                                     "`output_shapes`, and `output_classes` must be specified."))
        self._start(iterator_resource, initializer,
                    structure.from_legacy(output_types, output_shapes, output_classes))

    def _start(self, resource: Any, initializer: Any, spec: Any) -> None:
        self._iterator_resource = resource
        self._initializer = initializer
        self._element_spec = spec
        self._string_handle = IteratorToStringHandle.build(resource)
        self._calls = 0
        get_default_graph().add_to_collection(GLOBAL_ITERATORS, resource)

    @classmethod
    def _of(cls, resource: Any, initializer: Any, spec: Any) -> Iterator:
        """An iterator over elements of this structure."""
        made = cls.__new__(cls)
        made._start(resource, initializer, spec)
        return made

    @staticmethod
    def from_structure(output_types: Any, output_shapes: Any = None,
                       shared_name: str | None = None, output_classes: Any = None) -> Iterator:
        """An iterator for any dataset whose elements are like this; `make_initializer` starts it.

        Args:
            output_types: structure of dtypes.
            output_shapes: structure of shapes; default unknown ones.
            shared_name: iterators of one shared_name are one.
            output_classes: structure of classes; default tensors.

        Raises:
            TypeError: the structures differ.
        """
        spec = structure.from_legacy(output_types, output_shapes, output_classes)
        return Iterator._of(_iterator(spec, shared_name), None, spec)

    @staticmethod
    def from_string_handle(string_handle: Any, output_types: Any, output_shapes: Any = None,
                           output_classes: Any = None) -> Iterator:
        """The iterator that a fed text stands for: which one may differ from run to run.

        Args:
            string_handle: string scalar; feed it what `session.run(iterator.string_handle())`
                gives.
            output_types: structure of dtypes.
            output_shapes: structure of shapes; default unknown ones.
            output_classes: structure of classes; default tensors.
        """
        spec = structure.from_legacy(output_types, output_shapes, output_classes)
        types, shapes = flat(spec)
        resource = IteratorFromStringHandleV2.build(
            convert_to_tensor(string_handle, dt.string), output_types=types, output_shapes=shapes)
        return Iterator._of(resource, None, spec)

    @property
    def initializer(self) -> Operation:
        """The operation that starts the iterator, from the first element.

        Raises:
            ValueError: it starts by itself, or `make_initializer` makes its initialisers.
        """
        if self._initializer is None:
            raise ValueError(located("Iterator does not have an initializer.",
                                     "Run what iterator.make_initializer(dataset) gives; a one-"
                                     "shot iterator starts by itself."))
        operation: Operation = self._initializer
        return operation

    def make_initializer(self, dataset: Any, name: str | None = None) -> Operation:
        """An operation that starts the iterator on a dataset.

        Args:
            dataset: a Dataset with elements of the iterator's structure.
            name: name scope.

        Raises:
            TypeError: the elements have other classes, dtypes or shapes.
            ValueError: the elements have another structure.
        """
        with name_scope(name, "make_initializer") as scope:
            mine, its = self._element_spec, dataset.element_spec
            structure.assert_same(mine, its)
            for what, of in (("classes", structure.output_classes),
                             ("types", structure.output_types)):
                if structure.flatten(of(mine)) != structure.flatten(of(its)):
                    raise TypeError(located(f"Expected output {what} {of(mine)!r} but got dataset "
                                            f"with output {what} {of(its)!r}."))
            shapes = structure.output_shapes
            if not all(a.is_compatible_with(b) for a, b in
                       zip(structure.flatten(shapes(mine)), structure.flatten(shapes(its)),
                           strict=True) if isinstance(a, TensorShape)):
                raise TypeError(located(f"Expected output shapes compatible with {shapes(mine)!r} "
                                        f"but got dataset with output shapes {shapes(its)!r}."))
            made: Operation = MakeIterator.build(dataset._variant_tensor, self._iterator_resource,
                                                 name=scope)
            return made

    def get_next(self, name: str | None = None) -> Any:
        """Tensors of the next element, in its structure: each run that needs them takes one.

        Call it once, before the training loop.

        Args:
            name: name of the node; default "IteratorGetNext".

        Returns:
            The tensors. When there are no more elements, the run raises OutOfRangeError.
        """
        self._calls += 1
        if self._calls > _MANY_CALLS:
            warnings.warn(located(
                "An unusually high number of `Iterator.get_next()` calls was detected: it adds "
                "ops to the graph each time.", "Call it once, before the loop, and run its "
                "tensors in the loop."), stacklevel=2)
        types, shapes = self._flat
        tensors = IteratorGetNext.build(self._iterator_resource, output_types=types,
                                        output_shapes=shapes, name=name)
        return structure.from_components(self._element_spec, tensors)

    def get_next_as_optional(self) -> Any:
        """The next element, or that there is none, as an Optional."""
        from flowgraph.data.optional import get_next_as_optional
        return get_next_as_optional(self)

    def string_handle(self, name: str | None = None) -> Tensor:
        """A string scalar tensor that stands for this iterator.

        Args:
            name: name of a new node; None for the one there is.
        """
        made: Tensor = (self._string_handle if name is None else
                        IteratorToStringHandle.build(self._iterator_resource, name=name))
        return made

    @property
    def _flat(self) -> tuple[Any, Any]:
        return flat(self._element_spec)


def flat(spec: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """dtypes and static shapes of the components of an element."""
    specs = structure.component_specs(spec)
    return tuple(s.dtype for s in specs), tuple(s.shape for s in specs)


def _iterator(spec: Any, shared_name: str | None) -> Tensor:
    types, shapes = flat(spec)
    made: Tensor = IteratorV2.build(output_types=types, output_shapes=shapes,
                                    shared_name=shared_name or "")
    return made


def initializable(dataset: Any, shared_name: str | None = None) -> Iterator:
    """An iterator over a dataset that `iterator.initializer` starts.

    Args:
        dataset: the dataset.
        shared_name: iterators of one shared_name are one.
    """
    spec = dataset.element_spec
    resource = _iterator(spec, shared_name)
    initializer = MakeIterator.build(dataset._variant_tensor, resource)
    return Iterator._of(resource, initializer, spec)


def one_shot(dataset: Any) -> Iterator:
    """An iterator over a dataset that starts by itself.

    Args:
        dataset: the dataset; it may not depend on variables, tables or placeholders.

    Raises:
        ValueError: it does.
    """
    types, shapes = flat(dataset.element_spec)
    try:
        factory = _copied(dataset._variant_tensor)
    except _Stateful as error:
        raise ValueError(located(
            "Failed to create a one-shot iterator for a dataset. `Dataset.make_one_shot_iterator()`"
            " does not support datasets that capture stateful objects, such as a `Variable` or "
            "`LookupTable`. In these cases, use `Dataset.make_initializable_iterator()`. (Original "
            f"error: {error})")) from None
    resource = OneShotIterator.build(dataset_factory=factory, output_types=types,
                                     output_shapes=shapes)
    return Iterator._of(resource, None, dataset.element_spec)


class _Stateful(Exception):
    """Something that a one-shot iterator cannot depend on."""


def _copied(variant: Tensor) -> FunctionGraph:
    """A graph without parameters that computes a dataset: copies of all that it depends on."""
    graph = FunctionGraph(get_default_graph())
    copies: dict[Tensor, Tensor] = {}
    for op in _in_order(variant.op):
        is_dataset = isinstance(op.op_def, DatasetOp)
        if op.type == "Placeholder" or op.type == "Parameter":
            raise ValueError(located(
                f"Cannot capture a placeholder (name:{op.name}, type:{op.type}) by value.",
                "Use dataset.make_initializable_iterator() and feed the placeholder when you run "
                "its initializer."))
        if op.op_def.is_ref or (op.op_def.effects and not is_dataset
                                and op.type not in _PURE_READS):
            raise _Stateful(f"Cannot capture a stateful node (name:{op.name}, type:{op.type}) by "
                            "value.")
        graph._names.mark(op.name)
        graph._scopes.frame = op.frame
        copy = graph.add_operation(op.op_def, tuple(copies[t] for t in op.inputs), op.attrs,
                                   tuple(t.spec for t in op.outputs), op.name)
        copies.update(zip(op.outputs, copy.outputs, strict=True))
    graph.finish([copies[variant]])
    return graph


def _in_order(last: Operation) -> list[Operation]:
    """What an operation depends on, and itself, each after its inputs."""
    order: dict[Operation, None] = {}
    stack: list[tuple[Operation, bool]] = [(last, False)]
    while stack:
        op, is_ready = stack.pop()
        if is_ready:
            order[op] = None
        elif op not in order:
            stack.append((op, True))
            stack += [(tensor.op, False) for tensor in op.inputs]
    return list(order)
