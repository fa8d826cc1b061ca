"""Makes tf.tfevents, an event file of every kind of event. Needs TensorFlow; no test runs this."""

import os
import shutil
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
with tempfile.TemporaryDirectory() as logdir, tf.Graph().as_default() as graph:
    x = tf.placeholder(tf.float32, [None], name="x")
    tf.summary.scalar("mean", tf.reduce_mean(x))
    tf.summary.histogram("values", x)
    tf.summary.image("picture", tf.reshape(x, [1, 2, 2, 1]), max_outputs=1)
    tf.summary.audio("sound", tf.reshape(x, [1, 4]), 8000.0)
    tf.summary.text("note", tf.constant("hello"))
    merged = tf.summary.merge_all()
    writer = tf.summary.FileWriter(logdir, graph)
    writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START))
    writer.add_event(tf.Event(wall_time=1.0, step=-1, log_message=tf.LogMessage(
        level=tf.LogMessage.WARN, message="careful")))
    with tf.Session() as session:
        for step in range(3):
            metadata = tf.RunMetadata()
            options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
            summary = session.run(merged, {x: np.arange(4) + step}, options, metadata)
            writer.add_summary(summary, step)
        writer.add_run_metadata(metadata, "last", 2)
    writer.close()
    shutil.copy(next(Path(logdir).iterdir()), Path(__file__).parent / "tf.tfevents")
