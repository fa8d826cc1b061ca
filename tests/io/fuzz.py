"""Damaged files of every kind that flowgraph reads: only its own errors, little memory, no hang.

    python -m tests.io.fuzz 10000          10000 cases; --first N begins at case N, --only KIND

Each case damages one file of a small, right set (checkpoint, TFRecord, events, GraphDef, MetaGraph,
SavedModel, npz...) and reads it as programs do. Where a checksum would stop the reader at the
door, some cases damage what is behind it and make the checksum right. A case fails if something
but an error of flowgraph's own, or one that flowgraph raises on purpose, comes out; if it takes
long; or if it takes much memory. `test_fuzz.py` runs a few hundred.
"""

from __future__ import annotations

import argparse
import dis
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import flowgraph as tf
from flowgraph.core.message_text import merge_text
from flowgraph.core.tfrecord import RecordWriter, read_records
from flowgraph.errors import FlowgraphError, OpError
from flowgraph.io.checkpoints.npz import NpzReader, write_npz
from tests.io.damage import (
    damaged,
    inside_message,
    inside_message_or_table,
    inside_records,
    inside_table,
    inside_text,
)

HERE = Path(__file__).parent
PATIENCE = 60  # seconds for a case on a busy machine
MEMORY = 400 << 20  # bytes that a case may take
Files = dict[str, bytes]


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes:
        seed: writes right files into a folder.
        use: reads the files of a folder.
        text: whether they are text.
        inside: (takes the content of a file apart into what checksums cover, puts it together).
        fixed: files that are never damaged.
        alone: whether the damaged file is the only one that is read.
    """

    seed: Callable[[Path], None]
    use: Callable[[Path], None]
    text: bool = False
    inside: Callable[[str, bytes, random.Random], bytes | None] = lambda name, content, rng: None
    fixed: tuple[str, ...] = ()
    alone: bool = False


# ---- kinds ---------------------------------------------------------------------------------------


def build_program() -> Any:
    """A graph with a bit of everything; returns the Saver."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.get_variable("w", [3, 2], initializer=tf.ones_initializer())
    words = tf.get_variable("words", initializer=["a", "bc"])
    y = tf.nn.relu(tf.matmul(x, w, name="product") + [0.5, 1.5], name="y")
    loss = tf.reduce_mean(tf.square(y), name="loss")
    tf.cond(loss > 1, lambda: loss * 2, lambda: loss + 1, name="choice")
    tf.while_loop(lambda i: i < 3, lambda i: i + 1, [tf.constant(0)], name="loop")
    tf.string_join([words, ["x", "y"]], name="joined")
    tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return tf.train.Saver()


def seed_checkpoint(folder: Path) -> None:
    with tf.Graph().as_default():
        saver = build_program()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for step in (1, 2):
                saver.save(sess, str(folder / "model"), step, write_meta_graph=False)


def use_checkpoint(folder: Path) -> None:
    for prefix in {tf.train.latest_checkpoint(str(folder)), str(folder / "model-2")} - {None}:
        reader = tf.train.load_checkpoint(prefix)
        reader.debug_string()
        reader.get_variable_to_dtype_map()
        for name, _ in tf.train.list_variables(prefix):
            try:
                reader.get_tensor(name)
            except OpError:
                continue
        with tf.Graph().as_default(), tf.Session() as sess:
            w = tf.get_variable("w", [3, 2])
            tf.train.Saver([w]).restore(sess, prefix)


def seed_foreign_checkpoint(folder: Path) -> None:
    for file in (HERE / "files").glob("tf_*"):
        shutil.copy(file, folder)


def use_foreign_checkpoint(folder: Path) -> None:
    for prefix in ("tf_whole", "tf_sharded", "tf_objects"):
        reader = tf.train.load_checkpoint(str(folder / prefix))
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)


def use_state(folder: Path) -> None:
    tf.train.get_checkpoint_state(str(folder))
    tf.train.latest_checkpoint(str(folder))


def seed_records(folder: Path) -> None:
    for name in ("", "GZIP", "ZLIB"):
        with RecordWriter(folder / f"f{name}", name) as writer:
            for record in (b"", b"abc", bytes(range(256)) * 4, b"a" * 5000):
                writer.write(record)


def use_records(folder: Path) -> None:
    for name in ("", "GZIP", "ZLIB"):
        for _ in read_records(folder / f"f{name}", name):
            continue


def seed_events(folder: Path) -> None:
    shutil.copy(HERE.parent / "summary" / "data" / "tf.tfevents", folder)


def use_events(folder: Path) -> None:
    for event in tf.train.summary_iterator(str(folder / "tf.tfevents")):
        str(event)
        for value in event.summary.value:
            if value.HasField("tensor"):
                tf.make_ndarray(value.tensor)
        if event.graph_def:
            tf.GraphDef.FromString(event.graph_def)


def seed_graph(folder: Path) -> None:
    with tf.Graph().as_default() as graph:
        build_program()
        (folder / "graph.pb").write_bytes(graph.as_graph_def(add_shapes=True).SerializeToString())


def use_graph(folder: Path) -> None:
    graph_def = tf.GraphDef.FromString((folder / "graph.pb").read_bytes())
    str(graph_def)
    import_it(graph_def)


def import_it(graph_def: Any) -> None:
    """Imports a graph, and writes it again."""
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        graph.as_graph_def().SerializeToString()


def seed_foreign_graphs(folder: Path) -> None:
    """Graphs that TensorFlow made: control flow, gradients, optimizers, datasets."""
    for name in ("control_flow_v1", "tf_graphs", "datasets"):
        with np.load(HERE / "files" / f"{name}.npz") as found:
            for key in found.files:
                if key.endswith((".pb", "|graph")) and found[key].size < 20_000:
                    path = folder / (re.sub(r"\W+", "_", f"{name} {key}") + ".pb")
                    path.write_bytes(found[key].tobytes())
    for file in (HERE / "files" / "meta").glob("*.meta"):
        shutil.copy(file, folder)


def use_foreign_graphs(folder: Path) -> None:
    for file in folder.iterdir():
        if file.suffix == ".pb":
            import_it(tf.GraphDef.FromString(file.read_bytes()))
        else:
            with tf.Graph().as_default():
                tf.train.import_meta_graph(str(file))


def seed_graph_text(folder: Path) -> None:
    with tf.Graph().as_default() as graph:
        build_program()
        tf.io.write_graph(graph, str(folder), "graph.pbtxt")


def use_graph_text(folder: Path) -> None:
    graph_def = tf.GraphDef()
    merge_text((folder / "graph.pbtxt").read_text("utf-8", "replace"), graph_def)
    import_it(graph_def)


def seed_meta_graph(folder: Path) -> None:
    with tf.Graph().as_default():
        build_program().export_meta_graph(str(folder / "model.meta"))


def use_meta_graph(folder: Path) -> None:
    with tf.Graph().as_default():
        tf.train.import_meta_graph(str(folder / "model.meta"))


def seed_meta_graph_text(folder: Path) -> None:
    with tf.Graph().as_default():
        build_program().export_meta_graph(str(folder / "model.meta"), as_text=True)


def seed_saved_model(folder: Path) -> None:
    with tf.Graph().as_default() as graph:
        build_program()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            shutil.rmtree(folder)
            tf.saved_model.simple_save(
                sess, str(folder), {"x": graph.get_tensor_by_name("x:0")},
                {"y": graph.get_tensor_by_name("y:0")})


def use_saved_model(folder: Path) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        model = tf.saved_model.loader.load(sess, ["serve"], str(folder))
        signature = model.signature_def["serving_default"]
        sess.run(signature.outputs["y"].name, {signature.inputs["x"].name: np.ones([1, 3])})


def seed_messages(folder: Path) -> None:
    for i, value in enumerate((np.ones([2, 3], np.float32), np.array([[b"a", b"bc"]], object),
                               np.arange(4), np.array(1j), np.array(True))):
        (folder / f"tensor{i}.pb").write_bytes(tf.make_tensor_proto(value).SerializeToString())
    example = tf.train.Example()
    example.features.feature["floats"].float_list.value.extend([1.0, 2.0])
    example.features.feature["ints"].int64_list.value.append(3)
    example.features.feature["bytes"].bytes_list.value.append(b"abc")
    (folder / "example.pb").write_bytes(example.SerializeToString())


@cache
def parsers() -> tuple[Any, Any, Any, list[Any]]:
    """(session, its placeholder, the parsed example, tensors by dtype)."""
    with tf.Graph().as_default() as graph:
        content = tf.placeholder(tf.string, [])
        example = tf.parse_single_example(content, {
            "floats": tf.FixedLenFeature([2], tf.float32), "bytes": tf.VarLenFeature(tf.string),
            "ints": tf.FixedLenSequenceFeature([], tf.int64, allow_missing=True)})
        tensors = [tf.parse_tensor(content, dtype) for dtype in (
            tf.float32, tf.string, tf.int64, tf.complex128, tf.bool)]
        return tf.Session(graph=graph), content, example, tensors


def use_messages(folder: Path) -> None:
    sess, content, example, tensors = parsers()
    for file in folder.iterdir():
        if file.name == "example.pb":
            sess.run(example, {content: file.read_bytes()})
            str(tf.train.Example.FromString(file.read_bytes()))
        else:
            sess.run(tensors[int(file.stem[-1])], {content: file.read_bytes()})


def seed_npz(folder: Path) -> None:
    write_npz(str(folder / "own.npz"), {
        "scope/w": np.ones([3, 2], np.float32), "t": np.array([b"a", b"bc"], object)})
    np.savez_compressed(folder / "packed.npz", a=np.arange(1000), b=np.array("text"))


def use_npz(folder: Path) -> None:
    for name in ("own.npz", "packed.npz"):
        reader = NpzReader(str(folder / name))
        for key in reader.entries:
            reader.read(key)


def seed_flags(folder: Path) -> None:
    (folder / "flags").write_text("--i=3\n# comment\n--s=a b\n--l=a,b\n--nob\n--f=1e3\n--e=x\n")


def use_flags(folder: Path) -> None:
    flags = tf.flags.FlagValues()
    tf.flags.DEFINE_integer("i", 1, "", flag_values=flags)
    tf.flags.DEFINE_string("s", "", "", flags)
    tf.flags.DEFINE_list("l", "", "", flags)
    tf.flags.DEFINE_bool("b", True, "", flags)
    tf.flags.DEFINE_float("f", 1, "", flag_values=flags)
    tf.flags.DEFINE_enum("e", "x", ["x"], "", flags)
    flags(["program", f"--flagfile={folder}/flags"])


KINDS = {
    "checkpoint": Kind(seed_checkpoint, use_checkpoint, inside=inside_table,
                       fixed=("checkpoint",)),
    "foreign checkpoint": Kind(seed_foreign_checkpoint, use_foreign_checkpoint,
                               inside=inside_table),
    "checkpoint state": Kind(seed_checkpoint, use_state, text=True, fixed=(".index", ".data")),
    "records": Kind(seed_records, use_records, inside=inside_records),
    "events": Kind(seed_events, use_events, inside=inside_records),
    "graph": Kind(seed_graph, use_graph, inside=inside_message),
    "foreign graph": Kind(seed_foreign_graphs, use_foreign_graphs, inside=inside_message,
                          alone=True),
    "graph text": Kind(seed_graph_text, use_graph_text, text=True, inside=inside_text),
    "meta graph": Kind(seed_meta_graph, use_meta_graph, inside=inside_message),
    "meta graph text": Kind(seed_meta_graph_text, use_meta_graph, text=True,
                            inside=inside_text),
    "saved model": Kind(seed_saved_model, use_saved_model, inside=inside_message_or_table),
    "messages": Kind(seed_messages, use_messages, inside=inside_message, alone=True),
    "npz": Kind(seed_npz, use_npz),
    "flags": Kind(seed_flags, use_flags, text=True),
}


@cache
def seeds_of(kind: str) -> Files:
    """Right files, by path."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "files"
        folder.mkdir()
        KINDS[kind].seed(folder)
        found = {str(file.relative_to(folder)): file.read_bytes()
                 for file in sorted(folder.rglob("*")) if file.is_file()}
        KINDS[kind].use(folder)  # right files are read without an error
        return found


# ---- cases ---------------------------------------------------------------------------------------


class TooSlow(BaseException):
    """A case took longer than it may."""


def _too_slow(*_: Any) -> None:
    raise TooSlow


def is_own(error: BaseException) -> bool:
    """Whether an error is flowgraph's own, or raised on purpose by a statement of flowgraph's."""
    if isinstance(error, (OpError, FlowgraphError)):
        return True
    if not isinstance(error, (ValueError, TypeError, KeyError, OSError, NotImplementedError)):
        return False
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    code = last.tb_frame.f_code if last is not None else None
    return (code is not None and "flowgraph" in code.co_filename
            and code.co_code[last.tb_lasti] == dis.opmap["RAISE_VARARGS"])


def run_case(kind: str, number: int) -> str | None:
    """Runs one case; what was wrong with it, or None."""
    rng = random.Random(f"{kind}-{number}")
    files = seeds_of(kind)
    free = [name for name in files if not any(part in name for part in KINDS[kind].fixed)]
    victim = rng.choice(free)
    content = KINDS[kind].inside(victim, files[victim], rng) if rng.random() < 0.8 else None
    if content is None:
        content = damaged(files[victim], rng, KINDS[kind].text)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        around = {} if KINDS[kind].alone else files
        for path, data in {**around, victim: content}.items():
            file = Path(name) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        signal.signal(signal.SIGALRM, _too_slow)
        signal.alarm(PATIENCE)
        try:
            KINDS[kind].use(Path(name))
        except TooSlow:
            return f"took more than {PATIENCE} s\n{traceback.format_exc(limit=-3)}"
        except BaseException as error:
            if not is_own(error):
                return traceback.format_exc()
        finally:
            signal.alarm(0)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10) - before
    if grown > MEMORY:
        return f"took {grown >> 20} MB"
    return f"took {time.monotonic() - start:.1f} s" if time.monotonic() - start > PATIENCE else None


def failures(kinds: list[str], count: int, first: int) -> Iterator[tuple[str, int, str]]:
    """Runs cases of all kinds in turn; yields (kind, number, what was wrong)."""
    for number in range(first, first + count):
        kind = kinds[number % len(kinds)]
        wrong = run_case(kind, number)
        if wrong:
            yield kind, number, wrong


def prepare(kinds: list[str]) -> None:
    """Bounds the memory, and silences the logs and warnings about damaged files."""
    import warnings
    warnings.simplefilter("ignore")
    tf.get_logger().setLevel("FATAL")
    for kind in kinds:
        seeds_of(kind)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (taken + 2 * MEMORY, hard))


def main() -> int:
    """Runs the cases that the command line asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", choices=sorted(KINDS))
    options = parser.parse_args()
    kinds = [options.only] if options.only else list(KINDS)
    prepare(kinds)
    start, seen = time.monotonic(), Counter[str]()
    for kind, number, wrong in failures(kinds, options.count, options.first):
        lines = wrong.strip().splitlines()
        where = next((line.strip() for line in reversed(lines) if line.lstrip().startswith("File")),
                     "")
        seen[f"{kind}: {lines[-1][:150]} {where}"] += 1
        if seen[f"{kind}: {lines[-1][:150]} {where}"] == 1:
            print(f"---- {kind} {number}\n{wrong}", flush=True)
    for what, times in seen.most_common():
        print(times, what)
    print(f"{options.count} cases, {sum(seen.values())} failures, "
          f"{time.monotonic() - start:.0f} s, "
          f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB at most")
    return bool(seen)


if __name__ == "__main__":
    sys.exit(main())
