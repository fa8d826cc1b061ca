"""TensorBoard: scalars, histograms, images, the graph, and embeddings of a trained model.

You learn to watch a training. Summaries are operations of the graph; a `FileWriter` puts what they
say into event files, which TensorBoard reads (`tensorboard --logdir tensorboard_logs`): curves of
loss and accuracy, how weights are distributed, test images, the graph with its scopes, and the
projector: each test image as a point, placed by what the hidden layer says of it, with its class
and its picture. flowgraph writes and reads these files itself; TensorBoard need not be there.

Data: Fashion-MNIST (4,000 + 1,000 come with the package; `--folder`: all). Prints what the event
files hold, read back. Writes tensorboard_logs, tensorboard_graph.svg, tensorboard_curves.png and
tensorboard_points.png (the projector's points on two axes).

    python examples/23_tensorboard.py
"""

import argparse
import collections
from pathlib import Path

import numpy as np

import flowgraph as fg
from flowgraph import data
from flowgraph.contrib.tensorboard.plugins import projector

LOGS = Path("tensorboard_logs")


class Model:
    """A small network, and summaries of what happens in it."""

    def __init__(self):
        self.images = fg.placeholder(fg.float32, [None, 28, 28], name="images")
        self.labels = fg.placeholder(fg.int64, [None], name="labels")
        pixels = fg.reshape(self.images, [-1, 784], name="pixels")
        self.hidden = fg.layers.dense(pixels, 64, fg.nn.relu, name="hidden")
        scores = fg.layers.dense(self.hidden, 10, name="scores")
        with fg.name_scope("loss"):
            self.loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
                labels=self.labels, logits=scores))
        with fg.name_scope("accuracy"):
            correct = fg.equal(fg.argmax(scores, 1), self.labels)
            self.accuracy = fg.reduce_mean(fg.cast(correct, fg.float32))
        self.train = fg.train.AdamOptimizer(0.001).minimize(self.loss)
        curves = [fg.summary.scalar("curves/loss", self.loss),
                  fg.summary.scalar("curves/accuracy", self.accuracy)]
        histograms = [fg.summary.histogram(v.op.name, v) for v in fg.trainable_variables()]
        shown = fg.summary.image("clothes", self.images[..., None], max_outputs=3)
        self.curves = fg.summary.merge(curves)
        self.everything = fg.summary.merge([*curves, *histograms, shown])


def learn(session, model, clothes, epochs):
    """Trains; two writers, so that TensorBoard shows two curves in each panel."""
    train_writer = fg.summary.FileWriter(str(LOGS / "train"), session.graph)  # with the graph
    test_writer = fg.summary.FileWriter(str(LOGS / "test"))
    test, step = {model.images: clothes.test.images, model.labels: clothes.test.labels}, 0
    for epoch in range(epochs):
        for x, y in data.batches(clothes.train.images, clothes.train.labels, 50, seed=epoch):
            feeds = {model.images: x, model.labels: y}
            summary, _ = session.run([model.curves, model.train], feeds)
            if step % 10 == 0:
                train_writer.add_summary(summary, step)
            step += 1
        summary, accuracy = session.run([model.everything, model.accuracy], test)
        test_writer.add_summary(summary, step)
    train_writer.close()
    test_writer.close()
    return accuracy


def write_embedding(clothes, codes):
    """The projector's files: a checkpoint with a table of points, their names, their pictures."""
    folder = LOGS / "projector"
    with fg.Graph().as_default(), fg.Session() as session:
        session.run(fg.Variable(codes, name="codes", trainable=False).initializer)
        fg.train.Saver().save(session, str(folder / "codes.ckpt"))
    names = [clothes.class_names[label] for label in clothes.test.labels[:len(codes)]]
    (folder / "names.tsv").write_text("\n".join(names) + "\n")
    side = int(np.ceil(len(codes) ** 0.5))
    sprite = np.zeros([side * side, 28, 28], np.float32)
    sprite[:len(codes)] = clothes.test.images[:len(codes)]
    sprite = sprite.reshape(side, side, 28, 28).transpose(0, 2, 1, 3).reshape(side * 28, side * 28)
    with fg.Graph().as_default(), fg.Session() as session:
        png = fg.image.encode_png((255 * sprite[..., None]).astype(np.uint8))
        (folder / "sprite.png").write_bytes(session.run(png))
    config = projector.ProjectorConfig()
    points = config.embeddings.add(tensor_name="codes", metadata_path="names.tsv")
    points.sprite.image_path = "sprite.png"
    points.sprite.single_image_dim.extend([28, 28])
    projector.visualize_embeddings(fg.summary.FileWriter(str(folder)), config)


def read_back():
    """What the event files hold: how many values of each kind, and the last test accuracy."""
    kinds, last = collections.Counter(), 0.0
    for path in sorted(LOGS.rglob("events.out.tfevents.*")):
        for event in fg.train.summary_iterator(str(path)):
            kinds["graph"] += bool(event.graph_def)
            for value in event.summary.value:
                kinds[value.WhichOneof("value")] += 1
                if value.tag == "curves/accuracy" and "test" in path.parts:
                    last = value.simple_value
    return kinds, last


def draw(model, codes, clothes):
    """The graph, the curves out of the event files, and the points on two principal axes."""
    try:
        fg.get_default_graph().render("tensorboard_graph.svg", [model.loss, model.accuracy, "Adam"],
                                      name="As TensorBoard shows it")
        fg.plots.plot_runs(str(LOGS), "tensorboard_curves.png", tags="accuracy")
        import matplotlib.pyplot as plt
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)
        return
    centred = codes - codes.mean(axis=0)
    plane = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    figure, axis = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
    for label, name in enumerate(clothes.class_names):
        points = plane[clothes.test.labels[:len(codes)] == label]
        axis.plot(*points.T, ".", markersize=4, label=name)
    axis.set(title="Test images as the hidden layer sees them", xlabel="axis 1", ylabel="axis 2")
    axis.legend(markerscale=3, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig("tensorboard_points.png", dpi=80)


def main():
    parser = argparse.ArgumentParser(description="Logs for TensorBoard.")
    parser.add_argument("--short", action="store_true", help="one epoch")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()
    clothes = data.load_fashion_mnist(options.folder)
    fg.set_random_seed(1)
    model = Model()
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        accuracy = learn(session, model, clothes, 1 if options.short else 15)
        codes = session.run(model.hidden, {model.images: clothes.test.images[:1000]})
    write_embedding(clothes, codes)
    kinds, last = read_back()
    print("In tensorboard_logs:", dict(kinds))
    print(f"result: test accuracy = {100 * accuracy:.1f} %")
    print(f"result: accuracy in the event file minus accuracy = {last - accuracy:g}")
    draw(model, codes, clothes)


if __name__ == "__main__":
    main()
