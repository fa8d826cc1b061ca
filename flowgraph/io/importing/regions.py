"""Builds the branches and loops that `control_flow_v1` finds, as tf.cond and tf.while_loop do."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.io.importing.dataflow_items import Conditional, Loop, Region
from flowgraph.io.importing.functions import loop
from flowgraph.io.importing.nodes import Importer
from flowgraph.opdef.subgraph import SubGraph
from flowgraph.ops.branch import FakeParam, build_if
from flowgraph.ops.identity import Identity


class RegionImporter(Importer):
    """Builds the nodes of a region.

    Args:
        parent: builds what is around it.
        graph: the graph of the branch, condition or body.
        parameters: tensors that stand for the loop variables, by the names of those.
    """

    def __init__(self, parent: Importer, graph: SubGraph, parameters: dict[str, Tensor]) -> None:
        super().__init__(graph, parent.prefix, parent.library, parent.inputs)
        self.mapped = parent.mapped
        self.all_names = parent.all_names
        self._parent = parent
        self._parameters = parameters
        self._inside: set[str] = set()

    def tensor(self, text: str, node: str = "") -> Tensor:
        """The tensor that an input names, here or around.

        Args:
            text: the input.
            node: the name of the node that takes it.
        """
        name, _ = self.split(text)
        if name in self._parameters:
            return self._parameters[name]
        return super().tensor(text, node) if name in self._inside else self._parent.tensor(
            text, node)

    def operation(self, name: str, node: str) -> Operation:
        """The operation that a control input names, here or around.

        Args:
            name: its name.
            node: the name of the node that waits for it.
        """
        return super().operation(name, node) if name in self._inside else self._parent.operation(
            name, node)

    def build(self, region: Region) -> list[Tensor | None]:
        """Builds a region; its results, None for those that it does not have.

        Args:
            region: the region.
        """
        self._inside = {item.name for item in region.items}
        self.add(region.items)
        results = [self.tensor(text, "result") if text else None for text in region.results]
        controls = [self.operation(text.removeprefix("^"), "result") for text in region.controls]
        at = next((i for i, tensor in enumerate(results) if tensor is not None), None)
        if controls and at is not None:
            with self.graph.control_dependencies(controls):
                results[at] = Identity.build(results[at], name="result")
        return results


def add_item(importer: Importer, item: Conditional | Loop) -> None:
    """Builds a branch or a loop.

    Args:
        importer: builds what is around it.
        item: the branch or loop.
    """
    graph = importer.graph
    with graph.as_default(), graph.name_scope(None), graph.control_dependencies(None):
        outputs = (_conditional(importer, item) if isinstance(item, Conditional)
                   else _loop(importer, item))
    importer.outputs[item.name] = outputs
    importer.operations[item.name] = outputs[0].op


def _conditional(importer: Importer, item: Conditional) -> list[Tensor]:
    graphs = [SubGraph(importer.graph), SubGraph(importer.graph)]
    found: list[list[Any]] = []
    for graph, region in zip(graphs, item.branches, strict=True):
        with graph.as_default():
            found.append(RegionImporter(importer, graph, {}).build(region))
    for graph, results, others in zip(graphs, found, reversed(found), strict=True):
        with graph.as_default():
            graph.outputs = [
                graph.adopt(_value(tensor)) if tensor is not None else
                FakeParam.build(dtype=other.dtype.base_dtype, shape=other.spec.shape)
                for tensor, other in zip(results, others, strict=True)]
    for a, b in zip(graphs[0].outputs, graphs[1].outputs, strict=True):
        if a.dtype is not b.dtype:
            raise ValueError(located(f"the branches of {item.name!r} have results of the dtypes "
                                     f"{b.dtype.name} and {a.dtype.name}"))
    made: list[Tensor] = build_if(importer.tensor(item.pred, item.name), graphs[1], graphs[0],
                                  name=f"{importer.prefix}{item.name}/")
    return made


def _value(tensor: Tensor) -> Tensor:
    """The value of a reference, which a branch or a loop hands on."""
    value: Tensor = Identity.build(tensor) if tensor.dtype._is_ref_dtype else tensor
    return value


def _loop(importer: Importer, item: Loop) -> list[Tensor]:
    """A loop; the shapes of its variables are those that hold in all rounds."""
    starts = [_value(importer.tensor(text, item.name)) for text in item.starts]

    def make(part: str, graph: SubGraph, own: list[Tensor]) -> list[Tensor]:
        region = item.cond if part == "cond" else item.body
        inner = RegionImporter(importer, graph, dict(zip(item.variables, own, strict=True)))
        results = [graph.adopt(_value(tensor)) for tensor in inner.build(region)
                   if tensor is not None]
        if part == "cond" and results[0].dtype is not dt.bool_:
            raise ValueError(located(f"the condition of {item.name!r} is {results[0].dtype.name}, "
                                     "not bool"))
        return results

    made = loop(importer.graph, f"{importer.prefix}{item.name}", starts,
                [start.spec.shape for start in starts], make,
                [f"{importer.prefix}{name}" for name in item.variables])
    return made[:len(starts)]
