"""A recurrent network from scratch learns to write, character by character.

You learn that it is one step, repeated, which mixes the next character into a state; how
characters become one-hot vectors, why gradients are clipped, and how a text is cut into batches:
random pieces, from an empty state, or adjacent ones, from the state that the one before left.
Perplexity, exp(mean cross-entropy), says among how many characters the network wavers. It is that
of the text learnt from: near 1 on a short text it says "learnt by heart", no more.

Data: the first 3,000 characters of "Romeo and Juliet" and of the "Three hundred Tang poems". Prints
perplexities (below 2), lines. Writes rnn_from_scratch_graph.svg, rnn_from_scratch_perplexity.png.

    python examples/16_rnn_from_scratch.py
"""

import argparse
from pathlib import Path

import numpy as np

import flowgraph as fg

DATA = Path(__file__).parent / "data"
assert DATA.exists(), f"{DATA} is missing: copy examples/data of the repository along"
BATCH, STEPS, HIDDEN = 16, 35, 192


def random_batches(indices, random):
    """Pieces of STEPS characters, and the characters that follow each, in random order."""
    starts = random.randint(STEPS) + STEPS * np.arange((len(indices) - STEPS) // STEPS)
    random.shuffle(starts)
    for i in range(0, len(starts) - BATCH + 1, BATCH):
        at = starts[i:i + BATCH, None] + np.arange(STEPS)
        yield indices[at], indices[at + 1]


def adjacent_batches(indices, random):
    """BATCH long rows, cut into columns of STEPS: row i of a batch goes on in the next batch."""
    offset = random.randint(STEPS)
    length = (len(indices) - offset - 1) // BATCH
    x, y = (indices[start:start + BATCH * length].reshape(BATCH, length)
            for start in (offset, offset + 1))
    for i in range(0, length - STEPS + 1, STEPS):
        yield x[:, i:i + STEPS], y[:, i:i + STEPS]


class CharacterRNN:
    """The parameters of the network, and two graphs with them: one to train, one to write."""

    def __init__(self, size):
        def normal(shape, name):
            return fg.Variable(fg.random_normal(shape, stddev=shape[0] ** -0.5), name=name)
        with fg.name_scope("parameters"):
            self.W_xh, self.W_hh = normal([size, HIDDEN], "W_xh"), normal([HIDDEN, HIDDEN], "W_hh")
            self.W_hq = normal([HIDDEN, size], "W_hq")
            self.b_h = fg.Variable(fg.zeros([HIDDEN]), name="b_h")
            self.b_q = fg.Variable(fg.zeros([size]), name="b_q")
        self.x = fg.placeholder(fg.int32, [BATCH, STEPS], name="x")
        self.y = fg.placeholder(fg.int32, [BATCH, STEPS], name="y")
        self.state = fg.placeholder(fg.float32, [BATCH, HIDDEN], name="state")
        self.last_state, outputs = self.state, []
        for inputs in fg.unstack(fg.one_hot(self.x, size), axis=1):  # STEPS times [BATCH, size]
            self.last_state, output = self.step(inputs, self.last_state)  # one more step
            outputs.append(output)
        self.loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
            labels=self.y, logits=fg.stack(outputs, axis=1)), name="loss")
        # Back through 35 steps a gradient can grow 35 times over: cut its length to 1.
        variables = fg.trainable_variables()
        gradients, self.norm = fg.clip_by_global_norm(fg.gradients(self.loss, variables), 1.0)
        self.train = fg.train.AdamOptimizer(0.004).apply_gradients(zip(gradients, variables))

        self.character = fg.placeholder(fg.int32, [1], name="character")
        self.before = fg.placeholder(fg.float32, [1, HIDDEN], name="before")
        self.after, scores = self.step(fg.one_hot(self.character, size), self.before)
        self.next = fg.argmax(scores, axis=1, name="next")

    def step(self, x, state):
        """One character: the new state, and a score for each character that may follow."""
        with fg.name_scope("step"):
            state = fg.tanh(fg.matmul(x, self.W_xh) + fg.matmul(state, self.W_hh) + self.b_h)
            return state, fg.matmul(state, self.W_hq) + self.b_q

    def write(self, session, indices, length):
        """Goes on after `indices`: each character is the likeliest, and read before the next."""
        state, known = np.zeros([1, HIDDEN]), len(indices)
        for i in range(known + length - 1):
            feeds = {self.character: [indices[i]], self.before: state}
            guess, state = session.run([self.next, self.after], feeds)
            indices = indices if i < known - 1 else [*indices, guess[0]]
        return indices


def learn(text, sampling, prefixes, epochs):
    """Trains on a text and writes; the perplexity of each epoch, and the graph."""
    characters = sorted(set(text))
    index = {character: i for i, character in enumerate(characters)}
    indices = np.array([index[character] for character in text])
    batches = {"random": random_batches, "adjacent": adjacent_batches}[sampling]
    random, perplexities, empty = np.random.RandomState(1), [], np.zeros([BATCH, HIDDEN])
    with fg.Graph().as_default():
        fg.set_random_seed(1)
        rnn = CharacterRNN(len(characters))
        with fg.Session() as session:
            session.run(fg.global_variables_initializer())
            for _ in range(epochs):
                losses, state = [], empty
                for x, y in batches(indices, random):
                    # The state goes in as numbers: no gradient flows into the batch before.
                    feeds = {rnn.x: x, rnn.y: y,
                             rnn.state: empty if batches is random_batches else state}
                    loss, state, _ = session.run([rnn.loss, rnn.last_state, rnn.train], feeds)
                    losses.append(loss)
                perplexities.append(float(np.exp(np.mean(losses))))
            print(f"{len(characters)} characters, {sampling}: perplexity {perplexities[-1]:.2f}")
            for prefix in prefixes:
                written = rnn.write(session, [index[c] for c in prefix], min(epochs, 40))
                print("   ", "".join(characters[i] for i in written).replace("\n", " / "))
        return perplexities, fg.get_default_graph()


def draw(graph, curves):
    """The graph, and how perplexity falls."""
    try:
        graph.render("rnn_from_scratch_graph.svg", ["loss", "Adam"],
                     name="A recurrent network: one step, 35 times")
        panels = {f"perplexity, {title}": lines for title, lines in curves.items()}
        fg.plots.plot_curves(panels, "rnn_from_scratch_perplexity.png", xlabel="epoch", log=True)
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)


def main():
    parser = argparse.ArgumentParser(description="An RNN from scratch writes verses.")
    parser.add_argument("--short", action="store_true", help="one epoch of a quarter of the texts")
    epochs, length = (1, 900) if parser.parse_args().short else (100, 3000)
    texts = {"Romeo and Juliet": ("romeo_and_juliet.txt", ["Two house", "From forth"]),
             "Tang poems": ("tang300.txt", ["白日依山", "空山"])}
    curves = {}
    for title, (file, prefixes) in texts.items():
        text, curves[title] = (DATA / file).read_text(encoding="utf-8")[:length], {}
        for sampling in ("random", "adjacent"):
            curves[title][sampling], graph = learn(text, sampling, prefixes, epochs)
    for title, lines in curves.items():
        for sampling, values in lines.items():
            print(f"result: perplexity, {title}, {sampling} = {values[-1]:.3f}")
    draw(graph, curves)


if __name__ == "__main__":
    main()
