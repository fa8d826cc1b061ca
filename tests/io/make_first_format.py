"""Makes files/first_*: checkpoints of TensorFlow's first format, and the graph that reads one.

    python tests/io/make_first_format.py

Needs TensorFlow. `first_whole` is one file; `first_parts-?????-of-00002` are two, for two devices.
`first_whole.meta` is the MetaGraph of a Saver that writes this format.
"""

import os
import shutil
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
FILES = Path(__file__).parent / "files"
VALUES = {
    "v": np.arange(6, dtype=np.float32).reshape(2, 3), "step": np.int32(7),
    "texts": np.array([b"a", b"\0b", b""], object), "half": np.float16([1.5, -2]),
    "flags": np.array([True, False]), "none": np.zeros((0, 3), np.float32),
    "complex": np.complex64([1 + 2j]), "bytes": np.int8([-3, 4]), "double": np.float64(2.5),
    "far": np.int64(-2**40)}


def main():
    for name, array in VALUES.items():
        if array.size:
            tf.get_variable(name, initializer=array.tolist() if array.dtype == object else array,
                            dtype=tf.as_dtype(array.dtype if array.dtype != object else tf.string))
    parts = tf.get_variable("parts", [5, 2], partitioner=tf.fixed_size_partitioner(2),
                            initializer=lambda shape, dtype, partition_info: tf.cast(
                                tf.reshape(tf.range(10), [5, 2]), dtype)[
                                partition_info.var_offset[0]:][:shape[0]])
    with tf.device("/cpu:1"):
        tf.get_variable("there", initializer=np.float32([8, 9]))
    del parts
    with tempfile.TemporaryDirectory() as folder, tf.Session(
            config=tf.ConfigProto(device_count={"CPU": 2})) as session:
        session.run(tf.global_variables_initializer())
        for name, sharded in (("first_whole", False), ("first_parts", True)):
            saver = tf.train.Saver(write_version=tf.train.SaverDef.V1, sharded=sharded)
            saver.save(session, f"{folder}/{name}")
        for path in Path(folder).iterdir():
            if path.name != "checkpoint" and path.name != "first_parts.meta":
                shutil.copy(path, FILES / path.name)


if __name__ == "__main__":
    main()
