"""A multi-layer perceptron reads handwritten digits.

You learn how a function and name scopes make layers, and how to follow a training: a progress bar,
curves of loss and accuracy, a picture of the graph.

Trains on the 4,000 MNIST digits that come with the package and tests on 1,000 others; `--folder`
takes the full MNIST (four IDX files). Prints losses and accuracies after each epoch; with --demo it
ends at about 94.5 % of the test digits. Writes curves.png, and graph.svg (or graph.dot).

    python examples/05_mlp.py --demo
"""

import argparse
import os
import sys
from types import SimpleNamespace

import flowgraph as fg
from flowgraph import data


def dense(x, size, name, activation=None):
    """A layer: every output sees every input. Its operations stand in a scope of their own."""
    n = x.shape[1].value
    with fg.name_scope(name):
        weights = fg.Variable(fg.truncated_normal([n, size], stddev=(2 / n) ** 0.5), name="weights")
        biases = fg.Variable(fg.zeros([size]), name="biases")
        y = fg.matmul(x, weights) + biases
        return y if activation is None else activation(y)


def build():
    """The model: placeholders, what is measured, and the training step."""
    images = fg.placeholder(fg.float32, [None, 28, 28], name="images")
    labels = fg.placeholder(fg.int64, [None], name="labels")
    hidden = dense(fg.reshape(images, [-1, 784]), 512, "hidden", fg.nn.relu)
    scores = dense(hidden, 10, "output")
    with fg.name_scope("loss"):
        loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
            labels=labels, logits=scores))
    with fg.name_scope("accuracy"):
        correct = fg.equal(fg.argmax(scores, axis=1), labels)
        accuracy = fg.reduce_mean(fg.cast(correct, fg.float32))
    step = fg.train.AdamOptimizer(0.001).minimize(loss)
    return SimpleNamespace(images=images, labels=labels, loss=loss, accuracy=accuracy, step=step)


def train(model, digits, epochs):
    """Trains; returns per epoch train loss, train accuracy, test loss, test accuracy."""
    history = []
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        for epoch in range(epochs):
            batches = list(data.batches(digits.train.images, digits.train.labels, 50, seed=epoch))
            for done, (x, y) in enumerate(batches, 1):
                session.run(model.step, {model.images: x, model.labels: y})
                progress(f"epoch {epoch + 1}/{epochs}", done, len(batches))
            (loss, right), (test_loss, test_right) = [
                session.run([model.loss, model.accuracy],
                            {model.images: part.images, model.labels: part.labels})
                for part in (digits.train, digits.test)]
            history.append((loss, right, test_loss, test_right))
            print(f"epoch {epoch + 1:2}: train loss {loss:.4f}, accuracy {right:.1%}; "
                  f"test loss {test_loss:.4f}, accuracy {test_right:.1%}")
    return history


def progress(text, done, of, width=40):
    """A bar that grows on a terminal and is wiped at its end; silent in files and pipes."""
    if sys.stdout.isatty():
        bar = f"{text} [{'#' * (width * done // of):.<{width}}] {done}/{of}"
        print(f"\r{bar if done < of else ' ' * len(bar)}\r", end="", flush=True)


def draw_graph():
    """Draws the graph; without Graphviz as DOT text, which says the same."""
    try:
        return fg.get_default_graph().render("graph.svg")
    except fg.errors.MissingDependencyError as problem:
        print(problem)
        return fg.get_default_graph().render("graph.dot")


def draw_curves(history, path="curves.png"):
    """Loss and accuracy over the epochs, on the digits learnt from and on the others."""
    loss, right, test_loss, test_right = zip(*history, strict=True)
    curves = {"loss": {"training digits": loss, "test digits": test_loss},
              "accuracy": {"training digits": right, "test digits": test_right}}
    try:
        return fg.plots.plot_curves(curves, path, xlabel="epoch")
    except fg.errors.MissingDependencyError as problem:
        print(problem)
        return None


def main():
    parser = argparse.ArgumentParser(description="A multi-layer perceptron reads digits.")
    parser.add_argument("--short", action="store_true", help="two epochs")
    parser.add_argument("--demo", action="store_true", help="fifteen epochs (default: five)")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()
    fg.set_random_seed(1)  # the same numbers in every run
    history = train(build(), data.load_mnist(options.folder),
                    2 if options.short else 15 if options.demo else 5)
    print(f"The model reads {history[-1][3]:.1%} of the test digits, none of which it learnt from.")
    for path in filter(None, (draw_graph(), draw_curves(history))):
        print("Wrote", os.path.abspath(path))


if __name__ == "__main__":
    main()
