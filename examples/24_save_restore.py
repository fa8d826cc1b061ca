"""Save, restore, go on, and hand over: what becomes of a trained model.

You learn the ways a model lives on. A checkpoint (`fg.train.Saver`) holds the variables, those of
the optimizer too: training stops, another process restores it and goes on as if nothing had
happened, to the last bit; who restores only the weights goes on differently. A frozen graph is one
file in which variables have become constants and all that training needs is gone: a program that
knows nothing of how it was made can use it.

Data: Fashion-MNIST (4,000 + 1,000 come with the package; `--folder`: all). Prints how far the
resumed model and the frozen one are from the original. Writes the checkpoint and frozen.pb into
save_restore_files, what the frozen file holds as save_restore_graph.svg, and save_restore_loss.png.

    python examples/24_save_restore.py
"""

import argparse
from pathlib import Path

import numpy as np

import flowgraph as fg
from flowgraph import data

FILES = Path("save_restore_files")


def build():
    """A small network and its training, in a graph of its own."""
    with fg.Graph().as_default() as graph:
        fg.set_random_seed(1)
        images = fg.placeholder(fg.float32, [None, 784], name="images")
        labels = fg.placeholder(fg.int64, [None], name="labels")
        hidden = fg.layers.dense(images, 128, fg.nn.relu, name="hidden")
        scores = fg.layers.dense(hidden, 10, name="scores")
        fg.nn.softmax(scores, name="probabilities")
        loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
            labels=labels, logits=scores), name="loss")
        fg.train.AdamOptimizer(0.001).minimize(loss, name="train")
        fg.global_variables_initializer()
        return graph, fg.train.Saver(), fg.train.Saver(fg.trainable_variables(), name="weights")


def epochs(session, clothes, which):
    """Trains; the mean loss of each epoch. Names of tensors do as well as tensors."""
    losses = []
    for epoch in which:
        images = clothes.train.images.reshape(-1, 784)
        batches = list(data.batches(images, clothes.train.labels, 50, seed=epoch))
        runs = [session.run(["loss:0", "train"], {"images:0": x, "labels:0": y})
                for x, y in batches]
        losses.append(float(np.mean([loss for loss, _ in runs])))
    return losses


def weights(session):
    """All trained numbers in one array."""
    variables = session.graph.get_collection(fg.GraphKeys.TRAINABLE_VARIABLES)
    return np.concatenate([value.ravel() for value in session.run(variables)])


def freeze(session, path):
    """Variables become constants; what probabilities do not need is left out."""
    graph_def = fg.graph_util.convert_variables_to_constants(
        session, session.graph.as_graph_def(), ["probabilities"])
    fg.train.write_graph(graph_def, str(path.parent), path.name, as_text=False)
    return path.stat().st_size


def load(path):
    """A graph from a frozen file: no variables, no initializer, no code of the model."""
    graph_def = fg.GraphDef()
    graph_def.ParseFromString(path.read_bytes())
    with fg.Graph().as_default() as graph:
        fg.import_graph_def(graph_def, name="")
    return graph


def draw(graph, curves):
    """What the frozen file holds; and the loss of whoever goes on."""
    try:
        graph.render("save_restore_graph.svg", "probabilities", name="frozen.pb")
        fg.plots.plot_curves({"training loss": curves}, "save_restore_loss.png", xlabel="epoch",
                             log=True)
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)


def main():
    parser = argparse.ArgumentParser(description="Save, restore, resume, freeze.")
    parser.add_argument("--short", action="store_true", help="two epochs")
    parser.add_argument("--folder", help="folder of the four original IDX files")
    options = parser.parse_args()
    clothes, count = data.load_fashion_mnist(options.folder), 2 if options.short else 12
    first, rest = range(count // 2), range(count // 2, count)
    later = [epoch + 1 for epoch in rest]
    test = {"images:0": clothes.test.images.reshape(-1, 784)}

    graph, saver, _ = build()
    with fg.Session(graph=graph) as session:
        session.run("init")
        losses = epochs(session, clothes, first)
        checkpoint = saver.save(session, str(FILES / "model.ckpt"), global_step=count // 2)
        print("saved", ", ".join(sorted(path.name for path in FILES.glob("model.ckpt*"))))
        print("it holds", ", ".join(name for name, _ in fg.train.list_variables(checkpoint)))
        curves = {"never stopped": losses + epochs(session, clothes, rest)}
        uninterrupted, expected = weights(session), session.run("probabilities:0", test)
        size = freeze(session, FILES / "frozen.pb")

    graph, saver, weights_saver = build()  # as another process would
    with fg.Session(graph=graph) as session:
        saver.restore(session, checkpoint)  # in place of an initializer
        curves["restored"] = (later, epochs(session, clothes, rest))
        resumed = np.abs(weights(session) - uninterrupted).max()
        session.run("init")
        weights_saver.restore(session, checkpoint)  # Adam's means begin at zero again
        curves["weights only"] = (later, epochs(session, clothes, rest))
        without = np.abs(weights(session) - uninterrupted).max()

    frozen = load(FILES / "frozen.pb")
    with fg.Session(graph=frozen) as session:
        probabilities = session.run("probabilities:0", test)
    print(f"frozen.pb: {size:,} bytes, {len(frozen.get_operations())} operations "
          f"of {len(graph.get_operations())}")
    accuracy = np.mean(probabilities.argmax(axis=1) == clothes.test.labels)
    print(f"result: difference after going on from the checkpoint = {resumed:g}")
    print(f"result: difference after going on with the weights only = {without:.3f}")
    print(f"result: difference of the frozen graph = {np.abs(probabilities - expected).max():.1e}")
    print(f"result: test accuracy of the frozen graph = {100 * accuracy:.1f} %")
    draw(frozen, curves)


if __name__ == "__main__":
    main()
