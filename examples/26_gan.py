"""GAN: a forger and a judge make each other better.

You learn to train two networks against each other. The generator makes digits out of random
numbers; the discriminator is shown real and made ones and says which is which. Each step the
discriminator learns to tell them apart, then the generator learns to be taken for real: its loss
goes through the discriminator, whose variables stay as they are (`var_list` says whose turn it is).

Data: 4,000 MNIST digits (`--folder`: all). A judge who takes no part, a small classifier trained on
the real digits, says how many of the made ones it is sure of, and how many of the ten digits occur:
a generator that always makes the same one has failed. Writes gan_graph.svg, gan_digits.png and
gan_losses.png.

    python examples/26_gan.py
"""

import argparse

import numpy as np

import flowgraph as fg
from flowgraph import data

NOISE = 32


def generator(noise):
    with fg.variable_scope("generator"):
        hidden = fg.layers.dense(noise, 128, name="hidden1")
        hidden = fg.nn.relu(fg.layers.batch_normalization(hidden, training=True, name="norm1"))
        hidden = fg.layers.dense(hidden, 256, name="hidden2")
        hidden = fg.nn.relu(fg.layers.batch_normalization(hidden, training=True, name="norm2"))
        return fg.layers.dense(hidden, 784, fg.nn.tanh, name="digits")


def discriminator(digits):
    """A score for "real"; both calls use the same variables."""
    with fg.variable_scope("discriminator", reuse=fg.AUTO_REUSE):
        hidden = fg.layers.dense(digits, 256, fg.nn.leaky_relu, name="hidden1")
        hidden = fg.layers.dropout(hidden, 0.5, training=True, name="dropout")
        hidden = fg.layers.dense(hidden, 128, fg.nn.leaky_relu, name="hidden2")
        return fg.layers.dense(hidden, 1, name="score")


def cross_entropy(target, scores, name):
    with fg.name_scope(name):
        return fg.reduce_mean(fg.nn.sigmoid_cross_entropy_with_logits(
            labels=fg.fill(fg.shape(scores), target), logits=scores))


class GAN:
    """Both networks, their losses, and a training step for each (Goodfellow et al., 2014)."""

    def __init__(self):
        self.real = fg.placeholder(fg.float32, [None, 784], name="real")
        self.noise = fg.placeholder(fg.float32, [None, NOISE], name="noise")
        self.made = generator(self.noise)
        on_real, on_made = discriminator(self.real), discriminator(self.made)
        with fg.name_scope("losses"):
            # 0.9, not 1: a discriminator that is never quite sure leaves the generator a gradient.
            self.d_loss = (cross_entropy(0.9, on_real, "real_is_real")
                           + cross_entropy(0.0, on_made, "made_is_made"))
            self.g_loss = cross_entropy(1.0, on_made, "made_is_real")
        self.train_d = fg.train.AdamOptimizer(0.0004, beta1=0.5, name="Adam_d").minimize(
            self.d_loss, var_list=fg.trainable_variables("discriminator"))
        self.train_g = fg.train.AdamOptimizer(0.0004, beta1=0.5, name="Adam_g").minimize(
            self.g_loss, var_list=fg.trainable_variables("generator"))


def learn(session, model, images, epochs, random):
    """Trains both in turn; mean losses of the discriminator and of the generator."""
    losses = []
    for epoch in range(epochs):
        order, steps = random.permutation(len(images)), []
        for at in np.array_split(order, max(1, len(order) // 64)):
            noise = random.normal(size=[len(at), NOISE])
            feeds = {model.real: images[at], model.noise: noise}
            d_loss, _ = session.run([model.d_loss, model.train_d], feeds)
            g_loss, _ = session.run([model.g_loss, model.train_g], {model.noise: noise})
            steps.append((float(d_loss), float(g_loss)))
        losses.append(np.mean(steps, axis=0))
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: losses {losses[-1].round(2)}")
    return np.array(losses)


def judge(images, labels, made, epochs):
    """What a classifier, trained on real digits, says of the made ones: probabilities."""
    with fg.Graph().as_default(), fg.Session() as session:
        fg.set_random_seed(2)
        x = fg.placeholder(fg.float32, [None, 784])
        y = fg.placeholder(fg.int64, [None])
        scores = fg.layers.dense(fg.layers.dense(x, 128, fg.nn.relu), 10)
        train = fg.train.AdamOptimizer(0.001).minimize(
            fg.losses.sparse_softmax_cross_entropy(y, scores))
        session.run(fg.global_variables_initializer())
        for epoch in range(epochs):
            for batch, classes in data.batches(images, labels, 50, seed=epoch):
                session.run(train, {x: batch, y: classes})
        return session.run(fg.nn.softmax(scores), {x: made})


def draw(made, losses):
    """The graph, made digits, and how the two struggle."""
    try:
        fg.get_default_graph().render(
            "gan_graph.svg", ["Adam_d", "Adam_g"], depth=1, legend=False,
            name="Two networks, two losses, two optimizers")
        fg.plots.plot_curves({"loss": {"discriminator": losses[:, 0], "generator": losses[:, 1]}},
                             "gan_losses.png", xlabel="epoch")
        import matplotlib.pyplot as plt
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)
        return
    figure, axis = plt.subplots(figsize=(5, 2.4), layout="constrained")
    tiles = made[:40].reshape(4, 10, 28, 28).transpose(0, 2, 1, 3).reshape(4 * 28, 10 * 28)
    axis.imshow(tiles, cmap=plt.get_cmap("gray_r", 8), vmin=-1, vmax=1, interpolation="nearest")
    axis.set(xticks=[], yticks=[], title="Digits that no one wrote")
    figure.savefig("gan_digits.png", dpi=80)


def main():
    parser = argparse.ArgumentParser(description="A GAN makes digits.")
    parser.add_argument("--short", action="store_true", help="one epoch of 200 digits")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()
    digits = data.load_mnist(options.folder).train
    count, epochs = (200, 1) if options.short else (len(digits), 40)
    images = digits.images[:count].reshape(-1, 784) * 2.0 - 1.0  # from -1 to 1, as tanh gives
    fg.set_random_seed(1)
    random, model = np.random.RandomState(1), GAN()
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        losses = learn(session, model, images, epochs, random)
        made = session.run(model.made, {model.noise: random.normal(size=[1000, NOISE])})
    probabilities = judge(images, digits.labels[:count], made, 1 if options.short else 8)
    kinds = np.bincount(probabilities.argmax(axis=1), minlength=10) / len(made)
    print("share of each digit among the made ones:", kinds.round(2))
    sure = np.mean(probabilities.max(axis=1) > 0.9)
    print(f"result: made digits that a classifier is sure of = {100 * sure:.1f} %")
    print(f"result: kinds of digits among them = {np.sum(kinds > 0.01)}")
    print(f"result: loss of the discriminator = {losses[-1, 0]:.2f} nats")
    draw(made, losses)


if __name__ == "__main__":
    main()
