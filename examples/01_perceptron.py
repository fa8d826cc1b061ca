"""The perceptron: one neuron learns logic gates, and why one is not enough for XOR.

You learn what a neuron computes (a weighted sum, then a threshold), how Rosenblatt's rule moves its
weights after each mistake, and that a neuron draws one straight line: AND, OR and NAND can be cut
by a line, XOR cannot. Two layers can: the first one's neurons draw a line each, the second combines
them.

The data are the four rows of each gate's truth table. Prints the mistakes of each perceptron while
it learns, then the two-layer network's loss. Writes perceptron_boundaries.png: what each one
answers in the plane of its inputs; perceptron_graph.svg: the graph of the two-layer network.

    python examples/01_perceptron.py
"""

import argparse

import numpy as np

import flowgraph as fg

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "NAND": [1, 1, 1, 0], "XOR": [0, 1, 1, 0]}
# The plane of the inputs, finely sampled: what a neuron answers there is what the picture shows.
PLANE = np.stack(np.meshgrid(np.linspace(-0.5, 1.5, 101), np.linspace(-0.5, 1.5, 101)), axis=-1)


def one_neuron(targets, epochs):
    """Rosenblatt's rule. Returns the mistakes of each epoch, and the answers over the plane."""
    with fg.Graph().as_default(), fg.Session() as session:
        x = fg.placeholder(fg.float32, [None, 2], name="x")
        target = fg.placeholder(fg.float32, [None, 1], name="target")
        w = fg.Variable(fg.zeros([2, 1]), name="w")
        b = fg.Variable(fg.zeros([1]), name="b")
        answer = fg.cast(fg.matmul(x, w) + b > 0, fg.float32)  # a step: no gradient leads through
        wrong = target - answer  # 1, 0 or -1: which way to go, if at all
        learn = fg.group(w.assign_add(fg.matmul(x, wrong, transpose_a=True)),
                         b.assign_add(fg.reduce_sum(wrong, axis=0)))
        session.run(fg.global_variables_initializer())
        mistakes = []
        for _ in range(epochs):
            mistakes.append(0)
            for row in range(4):  # one example after the other, as the rule was meant
                feed = {x: INPUTS[row:row + 1], target: [[targets[row]]]}
                mistakes[-1] += int(abs(session.run(wrong, feed))[0, 0])
                session.run(learn, feed)
        right = np.sum(session.run(answer, {x: INPUTS}).ravel() == targets)
        return mistakes, right, session.run(answer, {x: PLANE.reshape(-1, 2)})


def layer(inputs, size, name, seed):
    """Soft neurons: a sigmoid in place of the step, so that gradients can tell where to go."""
    with fg.name_scope(name):
        n = inputs.shape[1].value
        w = fg.Variable(fg.random_normal([n, size], stddev=1.0, seed=seed), name="w")
        b = fg.Variable(fg.zeros([size]), name="b")
        return fg.matmul(inputs, w) + b


def two_layers(targets, steps):
    """Four hidden neurons and one output, by gradient descent; returns also the graph."""
    with fg.Graph().as_default() as graph, fg.Session() as session:
        x = fg.placeholder(fg.float32, [None, 2], name="x")
        target = fg.placeholder(fg.float32, [None, 1], name="target")
        hidden = fg.sigmoid(layer(x, 4, "hidden", seed=1))
        score = layer(hidden, 1, "output", seed=2)
        answer = fg.sigmoid(score, name="answer")
        with fg.name_scope("loss"):
            loss = fg.reduce_mean(fg.nn.sigmoid_cross_entropy_with_logits(labels=target,
                                                                          logits=score))
        step = fg.train.GradientDescentOptimizer(3.0).minimize(loss)
        session.run(fg.global_variables_initializer())
        feed = {x: INPUTS, target: np.reshape(targets, [4, 1])}
        for done in range(1, steps + 1):
            session.run(step, feed)
            if done % (steps // 4) == 0:
                print(f"  after {done:4} steps: loss {session.run(loss, feed):.4f}")
        right = np.sum((session.run(answer, feed).ravel() > 0.5) == targets)
        return right, session.run(answer, {x: PLANE.reshape(-1, 2)}), graph


def draw_graph(graph, path):
    try:
        print("Wrote", graph.render(path, depth=1))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw_boundaries(path, panels):
    """One panel per network: its answers as colour, the four rows of the gate as points."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("No picture of the answers: python -m pip install matplotlib")
        return
    figure, axes = plt.subplots(1, len(panels), figsize=(2.4 * len(panels), 3.4), sharey=True,
                                layout="constrained")
    for axis, (title, targets, answers) in zip(axes, panels, strict=True):
        image = axis.contourf(*np.moveaxis(PLANE, -1, 0), answers.reshape(101, 101),
                              np.linspace(0, 1, 11), cmap="coolwarm", alpha=0.7)
        for value, marker in ((0, "o"), (1, "s")):
            points = INPUTS[np.array(targets) == value]
            axis.plot(*points.T, marker, color="white", markeredgecolor="black", markersize=9,
                      label=f"target {value}")
        axis.set(title=title, xlabel="$x_1$", aspect="equal", xticks=[0, 1], yticks=[0, 1])
    axes[0].set_ylabel("$x_2$")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.colorbar(image, ax=axes, label="answer", ticks=[0, 0.5, 1], shrink=0.8)
    figure.savefig(path, dpi=90)
    print("Wrote", path)


def main():
    parser = argparse.ArgumentParser(description="Perceptrons learn logic gates.")
    parser.add_argument("--short", action="store_true", help="fewer steps for two layers")
    options = parser.parse_args()

    print("Mistakes in each epoch, one neuron:")
    panels, solved, xor_right = [], 0, 0
    for gate, targets in GATES.items():
        mistakes, right, answers = one_neuron(targets, epochs=20)
        print(f"  {gate:<5}", *mistakes, "  never ends" if mistakes[-1] else "  learnt")
        panels.append((f"{gate}\none neuron: {right} of 4", targets, answers))
        if gate == "XOR":
            xor_right = right
        else:
            solved += right
    print("XOR with two layers:")
    right, answers, graph = two_layers(GATES["XOR"], 200 if options.short else 2000)
    panels.append((f"XOR\ntwo layers: {right} of 4", GATES["XOR"], answers))
    print(f"result: AND, OR, NAND rows right = {solved} of 12")
    print(f"result: XOR rows right with one neuron = {xor_right} of 4")
    print(f"result: XOR rows right with two layers = {right} of 4")
    draw_boundaries("perceptron_boundaries.png", panels)
    draw_graph(graph, "perceptron_graph.svg")


if __name__ == "__main__":
    main()
