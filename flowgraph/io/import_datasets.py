"""Rules for ops that call functions of the library, as those of datasets do."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.spec import Spec
from flowgraph.data.dataset_op import FunctionOp
from flowgraph.data.function import FunctionGraph
from flowgraph.data.iterator_ops import OneShotIterator
from flowgraph.graph.tensor import Tensor
from flowgraph.io.attr_values import dtype_of
from flowgraph.io.export_datasets import CAPTURED
from flowgraph.io.import_build import Build
from flowgraph.io.import_functions import FunctionImporter
from flowgraph.io.op_types import load_every_op
from flowgraph.io.rules import rule
from flowgraph.opdef.opdef import REGISTRY

load_every_op()


@rule(OneShotIterator.type, *(name for name, op_def in REGISTRY.items()
                              if isinstance(op_def, FunctionOp)))
def caller(build: Build) -> Any:
    """An op with functions: they are built anew, with what they captured."""
    assert build.row is not None
    op_def = REGISTRY[build.node.op]
    names = [name for name, attr in build.row.attrs.items() if attr.kind == "func"]
    given = dict(zip((arg.name for arg in build.row.inputs), build.groups(), strict=True))
    attrs: dict[str, Any] = {}
    captured: list[Tensor] = []
    for name in names:
        key = next((key for key in (f"{name}{CAPTURED}", CAPTURED[1:]) if key in given), "")
        graph = _function_graph(build, name, given.pop(key, []))
        attrs[name] = graph
        captured += [outside for outside, _ in graph.captured()]
    others = [tensor for name, group in given.items() if name not in op_def.params
              for tensor in group]
    groups: list[Any] = [given.get(param, [*others, *captured]) for param in op_def.params]
    return build.plain(build.node.op, *groups, **attrs)


def _function_graph(build: Build, attr: str, captured: list[Tensor]) -> FunctionGraph:
    """The function that an attribute names; its last arguments are captured tensors."""
    library = build.importer.library
    function = library.function(build.attr(attr, "func").name, build.node)
    args = list(function.signature.input_arg)
    own = len(args) - len(captured)
    if own < 0:
        raise build.wrong(f"gives its function {len(captured)} tensors and the function takes "
                          f"{len(args)}")
    graph = FunctionGraph(build.importer.graph)
    with graph.as_default():
        arguments = [graph.add_argument(Spec(dtype_of(arg.type), None), arg.name)
                     for arg in args[:own]]
        arguments += [graph.adopt(tensor) for tensor in captured]
        graph.finish(FunctionImporter(graph, "", library, function, arguments).build())
    return graph


@rule("OptimizeDataset", "ModelDataset")
def tuned(build: Build) -> Any:
    """TensorFlow tunes the pipeline there; here it is its input."""
    return build.plain("Identity", build.inputs[0])


@rule("BatchDataset", "PaddedBatchDataset")
def batched(build: Build) -> Any:
    """Before the input that says whether a small last batch is dropped."""
    keep = build.sub("Const", part="drop_remainder", value=np.array(False))
    return build.plain(f"{build.node.op}V2", *build.groups(), keep)


@rule("FixedLengthRecordDataset")
def fixed_length_records(build: Build) -> Any:
    """Before the input that says how files are packed."""
    plain = build.sub("Const", part="compression_type", value=np.array(b"", object))
    return build.plain("FixedLengthRecordDatasetV2", *build.groups(), plain)
