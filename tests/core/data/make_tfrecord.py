"""Makes the TFRecord files of this folder. Needs TensorFlow; not run by the tests."""

from pathlib import Path

import tensorflow.compat.v1 as tf

HERE = Path(__file__).parent
for suffix, options in (("", ""), (".z", "ZLIB"), (".gz", "GZIP")):
    with tf.io.TFRecordWriter(str(HERE / f"three.tfrecord{suffix}"), options) as writer:
        for record in (b"", b"one", bytes(range(256)) * 8):
            writer.write(record)
