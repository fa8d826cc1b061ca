"""Auto-encoders: a network that squeezes a digit through two numbers, and one that invents digits.

You learn that a network can learn without labels: an encoder makes a code of few numbers of a
picture, a decoder makes the picture again. Without bends this is principal component analysis,
known in closed form; the network's bends do better. The variational auto-encoder makes the code a
cloud instead of a point (mean and spread; the draw is `mean + spread * noise`, so that gradients
pass) and pays for each cloud's distance from the standard normal distribution. So there are no gaps
between the clouds, and a code drawn at random becomes a digit.

Data: 4,000 + 1,000 MNIST digits; `--folder` takes the full set. Prints the squared error per pixel
beside that of the closed form, and the variational bound in nats (about 165). Writes
autoencoders_graph.svg, autoencoders_digits.png, autoencoders_codes.png.

    python examples/25_autoencoders.py
"""

import argparse

import numpy as np

import flowgraph as fg
from flowgraph import data

CODE = 2  # numbers that a digit is squeezed into: two can be drawn


def encoder(images, outputs):
    hidden = fg.layers.dense(images, 256, fg.nn.relu, name="hidden1")
    hidden = fg.layers.dense(hidden, 128, fg.nn.relu, name="hidden2")
    return fg.layers.dense(hidden, outputs, name="code")


def decoder(code):
    hidden = fg.layers.dense(code, 128, fg.nn.relu, name="hidden1")
    hidden = fg.layers.dense(hidden, 256, fg.nn.relu, name="hidden2")
    return fg.layers.dense(hidden, 784, name="pixels")


class Autoencoder:
    """Learns to give back what it was given."""

    def __init__(self, images):
        with fg.variable_scope("encoder"):
            self.code = encoder(images, CODE)
        with fg.variable_scope("decoder"):
            self.pictures = fg.sigmoid(decoder(self.code), name="pictures")
        self.loss = fg.reduce_mean(fg.squared_difference(self.pictures, images), name="loss")
        self.train = fg.train.AdamOptimizer(0.001).minimize(self.loss)


class VariationalAutoencoder:
    """Learns clouds of codes, and to give back what it was given from a draw out of its cloud."""

    def __init__(self, images):
        with fg.variable_scope("encoder"):
            self.code, log_variance = fg.split(encoder(images, 2 * CODE), 2, axis=1)
        with fg.name_scope("draw"):
            noise = fg.random_normal(fg.shape(self.code), seed=2)
            code = self.code + fg.exp(0.5 * log_variance) * noise
        with fg.variable_scope("decoder"):
            scores = decoder(code)
        self.pictures = fg.sigmoid(scores, name="pictures")
        with fg.name_scope("loss"):  # Kingma and Welling, "Auto-Encoding Variational Bayes", 2013
            pixels = fg.reduce_sum(fg.nn.sigmoid_cross_entropy_with_logits(
                labels=images, logits=scores), axis=1, name="pixels")
            with fg.name_scope("distance"):
                distance = 0.5 * fg.reduce_sum(
                    fg.square(self.code) + fg.exp(log_variance) - 1.0 - log_variance, axis=1)
            self.loss = fg.reduce_mean(pixels + distance, name="bound")
        with fg.variable_scope("decoder", reuse=True):  # the same weights, for codes we choose
            self.chosen = fg.placeholder(fg.float32, [None, CODE], name="chosen")
            self.invented = fg.sigmoid(decoder(self.chosen))
        self.train = fg.train.AdamOptimizer(0.001).minimize(self.loss)


def learn(name, model, images, train, test, epochs, session):
    """Trains a model without labels."""
    session.run(fg.global_variables_initializer())
    nothing = np.zeros(len(train), int)  # in place of labels
    for epoch in range(epochs):
        for x, _ in data.batches(train, nothing, 100, seed=epoch):
            session.run(model.train, {images: x})
        if epoch % 10 == 9:
            print(name, "epoch", epoch + 1, "test loss", session.run(model.loss, {images: test}))


def principal_components(train, test):
    """What two linear numbers keep of the test digits: the closed form."""
    mean = train.mean(axis=0)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2][:CODE]
    return (test - mean) @ axes.T @ axes + mean


def draw(graph, digits, codes, labels):
    """The graph; digits given, given back, invented; where test digits lie among the codes."""
    try:
        graph.render("autoencoders_graph.svg", ["loss/bound", "Adam"], depth=1,
                     name="A variational auto-encoder")
        import matplotlib.pyplot as plt
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)
        return
    figure, axes = plt.subplots(5, figsize=(5, 3.6), height_ratios=[1, 1, 1, 1, 5],
                                layout="constrained")
    for axis, (name, pictures) in zip(axes, digits.items(), strict=True):
        rows = pictures.reshape(-1, 12, 28, 28).transpose(0, 2, 1, 3).reshape(-1, 12 * 28)
        axis.imshow(rows, cmap=plt.get_cmap("gray_r", 8), vmin=0, vmax=1, interpolation="nearest")
        axis.set(xticks=[], yticks=[])
        axis.set_ylabel(name, rotation=0, ha="right", va="center")
    figure.savefig("autoencoders_digits.png", dpi=80)
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 4), layout="constrained")
    for axis, (name, code) in zip(axes, codes.items(), strict=True):
        dots = axis.scatter(*code.T[:2], 2, labels, cmap="tab10", vmin=-0.5, vmax=9.5, aa=False)
        axis.set(title=name, xlabel="code 1", ylabel="code 2")
    figure.colorbar(dots, ticks=range(10), label="digit (never shown to the networks)")
    figure.savefig("autoencoders_codes.png", dpi=80)


def main():
    parser = argparse.ArgumentParser(description="Auto-encoders on MNIST.")
    parser.add_argument("--short", action="store_true", help="one epoch of 100 digits")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()
    digits = data.load_mnist(options.folder)
    count, epochs = (100, 1) if options.short else (None, 30)
    train = digits.train.images[:count].reshape(-1, 784)
    test, labels = digits.test.images[:count].reshape(-1, 784), digits.test.labels[:count]
    seen = {"given": test, f"{CODE} components": principal_components(train[:4000], test)}
    codes, losses = {}, {}
    for name, kind in (("auto-encoder", Autoencoder), ("variational", VariationalAutoencoder)):
        with fg.Graph().as_default() as graph, fg.Session() as session:
            fg.set_random_seed(1)
            images = fg.placeholder(fg.float32, [None, 784], name="images")
            model = kind(images)
            learn(name, model, images, train, test, epochs, session)
            losses[name], seen[name], codes[name] = session.run(
                [model.loss, model.pictures, model.code], {images: test})
            if kind is VariationalAutoencoder:
                grid = [(x, -y) for y in np.linspace(-2, 2, 5) for x in np.linspace(-2, 2, 12)]
                invented = session.run(model.invented, {model.chosen: grid @ np.eye(2, CODE)})
    for name in (f"{CODE} components", "auto-encoder"):
        print(f"result: squared error, {name} = {np.square(seen[name] - test).mean():.4f}")
    print(f"result: variational bound = {losses['variational']:.1f} nats")
    draw(graph, {**{name: rows[:12] for name, rows in seen.items()}, "invented": invented},
         codes, labels)


if __name__ == "__main__":
    main()
