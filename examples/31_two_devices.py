"""One model on two devices: `fg.device` cuts the graph.

You learn what a graph that is known before it runs is good for: a device string on an operation
says where it runs, and the session does the rest. It cuts the graph where a tensor crosses from one
device to the other, runs what stands on different devices at the same time, and waits where they
meet. As AlexNet did on two GPUs in 2012, this network has two columns that see the same images and
meet in the last layer; their gradients stay on the column's device.

The devices are two CPUs, a core each; where there is a GPU, it takes the second column. Data:
Fashion-MNIST (4,000 + 1,000 come with the package; `--folder`: all). Prints the accuracy, how far
the scores are from those of one device, and how much faster a training step is than on one: up to
twice, on cores that nothing else keeps busy. Writes two_devices_graph.svg (coloured by device) and
two_devices_times.png.

    python examples/31_two_devices.py
"""

import argparse
import io
import time

import numpy as np

import flowgraph as fg
from flowgraph import data


def column(pixels, name, device):
    """Three layers on one device."""
    with fg.device(device), fg.variable_scope(name):
        hidden = fg.layers.dense(pixels, 512, fg.nn.relu, name="hidden1")
        hidden = fg.layers.dense(hidden, 512, fg.nn.relu, name="hidden2")
        return fg.layers.dense(hidden, 256, fg.nn.relu, name="hidden3")


class Model:
    """Two columns and the layer where they meet."""

    def __init__(self, devices):
        self.images = fg.placeholder(fg.float32, [None, 784], name="images")
        self.labels = fg.placeholder(fg.int64, [None], name="labels")
        columns = [column(self.images, name, device)
                   for name, device in zip(("left", "right"), devices, strict=True)]
        with fg.device(devices[0]), fg.name_scope("meet"):
            self.scores = fg.layers.dense(fg.concat(columns, 1), 10, name="scores")
            self.loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
                labels=self.labels, logits=self.scores), name="loss")
        self.accuracy = fg.reduce_mean(fg.cast(
            fg.equal(fg.argmax(self.scores, 1), self.labels), fg.float32), name="accuracy")
        # The gradient of an operation goes where the operation is.
        self.train = fg.train.MomentumOptimizer(0.05, 0.9).minimize(
            self.loss, colocate_gradients_with_ops=True)


def session_on(cores):
    """A session with so many CPUs, a core for each."""
    return fg.Session(config=fg.ConfigProto(
        device_count={"CPU": cores}, intra_op_parallelism_threads=cores,
        inter_op_parallelism_threads=cores, allow_soft_placement=True))


def learn(devices, clothes, epochs):
    """Trains on these devices: accuracy, scores of the test images, seconds per step, the graph."""
    with fg.Graph().as_default() as graph, session_on(len(set(devices))) as session:
        fg.set_random_seed(1)
        model, seconds = Model(devices), []
        session.run(fg.global_variables_initializer())
        feeds = {model.images: clothes.train.images[:400].reshape(-1, 784),
                 model.labels: clothes.train.labels[:400]}
        source = str(session.explain(model.train, feeds, file=io.StringIO()).source)
        for epoch in range(epochs):
            images = clothes.train.images.reshape(-1, 784)
            for x, y in data.batches(images, clothes.train.labels, 400, seed=epoch):
                began = time.perf_counter()
                session.run(model.train, {model.images: x, model.labels: y})
                seconds.append(time.perf_counter() - began)
        accuracy, scores = session.run([model.accuracy, model.scores], {
            model.images: clothes.test.images.reshape(-1, 784), model.labels: clothes.test.labels})
    print(f"on {', '.join(devices)}: {accuracy:.1%} of the test images, "
          f"{1000 * np.median(seconds):.1f} ms per step")
    return accuracy, scores, np.array(seconds), graph, source


def draw(graph, times):
    """The graph, coloured by device; and how long training steps take."""
    try:
        graph.render("two_devices_graph.svg", ["meet/loss", "Momentum"], color="device",
                     depth=1, name="Two columns, two devices")
        import matplotlib.pyplot as plt
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)
        return
    figure, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")
    most = 1000 * max(np.quantile(seconds, 0.95) for seconds in times.values())
    for name, seconds in times.items():
        axis.hist(1000 * seconds, bins=np.linspace(0, most, 30), density=True, alpha=0.6,
                  label=name)
    axis.set(xlabel="milliseconds for a training step of 400 images", ylabel="density")
    axis.legend()
    figure.savefig("two_devices_times.png", dpi=100)


def main():
    parser = argparse.ArgumentParser(description="One model on two devices.")
    parser.add_argument("--short", action="store_true", help="one epoch")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()
    clothes = data.load_fashion_mnist(options.folder)
    epochs = 1 if options.short else 12
    second = "/gpu:0" if fg.test.is_gpu_available() else "/cpu:1"
    _, scores, alone, _, _ = learn(("/cpu:0", "/cpu:0"), clothes, min(epochs, 3))
    _, scores2, _, _, _ = learn(("/cpu:0", second), clothes, min(epochs, 3))
    accuracy, _, together, graph, source = learn(("/cpu:0", second), clothes, epochs)
    print("In the NumPy program of a training step, these run side by side:")
    print(*(line.split(" = ")[0] for line in source.splitlines()
            if "SideBySide" in line), sep="\n")
    print(f"result: test accuracy = {100 * accuracy:.1f} %")
    print(f"result: largest difference of scores = {np.abs(scores - scores2).max():.1e}")
    print(f"result: speed-up by the second device = {np.median(alone) / np.median(together):.2f}")
    draw(graph, {"one device": alone, f"/cpu:0 and {second}": together})


if __name__ == "__main__":
    main()
