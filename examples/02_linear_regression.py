"""Linear regression: variables, a gradient, and a step that makes a loss smaller.

You learn what a Variable is (a value that a Session keeps between runs), that `minimize` adds the
gradients and the updates to the same graph, and what a training loop looks like.

The 1,000 samples come from y = 2 x1 - 3.4 x2 + 4.2 plus noise of deviation 0.01, so the truth is
known: after three epochs the loss is about 0.00005, half the noise's variance, and each weight is
within 0.001 of the truth. Prints the loss after each epoch and the weights beside the truth.

    python examples/02_linear_regression.py
"""

import argparse

import numpy as np

import flowgraph as fg
from flowgraph import data

TRUE_W, TRUE_B = np.array([[2.0], [-3.4]], np.float32), 4.2


def samples(count, seed):
    """Features of shape (count, 2), and labels of shape (count, 1) with a little noise."""
    random = np.random.RandomState(seed)
    features = random.normal(size=(count, 2)).astype(np.float32)
    noise = random.normal(scale=0.01, size=(count, 1)).astype(np.float32)
    return features, features @ TRUE_W + np.float32(TRUE_B) + noise


def main():
    parser = argparse.ArgumentParser(description="Linear regression by gradient descent.")
    parser.add_argument("--short", action="store_true", help="one epoch in place of three")
    options = parser.parse_args()

    # The graph: the model, how wrong it is, and one step of learning.
    x = fg.placeholder(fg.float32, [None, 2], name="x")
    y = fg.placeholder(fg.float32, [None, 1], name="y")
    w = fg.Variable(fg.random_normal([2, 1], stddev=0.01, seed=1), name="w")
    b = fg.Variable(fg.zeros([1]), name="b")
    with fg.name_scope("model"):
        prediction = fg.matmul(x, w) + b
    with fg.name_scope("loss"):
        loss = fg.reduce_mean(fg.square(prediction - y)) / 2
    step = fg.train.GradientDescentOptimizer(learning_rate=0.03).minimize(loss)

    features, labels = samples(1000, seed=2)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())  # before this, w and b have no value
        for epoch in range(1 if options.short else 3):
            for batch in data.batches(features, labels, 10, seed=epoch):
                session.run(step, {x: batch[0], y: batch[1]})
            print(f"epoch {epoch + 1}: loss {session.run(loss, {x: features, y: labels}):.6f}")
        learnt_w, learnt_b = session.run([w, b])

    print("\n      learnt     truth     error")
    learnt = [*learnt_w.ravel().tolist(), learnt_b.item()]
    for name, found, truth in zip(("w1", "w2", "b"), learnt, (2.0, -3.4, 4.2), strict=True):
        print(f"{name:<2}  {found:8.5f}  {truth:8.1f}  {abs(found - truth):8.5f}")
    draw("linear_regression.svg")


def draw(path):
    """Draws the default graph where Graphviz is installed."""
    try:
        print("\nWrote", fg.get_default_graph().render(path))
    except fg.errors.MissingDependencyError as problem:
        print("\nNo picture:", problem)


if __name__ == "__main__":
    main()
