"""LeNet-5 reads handwritten digits.

You learn the pattern of a convolutional network (convolution, pooling, again, then dense layers),
how its tensors shrink and thicken on the way, how few weights convolutions take, and what the
filters look at.

LeCun and others (1998), with ReLU, max pooling and dropout as it is written today. Trains on the
4,000 MNIST digits that come with the package and tests on 1,000 others; `--folder` takes the full
MNIST (four IDX files), then for three epochs. Prints shapes, weights, and after each epoch training
and test accuracy: about 98 % of the test digits, 99 % with the full files. Writes
lenet_accuracy.png, lenet_maps.png (what the first layers see in a digit), lenet_mistakes.png and
lenet_graph.svg.

    python examples/12_lenet.py
"""

import argparse

import numpy as np

import flowgraph as fg
from flowgraph import data


def build(steps):
    """Placeholders, each layer's output by name, loss, accuracy, guesses, and a training step."""
    images = fg.placeholder(fg.float32, [None, 28, 28], name="images")
    labels = fg.placeholder(fg.int64, [None], name="labels")
    rate = fg.placeholder_with_default(0.0, [], name="rate")  # of dropout: 0 but in training
    relu = fg.nn.relu
    image = fg.expand_dims(images, 3, name="image")
    conv1 = fg.layers.conv2d(image, 6, 5, padding="same", activation=relu, name="conv1")
    pool1 = fg.layers.max_pooling2d(conv1, 2, 2, name="pool1")
    conv2 = fg.layers.conv2d(pool1, 16, 5, activation=relu, name="conv2")
    pool2 = fg.layers.max_pooling2d(conv2, 2, 2, name="pool2")
    flatten = fg.layers.flatten(pool2, name="flatten")
    dropout = fg.nn.dropout(flatten, rate=rate)
    fc1 = fg.layers.dense(dropout, 120, relu, name="fc1")
    fc2 = fg.layers.dense(fc1, 84, relu, name="fc2")
    fc3 = fg.layers.dense(fc2, 10, name="fc3")  # a score per digit
    layers = {"image": image, "conv1": conv1, "pool1": pool1, "conv2": conv2, "pool2": pool2,
              "flatten": flatten, "dropout": dropout, "fc1": fc1, "fc2": fc2, "fc3": fc3}
    with fg.name_scope("loss"):
        loss = fg.losses.sparse_softmax_cross_entropy(labels, fc3)
    with fg.name_scope("accuracy"):
        guesses = fg.argmax(fc3, 1)
        accuracy = fg.reduce_mean(fg.cast(fg.equal(guesses, labels), fg.float32))
    # Steps that shrink to nothing: the last ones settle instead of jumping about.
    passed = fg.train.get_or_create_global_step()
    shrinking = fg.train.cosine_decay(3e-3, passed, steps)
    step = fg.train.AdamOptimizer(shrinking).minimize(loss, global_step=passed)
    return images, labels, rate, layers, accuracy, guesses, step


def size(variables):
    return sum(variable.shape.num_elements() for variable in variables)


def evaluate(session, tensor, feeds):
    """Over parts of 500, so that 10,000 images do not have to stand in memory at once."""
    (images, x), (labels, y) = feeds.items()
    return np.concatenate([np.atleast_1d(session.run(
        tensor, {images: x[start:start + 500], labels: y[start:start + 500]}))
        for start in range(0, len(x), 500)])


def draw_graph(path):
    try:
        print("Wrote", fg.get_default_graph().render(path, ["accuracy/Mean", "Adam"], depth=0))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw(history, digits, guesses, maps):
    """Accuracy over the epochs, what the first layers see, and all that goes wrong."""
    labels = digits.test.labels
    wrong = np.flatnonzero(guesses != labels)[:14]
    try:
        figure = fg.plots.plot_curves({"accuracy": history}, xlabel="epoch")
        figure.savefig("lenet_accuracy.png", dpi=80)
        figure = fg.plots.plot_images(
            digits.test.images[wrong], columns=7, inverted=True, title="Digits read wrong",
            titles=[f"{guesses[row]}, is {labels[row]}" for row in wrong])
        figure.savefig("lenet_mistakes.png", dpi=80)
        figure = fg.plots.plot_images(
            np.concatenate([np.moveaxis(part, -1, 0) for part in maps]), columns=7,
            titles=["digit"] + [f"conv1, {n}" for n in range(1, 7)]
            + ["digit, 14 × 14"] + [f"pool1, {n}" for n in range(1, 7)],
            title="What the filters of the first layer find")
        figure.savefig("lenet_maps.png", dpi=80)
        print("Wrote lenet_accuracy.png, lenet_mistakes.png, lenet_maps.png")
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def main():
    parser = argparse.ArgumentParser(description="LeNet-5 reads digits.")
    parser.add_argument("--short", action="store_true", help="one epoch on 1,000 digits")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()
    fg.set_random_seed(1)
    digits = data.load_mnist(options.folder)
    x_train, y_train = digits.train.images, digits.train.labels
    if options.short:
        x_train, y_train = x_train[:1000], y_train[:1000]
    epochs = 1 if options.short else 3 if options.folder else 15
    images, labels, rate, layers, accuracy, guesses, step = build(epochs * len(x_train) // 50)
    for name, tensor in layers.items():
        print(f"{name:<8} {tensor.shape!s:<18} {size(fg.trainable_variables(name)):>7,} weights")
    parts = {"training": {images: x_train, labels: y_train},
             "test": {images: digits.test.images, labels: digits.test.labels}}
    history = {"training": [], "test": []}
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        for epoch in range(epochs):
            for x, y in data.batches(x_train, y_train, 50, seed=epoch):
                session.run(step, {images: x, labels: y, rate: 0.5})
            for name, feeds in parts.items():
                history[name].append(evaluate(session, accuracy, feeds).mean())
            print(f"epoch {epoch + 1:2}: accuracy",
                  *(f"{name} {right[-1]:.2%}" for name, right in history.items()))
        found = evaluate(session, guesses, parts["test"])
        conv, pool = session.run([layers["conv1"], layers["pool1"]],
                                 {images: digits.test.images[:1]})
    print(f"result: weights = {size(fg.trainable_variables())}")
    print(f"result: test accuracy = {100 * history['test'][-1]:.2f} %")
    digit = digits.test.images[:1, ..., None]
    # Twice as large, so that all images are of one size: the coarse pixels tell what pooling left.
    small, pool = (part.repeat(2, axis=1).repeat(2, axis=2) for part in (digit[:, ::2, ::2], pool))
    draw(history, digits, found, [digit[0], conv[0] / conv.max(), small[0], pool[0] / pool.max()])
    draw_graph("lenet_graph.svg")


if __name__ == "__main__":
    main()
