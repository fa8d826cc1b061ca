"""`tensorflow.examples.tutorials.mnist`: the model in four functions, and the names to import."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.examples.tutorials.mnist import input_data, mnist


def test_the_model_has_tensorflows_names() -> None:
    images = fg.placeholder(fg.float32, [100, mnist.IMAGE_PIXELS])
    logits = mnist.inference(images, 128, 32)
    assert (mnist.NUM_CLASSES, mnist.IMAGE_SIZE) == (10, 28)
    assert logits.name == "softmax_linear/add:0"
    assert [v.op.name for v in fg.global_variables()] == [
        f"{layer}/{kind}" for layer in ("hidden1", "hidden2", "softmax_linear")
        for kind in ("weights", "biases")]


def test_the_model_learns_the_built_in_digits(tmp_path) -> None:
    fg.set_random_seed(1)
    data = input_data.read_data_sets(str(tmp_path))
    images = fg.placeholder(fg.float32, [None, mnist.IMAGE_PIXELS])
    labels = fg.placeholder(fg.int32, [None])
    logits = mnist.inference(images, 64, 32)
    step = mnist.training(mnist.loss(logits, labels), 0.1)
    right = mnist.evaluation(logits, labels)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        for _ in range(300):
            x, y = data.train.next_batch(50)
            session.run(step, {images: x, labels: y})
        found = session.run(right, {images: data.test.images, labels: data.test.labels})
        assert session.run("global_step:0") == 300
    assert found > 850 and np.shape(found) == () and found.dtype == np.int32
    assert len(fg.get_collection(fg.GraphKeys.SUMMARIES)) == 1
