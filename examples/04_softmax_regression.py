"""Softmax regression: telling ten kinds of clothes apart with one matrix.

You learn how classes become numbers (one score per class, softmax, cross entropy), first written
with ops and then with layers; how to measure accuracy in the graph; and how to look at what a
model gets right and wrong, image by image and class by class.

Trains on the 4,000 Fashion-MNIST images that come with the package and tests on 1,000 others;
`--folder` takes the full 60,000 and 10,000 (four IDX files). Prints loss and test accuracy after
each epoch (about 82 % in the end). Writes softmax_regression_clothes.png (test images with the
predicted class), softmax_regression_confusion.png and softmax_regression_graph.svg.

    python examples/04_softmax_regression.py
"""

import argparse

import numpy as np

import flowgraph as fg
from flowgraph import data


def scores_from_ops(pixels):
    """The model in full: weights, biases, one product."""
    weights = fg.Variable(fg.random_normal([784, 10], stddev=0.01, seed=1), name="weights")
    biases = fg.Variable(fg.zeros([10]), name="biases")
    return fg.add(fg.matmul(pixels, weights), biases, name="scores")  # one per class


def loss_from_ops(scores, labels):
    """Softmax makes probabilities of the scores; the loss is -log of the true class's one."""
    scores = scores - fg.reduce_max(scores, axis=1, keepdims=True)  # so that exp stays finite
    exponentials = fg.exp(scores)
    probabilities = exponentials / fg.reduce_sum(exponentials, axis=1, keepdims=True)
    true_class = fg.one_hot(labels, 10)
    return -fg.reduce_mean(fg.reduce_sum(true_class * fg.log(probabilities + 1e-12), axis=1))


def scores_from_layers(pixels):
    """The same model in one line."""
    initializer = fg.random_normal_initializer(stddev=0.01, seed=1)
    return fg.layers.dense(pixels, 10, kernel_initializer=initializer, name="scores")


def loss_from_layers(scores, labels):
    """The same loss in one line, and safe for any scores."""
    return fg.losses.sparse_softmax_cross_entropy(labels=labels, logits=scores)


def train(scores_of, loss_of, clothes, epochs):
    """Builds and trains a model; returns its test accuracy, confusion, guesses and the graph."""
    with fg.Graph().as_default() as graph, fg.Session() as session:
        images = fg.placeholder(fg.float32, [None, 28, 28], name="images")
        labels = fg.placeholder(fg.int64, [None], name="labels")
        scores = scores_of(fg.reshape(images, [-1, 784], name="pixels"))
        with fg.name_scope("loss"):
            loss = loss_of(scores, labels)
        predicted = fg.argmax(scores, axis=1, name="predicted")
        with fg.name_scope("accuracy"):
            accuracy = fg.reduce_mean(fg.cast(fg.equal(predicted, labels), fg.float32))
        confusion = fg.confusion_matrix(labels, predicted, num_classes=10)
        step = fg.train.GradientDescentOptimizer(0.1).minimize(loss)
        session.run(fg.global_variables_initializer())
        testing = {images: clothes.test.images, labels: clothes.test.labels}
        for epoch in range(epochs):
            total = 0.0
            for x, y in data.batches(clothes.train.images, clothes.train.labels, 50, seed=epoch):
                batch_loss, _ = session.run([loss, step], {images: x, labels: y})
                total += batch_loss * len(x)
            print(f"epoch {epoch + 1:2}: loss {total / len(clothes.train):.4f}, "
                  f"test accuracy {session.run(accuracy, testing):.1%}")
        return session.run([accuracy, confusion, predicted], testing), graph


def draw_graph(graph, path):
    try:
        print("Wrote", graph.render(path, ["accuracy/Mean", "GradientDescent"], depth=1))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw(clothes, guesses, confusion):
    """The first test images, each under the class the model sees in it; and who is taken for whom.
    """
    names, labels = clothes.class_names, clothes.test.labels
    titles = [names[guess] if guess == label else f"{names[guess]}\nis: {names[label]}"
              for guess, label in zip(guesses[:18], labels[:18], strict=True)]
    try:
        print("Wrote", fg.plots.plot_images(
            clothes.test.images[:18], "softmax_regression_clothes.png", titles=titles,
            wrong=guesses[:18] != labels[:18], columns=6, inverted=True,
            title="Fashion-MNIST test images: what the model sees"))
        figure = fg.plots.plot_confusion_matrix(confusion, class_names=names, what="counts")
        figure.savefig("softmax_regression_confusion.png", dpi=90)
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def main():
    parser = argparse.ArgumentParser(description="Softmax regression on Fashion-MNIST.")
    parser.add_argument("--short", action="store_true", help="two epochs in place of ten")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()
    clothes = data.load_fashion_mnist(options.folder)
    epochs = 2 if options.short else 10
    print("Written with ops:")
    (from_ops, confusion, guesses), graph = train(scores_from_ops, loss_from_ops, clothes, epochs)
    print("Written with layers:")
    (from_layers, *_), _ = train(scores_from_layers, loss_from_layers, clothes, epochs)

    right = confusion.diagonal() / confusion.sum(axis=1)
    others = confusion * (1 - np.eye(10, dtype=int))
    truth, guess = divmod(others.argmax(), 10)
    print(f"Best known: {clothes.class_names[right.argmax()]} ({right.max():.0%}); most often "
          f"mistaken: {clothes.class_names[truth]} for {clothes.class_names[guess]}.")
    print(f"result: test accuracy, from ops = {100 * from_ops:.1f} %")
    print(f"result: test accuracy, with layers = {100 * from_layers:.1f} %")
    print(f"result: accuracy of shirts = {100 * right[6]:.1f} %")
    draw(clothes, guesses, confusion)
    draw_graph(graph, "softmax_regression_graph.svg")


if __name__ == "__main__":
    main()
