"""LSTM, and why the gradient of a plain recurrent network vanishes.

You learn the four lines of an LSTM, and what they are for. Going back through a step multiplies a
gradient by that step's slope: after many steps of a plain network little is left, so that it hardly
learns what happened long ago. An LSTM carries its cell c over by `c = forget * c + ...`:
where the forget gate is open the slope is near 1, and the gradient comes through.

Both networks read 14 rows of an MNIST digit, one row per step, then nothing for 40 steps, and must
then say which digit it was. Data: the 4,000 + 1,000 digits that come with the package (`--folder`:
the full set), made smaller by 2 x 2 averages. Prints how much gradient arrives after the 40 steps,
before training, and the accuracy on test digits: below 60 % for the plain network, above 80 % for
the LSTM. Writes lstm_graph.svg and lstm_gradients.png.

    python examples/19_lstm.py
"""

import argparse

import numpy as np

import flowgraph as fg
from flowgraph import data

ROWS, HIDDEN = 14, 64


def plain_step(x, state, weights):
    """h = tanh([x, h] W + b)"""
    h = fg.tanh(fg.matmul(fg.concat([x, state[0]], 1), weights["W"]) + weights["b"])
    return [h]


def lstm_step(x, state, weights):
    """Three gates say what is forgotten, what is written and what is shown of the cell c."""
    h, c = state
    scores = fg.matmul(fg.concat([x, h], 1), weights["W"]) + weights["b"]
    forget, write, show, new = fg.split(scores, 4, axis=1)
    forget = fg.sigmoid(forget + 4.0, "forget")  # + 4: it begins by keeping nearly all
    write = fg.sigmoid(write, "write")
    c = fg.add(forget * c, write * fg.tanh(new), name="cell")
    return [fg.sigmoid(show, "show") * fg.tanh(c), c]


class Reader:
    """A network that reads rows, waits, and answers."""

    def __init__(self, wait, step, states, outputs):
        self.images = fg.placeholder(fg.float32, [None, 14, 14], name="images")
        self.labels = fg.placeholder(fg.int64, [None], name="labels")
        rows = fg.unstack(self.images, axis=1)
        silence = fg.zeros_like(rows[0], name="silence")
        start = fg.zeros([fg.shape(self.images)[0], HIDDEN], name="start")
        with fg.name_scope("weights"):
            weights = {"W": fg.get_variable("W", [14 + HIDDEN, outputs]),
                       "b": fg.get_variable("b", [outputs], initializer=fg.zeros_initializer())}
        state, history = [start] * states, []
        for x in rows + [silence] * wait:
            with fg.name_scope("step"):
                state = step(x, state, weights)
            history.append(state)
        with fg.variable_scope("answer"):
            scores = fg.layers.dense(state[0], 10, name="scores")
            self.loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
                labels=self.labels, logits=scores), name="loss")
        correct = fg.equal(fg.argmax(scores, 1), self.labels)
        self.accuracy = fg.reduce_mean(fg.cast(correct, fg.float32), name="accuracy")

        # The gradient that arrives at a step is a tensor like any other: ask for its length.
        back = fg.gradients(self.loss, [tensor for state in history for tensor in state])
        self.arrives = [fg.global_norm(back[i:i + states]) for i in range(0, len(back), states)]
        variables = fg.trainable_variables()
        gradients, _ = fg.clip_by_global_norm(fg.gradients(self.loss, variables), 1.0)
        self.train = fg.train.AdamOptimizer(0.003).apply_gradients(zip(gradients, variables))


def learn(name, train, test, epochs, *network):
    """Trains a network; the gradient at each step before training, accuracies, the graph."""
    accuracies = []
    with fg.Graph().as_default() as graph, fg.Session() as session:
        fg.set_random_seed(1)
        reader = Reader(*network)
        session.run(fg.global_variables_initializer())
        test = dict(zip([reader.images, reader.labels], test, strict=True))
        arrives = session.run(reader.arrives, test)
        for epoch in range(epochs):
            for x, y in data.batches(*train, 50, seed=epoch):
                session.run(reader.train, {reader.images: x, reader.labels: y})
            accuracies.append(session.run(reader.accuracy, test))
            print(f"{name}, epoch {epoch + 1}: {accuracies[-1]:.1%} of the test digits")
    return np.array(arrives) / arrives[-1], accuracies, graph


def halved(images):
    """28 x 28 pixels to 14 x 14."""
    return images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))


def draw(lines, graph):
    """The LSTM's graph; the gradient at each step, and what each network learns."""
    try:
        graph.render("lstm_graph.svg", ["answer/loss", "Adam"], depth=1, legend=False,
                     name="An LSTM, step by step")
        import matplotlib.pyplot as plt
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)
        return
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for (name, (arrives, accuracies, _)), colour in zip(lines.items(), ["#c0392b", "#2166ac"]):
        left.semilogy(range(1, len(arrives) + 1), arrives, color=colour, label=name)
        right.plot(range(1, len(accuracies) + 1), accuracies, "o-", color=colour, label=name)
    left.axvspan(1, ROWS, color="#eeeeee")
    left.text(1 + ROWS / 2, arrives[-1], "the digit", ha="center", va="top")
    left.set(xlabel="step", ylabel="gradient, last step = 1", title="Before training")
    right.axhline(0.1, color="grey", linestyle=":", label="chance")
    right.set(xlabel="epoch", ylabel="accuracy on test digits", ylim=(0, 1), title="Training")
    left.legend(loc="lower right")
    right.legend(loc="upper left")
    figure.savefig("lstm_gradients.png", dpi=100)


def main():
    parser = argparse.ArgumentParser(description="LSTM and the vanishing gradient.")
    parser.add_argument("--short", action="store_true", help="one epoch of 200 digits")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()
    digits = data.load_mnist(options.folder)
    epochs, count, wait = (1, 50, 4) if options.short else (10, None, 40)
    train = halved(digits.train.images[:count]), digits.train.labels[:count]
    test = halved(digits.test.images[:count]), digits.test.labels[:count]
    lines = {"plain": learn("plain", train, test, epochs, wait, plain_step, 1, HIDDEN),
             "LSTM": learn("LSTM", train, test, epochs, wait, lstm_step, 2, 4 * HIDDEN)}
    for name, (arrives, accuracies, _) in lines.items():
        print(f"result: gradient left after the wait, {name} = {arrives[ROWS - 1]:.2e}")
        print(f"result: test accuracy, {name} = {100 * accuracies[-1]:.1f} %")
    draw(lines, lines["LSTM"][2])


if __name__ == "__main__":
    main()
