"""A program that trains and saves in a tight loop, and is killed at random moments: 200 times.

    python tests/train/killed_program.py FOLDER KILLS SEED

Each life is a forked child, which restores the latest checkpoint, tells the step it starts with
over a pipe, and then tells each step that it has saved. After each kill the parent checks that
every checkpoint that is listed can be read, that the values belong to one step, and that no step
that was told is lost. `test_kill.py` runs this; it is a program of its own so that forks are safe.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # forks and threads do not mix

import numpy as np

import flowgraph as tf
from flowgraph.train.checkpoint_reader import load_checkpoint
from flowgraph.train.checkpoint_state import get_checkpoint_state, latest_checkpoint
from flowgraph.train.npz_checkpoint import load_npz, save_npz
from flowgraph.train.saver import Saver

SIZE = 20_000


def built() -> tuple[Any, Any, Any, Saver]:
    """The program's graph."""
    step = tf.train.create_global_step()
    w = tf.get_variable("w", [SIZE], initializer=tf.zeros_initializer())
    train = tf.group(tf.assign_add(step, 1), tf.assign_add(w, tf.ones([SIZE])))
    return step, w, train, Saver(max_to_keep=3)


def live(folder: Path, pipe: int) -> NoReturn:
    """Trains and saves until the end."""
    step, w, train, saver = built()
    with tf.Session() as sess:
        latest = latest_checkpoint(str(folder))
        if latest is None:
            sess.run(tf.global_variables_initializer())
        else:
            saver.restore(sess, latest)
            saver.recover_last_checkpoints(
                list(get_checkpoint_state(str(folder)).all_model_checkpoint_paths))
        if (folder / "model.npz").exists():
            load_npz(folder / "model.npz", sess, {"other": w}, strict=False)
            sess.run(w.assign(tf.fill([SIZE], tf.cast(step, tf.float32))))
        os.write(pipe, b"start %d\n" % sess.run(step))
        while True:
            sess.run(train)
            saver.save(sess, str(folder / "model"), global_step=step)
            os.write(pipe, b"saved %d\n" % sess.run(step))
            save_npz(folder / "model.npz", sess, {"global_step": step, "other": w})
            os.write(pipe, b"npz %d\n" % sess.run(step))


def kill_once(folder: Path, wait: float, waits_for_start: bool) -> list[tuple[str, int]]:
    """What a life told before it was killed, so many seconds after its birth or its start."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            live(folder, writing)
        except BaseException as error:
            os.write(writing, f"failed {type(error).__name__}: {error}".encode())
        os._exit(1)
    os.close(writing)
    if waits_for_start:
        select.select([reading], [], [], 20)
    time.sleep(wait)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        lines = pipe.read()
    assert "failed" not in lines, lines
    return [(what, int(number)) for what, number in map(str.split, lines.splitlines())]


def check(folder: Path, told: Counter[str]) -> int:
    """The step of the latest checkpoint; everything that is there can be read."""
    state = get_checkpoint_state(str(folder))
    step = 0
    for path in state.all_model_checkpoint_paths if state else []:
        if not os.path.isfile(path + ".index"):
            # An old checkpoint is removed after the list without it is written, or before.
            assert path != state.model_checkpoint_path, f"{path} is listed and not there"
            continue
        reader = load_checkpoint(path)
        step = int(reader.get_tensor("global_step"))
        assert path.endswith(f"-{step}"), (path, step)
        np.testing.assert_array_equal(reader.get_tensor("w"), np.full(SIZE, step, np.float32))
    assert step >= told["saved"], f"step {told['saved']} was saved, {step} is found"
    assert latest_checkpoint(str(folder)) or not told["saved"]
    if told["npz"]:
        reader = load_checkpoint(folder / "model.npz")
        number = int(reader.get_tensor("global_step"))
        assert number >= told["npz"], f"step {told['npz']} was saved, {number} is found"
        np.testing.assert_array_equal(reader.get_tensor("other"),
                                      np.full(SIZE, number, np.float32))
    return step


def main(folder: Path, kills: int, seed: int) -> None:
    """Kills the program so often, and prints what happened."""
    moments = random.Random(seed)
    told: Counter[str] = Counter()
    latest, moment_of_death = 0, Counter[str]()
    tf.get_logger().setLevel("ERROR")
    with tf.Graph().as_default():
        built()[3].export_meta_graph()  # imports what children need: only the parent's last
    for _ in range(kills):
        lines = kill_once(folder, moments.uniform(0.0, 0.2), moments.random() < 0.9)
        if lines:
            assert lines[0] == ("start", latest), (lines[0], latest)
        for what, number in lines:
            told[what] = max(told[what], number)
        moment_of_death[lines[-1][0] if lines else "before it started"] += 1
        latest = check(folder, told)
    print(f"{kills} kills, {latest} steps; killed after: {dict(moment_of_death)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
