"""Batch normalization: why a deep network of sigmoids trains at last.

You learn the four lines of batch normalization (mean and variance of a batch, normalize, scale and
shift), why testing needs running averages and `training=`, and that the updates of these averages
have to be run too: they wait in `tf.GraphKeys.UPDATE_OPS`.

The experiment of Ioffe and Szegedy (2015), section 4.1: three hidden layers of 100 sigmoids read
MNIST, batches of 60; with and without. Trains on the 4,000 digits that come with the package, tests
on 1,000; `--folder` takes the full set. Prints test accuracy after each epoch. Writes
batch_norm_accuracy.png (test accuracy), batch_norm_inputs.png (what reaches the last sigmoids while
training) and batch_norm_graph.svg.

    python examples/10_batch_norm.py
"""

import argparse

import numpy as np

import flowgraph as fg
from flowgraph import data


def normalized_by_hand(x, gamma, beta, epsilon=1e-3):
    """Batch normalization in training: over the batch each feature gets mean 0, variance 1."""
    mean = fg.reduce_mean(x, axis=0)
    variance = fg.reduce_mean(fg.square(x - mean), axis=0)
    x = (x - mean) / fg.sqrt(variance + epsilon)
    return gamma * x + beta  # learnt: so that the layer can undo it, if that is better


def compare_with_layers():
    """By how much the formula differs from `tf.layers.batch_normalization`, over one batch."""
    with fg.Graph().as_default(), fg.Session() as session:
        x = fg.constant(np.random.RandomState(0).normal(3, 2, size=[60, 100]).astype(np.float32))
        by_layers = fg.layers.batch_normalization(x, training=True)
        by_hand = normalized_by_hand(x, fg.ones([100]), fg.zeros([100]))
        session.run(fg.global_variables_initializer())
        return session.run(fg.reduce_max(fg.abs(by_hand - by_layers)))


def build(normalize):
    images = fg.placeholder(fg.float32, [None, 28, 28], name="images")
    labels = fg.placeholder(fg.int64, [None], name="labels")
    training = fg.placeholder_with_default(False, [], name="training")
    x = fg.reshape(images, [-1, 784])
    for layer in (1, 2, 3):
        with fg.variable_scope(f"hidden_{layer}"):
            start = fg.random_normal_initializer(stddev=0.1, seed=layer)  # as in the paper: small
            x = fg.layers.dense(x, 100, use_bias=not normalize, kernel_initializer=start)
            if normalize:
                x = fg.layers.batch_normalization(x, momentum=0.9, training=training)
            reaches = x
            x = fg.sigmoid(x)
    start = fg.random_normal_initializer(stddev=0.1, seed=4)
    scores = fg.layers.dense(x, 10, kernel_initializer=start, name="scores")
    with fg.name_scope("loss"):
        loss = fg.losses.sparse_softmax_cross_entropy(labels, scores)
    with fg.name_scope("accuracy"):
        accuracy = fg.reduce_mean(fg.cast(fg.equal(fg.argmax(scores, 1), labels), fg.float32))
    # Without this line the running averages stay at 0 and 1, and testing goes wrong.
    with fg.control_dependencies(fg.get_collection(fg.GraphKeys.UPDATE_OPS)):
        step = fg.train.GradientDescentOptimizer(0.5).minimize(loss)
    return images, labels, training, reaches, accuracy, step


def train(normalize, digits, epochs):
    """Returns test accuracy after each epoch, quantiles of what reaches a sigmoid, the graph."""
    with fg.Graph().as_default() as graph, fg.Session() as session:
        images, labels, training, reaches, accuracy, step = build(normalize)
        session.run(fg.global_variables_initializer())
        testing = {images: digits.test.images, labels: digits.test.labels}
        right, spread = [], []
        for epoch in range(epochs):
            for x, y in data.batches(digits.train.images, digits.train.labels, 60, seed=epoch):
                feed = {images: x, labels: y, training: True}
                values, _ = session.run([reaches, step], feed)
                spread.append(np.percentile(values[:, 0], [15, 50, 85]))  # one typical neuron
            right.append(session.run(accuracy, testing))
            print(f"{'with' if normalize else 'without':>8}, epoch {epoch + 1:2}: "
                  f"test accuracy {right[-1]:.1%}")
        return right, np.array(spread), graph


def draw_graph(graph, path):
    try:
        print("Wrote", graph.render(path, ["accuracy/Mean", "GradientDescent"], depth=0))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw_accuracy(path, right):
    try:
        fg.plots.plot_curves({"test accuracy": right}, xlabel="epoch").savefig(path, dpi=90)
        print("Wrote", path)
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw_inputs(path, spreads):
    """As figure 1 of the paper: how the input of a sigmoid of the last layer moves in training."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        return  # draw_accuracy says how to get it
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True, layout="constrained")
    for axis, (name, spread) in zip(axes, spreads.items(), strict=True):
        axis.fill_between(range(len(spread)), spread[:, 0], spread[:, 2], alpha=0.3,
                          color="tab:blue", label="15 to 85 % of a batch")
        axis.plot(spread[:, 1], color="tab:blue", linewidth=1, label="median")
        axis.set(title=name, xlabel="step", ylim=(-4, 4))
    axes[0].set_ylabel("input of a sigmoid, layer 3")
    axes[0].legend()
    figure.savefig(path, dpi=80)


def main():
    parser = argparse.ArgumentParser(description="Batch normalization.")
    parser.add_argument("--short", action="store_true", help="one epoch in place of ten")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()
    digits, epochs = data.load_mnist(options.folder), 1 if options.short else 10
    difference = compare_with_layers()
    right, spreads = {}, {}
    for name, normalize in (("without", False), ("with batch normalization", True)):
        right[name], spreads[name], graph = train(normalize, digits, epochs)
    best = right["with batch normalization"]
    print(f"result: by hand and tf.layers differ by at most = {difference:.1e}")
    print(f"result: test accuracy with = {100 * best[-1]:.1f} %")
    print(f"result: gain after one epoch = {100 * (best[0] - right['without'][0]):.1f} points")
    draw_accuracy("batch_norm_accuracy.png", right)
    draw_inputs("batch_norm_inputs.png", spreads)
    draw_graph(graph, "batch_norm_graph.svg")


if __name__ == "__main__":
    main()
