"""Classics without a gradient: k-means, principal components, and a generative classifier.

You learn that a graph is for more than networks. k-means: a step gives each flower to the nearest
centre and moves the centres to their means. Principal components, twice: power iteration
multiplies a vector by the covariance until only the direction of most spread is left; the singular
value decomposition gives all directions at once. A generative classifier models how each class
looks (a normal distribution each, in closed form) and asks which class explains a sample; logistic
regression, the discriminative one, models only where the border is.

Data: Fisher's 150 irises, without their names for k-means and the components; 569 tumours for the
two classifiers, a third of them for the test. Prints what each finds. Writes classics_graph.svg,
classics_irises.png.

    python examples/29_classics.py
"""

import argparse
from pathlib import Path

import numpy as np

import flowgraph as fg

TUMOURS = Path(__file__).parent / "data" / "breast_cancer.csv"
assert TUMOURS.exists(), f"{TUMOURS} is missing: copy examples/data of the repository along"


def k_means(session, points, count, rounds):
    """Centres, and each point's centre: of 20 beginnings the one that ends nearest."""
    x = fg.constant(points, name="points")
    with fg.name_scope("k_means"):
        start = fg.placeholder(fg.float32, [count, points.shape[1]], name="start")
        centres = fg.Variable(fg.zeros([count, points.shape[1]]), name="centres", trainable=False)
        begin = centres.assign(start)
        distances = fg.reduce_sum(fg.square(x[:, None] - centres[None]), axis=2, name="distances")
        nearest = fg.argmin(distances, axis=1, name="nearest")
        spread = fg.reduce_sum(fg.reduce_min(distances, axis=1), name="spread")
        step = centres.assign(fg.unsorted_segment_sum(x, nearest, count) / fg.maximum(
            fg.unsorted_segment_sum(fg.ones([len(points), 1]), nearest, count), 1.0))
    random, best = np.random.RandomState(1), (np.inf,)
    for _ in range(20):  # each start ends in a minimum of its own
        session.run(begin, {start: points[random.permutation(len(points))[:count]]})
        for _ in range(rounds):
            session.run(step)
        best = min(best, tuple(session.run([spread, centres, nearest])), key=lambda end: end[0])
    return best


def power_iteration(session, points, rounds):
    """The direction of most spread, and the spread along it: one product, repeated by a loop."""
    with fg.name_scope("power_iteration"):
        centred = fg.constant(points - points.mean(axis=0), name="centred")
        covariance = fg.matmul(centred, centred, transpose_a=True) / float(len(points) - 1)
        _, vector = fg.while_loop(
            lambda i, v: i < rounds,
            lambda i, v: (i + 1, fg.nn.l2_normalize(fg.matmul(covariance, v))),
            [0, fg.ones([points.shape[1], 1])])
        spread = fg.reduce_sum(vector * fg.matmul(covariance, vector), name="spread")
    return session.run([vector[:, 0], spread])


def singular_values(session, points):
    """All directions, and the spread along each."""
    with fg.name_scope("decomposition"):
        values, _, directions = fg.linalg.svd(fg.constant(points - points.mean(axis=0)))
        spreads = fg.square(values) / float(len(points) - 1)
    return session.run([fg.transpose(directions), spreads])


def generative(session, x, y, test_x):
    """A normal distribution for each class, one covariance for both: classes of `test_x`."""
    with fg.name_scope("generative"):
        means = [x[y == label].mean(axis=0) for label in (0, 1)]
        within = x - np.where(y[:, None] == 1, means[1], means[0])
        inverse = fg.linalg.inv(fg.constant(within.T @ within / (len(x) - 2)), name="inverse")
        scores = [fg.reduce_sum(fg.matmul(test_x, inverse) * mean, 1)
                  - 0.5 * fg.reduce_sum(fg.matmul(mean[None], inverse) * mean)
                  + np.log(np.mean(y == label)) for label, mean in enumerate(means)]
        return session.run(fg.cast(scores[1] > scores[0], fg.int32))


def discriminative(session, x, y, test_x, steps):
    """Logistic regression: classes of `test_x`."""
    with fg.name_scope("discriminative"):
        weights = fg.Variable(fg.zeros([x.shape[1], 1], fg.float64), name="weights")
        bias = fg.Variable(fg.zeros([1], fg.float64), name="bias")
        loss = fg.reduce_mean(fg.nn.sigmoid_cross_entropy_with_logits(
            labels=y[:, None].astype(float), logits=fg.matmul(x, weights) + bias))
        loss += 0.001 * fg.reduce_sum(fg.square(weights))
        optimizer = fg.train.MomentumOptimizer(0.5, 0.9)
        train = optimizer.minimize(loss)
        session.run(fg.variables_initializer([weights, bias, *optimizer.variables()]))
        for _ in range(steps):
            session.run(train)
        return session.run(fg.cast(fg.matmul(test_x, weights)[:, 0] + bias > 0.0, fg.int32))


def draw(plane, names, nearest, agree):
    """The graph of k-means; the irises in the plane of two components, by kind and by cluster."""
    try:
        fg.get_default_graph().render("classics_graph.svg", "k_means/Assign_1",
                                      name="A round of k-means")
        import matplotlib.pyplot as plt
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)
        return
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.1), layout="constrained", sharey=True)
    for kind, name in enumerate(["setosa", "versicolor", "virginica"]):
        left.plot(*plane[names == kind].T, "o", markersize=4, label=name)
        right.plot(*plane[nearest == kind].T, "s", markersize=4, label=f"cluster {kind + 1}")
    right.plot(*plane[~agree].T, "kx", markersize=8, label="not as the botanist")
    left.set(title="The kinds", xlabel="component 1 (cm)", ylabel="component 2 (cm)")
    right.set(title="What k-means finds", xlabel="component 1 (cm)")
    left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=3)  # beside no points
    right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2)
    figure.savefig("classics_irises.png", dpi=90)


def main():
    parser = argparse.ArgumentParser(description="k-means, components, two classifiers.")
    parser.add_argument("--short", action="store_true", help="few rounds")
    short = parser.parse_args().short
    irises, names = fg.datasets.load_iris()
    irises = irises.astype(np.float32)
    table = np.loadtxt(TUMOURS, delimiter=",", skiprows=1)
    table = table[np.random.RandomState(1).permutation(len(table))]
    (x, test_x), (y, test_y) = np.split(table[:, :-1], [380]), np.split(table[:, -1], [380])
    x, test_x = (x - x.mean(axis=0)) / x.std(axis=0), (test_x - x.mean(axis=0)) / x.std(axis=0)
    with fg.Session() as session:
        spread, _, nearest = k_means(session, irises, 3, 2 if short else 15)
        common = [np.bincount(names[nearest == i], minlength=3).argmax() for i in range(3)]
        agree = np.array(common)[nearest] == names
        vector, along = power_iteration(session, irises, 3 if short else 50)
        directions, spreads = singular_values(session, irises)
        by_class = np.mean(generative(session, x, y, test_x) == test_y)
        by_border = np.mean(discriminative(session, x, y, test_x, 20 if short else 400) == test_y)
    print(f"cosine of the first direction by power iteration and by decomposition: "
          f"{abs(vector @ directions[0]):.6f}; spread {along:.4f} and {spreads[0]:.4f}")
    print(f"result: k-means, squared distances = {spread:.2f} cm2")
    print(f"result: k-means, irises as the botanist = {100 * agree.mean():.1f} %")
    print(f"result: spread along component 1 = {100 * along / spreads.sum():.2f} %")
    print(f"result: test accuracy, generative = {100 * by_class:.1f} %")
    print(f"result: test accuracy, discriminative = {100 * by_border:.1f} %")
    draw((irises - irises.mean(axis=0)) @ directions[:2].T, names, np.array(common)[nearest],
         agree)


if __name__ == "__main__":
    main()
