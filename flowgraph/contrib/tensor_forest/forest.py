"""RandomForestGraphs: the graph of a random forest that learns from batches.

Each tree is two variables, so that it belongs to the Session and is saved with checkpoints. Python
functions in the graph let it grow: as TensorFlow's, on the CPU.
"""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np

from flowgraph.contrib.tensor_forest.tree import Growth
from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import maximum, negative
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import constant
from flowgraph.ops.identity import group
from flowgraph.ops.join import stack
from flowgraph.ops.reduce import reduce_mean, reduce_sum
from flowgraph.ops.reshape import reshape
from flowgraph.ops.script import py_func
from flowgraph.ops.shape import shape
from flowgraph.ops.state import assign
from flowgraph.ops.variable import Variable


class ForestHParams:
    """What a forest is to be like.

    Args:
        num_trees: how many trees.
        max_nodes: how many nodes a tree has at most.
        bagging_fraction: the share of each batch that a tree sees.
        num_splits_to_consider: how many splits a leaf tries; default the root of the number of
            features, at least 10.
        feature_bagging_fraction: the share of the features that a tree looks at.
        max_fertile_nodes: accepted.
        split_after_samples: how many examples a leaf sees before it is split.
        kwargs: `num_classes` and `num_features`, which are needed; `regression`, whether numbers
            are predicted; `base_random_seed`; others are accepted.

    Example:
        >>> import flowgraph as fg
        >>> params = fg.contrib.tensor_forest.ForestHParams(
        ...     num_classes=3, num_features=4, num_trees=5).fill()
        >>> params.num_trees, params.num_splits_to_consider
        (5, 10)
    """

    def __init__(self, num_trees: int = 100, max_nodes: int = 10000,
                 bagging_fraction: float = 1.0, num_splits_to_consider: int = 0,
                 feature_bagging_fraction: float = 1.0, max_fertile_nodes: int = 0,
                 split_after_samples: int = 250, **kwargs: Any) -> None:
        self.num_trees, self.max_nodes = num_trees, max_nodes
        self.bagging_fraction = bagging_fraction
        self.num_splits_to_consider = num_splits_to_consider
        self.feature_bagging_fraction = feature_bagging_fraction
        self.max_fertile_nodes = max_fertile_nodes
        self.split_after_samples = split_after_samples
        self.regression = False
        self.base_random_seed = 0
        self.bagged_features: Any = None
        for name, value in kwargs.items():
            setattr(self, name, value)

    def values(self) -> dict[str, Any]:
        """All values by name."""
        return self.__dict__

    def fill(self) -> Any:
        """Works out what follows from the others.

        Returns:
            This object.

        Raises:
            AttributeError: `num_classes` or `num_features` is missing.
        """
        for name in ("num_classes", "num_features"):
            if not hasattr(self, name):
                raise AttributeError(located(f"ForestHParams needs {name}."))
        features: int = self.__dict__["num_features"]
        if self.feature_bagging_fraction < 1.0:
            chosen = int(self.feature_bagging_fraction * features)
            self.bagged_features = [random.sample(range(features), chosen)
                                    for _ in range(self.num_trees)]
        self.num_splits_to_consider = self.num_splits_to_consider or min(
            max(10, math.floor(math.sqrt(features))), 1000)
        return self


class RandomForestGraphs:
    """The graph of a random forest.

    Args:
        params: ForestHParams, filled.
        args, kwargs: accepted.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = np.random.RandomState(0).rand(500, 2).astype(np.float32)
        >>> y = (x[:, 0] > 0.5).astype(np.int32)
        >>> params = fg.contrib.tensor_forest.ForestHParams(
        ...     num_classes=2, num_features=2, num_trees=5, base_random_seed=1).fill()
        >>> forest = fg.contrib.tensor_forest.RandomForestGraphs(params)
        >>> train = forest.training_graph(fg.constant(x), fg.constant(y))
        >>> shares, _, _ = forest.inference_graph(fg.constant(x))
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     for _ in range(5):
        ...         sess.run(train)
        ...     bool(np.mean(np.argmax(sess.run(shares), 1) == y) > 0.95)
        True
    """

    def __init__(self, params: Any, *args: Any, **kwargs: Any) -> None:
        self.params = params
        self._growth = Growth(3 if params.regression else params.num_classes, params.regression,
                              int(params.num_splits_to_consider), int(params.split_after_samples),
                              params.max_nodes)
        nodes, splits = self._growth.first()
        self.trees = [
            (Variable(constant(nodes), name=f"tree-{i}", trainable=False, validate_shape=False),
             Variable(constant(splits), name=f"stats-{i}", trainable=False, validate_shape=False))
            for i in range(params.num_trees)]
        self._random = [np.random.RandomState((params.base_random_seed + i)
                                              if params.base_random_seed else None)
                        for i in range(params.num_trees)]

    def training_graph(self, input_data: Any, input_labels: Any, *args: Any,
                       **kwargs: Any) -> Any:
        """The operation that lets all trees grow with a batch.

        Args:
            input_data: float Tensor of shape (examples, features).
            input_labels: classes from 0, or numbers, of shape (examples,) or (examples, 1).
            args, kwargs: accepted.

        Returns:
            An Operation.
        """
        features = cast(convert_to_tensor(input_data), dt.float32)
        labels = convert_to_tensor(input_labels)
        labels = reshape(cast(labels, dt.float32 if self.params.regression else dt.int32), [-1])
        steps = []
        for i, (nodes, splits) in enumerate(self.trees):
            def grow(x: Any, y: Any, old: Any, tried: Any, tree: int = i) -> Any:
                return self._grown(tree, x, y, old, tried)
            new_nodes, new_splits = py_func(grow, [features, labels, nodes, splits],
                                            [dt.float32, dt.float32])
            steps += [assign(nodes, new_nodes, validate_shape=False),
                      assign(splits, new_splits, validate_shape=False)]
        return group(*steps, name="train")

    def _grown(self, tree: int, features: Any, labels: Any, nodes: Any, splits: Any) -> Any:
        """A tree after a batch."""
        source = self._random[tree]
        if not self.params.regression and len(labels) and not (
                labels.min() >= 0 and labels.max() < self._growth.channels):
            raise ValueError(f"Labels must be from 0 to {self._growth.channels - 1}, got "
                             f"{labels.min()} to {labels.max()}.")
        if self.params.bagging_fraction < 1.0:
            kept = source.rand(len(labels)) < self.params.bagging_fraction
            features, labels = features[kept], labels[kept]
        return self._growth.grown(nodes, splits, self._seen(tree, features), labels, source)

    def _seen(self, tree: int, features: Any) -> Any:
        """The features that a tree looks at."""
        chosen = self.params.bagged_features
        return features if chosen is None else features[:, chosen[tree]]

    def inference_graph(self, input_data: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        """The predictions.

        Args:
            input_data: float Tensor of shape (examples, features).
            kwargs: accepted.

        Returns:
            The share of each class (examples, classes), or the mean (examples, 1), over all trees;
            the leaf of each example in each tree; the variance over the trees.
        """
        features = cast(convert_to_tensor(input_data), dt.float32)
        shares, leaves = [], []
        for i, (nodes, _) in enumerate(self.trees):
            def predict(x: Any, now: Any, tree: int = i) -> Any:
                return self._growth.predicted(now, self._seen(tree, x))
            share, leaf = py_func(predict, [features, nodes], [dt.float32, dt.int32])
            share.set_shape([features.shape[0],
                             1 if self.params.regression else self._growth.channels])
            leaf.set_shape([features.shape[0]])
            shares.append(share)
            leaves.append(leaf)
        everything = stack(shares, axis=1)
        mean = reduce_sum(everything, 1) / float(len(shares))
        squares = reduce_sum(everything * everything, 1) / float(len(shares))
        return mean, stack(leaves, axis=1), maximum(0.0, squares - mean * mean)

    def average_size(self) -> Any:
        """The mean number of nodes of a tree, a float32 scalar."""
        return reduce_mean(cast(stack([shape(nodes)[0] for nodes, _ in self.trees]), dt.float32))

    def training_loss(self, features: Any, labels: Any, name: str = "training_loss") -> Any:
        """Minus the mean number of nodes: it falls while the forest learns.

        Args:
            features, labels: accepted.
            name: name of the result.
        """
        return negative(self.average_size(), name=name)

    def validation_loss(self, features: Any, labels: Any) -> Any:
        """As `training_loss`.

        Args:
            features, labels: accepted.
        """
        return negative(self.average_size())

    def feature_importances(self) -> Any:
        """How often each feature splits a node, as shares; needs all features in each tree."""
        count = self.params.num_features

        def used(*trees: Any) -> Any:
            columns = np.concatenate([nodes[:, 0] for nodes in trees]).astype(int)
            counts = np.bincount(columns[columns >= 0], minlength=count)
            return (counts / max(counts.sum(), 1)).astype(np.float32)
        return py_func(used, [nodes for nodes, _ in self.trees], dt.float32)
