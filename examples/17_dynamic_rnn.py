"""`dynamic_rnn`: one step in a loop of the graph, for sequences of any length.

You learn what an RNN from scratch becomes with a cell and `dynamic_rnn`. A loop written in Python
adds its step to the graph again for each character; `dynamic_rnn` puts a loop into the graph that
runs as often as the batch needs. Lines of verse have different lengths: they are padded to the
longest of the batch, and `sequence_length` says where each ends; behind its end outputs are zero
and the state stays, and a mask keeps the padding out of the loss.

Data: the lines of "Romeo and Juliet", every tenth one held out. Prints the size of both graphs and
the perplexity of held-out lines beside that of a table of pairs of characters, and lines that the
network writes. Writes dynamic_rnn_graph.svg, dynamic_rnn_perplexity.png.

    python examples/17_dynamic_rnn.py
"""

import argparse
from pathlib import Path

import numpy as np

import flowgraph as fg

PLAY = Path(__file__).parent / "data" / "romeo_and_juliet.txt"
assert PLAY.exists(), f"{PLAY} is missing: copy examples/data of the repository along"
HIDDEN, BATCH, END = 192, 50, "\n"


class LineModel:
    """Which character follows, in lines of any length."""

    def __init__(self, size):
        self.x = fg.placeholder(fg.int32, [None, None], name="x")  # [lines, longest]
        self.y = fg.placeholder(fg.int32, [None, None], name="y")
        self.lengths = fg.placeholder(fg.int32, [None], name="lengths")
        cell = fg.nn.rnn_cell.BasicRNNCell(HIDDEN)
        self.start = cell.zero_state(fg.shape(self.x)[0], fg.float32)
        self.outputs, self.state = fg.nn.dynamic_rnn(
            cell, fg.one_hot(self.x, size), sequence_length=self.lengths, initial_state=self.start)
        scores = fg.layers.dense(self.outputs, size, name="scores")
        self.last = fg.nn.softmax(fg.layers.dense(self.state, size, name="scores", reuse=True))
        with fg.name_scope("loss"):
            mask = fg.sequence_mask(self.lengths, fg.shape(self.x)[1], dtype=fg.float32)
            cross_entropy = fg.nn.sparse_softmax_cross_entropy_with_logits(
                labels=self.y, logits=scores)
            self.loss = fg.reduce_sum(mask * cross_entropy) / fg.reduce_sum(mask)
        variables = fg.trainable_variables()
        gradients, _ = fg.clip_by_global_norm(fg.gradients(self.loss, variables), 1.0)
        self.train = fg.train.AdamOptimizer(0.002).apply_gradients(zip(gradients, variables))

    def feeds(self, lines):
        """Lines of indices as one array, padded by zeros."""
        lengths = [len(line) - 1 for line in lines]
        x, y = np.zeros([2, len(lines), max(lengths)], int)
        for row, line in enumerate(lines):
            x[row, :len(line) - 1], y[row, :len(line) - 1] = line[:-1], line[1:]
        return {self.x: x, self.y: y, self.lengths: lengths}


def graph_of(network, size, steps):
    """A graph with such a network only, and what comes out of it."""
    with fg.Graph().as_default() as graph:
        inputs = fg.placeholder(fg.float32, [BATCH, steps, size], name="characters")
        cell = fg.nn.rnn_cell.BasicRNNCell(HIDDEN)
        if network is fg.nn.static_rnn:
            inputs = fg.unstack(inputs, axis=1)
        outputs, _ = network(cell, inputs, dtype=fg.float32)
        return graph, outputs


def pairs_perplexity(train, test, size):
    """Of a table that counts which character follows which, on the same lines."""
    counts = np.full([size, size], 0.1)
    for line in train:
        np.add.at(counts, (line[:-1], line[1:]), 1)
    share = counts / counts.sum(axis=1, keepdims=True)
    return np.exp(-np.log(np.concatenate([share[line[:-1], line[1:]] for line in test])).mean())


def write(session, model, state, index, end, random):
    """A line, character by character: sequences of length 1, each from the state before it."""
    line = []
    while index != end or not line:
        p, state = session.run([model.last, model.state], {
            model.x: [[index]], model.lengths: [1], model.start: state})
        p = p[0].astype(float) ** 1.5  # a little less daring than the probabilities
        index = random.choice(len(p), p=p / p.sum())
        line.append(index)
        if len(line) == 60:
            break
    return line


def draw(curves, loop, outputs):
    """The graph with its loop, and the perplexity while it learns."""
    try:
        loop.render("dynamic_rnn_graph.svg", outputs, name="dynamic_rnn: a loop in the graph")
        fg.plots.plot_curves({"perplexity": curves}, "dynamic_rnn_perplexity.png", xlabel="epoch")
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)


def main():
    parser = argparse.ArgumentParser(description="dynamic_rnn reads lines of any length.")
    parser.add_argument("--short", action="store_true", help="a hundred lines")
    short = parser.parse_args().short
    text = PLAY.read_text(encoding="utf-8")
    characters = sorted(set(text))
    lines = [np.array([characters.index(c) for c in END + line + END])
             for line in text.splitlines() if len(line) > 1][:110 if short else None]
    test, train = lines[::10], [line for i, line in enumerate(lines) if i % 10]
    fg.set_random_seed(1)
    random, model = np.random.RandomState(1), LineModel(len(characters))
    longest = max(len(line) for line in lines) - 1
    unrolled, _ = graph_of(fg.nn.static_rnn, len(characters), longest)
    loop, all_outputs = graph_of(fg.nn.dynamic_rnn, len(characters), longest)
    print(f"operations in the graph of a network of {longest} steps: unrolled "
          f"{len(unrolled.get_operations())}, as a loop {len(loop.get_operations())}")
    curves = {"learnt lines": [], "held-out lines": []}
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        for epoch in range(1 if short else 6):
            losses = []
            for at in np.array_split(random.permutation(len(train)), len(train) // BATCH):
                feeds = model.feeds([train[i] for i in at])
                losses.append(session.run([model.loss, model.train], feeds)[0])
            curves["learnt lines"].append(float(np.exp(np.mean(losses))))
            perplexity = float(np.exp(session.run(model.loss, model.feeds(test))))
            curves["held-out lines"].append(perplexity)
            print(f"epoch {epoch + 1}: perplexity of held-out lines {perplexity:.2f}")
        outputs = session.run(model.outputs, model.feeds([test[0], lines[0][:3]]))
        for _ in range(1 if short else 5):
            line = write(session, model, np.zeros([1, HIDDEN]), test[0][0], test[0][0], random)
            print("   ", "".join(characters[i] for i in line).strip())
    print(f"result: held-out perplexity = {perplexity:.2f}")
    print(f"result: perplexity of pairs = {pairs_perplexity(train, test, len(characters)):.2f}")
    print(f"result: largest output behind a line's end = {np.abs(outputs[1, 2:]).max():g}")
    draw(curves, loop, all_outputs)


if __name__ == "__main__":
    main()
