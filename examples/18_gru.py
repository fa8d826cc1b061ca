"""GRU: two gates decide what a recurrent network keeps.

You learn the gated recurrent unit, once from its equations and once as `fg.nn.rnn_cell.GRUCell`.
The reset gate says how much of the state the proposal for a new one may see; the update gate says
how much of the old state stays. Given the same weights both compute the same; the plain network of
the same size, trained beside them, shows what the gates are good for.

Data: "Romeo and Juliet", its last tenth held out, in rows of 40 characters. Prints how far the two
GRUs are apart, and the perplexity of the held-out text for the plain network and for the GRU.
Writes gru_graph.svg and gru_perplexity.png.

    python examples/18_gru.py
"""

import argparse
from pathlib import Path

import numpy as np

import flowgraph as fg

PLAY = Path(__file__).parent / "data" / "romeo_and_juliet.txt"
assert PLAY.exists(), f"{PLAY} is missing: copy examples/data of the repository along"
STEPS, HIDDEN, BATCH = 40, 128, 32


def gru_step(x, h, gates, candidate):
    """One step of the equations (Cho et al., 2014); weights as (matrix, vector)."""
    both = fg.sigmoid(fg.matmul(fg.concat([x, h], 1), gates[0]) + gates[1], name="gates")
    reset, update = fg.split(both, 2, axis=1)
    seen = fg.concat([x, fg.multiply(reset, h, name="reset")], 1)
    proposal = fg.tanh(fg.matmul(seen, candidate[0]) + candidate[1], name="proposal")
    return fg.add(update * h, (1.0 - update) * proposal, name="state")


class Model:
    """Which character follows, by one of the cells."""

    def __init__(self, size, cell):
        self.x = fg.placeholder(fg.int32, [None, STEPS], name="x")
        self.y = fg.placeholder(fg.int32, [None, STEPS], name="y")
        inputs = fg.nn.embedding_lookup(fg.get_variable("letters", [size, 32]), self.x)
        outputs, self.state = fg.nn.dynamic_rnn(cell, inputs, dtype=fg.float32)
        scores = fg.layers.dense(outputs, size, name="scores")
        self.loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
            labels=self.y, logits=scores), name="loss")
        self.inputs, variables = inputs, fg.trainable_variables()
        gradients, _ = fg.clip_by_global_norm(fg.gradients(self.loss, variables), 1.0)
        self.train = fg.train.AdamOptimizer(0.004).apply_gradients(zip(gradients, variables))


def by_hand(model):
    """The last state from the equations, with the weights of the trained GRUCell."""
    weights = {variable.op.name.split("gru_cell/")[-1]: variable
               for variable in fg.trainable_variables() if "gru_cell" in variable.op.name}
    h = fg.zeros([fg.shape(model.x)[0], HIDDEN], name="start")
    for x in fg.unstack(model.inputs, axis=1, name="characters"):
        with fg.name_scope("step"):
            h = gru_step(x, h, (weights["gates/kernel"], weights["gates/bias"]),
                         (weights["candidate/kernel"], weights["candidate/bias"]))
    return h


def rows(indices):
    """The text as rows of STEPS characters, and of the characters that follow."""
    end = (len(indices) - 1) // STEPS * STEPS
    return indices[:end].reshape(-1, STEPS), indices[1:end + 1].reshape(-1, STEPS)


def learn(name, cell, train, test, size, steps):
    """Trains; perplexities of the held-out text; how far GRU and equations are apart."""
    history, apart = [], 0.0
    with fg.Graph().as_default(), fg.Session() as session:
        fg.set_random_seed(1)
        random, model = np.random.RandomState(1), Model(size, cell(HIDDEN))
        session.run(fg.global_variables_initializer())
        x, y = rows(test)
        held_out = {model.x: x[:steps], model.y: y[:steps]}
        for step in range(1, steps + 1):
            at = random.randint(len(train) - STEPS, size=[BATCH, 1]) + np.arange(STEPS)
            session.run(model.train, {model.x: train[at], model.y: train[at + 1]})
            if step % 50 == 0 or step == steps:
                history.append((step, float(np.exp(session.run(model.loss, held_out)))))
        print(f"{name}: perplexity of held-out text {history[-1][1]:.2f}")
        if cell is fg.nn.rnn_cell.GRUCell:
            cells, equations = session.run([model.state, by_hand(model)], held_out)
            apart = np.abs(cells - equations).max()
    return history, apart


def one_step():
    """The graph of one step, for the picture."""
    with fg.Graph().as_default() as graph:
        weights = [[fg.get_variable(f"{name}_weights", [32 + HIDDEN, size]),
                    fg.get_variable(f"{name}_bias", [size])]
                   for name, size in (("gates", 2 * HIDDEN), ("proposal", HIDDEN))]
        gru_step(fg.placeholder(fg.float32, [BATCH, 32], name="x"),
                 fg.placeholder(fg.float32, [BATCH, HIDDEN], name="h"), *weights)
    return graph


def draw(histories):
    """The GRU's equations as a graph, and perplexity while it learns."""
    try:
        one_step().render("gru_graph.svg", "state", name="A step of a GRU")
        fg.plots.plot_curves({"perplexity of held-out text": {
            name: tuple(zip(*history, strict=True)) for name, history in histories.items()}},
            "gru_perplexity.png")
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)


def main():
    parser = argparse.ArgumentParser(description="GRU, by equations and as a cell.")
    parser.add_argument("--short", action="store_true", help="two steps")
    steps = 2 if parser.parse_args().short else 600
    characters, indices = np.unique(list(PLAY.read_text(encoding="utf-8")), return_inverse=True)
    train, test = np.split(indices, [len(indices) * 9 // 10])
    histories = {}
    histories["plain"], _ = learn(
        "plain", fg.nn.rnn_cell.BasicRNNCell, train, test, len(characters), steps)
    histories["GRU"], apart = learn(
        "GRU", fg.nn.rnn_cell.GRUCell, train, test, len(characters), steps)
    print(f"result: largest difference between cell and equations = {apart:.1e}")
    for name, history in histories.items():
        print(f"result: held-out perplexity, {name} = {history[-1][1]:.2f}")
    draw(histories)


if __name__ == "__main__":
    main()
