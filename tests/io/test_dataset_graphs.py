"""Pipelines of tf.data in GraphDefs: those of TensorFlow run here, and ours are read again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from tests.io.pipelines import PIPELINES

FILE = np.load(Path(__file__).parent / "files" / "datasets.npz")


def elements_of(graph_def: fg.GraphDef) -> list:
    """What out0, out1, … are in the runs of a graph."""
    with fg.Graph().as_default() as graph, fg.Session() as sess:
        fg.import_graph_def(graph_def, name="")
        outputs = [op.outputs[0] for op in graph.get_operations() if op.name.startswith("out")]
        sess.run("begin")
        elements = []
        while True:
            try:
                elements.append([np.asarray(part).tolist() for part in sess.run(outputs)])
            except fg.errors.OutOfRangeError:
                return elements


LATER = sorted(name.removesuffix(".pb") for name in FILE if name.startswith("later_")
               and name.endswith(".pb"))


@pytest.mark.parametrize("name", [*PIPELINES, *LATER])
def test_pipelines_of_tensorflow_give_its_elements(name) -> None:
    graph_def = fg.GraphDef.FromString(FILE[f"{name}.pb"].tobytes())
    assert elements_of(graph_def) == json.loads(FILE[f"{name}.json"].tobytes())


@pytest.mark.parametrize("name", PIPELINES)
def test_our_pipelines_are_read_again(name) -> None:
    with fg.Graph().as_default() as graph:
        iterator = PIPELINES[name](fg).make_initializable_iterator()
        for i, part in enumerate(fg.nest.flatten(iterator.get_next())):
            fg.identity(part, f"out{i}")
        fg.group(iterator.initializer, name="begin")
        graph_def = graph.as_graph_def()
    text = str(graph_def)
    again = fg.GraphDef.FromString(graph_def.SerializeToString())
    assert str(again) == text
    assert elements_of(again) == json.loads(FILE[f"{name}.json"].tobytes())


def older(graph_def: fg.GraphDef) -> None:
    """Batches as op types of before TensorFlow 1.10 make them, and tuned as 1.15 does it."""
    for node in graph_def.node:
        if node.op in ("BatchDatasetV2", "PaddedBatchDatasetV2"):
            node.op = node.op.removesuffix("V2")
            del node.input[-1]
            del node.attr["parallel_copy"]
        elif node.op == "MakeIterator":
            source, node.input[0] = node.input[0], "tuned"
    tuned = graph_def.node.add(name="tuned", op="ModelDataset", input=[source])
    tuned.attr["output_types"].list.type.append(fg.int64.as_datatype_enum)
    tuned.attr["output_shapes"].list.shape.add(unknown_rank=True)


@pytest.mark.parametrize("name", ["filtered", "padded", "parts"])
def test_older_op_types_are_read(name) -> None:
    graph_def = fg.GraphDef.FromString(FILE[f"{name}.pb"].tobytes())
    older(graph_def)
    assert elements_of(graph_def) == json.loads(FILE[f"{name}.json"].tobytes())


def test_a_generator_of_seeds_stands_for_its_seeds() -> None:
    graph_def = fg.GraphDef.FromString(FILE["later_shuffled_anew.pb"].tobytes())
    for node in graph_def.node:
        if node.op == "ShuffleDatasetV3":
            node.op = "ShuffleDatasetV2"
            seeds = list(node.input[2:4])
            del node.input[2:4]
            del node.attr["reshuffle_each_iteration"]
        elif node.op == "DummySeedGenerator":
            node.op, generator = "AnonymousRandomSeedGenerator", node
    generator.input.extend(seeds)
    graph_def.node.add(name="gone", op="DeleteRandomSeedGenerator",
                       input=[generator.name, f"{generator.name}:1"])
    assert elements_of(graph_def) == json.loads(FILE["later_shuffled_anew.json"].tobytes())


@pytest.mark.parametrize("op", ["MapAndBatchDataset", "UnbatchDataset", "UniqueDataset"])
def test_datasets_that_were_an_experiment_are_read(op) -> None:
    with fg.Graph().as_default() as graph:
        numbers = fg.data.Dataset.range(6).apply(fg.data.experimental.map_and_batch(
            lambda x: x // 2, 3, num_parallel_calls=2))
        last = numbers.apply(fg.data.experimental.unbatch()).apply(fg.data.experimental.unique())
        iterator = last.make_initializable_iterator()
        fg.identity(iterator.get_next(), "out0")
        fg.group(iterator.initializer, name="begin")
        graph_def = graph.as_graph_def()
    node, = (node for node in graph_def.node if node.op == op)
    node.op = f"Experimental{op}"
    if op == "MapAndBatchDataset":
        del node.attr["preserve_cardinality"]
    assert elements_of(graph_def) == [[0], [1], [2]]


def test_records_of_a_fixed_length_as_before_compression(tmp_path) -> None:
    (tmp_path / "records").write_bytes(b"aabbcc")
    with fg.Graph().as_default() as graph:
        dataset = fg.data.FixedLengthRecordDataset(str(tmp_path / "records"), 2)
        iterator = dataset.make_initializable_iterator()
        fg.identity(iterator.get_next(), "out0")
        fg.group(iterator.initializer, name="begin")
        graph_def = graph.as_graph_def()
    for node in graph_def.node:
        if node.op == "FixedLengthRecordDatasetV2":
            node.op = "FixedLengthRecordDataset"
            del node.input[-1]
    assert elements_of(graph_def) == [[b"aa"], [b"bb"], [b"cc"]]


def test_a_function_with_too_few_arguments_is_one_clear_error() -> None:
    graph_def = fg.GraphDef.FromString(FILE["mapped.pb"].tobytes())
    for function in graph_def.library.function:
        del function.signature.input_arg[:]
    with pytest.raises(ValueError, match=r"MapDataset.*takes 0"):
        fg.import_graph_def(graph_def)
