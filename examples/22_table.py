"""A table with missing values and categories: how heavy is a penguin?

You learn the way from a CSV file to a prediction, as in a house-price competition. Rows without
the answer go; numbers are brought to mean 0 and variance 1, a missing one becomes the mean, 0; each
category becomes a column of 0 and 1, "not known" a column of its own. Means and variances are those
of the training rows: nothing of the test rows may be known before the test. A small network learns
under weight decay; four-fold cross-validation, on the training rows alone, chooses the decay.

Data: 344 penguins, 19 values missing (penguins.csv), read by pandas; a quarter is the test. Prints
the typical error in grams (root mean square) beside that of linear regression in closed form and of
the mean weight. Writes table_graph.svg and table_predictions.png.

    python examples/22_table.py
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import flowgraph as fg

TABLE = Path(__file__).parent / "data" / "penguins.csv"
assert TABLE.exists(), f"{TABLE} is missing: copy examples/data of the repository along"
ANSWER = "body_mass_g"


def prepare(table, training):
    """Numbers for a network; `training` says which rows may be looked at."""
    numeric = table.select_dtypes("number").columns
    numbers = (table[numeric] - table.loc[training, numeric].mean()) / table.loc[
        training, numeric].std()
    numbers = numbers.fillna(0.0)  # the mean
    categories = pd.get_dummies(table.drop(columns=numeric), dummy_na=True)
    categories = categories.loc[:, categories[training].any()]  # those that occur
    return pd.concat([numbers, categories], axis=1).astype("float32")


class Network:
    """Weight, in units of the training rows' spread, from the columns of a table."""

    def __init__(self, columns):
        self.x = fg.placeholder(fg.float32, [None, columns], name="x")
        self.y = fg.placeholder(fg.float32, [None], name="y")
        self.decay = fg.placeholder(fg.float32, [], name="decay")
        hidden = fg.layers.dense(self.x, 32, fg.nn.relu, name="hidden")
        self.answer = fg.layers.dense(hidden, 1, name="answer")[:, 0]
        with fg.name_scope("loss"):
            error = fg.reduce_mean(fg.squared_difference(self.answer, self.y), name="error")
            kernels = [v for v in fg.trainable_variables() if "kernel" in v.name]
            penalty = self.decay * fg.add_n([fg.nn.l2_loss(kernel) for kernel in kernels])
            self.loss = fg.add(error, penalty, name="total")
        self.train = fg.train.AdamOptimizer(0.01).minimize(self.loss)
        self.begin = fg.global_variables_initializer()

    def fit(self, session, x, y, decay, epochs):
        """Learns from these rows; the loss of each epoch."""
        session.run(self.begin)
        random, losses = np.random.RandomState(1), []
        for _ in range(epochs):
            for at in np.array_split(random.permutation(len(x)), len(x) // 32):
                loss, _ = session.run([self.loss, self.train], {
                    self.x: x[at], self.y: y[at], self.decay: decay})
            losses.append(loss)
        return losses


def typical_error(predicted, true):
    return np.sqrt(np.mean((predicted - true) ** 2))


def best_decay(session, network, x, y, epochs):
    """The decay with the least error on rows held out in turn; test rows are not touched."""
    errors = {}
    for decay in (0.0001, 0.001, 0.01, 0.1):
        held_out = np.arange(len(x)) % 4
        folds = []
        for fold in range(4):
            network.fit(session, x[held_out != fold], y[held_out != fold], decay, epochs)
            answer = session.run(network.answer, {network.x: x[held_out == fold]})
            folds.append(typical_error(answer, y[held_out == fold]))
        errors[decay] = np.mean(folds)
        print(f"decay {decay}: error on held-out rows {errors[decay]:.3f} of the spread")
    return min(errors, key=errors.get)


def draw(predicted, true, species):
    """The graph; and each test penguin's weight, predicted and true."""
    try:
        fg.get_default_graph().render("table_graph.svg", ["loss/total", "Adam"], depth=1,
                                      name="From columns to a weight")
        import matplotlib.pyplot as plt
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)
        return
    figure, axis = plt.subplots(figsize=(5, 4.4), layout="constrained")
    for name in sorted(set(species)):
        axis.plot(true[species == name], predicted[species == name], "o", markersize=4, label=name)
    ends = [true.min(), true.max()]
    axis.plot(ends, ends, "--", color="grey", label="exact")
    axis.set(xlabel="true weight (g)", ylabel="predicted weight (g)", title="Test penguins")
    axis.legend()
    figure.savefig("table_predictions.png", dpi=100)


def main():
    parser = argparse.ArgumentParser(description="How heavy is a penguin?")
    parser.add_argument("--short", action="store_true", help="two epochs")
    epochs = 2 if parser.parse_args().short else 60
    table = pd.read_csv(TABLE)
    print(table.head(5).to_string(), "\nmissing values:", table.isna().sum().to_dict())
    table = table.dropna(subset=[ANSWER]).sample(frac=1.0, random_state=1).reset_index(drop=True)
    training = table.index < len(table) * 3 // 4
    weight = table[ANSWER].to_numpy("float32")
    columns = prepare(table.drop(columns=ANSWER), training)
    print("columns of the network:", ", ".join(columns))
    mean, spread = weight[training].mean(), weight[training].std()
    x, y = columns[training].to_numpy(), (weight[training] - mean) / spread
    test_x = columns[~training].to_numpy()
    fg.set_random_seed(1)
    network = Network(x.shape[1])
    with fg.Session() as session:
        decay = best_decay(session, network, x, y, epochs)
        network.fit(session, x, y, decay, epochs)
        predicted = mean + spread * session.run(network.answer, {network.x: test_x})
    weights = np.linalg.lstsq(np.c_[x, np.ones(len(x))], y, rcond=None)[0]
    linear = mean + spread * (np.c_[test_x, np.ones(len(test_x))] @ weights)
    print(f"result: error of the network = {typical_error(predicted, weight[~training]):.0f} g")
    print(f"result: error of linear regression = {typical_error(linear, weight[~training]):.0f} g")
    print(f"result: error of the mean weight = {typical_error(mean, weight[~training]):.0f} g")
    draw(predicted, weight[~training], table["species"][~training].to_numpy())


if __name__ == "__main__":
    main()
