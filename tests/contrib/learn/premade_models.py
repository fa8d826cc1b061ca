"""What premade models of tf.contrib.learn compute, built by hand under TensorFlow, as JSON.

`python premade_models.py FILE` writes premade_models.json, with which test_premade.py compares. No
TensorFlow after 1.15 has tf.contrib, so the models are written here with tf.compat.v1 as 1.15 built
them: fully connected layers, the mean loss of a batch, gradients of each part clipped by their
norm together, and then the part's own optimizer. TensorFlow 2.21 wrote the file.
"""

from __future__ import annotations

import json
import sys

import numpy as np

ROWS, STEPS = 16, 5
_RANDOM = np.random.RandomState(1)
X = _RANDOM.uniform(-2, 2, [ROWS, 3]).astype(np.float32)
LABELS = {"two": (X[:, 0] > 0.3).astype(np.int64), "three": _RANDOM.randint(0, 3, ROWS),
          "number": (X[:, 1] * 2 + 1).astype(np.float32)}

# label, hidden units, activation, (part, optimizer, learning rate) of each part, clip norm
CASES = {
    "linear": ("two", None, None, [("linear", "Ftrl", 0.2)], None),
    "linear_clipped": ("three", None, None, [("linear", "GradientDescent", 0.2)], 0.1),
    "linear_numbers": ("number", None, None, [("linear", "Ftrl", 0.2)], None),
    "dnn": ("two", [4, 3], "tanh", [("dnn", "Adam", 0.05)], None),
    "dnn_numbers": ("number", [5], "relu", [("dnn", "Adagrad", 0.05)], 0.5),
    "dnn_of_three": ("three", [4], "sigmoid", [("dnn", "RMSProp", 0.05)], None),
    "both": ("three", [4], "relu", [("dnn", "Adagrad", 0.05), ("linear", "Ftrl", 0.2)], 0.3),
    "both_numbers": ("number", [3], "relu", [("dnn", "Adagrad", 0.05), ("linear", "Ftrl", 0.2)],
                     None),
}


def start(shape):
    """The values that a variable begins with."""
    return (np.cos(np.arange(np.prod(shape))).reshape(shape) * 0.3).astype(np.float32)


def _dense(tf, x, units, activation=None):
    kernel, bias = (tf.Variable(start(shape)) for shape in ([int(x.shape[1]), units], [units]))
    y = tf.nn.bias_add(tf.matmul(x, kernel), bias)
    return (y if activation is None else getattr(tf.nn, activation)(y)), [kernel, bias]


def _losses(tf, label, logits):
    labels = LABELS[label]
    if label == "two":
        return tf.nn.sigmoid_cross_entropy_with_logits(
            labels=labels[:, None].astype(np.float32), logits=logits)
    if label == "three":
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return tf.squared_difference(logits, labels[:, None])


def computed(tf, label, hidden_units, activation, parts, clip_norm):
    """The losses of the steps, and the logits after them."""
    units = 3 if label == "three" else 1
    logits, variables = [], {}
    with tf.Graph().as_default(), tf.Session() as session:
        for part, _, _ in parts:
            net, variables[part] = tf.constant(X), []
            for size in hidden_units if part == "dnn" else ():
                net, new = _dense(tf, net, size, activation)
                variables[part] += new
            net, new = _dense(tf, net, units)
            variables[part] += new
            logits.append(net)
        total = sum(logits[1:], logits[0])
        loss = tf.reduce_mean(_losses(tf, label, total))
        steps = []
        for part, optimizer, rate in parts:
            optimizer = getattr(tf.train, optimizer + "Optimizer")(rate)
            pairs = optimizer.compute_gradients(loss, variables[part])  # before any update
            if clip_norm is not None:
                clipped, _ = tf.clip_by_global_norm([gradient for gradient, _ in pairs], clip_norm)
                pairs = list(zip(clipped, variables[part]))
            steps.append((optimizer, pairs))
        with tf.control_dependencies([gradient for _, pairs in steps for gradient, _ in pairs]):
            step = tf.group(*(optimizer.apply_gradients(pairs) for optimizer, pairs in steps))
        session.run(tf.global_variables_initializer())
        losses = []
        for _ in range(STEPS):
            losses.append(float(session.run(loss)))
            session.run(step)
        return {"losses": losses, "logits": session.run(total).tolist()}


if __name__ == "__main__":
    import tensorflow.compat.v1 as tf
    tf.disable_v2_behavior()
    with open(sys.argv[1], "w") as file:
        json.dump({name: computed(tf, *case) for name, case in CASES.items()}, file, indent=1)
        file.write("\n")
