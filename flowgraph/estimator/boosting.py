"""Gradient boosted trees as arrays: one layer is grown after the other.

    nodes   a row for each node of all trees: [feature, threshold, first child, depth, values...];
            feature -1 is a leaf, the values are what it adds to the logits
    roots   the row of each tree's root; the last tree is the one that grows

A layer is grown by Newton's method: the leaves of the last tree are split where the loss, taken as
a parabola by its first and second derivatives, falls most. As in TensorFlow only leaves of the last
layer are split, and the new values count for the derivatives of the next layer already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_FIXED = 4  # feature, threshold, first child, depth


@dataclass(frozen=True)
class Boosting:
    """How trees are boosted.

    Attributes:
        outputs: how many logits.
        max_depth: how many layers a tree has.
        learning_rate: what share of the best values is taken.
        l1, l2: weights of the sizes of values, and of their squares, in the loss.
        tree_complexity: how much a split must gain.
        min_node_weight: the least sum of second derivatives on each side of a split.
        most_thresholds: how many thresholds of a feature are tried.
    """

    outputs: int
    max_depth: int = 6
    learning_rate: float = 0.1
    l1: float = 0.0
    l2: float = 0.0
    tree_complexity: float = 0.0
    min_node_weight: float = 0.0
    most_thresholds: int = 32

    def leaf(self, depth: int = 0, values: Array | None = None) -> Array:
        """The row of a leaf.

        Args:
            depth: its depth.
            values: its values; default zeros.
        """
        row = np.zeros([1, _FIXED + self.outputs], np.float32)
        row[0, 0], row[0, 3] = -1, depth
        if values is not None:
            row[0, _FIXED:] = values
        return row

    def first(self) -> tuple[Array, Array]:
        """An ensemble of one tree, which is a leaf."""
        return self.leaf(), np.zeros([1], np.int32)

    def predicted(self, nodes: Array, roots: Array, features: Array) -> Array:
        """The logits.

        Args:
            nodes, roots: the ensemble.
            features: array of shape (examples, features).
        """
        logits = np.zeros([len(features), self.outputs], np.float32)
        for root in roots:
            logits += nodes[leaves_of(nodes, features, root), _FIXED:]
        return logits

    def with_layer(self, nodes: Array, roots: Array, features: Array, gradients: Array,
                   hessians: Array) -> tuple[Array, Array]:
        """The ensemble after one more layer.

        Args:
            nodes, roots: the ensemble.
            features: array of shape (examples, features).
            gradients, hessians: first and second derivatives of the loss by each logit.
        """
        leaves = leaves_of(nodes, features, roots[-1])
        thresholds = self._thresholds(features)
        buckets = np.stack([np.searchsorted(cuts, column) for cuts, column in zip(
            thresholds, features.T)], 1)
        both = np.concatenate([gradients, hessians], 1).astype(float)
        depth, grew = int(nodes[roots[-1]:, 3].max()) + 1, False
        nodes = nodes.copy()
        for leaf in np.unique(leaves[nodes[leaves, 3] == depth - 1]):
            own = leaves == leaf
            split = self._best(buckets[own], both[own], thresholds)
            if split is None:
                continue
            feature, threshold, first, second = split
            before = nodes[leaf, _FIXED:]
            nodes[leaf, :3] = feature, threshold, len(nodes)
            nodes = np.concatenate([nodes, *(self.leaf(
                depth, before + self.learning_rate * values) for values in (first, second))])
            grew = True
        if (grew and depth >= self.max_depth) or (not grew and depth > 1):
            roots = np.append(roots, len(nodes)).astype(np.int32)
            nodes = np.concatenate([nodes, self.leaf()])
        return nodes, roots

    def _thresholds(self, features: Array) -> list[Array]:
        """The values of each feature that may divide examples."""
        found = []
        for column in features.T:
            values = np.unique(column)
            if len(values) > self.most_thresholds:
                values = np.unique(np.quantile(column, np.linspace(
                    0, 1, self.most_thresholds + 1), method="inverted_cdf"))
            found.append(values[:-1])
        return found

    def _values(self, gradients: Array, hessians: Array) -> tuple[Array, Array]:
        """The best values of leaves, and how much the loss falls by them, twice."""
        shrunk = np.sign(gradients) * np.maximum(np.abs(gradients) - self.l1, 0)
        curve = hessians + self.l2
        safe = np.where(curve > 1e-12, curve, 1.0)
        values = np.where(curve > 1e-12, -shrunk / safe, 0.0)
        return values, np.where(curve > 1e-12, shrunk * shrunk / safe, 0.0).sum(-1)

    def _best(self, buckets: Array, both: Array,
              thresholds: list[Array]) -> tuple[int, float, Array, Array] | None:
        """The split of a leaf that gains most: feature, threshold, values of both sides."""
        k, total = self.outputs, both.sum(0)
        varied = np.nonzero(buckets.min(0) != buckets.max(0))[0]
        if not len(varied):
            return None
        size = int(buckets.max()) + 1
        place = (buckets[:, varied] + np.arange(len(varied)) * size).ravel()
        cells = len(varied) * size

        def below(weights: Array) -> Array:
            """The sum of the examples up to each bucket of each feature."""
            sums = np.bincount(place, np.repeat(weights, len(varied)), cells)
            return sums.reshape(len(varied), size).cumsum(1)[:, :-1]
        first = np.stack([below(weights) for weights in both.T], -1)
        counts = below(np.ones(len(both)))
        rest = total - first
        _, before = self._values(total[:k], total[k:])
        values, gain = self._values(first[..., :k], first[..., k:])
        others, gain_of_others = self._values(rest[..., :k], rest[..., k:])
        gains = gain + gain_of_others - before
        weight = np.minimum(first[..., k:].sum(-1), rest[..., k:].sum(-1))
        allowed = (counts > 0) & (counts < len(both)) & (weight >= self.min_node_weight)
        gains = np.where(allowed, gains, -np.inf)
        row, column = np.unravel_index(np.argmax(gains), gains.shape)
        if gains[row, column] <= self.tree_complexity + 1e-9:
            return None
        feature = int(varied[row])
        return (feature, float(thresholds[feature][column]), values[row, column],
                others[row, column])


def leaves_of(nodes: Array, features: Array, root: int = 0) -> Array:
    """The leaf of a tree that each example comes to.

    Args:
        nodes: a row for each node, which begins with feature, threshold and first child; the
            second child stands behind the first, and feature -1 is a leaf.
        features: array of shape (examples, features).
        root: the row of the tree's root.
    """
    place = np.full(len(features), root, np.int32)
    inner = np.nonzero(nodes[place, 0] >= 0)[0]
    while len(inner):
        here = nodes[place[inner]]
        second = features[inner, here[:, 0].astype(int)] > here[:, 1]
        place[inner] = here[:, 2].astype(np.int32) + second
        inner = inner[nodes[place[inner], 0] >= 0]
    return place
