"""Under- and over-fitting: bias and variance, and what helps: L1, L2, dropout, stopping in time.

You learn to tell the two ways to be wrong: a stiff model misses the truth in the same way each time
(bias), a free one follows the noise of each sample (variance). Then what a validation set is for:
it chooses the cure and when to stop, so that the test set has no say and can judge the choice.

First 100 made-up samples of 25 noisy points of a sine are fitted, each with a weak to strong L2
penalty, in closed form (Bishop, Pattern Recognition and Machine Learning, section 3.2). Then a
perceptron of 256 hidden units learns only 300 of the Fashion-MNIST images of the package, is
validated on 1,000 and tested on 1,000 others. Prints training and test accuracies. Writes
overfitting_bias_variance.png, overfitting_curves.png and overfitting_graph.svg.

    python examples/08_overfitting.py
"""

import argparse

import numpy as np

import flowgraph as fg
from flowgraph import data

PENALTIES = np.linspace(-6, 3, 19)  # ln of the strength of L2
CURES = {"none": {}, "L1": {"l1": 3e-4}, "L2": {"l2": 1e-2}, "dropout": {"drop": 0.6}}


def bias_variance(samples, count=25, noise=0.3):
    """Bias squared, variance and mean squared error, per penalty; and the fits of each sample."""
    random = np.random.RandomState(0)
    grid = np.linspace(0, 1, 101)
    x = random.uniform(size=[samples, count])
    y = np.sin(2 * np.pi * x) + noise * random.normal(size=[samples, count])

    def bumps(points):  # 24 Gaussian bumps and a constant: free enough to follow the noise
        centers = fg.constant(np.linspace(0, 1, 24))
        heights = fg.exp(-fg.square(fg.constant(points)[..., None] - centers) / (2 * 0.1 ** 2))
        return fg.concat([heights, fg.ones_like(heights[..., :1])], axis=-1)

    with fg.Graph().as_default(), fg.Session() as session:
        strength = fg.placeholder(fg.float64, [])
        features, labels = bumps(x), fg.constant(y[..., None])
        # All samples at once: (X'X + strength I) w = X'y, a batch of small systems.
        normal = fg.matmul(features, features, transpose_a=True)
        weights = fg.matrix_solve(normal + strength * fg.eye(25, dtype=fg.float64),
                                  fg.matmul(features, labels, transpose_a=True))
        fits = fg.squeeze(fg.matmul(fg.tile(bumps(grid)[None], [samples, 1, 1]), weights), axis=2)
        truth = fg.constant(np.sin(2 * np.pi * grid))
        mean, variance = fg.nn.moments(fits, axes=[0])
        results = [fg.reduce_mean(fg.square(mean - truth)), fg.reduce_mean(variance),
                   fg.reduce_mean(fg.square(fits - truth))]
        rows = [session.run([fits, *results], {strength: np.exp(one)}) for one in PENALTIES]
    return grid, [row[0] for row in rows], np.array([row[1:] for row in rows])


def train(clothes, epochs, l1=0.0, l2=0.0, drop=0.0):
    """Accuracies (training, validation, test) after each epoch, and the graph."""
    with fg.Graph().as_default() as graph, fg.Session() as session:
        images = fg.placeholder(fg.float32, [None, 28, 28], name="images")
        labels = fg.placeholder(fg.int64, [None], name="labels")
        rate = fg.placeholder_with_default(0.0, [], name="dropout_rate")
        penalty = fg.contrib.layers.l1_l2_regularizer(l1, l2) if l1 + l2 else None
        start = fg.glorot_uniform_initializer
        pixels = fg.reshape(images, [-1, 784])
        hidden = fg.layers.dense(pixels, 256, fg.nn.relu, kernel_initializer=start(seed=1),
                                 kernel_regularizer=penalty, name="hidden")
        kept = fg.nn.dropout(hidden, rate=rate, seed=3, name="dropout")
        scores = fg.layers.dense(kept, 10, kernel_initializer=start(seed=2),
                                 kernel_regularizer=penalty, name="scores")
        with fg.name_scope("loss"):
            fg.losses.sparse_softmax_cross_entropy(labels, scores)
            loss = fg.losses.get_total_loss()  # with the penalties, which are collected as well
        with fg.name_scope("accuracy"):
            accuracy = fg.reduce_mean(fg.cast(fg.equal(fg.argmax(scores, 1), labels), fg.float32))
        step = fg.train.AdamOptimizer(1e-3).minimize(loss)
        session.run(fg.global_variables_initializer())
        x, y = clothes.train.images, clothes.train.labels
        parts = (x[:300], y[:300]), (x[-1000:], y[-1000:]), (clothes.test.images,
                                                             clothes.test.labels)
        history = []
        for epoch in range(epochs):
            for batch_x, batch_y in data.batches(*parts[0], 50, seed=epoch):
                session.run(step, {images: batch_x, labels: batch_y, rate: drop})
            history.append([session.run(accuracy, {images: x, labels: y}) for x, y in parts])
    return 100 * np.array(history), graph


def draw_graph(graph, path):
    try:
        print("Wrote", graph.render(path, ["accuracy/Mean", "Adam"], depth=0))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw(grid, fits, errors, histories):
    try:
        curves = {what: {name: history[:, part] for name, history in histories.items()}
                  for what, part in (("training accuracy (%)", 0), ("validation accuracy (%)", 1))}
        fg.plots.plot_curves(curves, xlabel="epoch").savefig("overfitting_curves.png", dpi=85)
        import matplotlib.pyplot as plt
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)
        return
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
    for axis, row, what in ((axes[0], -1, "too stiff: bias"), (axes[1], 0, "too free: variance")):
        axis.plot(grid, fits[row][:12].T, color="tab:orange", linewidth=0.7)
        axis.plot(grid, np.sin(2 * np.pi * grid), color="tab:green", linewidth=2, label="truth")
        axis.plot(grid, fits[row].mean(axis=0), "--", color="tab:red", label="mean of 100 fits")
        axis.set(title=f"ln λ = {PENALTIES[row]:.0f}, {what}", ylim=(-1.8, 1.8), xlabel="x")
        axis.legend(fontsize="small", loc="lower left")
    for column, name in enumerate(("bias²", "variance", "error = bias² + variance")):
        axes[2].plot(PENALTIES, errors[:, column], label=name)
    axes[2].set(title="what the error is made of", xlabel="ln λ", ylim=(0, None))
    axes[2].legend(fontsize="small")
    figure.savefig("overfitting_bias_variance.png", dpi=80)
    print("Wrote overfitting_bias_variance.png and overfitting_curves.png")


def main():
    parser = argparse.ArgumentParser(description="Under- and over-fitting.")
    parser.add_argument("--short", action="store_true", help="three epochs in place of 60")
    options = parser.parse_args()
    grid, fits, errors = bias_variance(100)
    best = PENALTIES[errors[:, 2].argmin()]
    clothes, histories, ends = data.load_fashion_mnist(), {}, {}
    for name, cure in CURES.items():
        histories[name], graph = train(clothes, 3 if options.short else 60, **cure)
        ends[name] = histories[name][-1]
    stop = histories["none"][:, 1].argmax()  # chosen by the validation set, not by the test set
    ends[f"stopped after epoch {stop + 1}"] = histories["none"][stop]
    for name, (right, validated, tested) in ends.items():
        print(f"{name:<22} training {right:5.1f} %, validation {validated:.1f} %, "
              f"test {tested:.1f} %")
    best_cure = max(ends, key=lambda name: ends[name][1])
    print("The validation set chooses:", best_cure)
    print(f"result: error less bias and variance = {np.ptp(errors @ [1, 1, -1]):.1e}")
    print(f"result: ln of the best penalty = {best:.1f}")
    print(f"result: training accuracy without a cure = {ends['none'][0]:.1f} %")
    print(f"result: test accuracy without a cure = {ends['none'][2]:.1f} %")
    gain = ends[best_cure][2] - ends["none"][2]
    print(f"result: test accuracy, best cure less none = {gain:.1f} points")
    draw(grid, fits, errors, histories)
    draw_graph(graph, "overfitting_graph.svg")


if __name__ == "__main__":
    main()
