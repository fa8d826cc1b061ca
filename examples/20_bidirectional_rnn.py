"""A bidirectional network reads from both sides and fills the gap.

You learn what a network that reads forward cannot know: what comes later. Two LSTMs read the 10
characters before and the 10 after a gap, one from left to right, the other from right to left;
`bidirectional_dynamic_rnn` runs both, here on the two sides of the gap, and their last states
together guess the character in it. Each direction alone is measured as well, on the same gaps.

Data: "Romeo and Juliet"; gaps in its last tenth, which is not learnt from, are the test. Prints the
share of gaps that are filled rightly: below two fifths from one side, above one half from both.
Writes bidirectional_rnn_graph.svg and bidirectional_rnn_gaps.png.

    python examples/20_bidirectional_rnn.py
"""

import argparse
from pathlib import Path

import numpy as np

import flowgraph as fg

PLAY = Path(__file__).parent / "data" / "romeo_and_juliet.txt"
assert PLAY.exists(), f"{PLAY} is missing: copy examples/data of the repository along"
SIDE, HIDDEN, BATCH = 10, 64, 48
SIDES = ("before", "after", "both")


class GapFiller:
    """Guesses the character between two sides."""

    def __init__(self, size):
        self.before = fg.placeholder(fg.int32, [None, SIDE], name="before")
        self.after = fg.placeholder(fg.int32, [None, SIDE], name="after")
        self.missing = fg.placeholder(fg.int32, [None], name="missing")
        # One array: what stands before, a gap of zeros, what stands after. The forward network is
        # asked where the gap begins, the backward network where it ends.
        with fg.variable_scope("read"):
            table = fg.get_variable("table", [size, 32])
            gap = fg.zeros([fg.shape(self.before)[0], 1, 32], name="gap")
            inputs = fg.concat([fg.nn.embedding_lookup(table, self.before, name="lookup"), gap,
                                fg.nn.embedding_lookup(table, self.after, name="lookup")], axis=1)
        cells = [fg.nn.rnn_cell.LSTMCell(HIDDEN, name=name) for name in ("forward", "backward")]
        (forward, backward), _ = fg.nn.bidirectional_dynamic_rnn(*cells, inputs, dtype=fg.float32)
        known = {"before": forward[:, SIDE], "after": backward[:, SIDE]}
        known["both"] = fg.concat([known["before"], known["after"]], axis=1, name="both")
        self.guesses, self.correct, losses = {}, {}, []
        with fg.variable_scope("guesses"):
            for name in SIDES:
                with fg.variable_scope(name):
                    scores = fg.layers.dense(known[name], size, name="scores")
                    losses.append(fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
                        labels=self.missing, logits=scores)))
                    self.guesses[name] = fg.argmax(scores, axis=1, output_type=fg.int32)
                    self.correct[name] = fg.reduce_mean(
                        fg.cast(fg.equal(self.guesses[name], self.missing), fg.float32))
        self.loss = fg.add_n(losses, name="loss")  # three tasks, learnt together
        self.train = fg.train.AdamOptimizer(0.005).minimize(self.loss)

    def feeds(self, indices, gaps):
        """What stands around these places of the text."""
        return {self.before: indices[gaps[:, None] + np.arange(-SIDE, 0)],
                self.after: indices[gaps[:, None] + np.arange(1, SIDE + 1)],
                self.missing: indices[gaps]}


def learn(session, model, train, test, steps):
    """Trains; at some steps the share of test gaps that each side fills."""
    random, history = np.random.RandomState(1), []
    test_gaps = np.random.RandomState(2).randint(SIDE, len(test) - SIDE, 2000 if steps > 9 else 50)
    for step in range(1, steps + 1):
        gaps = random.randint(SIDE, len(train) - SIDE, BATCH)
        session.run(model.train, model.feeds(train, gaps))
        if step % 100 == 0 or step == steps:
            history.append((step, session.run(model.correct, model.feeds(test, test_gaps))))
            print(f"step {step}:", *(f"{name} {history[-1][1][name]:.1%}" for name in SIDES))
    return history


def show(session, model, characters, test):
    """Some gaps with what each side makes of them."""
    places = np.linspace(SIDE, len(test) - SIDE - 1, 6).astype(int)
    guesses = session.run(model.guesses, model.feeds(test, places))
    for i, place in enumerate(places):
        text = "".join(characters[index] for index in test[place - SIDE:place + SIDE + 1])
        filled = ", ".join(f"{name}: {str(characters[guesses[name][i]])!r}" for name in SIDES)
        print(f"{text[:SIDE] + '[' + text[SIDE] + ']' + text[SIDE + 1:]!r:42} {filled}")


def draw(history):
    """The graph, and how well gaps are filled while it learns."""
    steps = [step for step, _ in history]
    try:
        fg.get_default_graph().render("bidirectional_rnn_graph.svg", ["loss", "Adam"], depth=1,
                                      legend=False, name="Two networks, from both sides")
        fg.plots.plot_curves({"share of test gaps filled rightly": {
            name: (steps, [float(correct[name]) for _, correct in history]) for name in SIDES}},
            "bidirectional_rnn_gaps.png")
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)


def main():
    parser = argparse.ArgumentParser(description="A bidirectional network fills gaps.")
    parser.add_argument("--short", action="store_true", help="two steps")
    steps = 2 if parser.parse_args().short else 1200
    characters, indices = np.unique(list(PLAY.read_text(encoding="utf-8")), return_inverse=True)
    train, test = np.split(indices, [len(indices) * 9 // 10])
    fg.set_random_seed(1)
    model = GapFiller(len(characters))
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        history = learn(session, model, train, test, steps)
        show(session, model, characters, test)
    for name in SIDES:
        print(f"result: gaps filled, knowing {name} = {100 * history[-1][1][name]:.1f} %")
    draw(history)


if __name__ == "__main__":
    main()
