"""Rules for ops that call functions of the library, as those of datasets do."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.data.dataset_op import FunctionOp
from flowgraph.data.function import FunctionGraph
from flowgraph.data.iterator_ops import OneShotIterator
from flowgraph.graph.tensor import Tensor
from flowgraph.io.exporting.datasets import CAPTURED
from flowgraph.io.graphs.attr_values import dtype_of
from flowgraph.io.graphs.op_table import names
from flowgraph.io.importing.build import Build
from flowgraph.io.importing.functions import FunctionImporter
from flowgraph.io.importing.rules import rule
from flowgraph.io.op_types import load_every_op
from flowgraph.opdef.opdef import REGISTRY
from flowgraph.opdef.static_value import known_value

load_every_op()


@rule(OneShotIterator.type, *(name for name, op_def in REGISTRY.items()
                              if isinstance(op_def, FunctionOp)))
def caller(build: Build) -> Any:
    """An op with functions: they are built anew, with what they captured."""
    return _called(build, build.node.op, _given(build))


def _given(build: Build) -> dict[str, Any]:
    """The inputs by their names."""
    assert build.row is not None
    return dict(zip((arg.name for arg in build.row.inputs), build.groups(), strict=True))


def _called(build: Build, op_type: str, given: dict[str, Any]) -> Any:
    """Builds an op with functions.

    Args:
        build: the node.
        op_type: type of the op.
        given: its inputs by their names, and what its functions captured.
    """
    assert build.row is not None
    op_def = REGISTRY[op_type]
    names = [name for name, attr in build.row.attrs.items() if attr.kind == "func"]
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
    return build.plain(op_type, *groups, **attrs)


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


# ---- ops that came before or after ---------------------------------------------------------------


def _const(build: Build, value: Any, part: str) -> Tensor:
    made: Tensor = build.sub("Const", part=part, value=np.asarray(value))
    return made


_TUNED = ("OptimizeDataset", "ModelDataset", "OptionsDataset", "FinalizeDataset", "RewriteDataset")
_WATCHED = tuple(f"{kind}{name}Dataset" for kind in ("", "Experimental") for name in (
    "AssertNext", "BytesProducedStats", "LatencyStats", "MaxIntraOpParallelism", "NonSerializable",
    "PrivateThreadPool", "SetStatsAggregator", "ThreadPool"))


@rule(*_TUNED, *_WATCHED)
def tuned(build: Build) -> Any:
    """TensorFlow tunes or watches the pipeline there; here it is its input."""
    return build.plain("Identity", build.inputs[0])


@rule("BatchDataset", "PaddedBatchDataset")
def batched(build: Build) -> Any:
    """Before the input that says whether a small last batch is dropped."""
    keep = _const(build, False, "drop_remainder")
    return build.plain(f"{build.node.op}V2", *build.groups(), keep)


@rule("ParallelBatchDataset")
def parallel_batched(build: Build) -> Any:
    """Batches made by several threads."""
    source, size, _, drop = build.inputs
    return build.plain("BatchDatasetV2", source, size, drop)


@rule("FixedLengthRecordDataset")
def fixed_length_records(build: Build) -> Any:
    """Before the input that says how files are packed."""
    plain = _const(build, np.array(b"", object), "compression_type")
    return build.plain("FixedLengthRecordDatasetV2", *build.groups(), plain)


@rule("CSVDatasetV2")
def csv(build: Build) -> Any:
    """With a list of columns to leave out."""
    *groups, excluded = build.groups()
    if known_value(excluded) != ():
        raise build.wrong("leaves columns out by exclude_cols; that is not offered. Write "
                          "select_cols")
    return build.plain("CSVDataset", *groups)


@rule("ParallelMapDatasetV2")
def parallel_map(build: Build) -> Any:
    """The number of calls was an int32."""
    given = _given(build)
    given["num_parallel_calls"] = build.sub("Cast", given["num_parallel_calls"], DstT=dt.int32,
                                            part="num_parallel_calls")
    return _called(build, "ParallelMapDataset", given)


@rule("ParallelInterleaveDatasetV3", "ParallelInterleaveDatasetV4")
def parallel_interleave(build: Build) -> Any:
    """With sizes of buffers since."""
    given = _given(build)
    for name in ("buffer_output_elements", "prefetch_input_elements"):
        given.pop(name, None)
    return _called(build, "ParallelInterleaveDatasetV2", given)


@rule("LegacyParallelInterleaveDatasetV2")
def legacy_interleave(build: Build) -> Any:
    """Whether the order may change became an attribute."""
    given = _given(build)
    given["sloppy"] = _const(build, build.attr("deterministic") == "false", "sloppy")
    return _called(build, "ParallelInterleaveDataset", given)


# ---- objects beside datasets ---------------------------------------------------------------------


@rule("DummyMemoryCache", "DummySeedGenerator", "ThreadPoolHandle", "StatsAggregatorHandle",
      "StatsAggregatorHandleV2", "ExperimentalThreadPoolHandle",
      "ExperimentalStatsAggregatorHandle")
def beside(build: Build) -> Any:
    """A handle that no op takes any more: a dataset keeps what it needs itself."""
    return build.plain("Placeholder", dtype=dt.resource, shape=())


@rule("AnonymousMemoryCache", "AnonymousRandomSeedGenerator")
def anonymous(build: Build) -> Any:
    """A handle, and one to delete it with; a seed generator stands for its seeds."""
    handle = build.plain("Placeholder", dtype=dt.resource, shape=())
    if build.inputs:
        build.importer.library.seeds[handle] = build.inputs
    return [handle, build.sub("Placeholder", part="deleter", dtype=dt.variant, shape=())]


@rule("DeleteMemoryCache", "DeleteRandomSeedGenerator", "DeleteIterator")
def deleted(build: Build) -> Any:
    """Nothing: what a run made ends with it, and the rest with the session."""
    return build.plain("NoOp")


@rule("CacheDatasetV2")
def cache(build: Build) -> Any:
    """The memory was an object of its own."""
    return build.plain("CacheDataset", *build.inputs[:2])


@rule("ShuffleDatasetV2")
def shuffle_v2(build: Build) -> Any:
    """The seeds are those of an object."""
    source, size, generator = build.inputs
    seeds = build.importer.library.seeds.get(generator)
    if seeds is None:
        seeds = [_const(build, np.int64(0), part) for part in ("seed", "seed2")]
    return build.plain("ShuffleDataset", source, size, *seeds)


@rule("ShuffleDatasetV3")
def shuffle_v3(build: Build) -> Any:
    """There is an object for seeds besides."""
    return build.plain("ShuffleDataset", *build.inputs[:4])


@rule("ShuffleAndRepeatDatasetV2")
def shuffle_and_repeat(build: Build) -> Any:
    """There is an object for seeds besides."""
    return build.plain("ShuffleAndRepeatDataset", *build.inputs[:5])


@rule("Iterator", "IteratorFromStringHandle", "IteratorGetNextSync")
def iterator(build: Build) -> Any:
    """Iterators before they could be shared among devices, and their next element at once."""
    newer = {"IteratorGetNextSync": "IteratorGetNext"}
    return build.plain(newer.get(build.node.op, f"{build.node.op}V2"))


_EXPERIMENTAL = [name for name in names() if name.startswith("Experimental")
                 and name.removeprefix("Experimental") in REGISTRY]


@rule(*_EXPERIMENTAL)
def experimental(build: Build) -> Any:
    """Datasets that were an experiment in TensorFlow 1.13 and 1.14."""
    op_type = build.node.op.removeprefix("Experimental")
    if isinstance(REGISTRY[op_type], FunctionOp):
        return _called(build, op_type, _given(build))
    return build.plain(op_type, *build.groups())
