"""Softmax regression: telling ten kinds of clothes apart with one matrix.

You learn how classes become numbers (one score per class, softmax, cross-entropy), how to measure
accuracy in the graph, and how to look at what a model gets right and wrong.

Trains on the 4,000 Fashion-MNIST images that come with the package and tests on 1,000 others;
`--folder` takes the full 60,000 and 10,000 (four IDX files). Prints loss and test accuracy after
each epoch (about 82 % in the end), and writes clothes.png: test images with the predicted class.

    python examples/04_softmax_regression.py
"""

import argparse

import flowgraph as fg
from flowgraph import data


def build():
    """The model as a dict of its tensors, and one training step."""
    images = fg.placeholder(fg.float32, [None, 28, 28], name="images")
    labels = fg.placeholder(fg.int64, [None], name="labels")
    pixels = fg.reshape(images, [-1, 784], name="pixels")
    weights = fg.Variable(fg.random_normal([784, 10], stddev=0.01, seed=1), name="weights")
    biases = fg.Variable(fg.zeros([10]), name="biases")
    scores = fg.add(fg.matmul(pixels, weights), biases, name="scores")  # one per class

    # Softmax makes probabilities of the scores; the loss is -log of the true class's one.
    loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels, logits=scores), name="loss")
    predicted = fg.argmax(scores, axis=1, name="predicted")
    correct = fg.cast(fg.equal(predicted, labels), fg.float32)
    accuracy = fg.reduce_mean(correct, name="accuracy")
    step = fg.train.GradientDescentOptimizer(0.1).minimize(loss)
    return images, labels, loss, predicted, accuracy, step


def main():
    parser = argparse.ArgumentParser(description="Softmax regression on Fashion-MNIST.")
    parser.add_argument("--short", action="store_true", help="two epochs in place of ten")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()

    clothes = data.load_fashion_mnist(options.folder)
    train, test = clothes.train, clothes.test
    images, labels, loss, predicted, accuracy, step = build()
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        for epoch in range(2 if options.short else 10):
            total = 0.0
            for x, y in data.batches(train.images, train.labels, 50, seed=epoch):
                batch_loss, _ = session.run([loss, step], {images: x, labels: y})
                total += batch_loss * len(x)
            tested = session.run(accuracy, {images: test.images, labels: test.labels})
            print(f"epoch {epoch + 1:2}: loss {total / len(train):.4f}, "
                  f"test accuracy {tested:.1%}")
        guesses = session.run(predicted, {images: test.images[:18]})
    draw("clothes.png", test.images[:18], test.labels[:18], guesses, clothes.class_names)


def draw(path, images, labels, guesses, names):
    """The first test images, each under the class the model sees in it."""
    wrong = guesses != labels
    titles = [names[guess] if guess == label else f"{names[guess]}\nis: {names[label]}"
              for guess, label in zip(guesses, labels, strict=True)]
    try:
        fg.plots.plot_images(images, path, titles=titles, wrong=wrong, columns=6, inverted=True,
                             title="Fashion-MNIST test images: what the model sees")
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)
        return
    print("Wrote", path)


if __name__ == "__main__":
    main()
