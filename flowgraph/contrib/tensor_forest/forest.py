"""RandomForestGraphs: the graph of a random forest that learns from batches.

Each tree is two variables, so that it belongs to the Session and is saved with checkpoints. Python
functions in the graph let it grow: as TensorFlow's, on the CPU.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from flowgraph.contrib.learn.refuse import refuse
from flowgraph.contrib.tensor_forest.tree import Growth
from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import maximum, negative
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import constant
from flowgraph.ops.identity import group
from flowgraph.ops.join import concat, stack
from flowgraph.ops.random_ops import get_seed, random_uniform
from flowgraph.ops.reduce import reduce_mean, reduce_sum
from flowgraph.ops.reshape import expand_dims, reshape
from flowgraph.ops.script import py_func
from flowgraph.ops.shape import shape
from flowgraph.ops.state import assign
from flowgraph.ops.variable import Variable


@dataclass(eq=False)
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
        valid_leaf_threshold, dominate_method, dominate_fraction, model_name, split_finish_name,
            split_pruning_name, prune_every_samples, early_finish_check_every_samples,
            collate_examples, checkpoint_stats, use_running_stats_method,
            initialize_average_splits: accepted: what leaves have seen is always complete, and
            saved.
        inference_tree_paths: must be False; `inference_graph` returns the leaves.
        param_file: must be None.
        split_name: must be "less_or_equal".
        num_classes: how many classes; needed.
        num_features: how many features; needed.
        regression: whether numbers are predicted.
        base_random_seed: the seed of the first tree, the next one has that of the next tree; 0 for
            the seed of the graph.

    Raises:
        ValueError: an argument is not offered.
        TypeError: there is no such argument.

    Example:
        >>> import flowgraph as fg
        >>> params = fg.contrib.tensor_forest.ForestHParams(
        ...     num_classes=3, num_features=4, num_trees=5).fill()
        >>> params.num_trees, params.num_splits_to_consider
        (5, 10)
    """

    num_trees: int = 100
    max_nodes: int = 10000
    bagging_fraction: float = 1.0
    num_splits_to_consider: int = 0
    feature_bagging_fraction: float = 1.0
    max_fertile_nodes: int = 0
    split_after_samples: int = 250
    valid_leaf_threshold: int = 1
    dominate_method: str = "bootstrap"
    dominate_fraction: float = 0.99
    model_name: str = "all_dense"
    split_finish_name: str = "basic"
    split_pruning_name: str = "none"
    prune_every_samples: int = 0
    early_finish_check_every_samples: int = 0
    collate_examples: bool = False
    checkpoint_stats: bool = False
    use_running_stats_method: bool = False
    initialize_average_splits: bool = False
    inference_tree_paths: bool = False
    param_file: Any = None
    split_name: str = "less_or_equal"
    _: KW_ONLY
    num_classes: Any = None
    num_features: Any = None
    regression: bool = False
    base_random_seed: int = 0

    def __post_init__(self) -> None:
        refuse(False, inference_tree_paths=self.inference_tree_paths)
        refuse(param_file=self.param_file)
        refuse("less_or_equal", split_name=self.split_name)
        self.bagged_features: Any = None

    def values(self) -> dict[str, Any]:
        """All values by name."""
        return self.__dict__

    def fill(self) -> Any:
        """Works out what follows from the others; features are chosen by the seeds.

        Returns:
            This object.

        Raises:
            AttributeError: `num_classes` or `num_features` is missing.
        """
        for name in ("num_classes", "num_features"):
            if getattr(self, name) is None:
                raise AttributeError(located(f"ForestHParams needs {name}.",
                                             f"Give it: ForestHParams({name}=..., ...)."))
        self.num_outputs = self.num_classes if self.regression else 1
        self.num_output_columns = self.num_classes + 1
        self.bagged_num_features = int(self.feature_bagging_fraction * self.num_features)
        if self.feature_bagging_fraction < 1.0:
            seeds = get_seed(self.base_random_seed or None)
            source = np.random.default_rng(None if seeds[0] is None else seeds)
            self.bagged_features = [
                source.choice(self.num_features, self.bagged_num_features, replace=False).tolist()
                for _ in range(self.num_trees)]
        self.num_splits_to_consider = self.num_splits_to_consider or min(
            max(10, math.floor(math.sqrt(self.num_features))), 1000)
        return self


class RandomForestGraphs:
    """The graph of a random forest.

    Args:
        params: ForestHParams, filled.
        tree_configs, tree_stats, variables, tree_variables_class, tree_graphs: must be None.
        device_assigner, training: accepted.

    Raises:
        ValueError: an argument is not offered.

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

    def __init__(self, params: Any, tree_configs: Any = None, tree_stats: Any = None,
                 device_assigner: Any = None, variables: Any = None,
                 tree_variables_class: Any = None, tree_graphs: Any = None,
                 training: bool = True) -> None:
        refuse(tree_configs=tree_configs, tree_stats=tree_stats, variables=variables,
               tree_variables_class=tree_variables_class, tree_graphs=tree_graphs)
        self.params = params
        self._growth = Growth(3 if params.regression else params.num_classes, params.regression,
                              int(params.num_splits_to_consider), int(params.split_after_samples),
                              params.max_nodes)
        nodes, splits = self._growth.first()
        self.trees = [
            (Variable(constant(nodes), name=f"tree-{i}", trainable=False, validate_shape=False),
             Variable(constant(splits), name=f"stats-{i}", trainable=False, validate_shape=False))
            for i in range(params.num_trees)]

    def training_graph(self, input_data: Any, input_labels: Any, num_trainers: int = 1,
                       trainer_id: int = 0, input_weights: Any = None) -> Any:
        """The operation that lets trees grow with a batch.

        Args:
            input_data: float Tensor of shape (examples, features), or dict of them by name.
            input_labels: classes from 0, or numbers, of shape (examples,) or (examples, 1).
            num_trainers, trainer_id: into how many parts the trees are divided, and the part that
                grows; default all trees.
            input_weights: must be None.

        Returns:
            An Operation.

        Raises:
            ValueError: weights are given.
        """
        refuse(input_weights=input_weights)
        features, labels = _numbers(input_data), convert_to_tensor(input_labels)
        labels = reshape(cast(labels, dt.float32 if self.params.regression else dt.int32), [-1])
        share, steps = self.params.num_trees / num_trainers, []
        for i in range(int(trainer_id * share), int((trainer_id + 1) * share)):
            def grow(x: Any, y: Any, old: Any, tried: Any, seed: Any, tree: int = i) -> Any:
                return self._grown(tree, x, y, old, tried, np.random.RandomState(seed))
            nodes, splits = self.trees[i]
            first = self.params.base_random_seed
            # Drawn in the graph, so that the Session knows how far the tree's numbers have come.
            seed = random_uniform([], maxval=2**31 - 1, dtype=dt.int32,
                                  seed=first + i if first else None)
            new_nodes, new_splits = py_func(grow, [features, labels, nodes, splits, seed],
                                            [dt.float32, dt.float32])
            steps += [assign(nodes, new_nodes, validate_shape=False),
                      assign(splits, new_splits, validate_shape=False)]
        return group(*steps, name="train")

    def _grown(self, tree: int, features: Any, labels: Any, nodes: Any, splits: Any,
               source: np.random.RandomState) -> Any:
        """A tree after a batch."""
        if not self.params.regression and len(labels) and not (
                labels.min() >= 0 and labels.max() < self._growth.channels):
            raise ValueError(f"Labels must be from 0 to {self._growth.channels - 1}, got "
                             f"{labels.min()} to {labels.max()}.")
        if self.params.bagging_fraction < 1.0:
            kept = source.rand(len(labels)) < self.params.bagging_fraction
            features, labels = features[kept], labels[kept]
        chosen = self.params.bagged_features
        return self._growth.grown(nodes, splits, features, labels, source,
                                  None if chosen is None else chosen[tree])

    def inference_graph(self, input_data: Any) -> tuple[Any, Any, Any]:
        """The predictions.

        Args:
            input_data: as for `training_graph`.

        Returns:
            The share of each class (examples, classes), or the mean (examples, 1), over all trees;
            the leaf of each example in each tree; the variance over the trees.
        """
        features = _numbers(input_data)
        shares, leaves = [], []
        for nodes, _ in self.trees:
            share, leaf = py_func(self._growth.predicted, [nodes, features],
                                  [dt.float32, dt.int32])
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
        """How often each feature splits a node, as shares."""
        count = self.params.num_features

        def used(*trees: Any) -> Any:
            columns = np.concatenate([nodes[:, 0] for nodes in trees]).astype(int)
            counts = np.bincount(columns[columns >= 0], minlength=count)
            return (counts / max(counts.sum(), 1)).astype(np.float32)
        return py_func(used, [nodes for nodes, _ in self.trees], dt.float32)


def _numbers(data: Any) -> Any:
    """The features side by side, as float32."""
    if isinstance(data, dict):
        return concat([_numbers(data[name]) for name in sorted(data)], 1)
    data = cast(convert_to_tensor(data), dt.float32)
    return expand_dims(data, -1) if data.shape.ndims == 1 else data
