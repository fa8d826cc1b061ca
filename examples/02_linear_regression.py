"""Linear regression, three times: solved, descended by hand, and with an optimizer.

You learn the model of a price, price = w_area * area + w_age * age + b, that its best weights have
a closed form, how gradient descent finds the same ones with two formulas, and that `minimize` adds
these formulas and the updates to the graph by itself.

Data: 1,000 made-up samples of y = 2 x1 - 3.4 x2 + 4.2 with noise of deviation 0.01, where the truth
is known; then 506 real districts of Boston: rooms per house for the area, age, price in $1,000.
Prints the weights that each way finds. The loss on the made-up samples ends at 0.00005, half the
noise's variance. Writes linear_regression_graph.svg and linear_regression_houses.png (the fit).

    python examples/02_linear_regression.py
"""

import argparse

import numpy as np

import flowgraph as fg
from flowgraph import data


def made_up(count, seed):
    """Features of shape (count, 2), and labels of shape (count, 1) with a little noise."""
    random = np.random.RandomState(seed)
    features = random.normal(size=(count, 2))
    noise = random.normal(scale=0.01, size=(count, 1))
    return features, features @ [[2.0], [-3.4]] + 4.2 + noise


def houses():
    """Rooms and age, each with mean 0 and deviation 1 so that one rate suits both, and prices."""
    table = fg.datasets.load_boston()
    features = table.data[:, [5, 6]]
    return (features - features.mean(axis=0)) / features.std(axis=0), table.target[:, None]


def closed_form(features, labels):
    """Where the gradient is zero: (X'X) w = X'y, with a column of ones for the bias."""
    with fg.Graph().as_default(), fg.Session() as session:
        x = fg.constant(np.hstack([features, np.ones_like(labels)]))
        y = fg.constant(labels)
        normal = fg.matmul(x, x, transpose_a=True)
        return session.run(fg.matrix_solve(normal, fg.matmul(x, y, transpose_a=True))).ravel()


def by_hand(features, labels, epochs, rate):
    """Gradient descent in plain NumPy: what the optimizer will do in the graph."""
    w, b = np.zeros([2, 1]), 0.0
    for epoch in range(epochs):
        for x, y in data.batches(features, labels, 10, seed=epoch):
            error = x @ w + b - y            # loss = mean(error ** 2) / 2
            w = w - rate * x.T @ error / len(x)     # d loss / d w
            b = b - rate * error.mean()             # d loss / d b
    return np.array([*w.ravel(), b])


def with_optimizer(features, labels, epochs, rate):
    """The same as a graph; returns the weights, the loss after each epoch, and the graph."""
    with fg.Graph().as_default() as graph, fg.Session() as session:
        x = fg.placeholder(fg.float64, [None, 2], name="x")
        y = fg.placeholder(fg.float64, [None, 1], name="y")
        w = fg.Variable(fg.zeros([2, 1], fg.float64), name="w")
        b = fg.Variable(fg.zeros([1], fg.float64), name="b")
        with fg.name_scope("model"):
            prediction = fg.matmul(x, w) + b
        with fg.name_scope("loss"):
            loss = fg.reduce_mean(fg.square(prediction - y)) / 2
        step = fg.train.GradientDescentOptimizer(rate).minimize(loss)
        session.run(fg.global_variables_initializer())  # before this, w and b have no value
        losses = []
        for epoch in range(epochs):
            for batch_x, batch_y in data.batches(features, labels, 10, seed=epoch):
                session.run(step, {x: batch_x, y: batch_y})
            losses.append(session.run(loss, {x: features, y: labels}))
            if epoch < 3 or epoch == epochs - 1:
                print(f"  epoch {epoch + 1:2}: loss {losses[-1]:.6f}")
        return np.concatenate([session.run(w).ravel(), session.run(b)]), losses, graph


def draw_graph(graph, path):
    try:
        print("Wrote", graph.render(path))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw_houses(path, features, prices, weights):
    """The price against the number of rooms, and what the model says against what was paid."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("No picture of the fit: python -m pip install matplotlib")
        return
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    points = left.scatter(features[:, 0], prices[:, 0], 9, c=features[:, 1], cmap="viridis")
    rooms = np.array([features[:, 0].min(), features[:, 0].max()])
    for age, style in ((-1.5, ":"), (1.0, "-")):
        left.plot(rooms, weights[0] * rooms + weights[1] * age + weights[2], style, color="tab:red",
                  label=f"the model, age {age:+.1f}")
    left.set(xlabel="rooms (deviations from the mean)", ylabel="price ($1,000)")
    left.legend()
    figure.colorbar(points, ax=left, label="age (deviations from the mean)")
    right.scatter(prices, features @ weights[:2] + weights[2], 9, color="tab:blue")
    right.plot([0, 50], [0, 50], color="grey", label="as paid")
    right.set(xlabel="price paid ($1,000)", ylabel="price predicted ($1,000)")
    right.legend()
    figure.savefig(path, dpi=70)
    print("Wrote", path)


def main():
    parser = argparse.ArgumentParser(description="Linear regression, three times.")
    parser.add_argument("--short", action="store_true", help="fewer epochs")
    options = parser.parse_args()
    found, mean_error = {}, {}
    for name, (features, labels), names, rate, epochs in (
            ("made-up samples", made_up(1000, seed=2), ("w1", "w2", "b"), 0.03, 3),
            ("houses of Boston", houses(), ("w_area", "w_age", "b"), 0.003, 40)):
        print(f"\n{name}:")
        epochs = 1 if options.short else epochs
        learnt, losses, graph = with_optimizer(features, labels, epochs, rate)
        ways = {"closed form": closed_form(features, labels),
                "by hand": by_hand(features, labels, epochs, rate), "optimizer": learnt}
        print(" " * 12, *(f"{weight:>9}" for weight in names))
        for way, weights in ways.items():
            print(f"{way:<12}", *(f"{weight:9.4f}" for weight in weights))
        found[name] = ways
        mean_error[name] = losses[-1]
    print()
    truth = found["made-up samples"]["optimizer"] - [2.0, -3.4, 4.2]
    explained = 1 - 2 * mean_error["houses of Boston"] / labels.var()
    by_hand_differs = max(abs(ways["by hand"] - ways["optimizer"]).max() for ways in found.values())
    print(f"result: largest error of a weight, made-up samples = {abs(truth).max():.5f}")
    print(f"result: loss, made-up samples = {mean_error['made-up samples']:.7f}")
    print(f"result: by hand and optimizer differ by at most = {by_hand_differs:.2g}")
    print(f"result: R squared, houses of Boston = {explained:.4f}")
    draw_graph(graph, "linear_regression_graph.svg")
    draw_houses("linear_regression_houses.png", features, labels, learnt)


if __name__ == "__main__":
    main()
