"""Deep recurrent networks: one layer reads what the other says.

You learn to put recurrent layers on top of each other. `MultiRNNCell` makes one cell of several:
the output of a layer at each step is the input of the next layer at that step, and each layer keeps
a state of its own. Networks of one, two and three LSTM layers learn the same text in the same
number of steps: more layers can say more, and take longer to learn it.

Data: "Romeo and Juliet", its last tenth held out, in rows of 40 characters. Prints weights, seconds
and the perplexity of the held-out text for each depth. Writes deep_rnn_graph.svg and
deep_rnn_perplexity.png.

    python examples/21_deep_rnn.py
"""

import argparse
import time
from pathlib import Path

import numpy as np

import flowgraph as fg

PLAY = Path(__file__).parent / "data" / "romeo_and_juliet.txt"
assert PLAY.exists(), f"{PLAY} is missing: copy examples/data of the repository along"
STEPS, HIDDEN, BATCH = 40, 64, 32


class Model:
    """Which character follows, by `layers` layers."""

    def __init__(self, size, layers):
        self.x = fg.placeholder(fg.int32, [None, STEPS], name="x")
        self.y = fg.placeholder(fg.int32, [None, STEPS], name="y")
        with fg.variable_scope("letters"):
            inputs = fg.nn.embedding_lookup(fg.get_variable("table", [size, 32]), self.x)
        cell = fg.nn.rnn_cell.MultiRNNCell(
            [fg.nn.rnn_cell.LSTMCell(HIDDEN) for _ in range(layers)])
        self.outputs, _ = fg.nn.dynamic_rnn(cell, inputs, dtype=fg.float32)
        scores = fg.layers.dense(self.outputs, size, name="scores")
        with fg.name_scope("loss"):
            self.loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
                labels=self.y, logits=scores))
        variables = fg.trainable_variables()
        gradients, _ = fg.clip_by_global_norm(fg.gradients(self.loss, variables), 1.0)
        self.train = fg.train.AdamOptimizer(0.005).apply_gradients(zip(gradients, variables))


def one_step(layers):
    """The graph of one step of the layers, for the picture."""
    with fg.Graph().as_default() as graph:
        cell = fg.nn.rnn_cell.MultiRNNCell(
            [fg.nn.rnn_cell.LSTMCell(HIDDEN) for _ in range(layers)])
        x = fg.placeholder(fg.float32, [BATCH, 32], name="x")
        state = tuple(fg.nn.rnn_cell.LSTMStateTuple(
            c=fg.placeholder(fg.float32, [BATCH, HIDDEN], name=f"c{layer}"),
            h=fg.placeholder(fg.float32, [BATCH, HIDDEN], name=f"h{layer}"))
            for layer in range(1, layers + 1))
        output, state = cell(x, state)
        fg.identity(output, name="output")
        for layer, (c, h) in enumerate(state, 1):
            fg.identity(c, name=f"new_c{layer}")
            fg.identity(h, name=f"new_h{layer}")
    return graph


def learn(layers, train, test, size, steps):
    """Trains a network of so many layers; steps and perplexities of the held-out text."""
    history = []
    with fg.Graph().as_default(), fg.Session() as session:
        fg.set_random_seed(1)
        random, model = np.random.RandomState(1), Model(size, layers)
        count = sum(variable.shape.num_elements() for variable in fg.trainable_variables())
        session.run(fg.global_variables_initializer())
        end = (len(test) - 1) // STEPS * STEPS
        held_out = {model.x: test[:end].reshape(-1, STEPS)[:steps],
                    model.y: test[1:end + 1].reshape(-1, STEPS)[:steps]}
        began = time.perf_counter()
        for step in range(1, steps + 1):
            at = random.randint(len(train) - STEPS, size=[BATCH, 1]) + np.arange(STEPS)
            session.run(model.train, {model.x: train[at], model.y: train[at + 1]})
            if step % 50 == 0 or step == steps:
                history.append((step, float(np.exp(session.run(model.loss, held_out)))))
        print(f"{layers} layer{'s' * (layers > 1)}, {count:,} weights, "
              f"{time.perf_counter() - began:.1f} s: perplexity of held-out text "
              f"{history[-1][1]:.2f}")
    return history


def draw(histories):
    """A step of three layers, and perplexity while the networks learn."""
    try:
        one_step(3).render("deep_rnn_graph.svg", depth=1, name="A step of three layers")
        fg.plots.plot_curves({"perplexity of held-out text": {
            name: tuple(zip(*history, strict=True)) for name, history in histories.items()}},
            "deep_rnn_perplexity.png", log=True)
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)


def main():
    parser = argparse.ArgumentParser(description="Recurrent networks of one to three layers.")
    parser.add_argument("--short", action="store_true", help="one step")
    steps = 1 if parser.parse_args().short else 400
    characters, indices = np.unique(list(PLAY.read_text(encoding="utf-8")), return_inverse=True)
    train, test = np.split(indices, [len(indices) * 9 // 10])
    histories = {f"{layers} layers" if layers > 1 else "1 layer":
                 learn(layers, train, test, len(characters), steps) for layers in (1, 2, 3)}
    for name, history in histories.items():
        print(f"result: held-out perplexity, {name} = {history[-1][1]:.2f}")
    draw(histories)


if __name__ == "__main__":
    main()
