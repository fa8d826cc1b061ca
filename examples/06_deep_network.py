"""A deep network, symbol by symbol: forward and backward by hand, and by `fg.gradients`.

You learn the two sweeps of a network of L layers. Forward, for l = 1 to L:
    Z[l] = A[l-1] W[l] + b[l],  A[l] = relu(Z[l]), and the sigmoid in the last layer.
Backward, for l = L to 1, where m is the number of examples:
    dZ[L] = A[L] - Y,  dZ[l] = dA[l] * (Z[l] > 0),  dW[l] = A[l-1]' dZ[l] / m,
    db[l] = mean of dZ[l],  dA[l-1] = dZ[l] W[l]'.
`fg.gradients` finds the same by walking the graph; nobody has to derive anything.

Data: 569 breast tumours of Wisconsin, 30 measurements each, every fourth for testing. Prints each
symbol's shape, and by how much the two ways differ; then trains with the gradients by hand. Writes
deep_network_training.png (the cost, and the gradients' sizes) and deep_network_graph.svg.

    python examples/06_deep_network.py
"""

import argparse
from pathlib import Path

import numpy as np

import flowgraph as fg

FILE = Path(__file__).parent / "data" / "breast_cancer.csv"
assert FILE.exists(), f"{FILE} is missing: copy examples/data of the repository along"
SIZES = [30, 20, 7, 5, 1]  # n[0] measurements, then the neurons of each layer


def tumours():
    """Train and test parts: features of mean 0 and deviation 1, and labels, 1 for malignant."""
    table = np.loadtxt(FILE, delimiter=",", skiprows=1)
    features, malignant = table[:, :-1], 1 - table[:, -1:]
    testing = np.arange(len(table)) % 4 == 0
    features = (features - features[~testing].mean(axis=0)) / features[~testing].std(axis=0)
    return features[~testing], malignant[~testing], features[testing], malignant[testing]


def forward(x):
    """All W, b, Z and A, as lists whose index is the layer: A[0] is the input, Z[0] not there."""
    last = len(SIZES) - 1
    w, b, z, a = [None], [None], [None], [x]
    for layer in range(1, last + 1):
        n_in, n = SIZES[layer - 1:layer + 1]
        with fg.name_scope(f"layer_{layer}"):
            start = fg.random_normal([n_in, n], stddev=(2 / n_in) ** 0.5, dtype=fg.float64,
                                     seed=layer)
            w.append(fg.Variable(start, name="W"))
            b.append(fg.Variable(fg.zeros([n], fg.float64), name="b"))
            z.append(fg.add(fg.matmul(a[layer - 1], w[layer]), b[layer], name="Z"))
            a.append((fg.sigmoid if layer == last else fg.nn.relu)(z[layer], name="A"))
    return w, b, z, a


def backward(z, a, y, w):
    """dW and db of each layer, by the formulas above; the cost is the mean cross entropy."""
    last = len(w) - 1
    with fg.name_scope("m"):
        m = fg.cast(fg.shape(y)[0], fg.float64)
    dw, db = [None] * (last + 1), [None] * (last + 1)
    da = None
    for layer in range(last, 0, -1):
        with fg.name_scope(f"backward_{layer}"):
            if layer == last:
                dz = a[last] - y  # sigmoid and cross entropy together: all else cancels
            else:
                dz = da * fg.cast(z[layer] > 0, fg.float64)
            dw[layer] = fg.matmul(a[layer - 1], dz, transpose_a=True) / m
            db[layer] = fg.reduce_sum(dz, axis=0) / m
            da = fg.matmul(dz, w[layer], transpose_b=True)
    return dw, db


def descend(variables, gradients, rate):
    """One node that takes a step of gradient descent: an assignment for each variable."""
    with fg.name_scope("descent"):
        updates = [fg.assign_sub(variable, rate * gradient)
                   for variable, gradient in zip(variables, gradients, strict=True)]
        return fg.group(*updates, name="step")


def draw_graph(path, fetches):
    try:
        print("Wrote", fg.get_default_graph().render(path, fetches, depth=0))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw_training(path, costs, sizes):
    """The cost, and how large each layer's gradient is on the way."""
    curves = {"cost": {"training tumours": costs},
              "mean absolute value of dW": {f"layer {layer}": line
                                            for layer, line in enumerate(np.transpose(sizes), 1)}}
    try:
        fg.plots.plot_curves(curves, xlabel="step", log=True).savefig(path, dpi=90)
        print("Wrote", path)
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def main():
    parser = argparse.ArgumentParser(description="A deep network, symbol by symbol.")
    parser.add_argument("--short", action="store_true", help="50 steps in place of 1,000")
    options = parser.parse_args()
    x_train, y_train, x_test, y_test = tumours()

    x = fg.placeholder(fg.float64, [None, SIZES[0]], name="X")
    y = fg.placeholder(fg.float64, [None, 1], name="Y")
    w, b, z, a = forward(x)
    with fg.name_scope("cost"):
        cost = fg.reduce_mean(fg.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=z[-1]))
    dw, db = backward(z, a, y, w)
    by_hand = [*dw[1:], *db[1:]]
    variables = [*w[1:], *b[1:]]
    by_graph = fg.gradients(cost, variables)
    with fg.name_scope("accuracy"):
        accuracy = fg.reduce_mean(fg.cast(fg.equal(a[-1] > 0.5, y > 0.5), fg.float64))
    step = descend(variables, by_hand, rate=0.3)
    dw_sizes = [fg.reduce_mean(fg.abs(gradient)) for gradient in dw[1:]]

    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        training = {x: x_train, y: y_train}
        print("symbol  shape        symbol  shape        largest difference to fg.gradients")
        differences = []
        for layer in range(1, len(SIZES)):
            hand, graph, shape = session.run([by_hand[layer - 1], by_graph[layer - 1],
                                              fg.shape(a[layer])], training)
            differences.append(np.abs(hand - graph).max())
            print(f"A[{layer}]    {tuple(map(int, shape))!s:<12} dW[{layer}]   {hand.shape!s:<12} "
                  f"{differences[-1]:.1e}")
        biases = session.run([by_hand[len(SIZES) - 1:], by_graph[len(SIZES) - 1:]], training)
        differences += [np.abs(hand - graph).max() for hand, graph in zip(*biases, strict=True)]

        costs, sizes = [], []
        for _ in range(50 if options.short else 1000):
            now, size, _ = session.run([cost, dw_sizes, step], training)
            costs.append(now)
            sizes.append(size)
        right = session.run(accuracy, {x: x_test, y: y_test})
    print(f"cost: {costs[0]:.3f} before training, {costs[-1]:.4f} after")
    print(f"result: largest difference to fg.gradients = {max(differences):.1e}")
    print(f"result: cost after training = {costs[-1]:.4f}")
    print(f"result: test accuracy = {100 * right:.1f} %")
    draw_training("deep_network_training.png", costs, sizes)
    draw_graph("deep_network_graph.svg", by_hand)


if __name__ == "__main__":
    main()
