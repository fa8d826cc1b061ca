"""A multi-layer perceptron: layers with a bend between them, and why the bend matters.

You learn how a function and name scopes make layers; that a sum of hard sigmoids, the simplest
hidden layer, follows any curve piece by piece; and how ReLU, leaky ReLU, tanh and sigmoid compare.

First fits a sine by hard sigmoids: twice as many bends, a quarter of the error. Then trains on the
4,000 Fashion-MNIST images that come with the package and tests on 1,000 others; `--folder` takes
the full set (four IDX files); --demo reads handwritten digits instead, 15 epochs, to about 94.5 %.
Prints the accuracies each one reaches. Writes mlp_pieces.png (the sine), mlp_curves.png (training)
and mlp_graph.svg (or mlp_graph.dot).

    python examples/05_mlp.py
"""

import argparse
import os
import sys

import numpy as np

import flowgraph as fg
from flowgraph import data

ACTIVATIONS = {"ReLU": fg.nn.relu, "leaky ReLU": fg.nn.leaky_relu, "tanh": fg.nn.tanh,
               "sigmoid": fg.nn.sigmoid}


def pieces(count):
    """A sine over [0, 2 pi] as a constant and `count` hard sigmoids, which rise in turn."""
    knots = np.linspace(0, 2 * np.pi, count + 1)
    with fg.Graph().as_default(), fg.Session() as session:
        x = fg.constant(np.linspace(0, 2 * np.pi, 1001)[:, None])
        # The hidden layer: unit i is 0 before knot i, 1 after knot i + 1, a ramp between them.
        ramps = fg.clip_by_value((x - knots[:-1]) / (knots[1:] - knots[:-1]), 0.0, 1.0)
        # The output layer: each unit's weight is what the curve rises by on its piece.
        curve = fg.matmul(ramps, fg.constant(np.diff(np.sin(knots))[:, None]))
        return session.run([x, ramps, curve, fg.reduce_max(abs(curve - fg.sin(x)))])


def dense(x, size, name, activation=None):
    """A layer: every output sees every input. Its operations stand in a scope of their own."""
    n = x.shape[1].value
    with fg.name_scope(name):
        weights = fg.Variable(fg.truncated_normal([n, size], stddev=(2 / n) ** 0.5), name="weights")
        biases = fg.Variable(fg.zeros([size]), name="biases")
        y = fg.matmul(x, weights) + biases
        return y if activation is None else activation(y)


def train(activation, images, epochs):
    """Builds and trains a model; returns per epoch train and test accuracy, and the graph."""
    history = []
    with fg.Graph().as_default() as graph, fg.Session() as session:
        fg.set_random_seed(1)  # the same numbers in every run
        x = fg.placeholder(fg.float32, [None, 28, 28], name="images")
        labels = fg.placeholder(fg.int64, [None], name="labels")
        hidden = dense(fg.reshape(x, [-1, 784]), 256, "hidden", activation)
        scores = dense(hidden, 10, "output")
        with fg.name_scope("loss"):
            loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
                labels=labels, logits=scores))
        with fg.name_scope("accuracy"):
            correct = fg.equal(fg.argmax(scores, axis=1), labels)
            accuracy = fg.reduce_mean(fg.cast(correct, fg.float32))
        step = fg.train.AdamOptimizer(0.001).minimize(loss)
        session.run(fg.global_variables_initializer())
        for epoch in range(epochs):
            batches = list(data.batches(images.train.images, images.train.labels, 50, seed=epoch))
            for done, (batch_x, batch_y) in enumerate(batches, 1):
                session.run(step, {x: batch_x, labels: batch_y})
                progress(f"epoch {epoch + 1}/{epochs}", done, len(batches))
            history.append([session.run(accuracy, {x: part.images, labels: part.labels})
                            for part in (images.train, images.test)])
    return history, graph


def progress(text, done, of, width=40):
    """A bar that grows on a terminal and is wiped at its end; silent in files and pipes."""
    if sys.stdout.isatty():
        bar = f"{text} [{'#' * (width * done // of):.<{width}}] {done}/{of}"
        print(f"\r{bar if done < of else ' ' * len(bar)}\r", end="", flush=True)


def draw(graph, histories):
    """The graph (without Graphviz as DOT text, which says the same) and the learning curves."""
    try:
        print("Wrote", graph.render("mlp_graph.svg"))
    except fg.errors.MissingDependencyError as problem:
        print(problem)
        print("Wrote", graph.render("mlp_graph.dot"))
    curves = {"test accuracy": {name: [test for _, test in history]
                                for name, history in histories.items()},
              "training accuracy": {name: [right for right, _ in history]
                                    for name, history in histories.items()}}
    try:
        fg.plots.plot_curves(curves, xlabel="epoch").savefig("mlp_curves.png", dpi=90)
        print("Wrote mlp_curves.png")
    except fg.errors.MissingDependencyError as problem:
        print(problem)


def draw_pieces(path, counts):
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        return  # `draw` says how to get it
    figure, axes = plt.subplots(1, len(counts), figsize=(9, 3.2), sharey=True, layout="constrained")
    for axis, count in zip(axes, counts, strict=True):
        x, ramps, curve, error = pieces(count)
        axis.plot(x, ramps, color="lightgrey", linewidth=1)
        axis.plot([], [], color="lightgrey", label="hidden units")
        axis.plot(x, np.sin(x), color="tab:blue", label="sine")
        axis.plot(x, curve, "--", color="tab:red", label="their weighted sum")
        axis.set(title=f"{count} hard sigmoids: error {error:.3f}", xlabel="x")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.savefig(path, dpi=80)


def main():
    parser = argparse.ArgumentParser(description="Multi-layer perceptrons.")
    parser.add_argument("--short", action="store_true", help="two epochs of ReLU and sigmoid")
    parser.add_argument("--demo", action="store_true", help="digits, ReLU only, fifteen epochs")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()
    images = (data.load_mnist if options.demo else data.load_fashion_mnist)(options.folder)
    names = ["ReLU"] if options.demo else ["ReLU", "sigmoid"] if options.short else ACTIVATIONS
    histories = {}
    for name in names:
        epochs = 2 if options.short else 15
        histories[name], graph = train(ACTIVATIONS[name], images, epochs)
        (right, test) = histories[name][-1]
        print(f"{name:>10}, {epochs} epochs: training accuracy {right:.1%}, test {test:.1%}")
    reached = 100 * histories["ReLU"][-1][1]
    if options.demo:
        print(f"The model reads {reached:.1f}% of the test digits, none of which it learnt from.")
        print("The pictures go to", os.getcwd())
    else:
        print(f"result: test accuracy, ReLU = {reached:.1f} %")
        print(f"result: test accuracy, sigmoid = {100 * histories['sigmoid'][-1][1]:.1f} %")
        print(f"result: error of 16 hard sigmoids = {pieces(16)[-1]:.4f}")
        draw_pieces("mlp_pieces.png", (4, 8, 16))
    draw(graph, histories)


if __name__ == "__main__":
    main()
