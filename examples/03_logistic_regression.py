"""Logistic regression: benign or malignant, and why its loss is cross entropy.

You learn how a score becomes a probability (the sigmoid), what cross entropy is, and why squares
are the wrong loss here: where the model is sure and wrong, the gradient of the squared error is
nearly zero, and it never learns better. Cross entropy pushes most exactly there.

Data: 569 breast tumours of Wisconsin, 30 measurements each; every fourth one is kept for testing.
Prints training and test accuracy, for both losses, from a good and a bad start. Writes
logistic_regression_gradients.png (the two gradients), logistic_regression_losses.png (training
accuracy of the four) and logistic_regression_graph.svg.

    python examples/03_logistic_regression.py
"""

import argparse
from pathlib import Path

import numpy as np

import flowgraph as fg

FILE = Path(__file__).parent / "data" / "breast_cancer.csv"
assert FILE.exists(), f"{FILE} is missing: copy examples/data of the repository along"


def tumours():
    """Train and test parts: features of mean 0 and deviation 1, and labels, 1 for malignant."""
    table = np.loadtxt(FILE, delimiter=",", skiprows=1, dtype=np.float32)
    features, malignant = table[:, :-1], 1 - table[:, -1:]  # the file says 0 for malignant
    testing = np.arange(len(table)) % 4 == 0
    mean, deviation = features[~testing].mean(axis=0), features[~testing].std(axis=0)
    features = (features - mean) / deviation  # by what the training part knows: no peeking
    return features[~testing], malignant[~testing], features[testing], malignant[testing]


def cross_entropy(scores, labels):
    return fg.reduce_mean(fg.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=scores))


def squared_error(scores, labels):
    return fg.reduce_mean(fg.square(fg.sigmoid(scores) - labels))


def train(loss_of, start, steps, parts):
    """Trains from a bias of `start`; returns training accuracies, test accuracy, the graph."""
    x_train, y_train, x_test, y_test = parts
    with fg.Graph().as_default() as graph, fg.Session() as session:
        x = fg.placeholder(fg.float32, [None, 30], name="measurements")
        y = fg.placeholder(fg.float32, [None, 1], name="malignant")
        w = fg.Variable(fg.zeros([30, 1]), name="w")
        b = fg.Variable(fg.fill([1], start), name="b")
        scores = fg.add(fg.matmul(x, w), b, name="scores")
        with fg.name_scope("loss"):
            loss = loss_of(scores, y)
        with fg.name_scope("accuracy"):
            accuracy = fg.reduce_mean(fg.cast(fg.equal(scores > 0, y > 0.5), fg.float32))
        step = fg.train.GradientDescentOptimizer(0.3).minimize(loss)
        session.run(fg.global_variables_initializer())
        history = []
        for _ in range(steps):
            session.run(step, {x: x_train, y: y_train})
            history.append(session.run(accuracy, {x: x_train, y: y_train}))
        return history, session.run(accuracy, {x: x_test, y: y_test}), graph


def gradients():
    """Scores from -8 to 8, and the gradient of each loss there, for a label of 1."""
    with fg.Graph().as_default(), fg.Session() as session:
        score = fg.constant(np.linspace(-8, 8, 161))
        one = fg.ones_like(score)
        # `gradients` sums over the losses: without their mean each score has its own gradient.
        entropy = fg.nn.sigmoid_cross_entropy_with_logits(labels=one, logits=score)
        square = fg.square(fg.sigmoid(score) - one)
        return session.run([score, *fg.gradients(entropy, score), *fg.gradients(square, score)])


def draw_graph(graph, path):
    try:
        print("Wrote", graph.render(path, depth=1))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw_gradients(path, score, entropy, square):
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("No picture of the gradients: python -m pip install matplotlib")
        return
    figure, axes = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
    axes.plot(score, entropy, color="tab:blue", label="cross entropy: $p - 1$")
    axes.plot(score, square, color="tab:orange", label="squared error: $2 (p - 1)\\, p\\, (1 - p)$")
    axes.axvspan(-8, -4, color="tab:red", alpha=0.12)
    axes.text(-7.8, -0.5, "sure and wrong:\nsquares say \"stay\"", color="tab:red")
    axes.text(3.2, -0.25, "sure and right:\nboth say \"stay\"", color="tab:green")
    axes.set(xlabel="score, for a label of 1", ylabel="d loss / d score", xlim=(-8, 8))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=100)
    print("Wrote", path)


def draw_losses(path, histories):
    try:
        fg.plots.plot_curves({"share of the training tumours told right": histories}, path,
                             xlabel="step")
        print("Wrote", path)
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def main():
    parser = argparse.ArgumentParser(description="Logistic regression on breast tumours.")
    parser.add_argument("--short", action="store_true", help="30 steps in place of 300")
    options = parser.parse_args()
    steps, parts = 30 if options.short else 300, tumours()
    histories, tested = {}, {}
    for start, where in ((0.0, "good start"), (-15.0, "sure and wrong")):
        for name, loss_of in (("squares", squared_error), ("cross entropy", cross_entropy)):
            history, tested[name, where], graph = train(loss_of, start, steps, parts)
            histories[f"{name}, {where}"] = history
            print(f"{name:>13}, {where:<14}: training {history[-1]:.1%}, "
                  f"test {tested[name, where]:.1%}")
    score, entropy, square = gradients()
    print(f"result: test accuracy = {100 * tested['cross entropy', 'good start']:.1f} %")
    for name in ("cross entropy", "squares"):
        print(f"result: test accuracy of {name}, started sure and wrong = "
              f"{100 * tested[name, 'sure and wrong']:.1f} %")
    print(f"result: gradient of cross entropy at a score of -8 = {entropy[0]:.6f}")
    print(f"result: gradient of squares at a score of -8 = {square[0]:.6f}")
    draw_gradients("logistic_regression_gradients.png", score, entropy, square)
    draw_losses("logistic_regression_losses.png", histories)
    draw_graph(graph, "logistic_regression_graph.svg")


if __name__ == "__main__":
    main()
