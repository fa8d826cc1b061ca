"""Initialization: zeros learn nothing, and the right spread keeps a deep network alive.

You learn why weights start as random numbers: with zeros all neurons of a layer are equal, get
equal gradients, and stay equal. And how large they must be: too small, and the signal dies out from
layer to layer; too large, and it explodes. Xavier Glorot's variance 2 / (n_in + n_out) keeps it
alive through tanh, Kaiming He's 2 / n_in through ReLU, which stops one half.

Data: 4,000 MNIST digits to train on and 1,000 to test, which come with the package; `--folder`
takes the full set. A network of eight hidden layers is built once and started in five ways. Prints
how far the activations spread before training, and what each start reaches. Writes
initialization_activations.png, initialization_losses.png and initialization_graph.svg.

    python examples/07_initialization.py
"""

import argparse

import numpy as np

import flowgraph as fg
from flowgraph import data

LAYERS, WIDTH = 8, 128
# How wide the weights of a layer spread, of as many inputs as outputs, and what bends its output.
STARTS = {
    "zeros, ReLU": (lambda n_in, n_out: 0.0, fg.nn.relu),
    "0.01, ReLU": (lambda n_in, n_out: 0.01, fg.nn.relu),
    "1, tanh": (lambda n_in, n_out: 1.0, fg.nn.tanh),
    "Xavier, tanh": (lambda n_in, n_out: (2 / (n_in + n_out)) ** 0.5, fg.nn.tanh),
    "He, ReLU": (lambda n_in, n_out: (2 / n_in) ** 0.5, fg.nn.relu),
}


def build(spread, bend):
    """A deep network; returns its placeholders, all hidden activations, loss, accuracy, a step."""
    images = fg.placeholder(fg.float32, [None, 28, 28], name="images")
    labels = fg.placeholder(fg.int64, [None], name="labels")
    # Pixels of mean 0 and mean square 1, as the formulas of Glorot and He take for granted.
    a = (fg.reshape(images, [-1, 784], name="pixels") - 0.13) / 0.31
    hidden = []
    for layer in range(1, LAYERS + 1):
        n_in = a.shape[1].value
        start = fg.random_normal_initializer(stddev=spread(n_in, WIDTH), seed=layer)
        a = fg.layers.dense(a, WIDTH, bend, kernel_initializer=start, name=f"hidden_{layer}")
        hidden.append(a)
    start = fg.random_normal_initializer(stddev=spread(WIDTH, 10), seed=0)
    scores = fg.layers.dense(a, 10, kernel_initializer=start, name="scores")
    with fg.name_scope("loss"):
        loss = fg.losses.sparse_softmax_cross_entropy(labels, scores)
    with fg.name_scope("accuracy"):
        accuracy = fg.reduce_mean(fg.cast(fg.equal(fg.argmax(scores, 1), labels), fg.float32))
    step = fg.train.GradientDescentOptimizer(0.05).minimize(loss)
    return images, labels, hidden, loss, accuracy, step


def train(name, digits, epochs):
    """Returns activations before training, losses, test accuracy, distinct neurons, the graph."""
    with fg.Graph().as_default() as graph, fg.Session() as session:
        images, labels, hidden, loss, accuracy, step = build(*STARTS[name])
        session.run(fg.global_variables_initializer())
        before = session.run(hidden, {images: digits.test.images[:300]})
        losses = [session.run(loss, {images: digits.train.images, labels: digits.train.labels})]
        for epoch in range(epochs):
            total = 0.0
            for x, y in data.batches(digits.train.images, digits.train.labels, 50, seed=epoch):
                total += session.run([loss, step], {images: x, labels: y})[0] * len(x)
            losses.append(total / len(digits.train))
        right = session.run(accuracy, {images: digits.test.images, labels: digits.test.labels})
        first_layer = session.run(fg.trainable_variables()[0])
        return before, losses, right, len(np.unique(first_layer, axis=1).T), graph


def draw_graph(graph, path):
    try:
        print("Wrote", graph.render(path, ["accuracy/Mean", "GradientDescent"], depth=0))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw_losses(path, losses):
    shown = {name: (range(len(line)), np.minimum(line, 5))  # epoch 0: before training
             for name, line in losses.items()}
    try:
        figure = fg.plots.plot_curves({"loss (above 5 cut off; ln 10 = 2.30 is guessing)": shown},
                                      xlabel="epoch")
        figure.savefig(path, dpi=90)
        print("Wrote", path)
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw_activations(path, before):
    """Histograms of the activations before training, a row per start, a column per layer."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("No picture of the activations: python -m pip install matplotlib")
        return
    shown = [0, 1, 3, 5, 7]
    figure, axes = plt.subplots(len(before), len(shown), figsize=(9, 6.5), layout="constrained")
    for row, (name, layers) in zip(axes, before.items(), strict=True):
        for axis, layer in zip(row, shown, strict=True):
            values = layers[layer].ravel()
            top = 1.0 if "tanh" in name else 4.0
            axis.hist(np.clip(values, -top, top), bins=30, range=(-top, top), color="tab:blue")
            axis.set(yticks=[], xlim=(-top, top))
            axis.set_title(f"deviation {values.std():.1g}", fontsize="small")
            axis.tick_params(labelsize="small")
        row[0].set_ylabel(name)
    for axis, layer in zip(axes[-1], shown, strict=True):
        axis.set_xlabel(f"layer {layer + 1}")
    figure.savefig(path, dpi=80)
    print("Wrote", path)


def main():
    parser = argparse.ArgumentParser(description="How to start a deep network.")
    parser.add_argument("--short", action="store_true", help="one epoch in place of eight")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()
    digits = data.load_mnist(options.folder)
    before, losses, right, distinct = {}, {}, {}, {}
    print("start          deviation of layer 1, of layer 8   loss      test accuracy")
    for name in STARTS:
        before[name], losses[name], right[name], distinct[name], graph = train(
            name, digits, 1 if options.short else 8)
        print(f"{name:<14} {before[name][0].std():>20.3g} {before[name][-1].std():>13.3g}   "
              f"{losses[name][-1]:<9.4f} {right[name]:.1%}")
    he, small = before["He, ReLU"], before["0.01, ReLU"]
    print(f"result: different neurons in layer 1, from zeros = {distinct['zeros, ReLU']}")
    print(f"result: loss, from zeros = {losses['zeros, ReLU'][-1]:.3f}")
    print(f"result: test accuracy, Xavier and tanh = {100 * right['Xavier, tanh']:.1f} %")
    print(f"result: test accuracy, He and ReLU = {100 * right['He, ReLU']:.1f} %")
    print(f"result: signal of layer 8 over layer 1, He = {he[7].std() / he[0].std():.3f}")
    print(f"result: signal of layer 8 over layer 1, 0.01 = {small[7].std() / small[0].std():.2g}")
    draw_activations("initialization_activations.png", before)
    draw_losses("initialization_losses.png", losses)
    draw_graph(graph, "initialization_graph.svg")


if __name__ == "__main__":
    main()
