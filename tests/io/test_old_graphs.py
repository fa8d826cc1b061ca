"""Graphs of op types that become other ops on import give TensorFlow's numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg

FILES = Path(__file__).parent / "files"
ENTRIES = {key: array for name in ("old_graphs", "fused_graphs")
           for key, array in np.load(FILES / f"{name}.npz").items()}
PROGRAMS = list(dict.fromkeys(key.partition("|")[0] for key in ENTRIES))


def entries_of(program: str, kind: str) -> dict[str, np.ndarray]:
    start = f"{program}|{kind}|"
    return {key.removeprefix(start): array for key, array in ENTRIES.items()
            if key.startswith(start)}


def graph_of(program: str) -> fg.GraphDef:
    return fg.GraphDef.FromString(ENTRIES[f"{program}|graph"].tobytes())


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_graph_of_older_op_types_gives_tensorflows_numbers(program) -> None:
    fg.import_graph_def(graph_of(program), name="")
    wanted = entries_of(program, "out")
    with fg.Session() as sess:
        results = sess.run([*wanted], entries_of(program, "feed"))
    for (name, want), got in zip(wanted.items(), map(np.asarray, results), strict=True):
        got = got.astype("S") if got.dtype == object else got
        assert got.shape == want.shape and (got.dtype == want.dtype or want.dtype.kind == "S"), name
        if want.dtype.kind == "f":
            np.testing.assert_allclose(got, want, 2e-5, 2e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(got, want, name)


# ---- what TensorFlow runs no more, or what needs a folder ----------------------------------------


def add(graph_def, name, op, *inputs, **attrs) -> None:
    node = graph_def.node.add(name=name, op=op, input=inputs)
    for key, value in attrs.items():
        node.attr[key].CopyFrom(value)


def constant(graph_def, name, value) -> None:
    message = fg.make_tensor_proto(value)
    add(graph_def, name, "Const", value=fg.AttrValue(tensor=message),
        dtype=fg.AttrValue(type=message.dtype))


FLOAT = fg.AttrValue(type=fg.float32.as_datatype_enum)
FLOATS = fg.AttrValue(list=fg.AttrValue.ListValue(type=[fg.float32.as_datatype_enum]))


def test_tensor_arrays_without_flows_are_read() -> None:
    graph_def = graph_of("tensor_array")
    for node in graph_def.node:
        if node.op.startswith("TensorArray"):
            node.op = node.op.removesuffix("V2")
    wanted = entries_of("tensor_array", "out")
    fg.import_graph_def(graph_def, name="")
    results = fg.Session().run([*wanted], entries_of("tensor_array", "feed"))
    for got, want in zip(results, wanted.values(), strict=True):
        np.testing.assert_array_equal(got, want)


def test_all_elements_of_a_tensor_array_are_set_and_stacked_at_once() -> None:
    graph_def = fg.GraphDef()
    for name, value in (("size", 2), ("x", [[1.0, 2.0], [3.0, 4.0]]), ("flow", 0.0)):
        constant(graph_def, name, value)
    add(graph_def, "array", "TensorArray", "size", dtype=FLOAT)
    add(graph_def, "set", "TensorArrayUnpack", "array", "x", "flow", T=FLOAT)
    add(graph_def, "y", "TensorArrayPack", "array", "set", dtype=FLOAT)
    y, = fg.import_graph_def(graph_def, return_elements=["y:0"])
    assert fg.Session().run(y).tolist() == [[1, 2], [3, 4]]


def test_what_the_first_savers_wrote_is_restored(tmp_path) -> None:
    graph_def = fg.GraphDef()
    path = str(tmp_path / "model")
    for name, value in (("path", path), ("names", ["v"]), ("name", "v"), ("slice", "2 2 0,1:-"),
                        ("v", [[1.0, 2.0], [3.0, 4.0]]), ("whole", [""])):
        constant(graph_def, name, value)
    add(graph_def, "save", "Save", "path", "names", "v", T=FLOATS)
    add(graph_def, "slices", "SaveSlices", "path", "names", "whole", "v", T=FLOATS)
    add(graph_def, "all", "Restore", "path", "name", dt=FLOAT)
    add(graph_def, "row", "RestoreSlice", "path", "name", "slice", dt=FLOAT)
    save, slices, whole, row = fg.import_graph_def(
        graph_def, return_elements=["save", "slices", "all:0", "row:0"])
    with fg.Session() as sess:
        for op in (save, slices):
            with pytest.raises(fg.errors.NotFoundError, match="no checkpoint"):
                sess.run(whole)
            sess.run(op)
            assert sess.run(whole).tolist() == [[1, 2], [3, 4]]
            assert sess.run(row).tolist() == [[1, 2]]
            for file in tmp_path.iterdir():
                file.unlink()


def test_windows_that_only_a_run_knows_are_one_clear_error() -> None:
    graph_def = graph_of("pools")
    for node in graph_def.node:
        if node.op == "Const":
            node.op = "Placeholder"
            del node.attr["value"]
    with pytest.raises(ValueError, match=r"MaxPoolV2 'y' has windows that only a run knows"):
        fg.import_graph_def(graph_def)


def test_results_of_a_fused_cell_have_its_names_and_gradients() -> None:
    fg.import_graph_def(graph_of("lstm_steps"), name="")
    get = fg.get_default_graph().get_tensor_by_name
    dw, = fg.gradients(fg.reduce_sum(fg.square(get("y:6"))), get("w:0"))
    feed = entries_of("lstm_steps", "feed")
    with fg.Session() as sess:
        h, got = sess.run(["y:6", dw], feed)
        step = np.float32(1e-2) * np.sign(got)
        values = [np.square(sess.run("y:6", {**feed, "w:0": feed["w:0"] + sign * step})).sum()
                  for sign in (1, -1)]
    assert h.shape == (5, 2, 4)
    np.testing.assert_allclose(np.abs(got).sum(), (values[0] - values[1]) / 2e-2, rtol=2e-2)


def test_the_gradient_of_tile_is_the_sum_of_the_copies() -> None:
    graph_def = fg.GraphDef()
    dy = np.arange(24, dtype=np.float32).reshape(4, 6)
    constant(graph_def, "dy", dy)
    constant(graph_def, "multiples", np.int32([2, 3]))
    add(graph_def, "y", "TileGrad", "dy", "multiples", T=FLOAT)
    y, = fg.import_graph_def(graph_def, return_elements=["y:0"])
    np.testing.assert_array_equal(fg.Session().run(y), dy.reshape(2, 2, 3, 2).sum((0, 2)))


def test_a_staging_area_is_a_queue_that_its_nodes_share() -> None:
    graph_def = fg.GraphDef()
    constant(graph_def, "x", 3.0)
    area = {"dtypes": FLOATS, "shared_name": fg.AttrValue(s=b"area"), "capacity": fg.AttrValue(i=2)}
    add(graph_def, "put", "Stage", "x", **area)
    add(graph_def, "size", "StageSize", **area)
    add(graph_def, "take", "Unstage", **area)
    put, size, take = fg.import_graph_def(graph_def, return_elements=["put", "size:0", "take:0"])
    with fg.Session() as sess:
        sess.run(put)
        sess.run(put)
        assert sess.run(size) == 2
        assert sess.run(take) == 3.0
        assert sess.run(size) == 1


def test_sounds_of_the_first_summaries() -> None:
    graph_def = fg.GraphDef()
    constant(graph_def, "tag", "tone")
    constant(graph_def, "sound", np.zeros((1, 8), np.float32))
    add(graph_def, "y", "AudioSummary", "tag", "sound", sample_rate=fg.AttrValue(f=8000.0),
        max_outputs=fg.AttrValue(i=1))
    y, = fg.import_graph_def(graph_def, return_elements=["y:0"])
    value, = fg.Summary.FromString(fg.Session().run(y)).value
    assert (value.tag, value.audio.sample_rate) == ("tone/audio", 8000.0)


def test_gradients_of_a_call_need_one_tensor_for_each_result() -> None:
    graph_def = graph_of("calls")
    node, = (node for node in graph_def.node if node.op == "SymbolicGradient")
    del node.input[-1]
    del node.attr["Tin"].list.type[-1]
    with pytest.raises(ValueError, match=r"takes the 3 arguments .* its 3 results, got 5 tensors"):
        fg.import_graph_def(graph_def)


def test_the_tree_of_a_beam_search_is_read() -> None:
    """An op of tf.contrib, which TensorFlow's own list of ops does not have."""
    graph_def = fg.GraphDef()
    for name, value in (("words", [[[1, 2]], [[3, 4]]]), ("parents", [[[0, 0]], [[1, 0]]]),
                        ("lengths", [2]), ("end", 9)):
        constant(graph_def, name, np.int32(value))
    add(graph_def, "y", "GatherTree", "words", "parents", "lengths", "end",
        T=fg.AttrValue(type=fg.int32.as_datatype_enum))
    y, = fg.import_graph_def(graph_def, return_elements=["y:0"])
    assert fg.Session().run(y)[:, 0].tolist() == [[2, 1], [3, 4]]


def test_a_step_that_is_not_offered_in_a_fused_op_is_named() -> None:
    graph_def = graph_of("optimized")
    node = next(node for node in graph_def.node if node.op == "_FusedMatMul")
    node.attr["fused_ops"].list.s[1] = b"Swish"
    with pytest.raises(ValueError, match=r"_FusedMatMul 'y3' has Swish fused into it"):
        fg.import_graph_def(graph_def)


def test_a_function_of_another_process_stops_only_the_run_that_needs_it() -> None:
    graph_def = fg.GraphDef()
    constant(graph_def, "x", 1.0)
    add(graph_def, "y", "EagerPyFunc", "x", token=fg.AttrValue(s=b"elsewhere_7"), Tin=FLOATS,
        Tout=FLOATS)
    x, y = fg.import_graph_def(graph_def, return_elements=["x:0", "y:0"])
    with fg.Session() as sess:
        assert sess.run(x) == 1.0
        with pytest.raises(fg.errors.OpError, match="elsewhere_7"):
            sess.run(y)
