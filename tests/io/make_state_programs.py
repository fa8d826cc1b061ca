"""Makes files/state_programs.json: what TensorFlow gives for graphs that flowgraph wrote.

Needs TensorFlow; run it as `python -m tests.io.make_state_programs`. Each program of
`state_programs` is built by flowgraph, written as a MetaGraphDef, and run by TensorFlow. It is also
built and run by TensorFlow alone, which must give the same. Values that are not numbers are text.
"""

import json
import os
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

import flowgraph as fg
from tests.io.state_programs import PROGRAMS

tf.disable_v2_behavior()


def name_of(element):
    return element if isinstance(element, str) else element.name


def written(build):
    """(MetaGraphDef, runs by names, the initializer's name) of a program."""
    with fg.Graph().as_default():
        runs = [([name_of(t) for t in fetches], {name_of(key): fed for key, fed in feeds.items()})
                for fetches, feeds in build(fg)]
        start = fg.group(fg.global_variables_initializer(), fg.local_variables_initializer()).name
        return fg.train.export_meta_graph().SerializeToString(), runs, start


def results(sess, runs):
    return [[as_json(value) for value in sess.run(fetches, feeds) if value is not None]
            for fetches, feeds in runs]


def as_json(value):
    array = np.asarray(value)
    return array.tolist() if array.dtype.kind in "biuf" else str(array.tolist())


def of_our_graph(build):
    message, runs, start = written(build)
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(tf.MetaGraphDef.FromString(message))
        sess.run(start)
        return results(sess, runs)


def of_tensorflow(build):
    with tf.Graph().as_default(), tf.Session() as sess:
        runs = build(tf)
        sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        return results(sess, runs)


def same(ours, theirs):
    for run, expected in zip(ours, theirs, strict=True):
        for value, other in zip(run, expected, strict=True):
            if isinstance(value, str):
                assert value == other, (value, other)
            else:
                np.testing.assert_allclose(value, other, 1e-5, 1e-6)


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    found = {}
    for name, build in PROGRAMS.items():
        found[name] = of_our_graph(build)
        same(found[name], of_tensorflow(build))
        print(name)
    path = Path(__file__).parent / "files" / "state_programs.json"
    path.write_text(json.dumps(found, separators=(",", ":")) + "\n")
