"""One tree of a forest, as arrays: how it grows with a batch, and what it predicts.

    nodes   a row for each node: [feature, threshold, first child, sums...]; feature -1 is a leaf
    splits  a row for each node: for each split that is tried there [feature, threshold, sums...]

The sums of a leaf are those of its examples: how often each class came, or [count, y, y^2] to
predict numbers. The sums of a split are those of the examples that would go to the first child. A
leaf tries splits that its own examples suggest: any feature, at the value of the example. When it
has seen enough examples it takes the split that leaves the least impurity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from flowgraph.estimator.boosting import leaves_of

Array = np.ndarray[Any, Any]
_FIXED = 3  # feature, threshold, first child


@dataclass(frozen=True)
class Growth:
    """How trees grow.

    Attributes:
        channels: how many sums: the classes, or 3 to predict numbers.
        regression: whether numbers are predicted.
        splits: how many splits a leaf tries.
        split_after: how many examples a leaf sees before it is split.
        max_nodes: how many nodes a tree has at most.
    """

    channels: int
    regression: bool
    splits: int
    split_after: int
    max_nodes: int

    def first(self) -> tuple[Array, Array]:
        """A tree of one leaf."""
        return self._leaves(np.zeros([1, self.channels])), self._no_splits(1)

    def _leaves(self, sums: Array) -> Array:
        nodes = np.zeros([len(sums), _FIXED + self.channels], np.float32)
        nodes[:, 0] = -1
        nodes[:, _FIXED:] = sums
        return nodes

    def _no_splits(self, leaves: int) -> Array:
        splits = np.zeros([leaves, self.splits, 2 + self.channels], np.float32)
        splits[:, :, 0] = -1
        return splits

    def _added_up(self, places: Array, labels: Array, length: int) -> Array:
        """The sums of the examples that belong to each place."""
        if not self.regression:
            counts = np.bincount(places * self.channels + labels, None, length * self.channels)
            return counts.reshape(length, self.channels).astype(np.float32)
        powers = (None, labels, labels.astype(float) ** 2)
        return np.stack([np.bincount(places, power, length) for power in powers], 1).astype(
            np.float32)

    def impurity(self, sums: Array) -> Array:
        """How far examples with these sums are from being alike, times their number.

        Args:
            sums: array whose last axis are the channels.
        """
        if self.regression:
            count, total, squares = np.moveaxis(sums, -1, 0)
            return squares - total * total / np.maximum(count, 1)
        count = sums.sum(-1)
        return count - (sums * sums).sum(-1) / np.maximum(count, 1)

    def count(self, sums: Array) -> Array:
        """How many examples have these sums.

        Args:
            sums: array whose last axis are the channels.
        """
        return sums[..., 0] if self.regression else sums.sum(-1)

    def grown(self, nodes: Array, splits: Array, features: Array, labels: Array,
              random: np.random.RandomState,
              columns: list[int] | None = None) -> tuple[Array, Array]:
        """The tree after a batch.

        Args:
            nodes, splits: the tree.
            features: array of shape (examples, features).
            labels: a class or number for each.
            random: where random numbers come from.
            columns: the features that new splits may use; None for all.
        """
        leaves = leaves_of(nodes, features)
        nodes = nodes.copy()
        present, place = np.unique(leaves, return_inverse=True)
        nodes[present, _FIXED:] += self._added_up(place, labels, len(present))
        if len(nodes) + 2 > self.max_nodes:  # it grows no more, and learns only what leaves hold
            return nodes, splits
        splits = splits.copy()
        self._suggest(splits, leaves, features, random,
                      np.arange(features.shape[1]) if columns is None else np.array(columns))
        column = splits[leaves, :, 0].astype(int)
        first = (np.take_along_axis(features, np.maximum(column, 0), 1)
                 <= splits[leaves, :, 1]) & (column >= 0)
        example, split = np.nonzero(first)
        sums = self._added_up(place[example] * self.splits + split, labels[example],
                              len(present) * self.splits)
        splits[present, :, 2:] += sums.reshape(len(present), self.splits, self.channels)
        for leaf in present[self.count(nodes[present, _FIXED:]) >= self.split_after]:
            if len(nodes) + 2 <= self.max_nodes:
                nodes, splits = self._split(nodes, splits, leaf)
        return nodes, splits

    def _suggest(self, splits: Array, leaves: Array, features: Array,
                 random: np.random.RandomState, allowed: Array) -> None:
        """Lets leaves that try too few splits try more, at values of their examples."""
        for leaf in np.unique(leaves[(splits[leaves, -1, 0] < 0)]):
            have = int((splits[leaf, :, 0] >= 0).sum())
            own = np.nonzero(leaves == leaf)[0][:self.splits - have]
            columns = allowed[random.randint(len(allowed), size=len(own))]
            splits[leaf, have:have + len(own), 0] = columns
            splits[leaf, have:have + len(own), 1] = features[own, columns]

    def _split(self, nodes: Array, splits: Array, leaf: int) -> tuple[Array, Array]:
        """Splits a leaf, if that makes anything better."""
        first = splits[leaf, :, 2:]
        # Splits count from when they were suggested, so that the other side is what they saw.
        rest = np.maximum(nodes[leaf, _FIXED:] - first, 0)
        useful = (splits[leaf, :, 0] >= 0) & (self.count(first) > 0) & (self.count(rest) > 0)
        if not useful.any():
            splits[leaf] = self._no_splits(1)[0]  # tries others
            return nodes, splits
        left = self.impurity(first) + self.impurity(rest)
        best = int(np.argmin(np.where(useful, left, np.inf)))
        nodes[leaf, :_FIXED] = splits[leaf, best, 0], splits[leaf, best, 1], len(nodes)
        children = self._leaves(np.stack([first[best], rest[best]]))
        splits[leaf] = self._no_splits(1)[0]
        return np.concatenate([nodes, children]), np.concatenate([splits, self._no_splits(2)])

    def predicted(self, nodes: Array, features: Array) -> tuple[Array, Array]:
        """The share of each class, or the mean, at the leaf of each example; and the leaf.

        Args:
            nodes: the tree.
            features: array of shape (examples, features).
        """
        leaves = leaves_of(nodes, features)
        sums = nodes[leaves, _FIXED:]
        if self.regression:
            return (sums[:, 1:2] / np.maximum(sums[:, :1], 1)).astype(np.float32), leaves
        total = sums.sum(1, keepdims=True)
        shares = np.where(total > 0, sums / np.maximum(total, 1), 1.0 / self.channels)
        return shares.astype(np.float32), leaves
