"""Runs models that others published as TensorFlow files, and compares with TensorFlow's numbers.

The packages hold the files; they are not part of this repository:

    pip download musicnn==0.1.0 --no-deps -d models       MetaGraphs and checkpoints of 2018
    pip download guesslang==2.2.1 --no-deps -d models     a SavedModel that an Estimator wrote
    python benchmarks/public_models.py expect models      needs TensorFlow: writes expected.npz
    python benchmarks/public_models.py check models       needs flowgraph alone

For each model, `check` prints how long it takes to load and to run, and the largest difference from
TensorFlow; for a MetaGraph also that of the weights after two training steps.
"""

from __future__ import annotations

import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

META_GRAPHS = ("MTT_musicnn", "MSD_musicnn", "MTT_vgg", "MSD_vgg")
TEXTS = ("def f(x):\n    return x + 1\nprint(f(2))\n",
         '#include <stdio.h>\nint main() { printf("hi"); return 0; }',
         "SELECT * FROM users WHERE id = 3;", "", "a")


def unpacked(folder: Path) -> Path:
    """The folder with the packages' contents."""
    target = folder / "unpacked"
    if not target.exists():
        for wheel in folder.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(target)
    return target


def without_shapes(tf: Any, path: str) -> Any:
    """A MetaGraphDef for a TensorFlow of today, which refuses shapes that older ones wrote."""
    meta = tf.MetaGraphDef.FromString(Path(path).read_bytes())
    for node in meta.graph_def.node:
        node.attr.pop("_output_shapes", None)
    return meta


def feeds_of(graph: Any) -> dict[str, Any]:
    """Values for the placeholders of a model of musicnn."""
    rng, feeds = np.random.RandomState(0), {}
    for op in graph.get_operations():
        if op.type == "Placeholder":
            tensor = op.outputs[0]
            if tensor.dtype.name == "bool":
                feeds[tensor.name] = False
            elif tensor.shape.ndims is None:
                feeds[tensor.name] = np.float32(0.001)  # the learning rate
            else:
                feeds[tensor.name] = rng.rand(2, *tensor.shape.as_list()[1:]).astype(np.float32)
    return feeds


def run_meta_graph(tf: Any, folder: Path, old_shapes: bool) -> dict[str, np.ndarray]:
    """What a model of musicnn computes, and its weights after two steps of training."""
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        start = time.perf_counter()
        path = str(folder / ".meta")
        saver = tf.train.import_meta_graph(path if old_shapes else without_shapes(tf, path))
        saver.restore(sess, str(folder) + "/")
        loaded = time.perf_counter()
        feeds = feeds_of(graph)
        sigmoid = next(op.outputs[0] for op in graph.get_operations() if op.type == "Sigmoid")
        found = {"tags": sess.run(sigmoid, feeds)}
        done = time.perf_counter()
        for _ in range(2):
            sess.run(tf.get_collection("train_op")[0], feeds)
        found |= {v.name: sess.run(v) for v in tf.trainable_variables()}
    print(f"{folder.name}: load {loaded - start:.2f} s, first run {done - loaded:.2f} s")
    return found


def run_saved_model(tf: Any, folder: Path) -> dict[str, np.ndarray]:
    """What guesslang's model predicts for some texts."""
    with tf.Graph().as_default(), tf.Session() as sess:
        start = time.perf_counter()
        meta = tf.saved_model.load(sess, ["serve"], str(folder))
        loaded = time.perf_counter()
        signature = meta.signature_def["predict"]
        found = sess.run({key: info.name for key, info in signature.outputs.items()},
                         {signature.inputs["content"].name: list(TEXTS)})
    print(f"guesslang: load {loaded - start:.2f} s, first run {time.perf_counter() - loaded:.2f} s")
    return {key: value.astype("S") if value.dtype == object else value
            for key, value in found.items()}


def run_all(tf: Any, folder: Path, old_shapes: bool) -> dict[str, np.ndarray]:
    """The results of all models, by "model|name"."""
    models = unpacked(folder)
    found = {name: run_meta_graph(tf, models / "musicnn" / name, old_shapes)
             for name in META_GRAPHS}
    found["guesslang"] = run_saved_model(tf, models / "guesslang" / "data" / "model")
    return {f"{model}|{key}": value for model, results in found.items()
            for key, value in results.items()}


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference; of texts, 0 if they are equal, else infinity."""
    if one.dtype.kind == "S":
        return 0.0 if np.array_equal(one, other) else float("inf")
    return float(np.abs(one.astype(np.float64) - other).max())


def main() -> None:
    action, folder = sys.argv[1], Path(sys.argv[2])
    if action == "expect":
        import tensorflow.compat.v1 as tf
        tf.disable_v2_behavior()
        np.savez(folder / "expected.npz", **run_all(tf, folder, old_shapes=False))
        return
    import flowgraph
    found = run_all(flowgraph, folder, old_shapes=True)
    expected = dict(np.load(folder / "expected.npz"))
    for model in (*META_GRAPHS, "guesslang"):
        keys = [key for key in found if key.startswith(f"{model}|")]
        worst = max(keys, key=lambda key: difference(found[key], expected[key]))
        print(f"{model}: largest difference {difference(found[worst], expected[worst]):.1e} "
              f"({worst.partition('|')[2]}) in {len(keys)} results")


if __name__ == "__main__":
    main()
