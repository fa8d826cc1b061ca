"""An op of your own, an optimizer of your own, and the program that a training step becomes.

You learn how to go on where the library ends. An op is a class: which shape comes out (`infer`),
the computation (`kernel`), and the gradient, written with other ops. An optimizer is a class too:
which variables it adds (`_create_slots`), and how a gradient changes a weight (`_apply_dense`).
Graph, shapes, gradients, pictures and errors treat both like their own. In the end the session
shows what it really runs: the training step as a NumPy function that you can read.

The op is mish, x tanh(log(1 + e^x)); the optimizer is Lion, which moves each weight by a fixed step
into the direction of a mean of gradients. Data: Fashion-MNIST (4,000 + 1,000 come with the package;
`--folder`: all). Prints how exact the gradient is, the accuracy beside that of relu and Adam, and
the step's source. Writes own_op_graph.svg and own_op_curves.png.

    python examples/32_own_op.py
"""

import argparse
import io

import numpy as np

import flowgraph as fg
from flowgraph import data
from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import OpDef
from flowgraph.testing import check_gradients


class Mish(OpDef):
    """y = x tanh(log(1 + e^x)): smooth, and for large |x| like relu (Misra, 2019)."""

    T = fg.core.dtypes.FLOAT  # the dtypes that it takes
    elementwise = True        # element i of y needs only element i of x

    def infer(self, x):
        return Spec(x.dtype, x.shape)  # known when the graph is built, before any number is

    def kernel(self, xp, x, *, out=None):  # xp is NumPy, or CuPy on a GPU
        return xp.multiply(x, xp.tanh(xp.logaddexp(x, x.dtype.type(0))), out=out)

    def grad(self, op, dy):
        x = op.inputs[0]
        t = fg.tanh(fg.nn.softplus(x))
        return dy * (t + x * (1.0 - t * t) * fg.sigmoid(x))


def mish(x, name=None):
    return Mish.build(x, name=name)


class LionOptimizer(fg.train.Optimizer):
    """weight -= rate * sign(mean of gradients); of Chen et al., 2023."""

    def __init__(self, learning_rate=0.0003, beta1=0.9, beta2=0.99, name="Lion"):
        super().__init__(use_locking=False, name=name)
        self.learning_rate, self.beta1, self.beta2 = learning_rate, beta1, beta2

    def _create_slots(self, var_list):
        for variable in var_list:
            self._zeros_slot(variable, "mean", self._name)

    def _apply_dense(self, grad, var):
        mean = self.get_slot(var, "mean")
        direction = fg.sign(self.beta1 * mean + (1.0 - self.beta1) * grad)
        new_mean = self.beta2 * mean + (1.0 - self.beta2) * grad
        moved = fg.assign_sub(var, self.learning_rate * direction)
        with fg.control_dependencies([direction]):  # read the mean before it changes
            return fg.group(moved, fg.assign(mean, new_mean))

    def _resource_apply_dense(self, grad, handle):
        return self._apply_dense(grad, handle)


class Model:
    """A hidden layer; which activation and which optimizer is said from outside."""

    def __init__(self, activation, optimizer):
        self.images = fg.placeholder(fg.float32, [None, 784], name="images")
        self.labels = fg.placeholder(fg.int64, [None], name="labels")
        hidden = fg.layers.dense(self.images, 128, activation, name="hidden")
        scores = fg.layers.dense(hidden, 10, name="scores")
        self.loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
            labels=self.labels, logits=scores), name="loss")
        self.accuracy = fg.reduce_mean(fg.cast(
            fg.equal(fg.argmax(scores, 1), self.labels), fg.float32), name="accuracy")
        self.train = optimizer.minimize(self.loss)


def learn(clothes, epochs, activation, optimizer):
    """Trains; test accuracies, the graph, and the source of a training step."""
    accuracies = []
    with fg.Graph().as_default() as graph, fg.Session() as session:
        fg.set_random_seed(1)
        model = Model(activation, optimizer)
        session.run(fg.global_variables_initializer())
        feeds = {model.images: clothes.test.images.reshape(-1, 784),
                 model.labels: clothes.test.labels}
        source = str(session.explain(model.train, feeds, file=io.StringIO()).source)
        images = clothes.train.images.reshape(-1, 784)
        for epoch in range(epochs):
            for x, y in data.batches(images, clothes.train.labels, 50, seed=epoch):
                session.run(model.train, {model.images: x, model.labels: y})
            accuracies.append(float(session.run(model.accuracy, feeds)))
    return accuracies, graph, source


def gradient_error():
    """The gradient of mish beside the slope of a short secant, in float64."""
    points = np.linspace(-6, 6, 101)
    check_gradients(mish, [points], order=2)  # raises where they differ, also in the 2nd derivative
    with fg.Graph().as_default(), fg.Session() as session:
        x = fg.placeholder(fg.float64, [None])
        y = mish(x)
        slope, = session.run(fg.gradients(y, x), {x: points})
        secant = (session.run(y, {x: points + 1e-5}) - session.run(y, {x: points - 1e-5})) / 2e-5
    return np.abs(slope - secant).max()


def main():
    parser = argparse.ArgumentParser(description="An op and an optimizer of your own.")
    parser.add_argument("--short", action="store_true", help="one epoch")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()
    clothes, epochs = data.load_fashion_mnist(options.folder), 1 if options.short else 20
    own, graph, source = learn(clothes, epochs, mish, LionOptimizer())
    usual, _, _ = learn(clothes, epochs, fg.nn.relu, fg.train.AdamOptimizer(0.001))
    print("A training step, in NumPy:")
    print("\n".join(line[:110] for line in source.splitlines()))
    print(f"result: largest error of the gradient = {gradient_error():.1e}")
    print(f"result: test accuracy, mish and Lion = {100 * own[-1]:.1f} %")
    print(f"result: test accuracy, relu and Adam = {100 * usual[-1]:.1f} %")
    try:
        graph.render("own_op_graph.svg", ["loss", "Lion"], name="Mish inside, Lion above")
        fg.plots.plot_curves({"accuracy on test images": {"mish and Lion": own,
                                                          "relu and Adam": usual}},
                             "own_op_curves.png", xlabel="epoch")
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)


if __name__ == "__main__":
    main()
