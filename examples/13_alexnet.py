"""AlexNet: the network of 2012 in full, and trained at a size that a laptop can.

You learn its eight layers (five convolutions, three poolings, three dense layers with dropout), how
to see a network's sizes before a single number is computed, and why it needed two graphics cards:
the graph knows each tensor's shape, so weights and products can be counted from it.

Krizhevsky, Sutskever and Hinton (2012), in one tower, as it is taught. The full network is built
and counted, not trained. A small one, with a quarter to a sixth of the filters, smaller windows and
dense layers of 256, is then trained on the 4,000 Fashion-MNIST images that come with the package
and tested on 1,000 others; `--folder` takes the full set. Prints the table of layers, and training
and test accuracy after each epoch. Writes alexnet_accuracy.png, alexnet_cost.png (weights and
products of each layer) and alexnet_graph.svg.

    python examples/13_alexnet.py
"""

import argparse

import numpy as np

import flowgraph as fg
from flowgraph import data

# Per convolution: filters, window, stride, padding, and whether pooling follows.
FULL = [(96, 11, 4, "valid", True), (256, 5, 1, "same", True), (384, 3, 1, "same", False),
        (384, 3, 1, "same", False), (256, 3, 1, "same", True)]
SMALL = [(24, 5, 1, "same", True), (48, 5, 1, "same", True), (64, 3, 1, "same", False),
         (64, 3, 1, "same", False), (48, 3, 1, "same", True)]


def alexnet(images, convolutions, dense, classes, training):
    """The network; returns the scores, and per layer its name, output and number of products."""
    x, rows = images, []
    for number, (filters, window, stride, padding, pooled) in enumerate(convolutions, 1):
        start = fg.keras.initializers.he_normal(seed=number)
        x = fg.layers.conv2d(x, filters, window, stride, padding, activation=fg.nn.relu,
                             kernel_initializer=start, name=f"conv{number}")
        kernel = fg.trainable_variables(f"conv{number}")[0]
        positions = x.shape[1].value * x.shape[2].value
        rows.append((f"conv{number}", x, positions * kernel.shape.num_elements()))
        if pooled:
            x = fg.layers.max_pooling2d(x, 3, 2, name=f"pool{number}")  # overlapping, as in 2012
            rows.append((f"pool{number}", x, 0))
    x = fg.layers.flatten(x, name="flatten")
    for number in (6, 7):
        start = fg.keras.initializers.he_normal(seed=number)
        x = fg.layers.dense(x, dense, fg.nn.relu, kernel_initializer=start, name=f"fc{number}")
        rows.append((f"fc{number}", x, fg.trainable_variables(f"fc{number}")[0].shape
                     .num_elements()))
        x = fg.layers.dropout(x, 0.5, training=training, seed=number, name=f"dropout{number}")
    x = fg.layers.dense(x, classes, kernel_initializer=fg.glorot_uniform_initializer(seed=8),
                        name="fc8")
    rows.append(("fc8", x, fg.trainable_variables("fc8")[0].shape.num_elements()))
    return x, rows


def size(scope=None):
    return sum(variable.shape.num_elements() for variable in fg.trainable_variables(scope))


def count_full():
    """Builds the full network, which costs no memory for weights, and prints its layers."""
    with fg.Graph().as_default() as graph:
        images = fg.placeholder(fg.float32, [None, 227, 227, 3], name="images")
        training = fg.placeholder_with_default(False, [], name="training")
        _, rows = alexnet(images, FULL, 4096, 1000, training)
        print("layer   output                weights     products per image")
        for name, output, products in rows:
            print(f"{name:<7} {output.shape!s:<18} {size(name):>10,}  {products:>16,}")
        cost = [(name, size(name), products) for name, _, products in rows if products]
        return graph, size(), cost


def train(clothes, count, epochs):
    """Trains the small one on the first `count` images; returns training and test accuracies."""
    with fg.Graph().as_default(), fg.Session() as session:
        images = fg.placeholder(fg.float32, [None, 28, 28])
        labels = fg.placeholder(fg.int64, [None])
        training = fg.placeholder_with_default(False, [])
        scores, _ = alexnet(images[..., None], SMALL, 256, 10, training)
        loss = fg.losses.sparse_softmax_cross_entropy(labels, scores)
        accuracy = fg.reduce_mean(fg.cast(fg.equal(fg.argmax(scores, 1), labels), fg.float32))
        step = fg.train.AdamOptimizer(1e-3).minimize(loss)
        print(f"The small one has {size():,} weights.")
        session.run(fg.global_variables_initializer())
        x_train, y_train = clothes.train.images[:count], clothes.train.labels[:count]
        parts = {"training": (x_train[:4000], y_train[:4000]),  # of 60,000 that is enough
                 "test": (clothes.test.images, clothes.test.labels)}
        history = {name: [] for name in parts}
        for epoch in range(epochs):
            for x, y in data.batches(x_train, y_train, 50, seed=epoch):
                session.run(step, {images: x, labels: y, training: True})
            for name, (x, y) in parts.items():
                history[name].append(np.mean([
                    session.run(accuracy, {images: x[start:start + 500],
                                           labels: y[start:start + 500]})
                    for start in range(0, len(x), 500)]))
            print(f"epoch {epoch + 1:2}: accuracy",
                  *(f"{name} {right[-1]:.1%}" for name, right in history.items()))
    return history


def draw_graph(graph, path):
    try:
        print("Wrote", graph.render(path, "fc8/BiasAdd", depth=0))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw(history, cost):
    try:
        figure = fg.plots.plot_curves({"accuracy": history}, xlabel="epoch")
        figure.savefig("alexnet_accuracy.png", dpi=80)
        import matplotlib.pyplot as plt
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)
        return
    names, weights, products = zip(*cost, strict=True)
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    for axis, what, values in zip(axes, ("weights", "products per image"), (weights, products),
                                  strict=True):
        colors = ["tab:blue" if name.startswith("conv") else "tab:orange" for name in names]
        axis.barh(names, np.array(values) / 1e6, color=colors)
        axis.invert_yaxis()
        axis.set(title=what, xlabel="millions")
    figure.savefig("alexnet_cost.png", dpi=80)
    print("Wrote alexnet_accuracy.png and alexnet_cost.png")


def main():
    parser = argparse.ArgumentParser(description="AlexNet, in full and small.")
    parser.add_argument("--short", action="store_true", help="one epoch on 200 images")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()
    graph, weights, cost = count_full()
    count, epochs = (200, 1) if options.short else (None, 2 if options.folder else 6)
    history = train(data.load_fashion_mnist(options.folder), count, epochs)
    print(f"result: weights of the full network = {weights}")
    print(f"result: products of the full network = {sum(row[2] for row in cost) / 1e6:.1f} million")
    print(f"result: test accuracy of the small one = {100 * history['test'][-1]:.1f} %")
    draw(history, cost)
    draw_graph(graph, "alexnet_graph.svg")


if __name__ == "__main__":
    main()
