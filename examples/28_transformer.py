"""A small transformer: attention, in a graph built before it runs.

You learn attention. Each character makes a query, a key and a value; it looks at those up to it, as
much at each as its query agrees with the key there, and takes that share of the value there. Blocks
of attention and a small network, with layer normalization before and a detour around both, are the
transformer (Vaswani et al., 2017) that large language models are made of. It needs matrix products,
softmax and a mask, nothing more: define-then-run carries it.

Data: "Romeo and Juliet", a tenth held out. Prints its perplexity beside that of a table of pairs,
and new lines. Writes transformer_graph.svg, transformer_attention.png.

    python examples/28_transformer.py
"""

import argparse
from pathlib import Path

import numpy as np

import flowgraph as fg

PLAY = Path(__file__).parent / "data" / "romeo_and_juliet.txt"
assert PLAY.exists(), f"{PLAY} is missing: copy examples/data of the repository along"
LENGTH, WIDTH, HEADS = 64, 64, 4  # characters seen at once, numbers per character, attention heads


def normalized(x, name):
    """Layer normalization: each character's numbers get mean 0 and variance 1."""
    with fg.variable_scope(name):
        mean, variance = fg.nn.moments(x, [-1], keep_dims=True)
        scale = fg.get_variable("scale", initializer=fg.ones([WIDTH]))
        shift = fg.get_variable("shift", initializer=fg.zeros([WIDTH]))
        return (x - mean) * fg.rsqrt(variance + 1e-5) * scale + shift


def attention(x):
    """What each character takes from those up to it; and the shares, [batch, head, to, from]."""
    with fg.variable_scope("attention"):
        # Query, key and value of each head: three arrays [batch, head, LENGTH, WIDTH / HEADS].
        three = fg.reshape(fg.layers.dense(x, 3 * WIDTH, use_bias=False, name="query_key_value"),
                           [-1, LENGTH, 3, HEADS, WIDTH // HEADS])
        query, key, value = fg.unstack(fg.transpose(three, [2, 0, 3, 1, 4]))
        agreement = fg.matmul(query, key, transpose_b=True) * (WIDTH / HEADS) ** -0.5
        future = np.triu(np.full([LENGTH, LENGTH], -1e9, np.float32), 1)  # exp(-1e9) is no share
        shares = fg.nn.softmax(agreement + future, name="shares")
        taken = fg.transpose(fg.matmul(shares, value), [0, 2, 1, 3])
        return fg.layers.dense(fg.reshape(taken, [-1, LENGTH, WIDTH]), WIDTH, name="mix"), shares


def block(x, name):
    """Attention, then a network for each character by itself; x goes around both."""
    with fg.variable_scope(name):
        taken, shares = attention(normalized(x, "norm1"))
        x += taken
        hidden = fg.layers.dense(normalized(x, "norm2"), 4 * WIDTH, fg.nn.relu, name="hidden")
        return x + fg.layers.dense(hidden, WIDTH, name="out"), shares


class Transformer:
    """Characters in, a score for each character that may follow each of them."""

    def __init__(self, size):
        self.x = fg.placeholder(fg.int32, [None, LENGTH], name="x")
        self.y = fg.placeholder(fg.int32, [None, LENGTH], name="y")
        normal = fg.random_normal_initializer(stddev=0.1)
        with fg.variable_scope("embedding"):  # which character, and where it stands
            letters = fg.get_variable("letters", [size, WIDTH], initializer=normal)
            places = fg.get_variable("places", [LENGTH, WIDTH], initializer=normal)
            h = fg.nn.embedding_lookup(letters, self.x, name="lookup") + places
        h, self.shares = block(h, "block1")
        h, _ = block(h, "block2")
        with fg.variable_scope("answer"):
            self.scores = fg.layers.dense(normalized(h, "norm"), size, name="scores")
        with fg.name_scope("loss"):
            self.loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
                labels=self.y, logits=self.scores, name="cross_entropy"), name="mean")
        self.rate = fg.placeholder(fg.float32, [], name="rate")
        self.train = fg.train.AdamOptimizer(self.rate).minimize(self.loss)


def pairs_perplexity(train, test, size):
    """Of a table that counts which character follows which: a language model without learning."""
    counts = np.full([size, size], 0.1)
    np.add.at(counts, (train[:-1], train[1:]), 1)
    share = counts / counts.sum(axis=1, keepdims=True)
    return np.exp(-np.log(share[test[:-1], test[1:]]).mean())


def write(session, model, indices, length, random):
    """Goes on after `indices`, drawing each character by its probability."""
    for _ in range(length):
        last = indices[-LENGTH:]
        padded = last + [0] * (LENGTH - len(last))  # nothing looks at what comes later
        scores = session.run(model.scores, {model.x: [padded]})[0, len(last) - 1]
        p = np.exp(scores / 0.7)  # 0.7: a little less daring
        indices = [*indices, random.choice(len(p), p=p / p.sum())]
    return indices


def draw(characters, shares):
    """The graph; and where each character of a line looks, one picture for each head."""
    try:
        fg.get_default_graph().render("transformer_graph.svg", ["loss/mean", "Adam"], depth=1,
                                      legend=False, name="A transformer of two blocks")
        import matplotlib.pyplot as plt
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)
        return
    labels = [{" ": "␣", "\n": "↵"}.get(character, character) for character in characters]
    figure, axes = plt.subplots(-(-HEADS // 2), min(HEADS, 2), squeeze=False, figsize=(7.6, 6.8),
                                layout="constrained")
    for head, axis in enumerate(axes.ravel()):
        shades = axis.imshow(shares[head][:len(labels), :len(labels)], cmap="Blues", vmin=0, vmax=1)
        axis.set(title=f"head {head + 1}", xlabel="looks at", xticks=range(len(labels)),
                 xticklabels=labels, yticks=range(len(labels)), yticklabels=labels)
    figure.colorbar(shades, ax=axes, label="share", shrink=0.6)
    figure.savefig("transformer_attention.png", dpi=100)


def main():
    parser = argparse.ArgumentParser(description="A small transformer reads Shakespeare.")
    parser.add_argument("--short", action="store_true", help="one step")
    steps = 1 if parser.parse_args().short else 500
    characters, indices = np.unique(list(PLAY.read_text(encoding="utf-8")), return_inverse=True)
    train, test = np.split(indices, [len(indices) * 9 // 10])
    rows = len(test[1:]) // LENGTH * LENGTH
    fg.set_random_seed(1)
    random, model = np.random.RandomState(1), Transformer(len(characters))
    held_out = {model.x: test[:rows].reshape(-1, LENGTH)[:steps],
                model.y: test[1:rows + 1].reshape(-1, LENGTH)[:steps]}
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        for step in range(1, steps + 1):
            at = random.randint(len(train) - LENGTH, size=[24, 1]) + np.arange(LENGTH)
            rate = 0.003 * min(step / 50, 1.0) * (1.0 - step / (steps + 1))  # warm up, then fade
            session.run(model.train, {model.x: train[at], model.y: train[at + 1], model.rate: rate})
            if step % 100 == 0 or step == steps:
                perplexity = np.exp(session.run(model.loss, held_out))
                print(f"step {step}: perplexity {perplexity:.2f}")
        written = write(session, model, list(test[:8]), max(LENGTH, min(steps, 200)), random)
        print("".join(characters[i] for i in written))
        shares = session.run(model.shares, {model.x: [written[:LENGTH]]})[0]
    print(f"result: held-out perplexity = {perplexity:.2f}")
    print(f"result: perplexity of pairs = {pairs_perplexity(train, test, len(characters)):.2f}")
    draw([characters[i] for i in written[:20]], shares)


if __name__ == "__main__":
    main()
