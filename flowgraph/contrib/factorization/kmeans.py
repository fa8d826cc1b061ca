"""KMeans: the graph of k-means clustering, over full or small batches.

    init_op     chooses the first centres, from the examples fed with it
    train_op    moves each centre towards the mean of the examples that are nearest to it
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.graph import control_dependencies
from flowgraph.nn.embedding import embedding_lookup
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.argmax import argmin
from flowgraph.ops.arithmetic import add_n
from flowgraph.ops.assertions import assert_equal, assert_greater_equal
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal, less_equal
from flowgraph.ops.cond import cond
from flowgraph.ops.constant import constant, ones, ones_like, zeros, zeros_like
from flowgraph.ops.gather import gather, unsorted_segment_sum
from flowgraph.ops.identity import group, identity, no_op
from flowgraph.ops.join import concat
from flowgraph.ops.l2_loss import l2_normalize
from flowgraph.ops.matmul import matmul
from flowgraph.ops.random_ops import random_uniform
from flowgraph.ops.reduce import reduce_min, reduce_sum
from flowgraph.ops.reshape import expand_dims, reshape, transpose
from flowgraph.ops.scatter import scatter_add
from flowgraph.ops.script import py_func
from flowgraph.ops.shape import shape, size
from flowgraph.ops.state import assign, assign_sub
from flowgraph.ops.unique import unique
from flowgraph.ops.variable import Variable

SQUARED_EUCLIDEAN_DISTANCE = "squared_euclidean"
COSINE_DISTANCE = "cosine"
RANDOM_INIT = "random"
KMEANS_PLUS_PLUS_INIT = "kmeans_plus_plus"
KMC2_INIT = "kmc2"


class KMeans:
    """The graph of k-means clustering.

    Args:
        inputs: Tensor of shape (examples, numbers), or list of them.
        num_clusters: how many clusters.
        initial_clusters: "random" for examples drawn from the first batch, "kmeans_plus_plus" or
            "kmc2" for examples that are far from each other; a Tensor or array of the centres; or a
            function of the inputs and the number of centres that returns them.
        distance_metric: "squared_euclidean" or "cosine".
        use_mini_batch: whether a step moves centres a little, by the examples of its batch; else
            each step takes all examples.
        mini_batch_steps_per_iteration: how many steps are collected before centres are moved.
        random_seed: seed of the first centres.
        kmeans_plus_plus_num_retries: how many examples are tried for each centre.
        kmc2_chain_length: accepted; "kmc2" looks at all examples of the first batch.

    Raises:
        ValueError: the way to begin or the distance is unknown.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = fg.constant([[0.0, 0.1], [0.0, 0.0], [5.0, 5.0], [5.1, 5.0]])
        >>> graph = fg.contrib.factorization.KMeans(x, 2, "kmeans_plus_plus").training_graph()
        >>> _, clusters, _, _, init, train = graph
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     _ = sess.run(init)
        ...     _ = sess.run(train)
        ...     found = sess.run(clusters)[0]
        >>> bool(found[0] == found[1] != found[2] == found[3])
        True
    """

    def __init__(self, inputs: Any, num_clusters: Any, initial_clusters: Any = RANDOM_INIT,
                 distance_metric: str = SQUARED_EUCLIDEAN_DISTANCE, use_mini_batch: bool = False,
                 mini_batch_steps_per_iteration: int = 1, random_seed: int = 0,
                 kmeans_plus_plus_num_retries: int = 2, kmc2_chain_length: int = 200) -> None:
        if isinstance(initial_clusters, str) and initial_clusters not in (
                RANDOM_INIT, KMEANS_PLUS_PLUS_INIT, KMC2_INIT):
            raise ValueError(located(f"Unsupported initialization algorithm {initial_clusters!r}"))
        if distance_metric not in (SQUARED_EUCLIDEAN_DISTANCE, COSINE_DISTANCE):
            raise ValueError(located(f"Unsupported distance metric {distance_metric!r}"))
        self._inputs = [convert_to_tensor(each) for each in (
            inputs if isinstance(inputs, list) else [inputs])]
        self._num_clusters, self._initial_clusters = num_clusters, initial_clusters
        self._cosine = distance_metric == COSINE_DISTANCE
        self._mini_batch = use_mini_batch
        self._steps = int(mini_batch_steps_per_iteration)
        self._seed, self._retries = random_seed, kmeans_plus_plus_num_retries

    def training_graph(self) -> tuple[Any, ...]:
        """Makes the operations.

        Returns:
            The distances of each example to all centres, the nearest centres, and the distances to
            those, each a tuple with a Tensor for each input; whether the first centres are chosen;
            the operation that chooses them; the operation that trains.
        """
        if not isinstance(self._initial_clusters, str) and not callable(self._initial_clusters):
            self._initial_clusters = convert_to_tensor(self._initial_clusters, dt.float32)
            self._num_clusters = shape(self._initial_clusters)[0]
        count = convert_to_tensor(self._num_clusters, dt.int32)
        collects = self._mini_batch and self._steps > 1
        nothing = constant([], dt.float32)
        centers = Variable(nothing, name="clusters", validate_shape=False)
        ready = Variable(False, dtype=dt.bool_, name="initialized")
        updated = (Variable(nothing, name="clusters_updated", validate_shape=False) if collects
                   else centers)
        counts = None
        if self._mini_batch:
            start = zeros if collects else ones
            counts = Variable(start([count], dtype=dt.int64), validate_shape=False)
        init_op = self._initialization(count, centers, updated, ready)
        inputs, current = self._inputs, reshape(centers, [count, -1])
        if self._cosine:
            inputs = [l2_normalize(each, axis=1) for each in inputs]
            current = l2_normalize(current, axis=1)
        scores = tuple(self._distances(each, current) for each in inputs)
        nearest = tuple(argmin(each, 1, output_type=dt.int64) for each in scores)
        distances = tuple(reduce_min(each, 1) for each in scores)
        if self._mini_batch:
            sync = self._collected(centers, updated, counts) if collects else no_op()
            with control_dependencies([sync]):
                train_op = self._small_step(inputs, nearest, updated, counts)
        else:
            train_op = self._full_step(inputs, nearest, count, centers)
        return scores, nearest, distances, ready, init_op, train_op

    def _distances(self, inputs: Any, centers: Any) -> Any:
        product = matmul(inputs, centers, transpose_b=True)
        if self._cosine:
            return 1.0 - product
        return (reduce_sum(inputs * inputs, 1, keepdims=True) - 2.0 * product
                + transpose(reduce_sum(centers * centers, 1, keepdims=True)))

    # ---- steps -----------------------------------------------------------------------------------

    def _full_step(self, inputs: Any, nearest: Any, count: Any, centers: Any) -> Any:
        """Each centre becomes the mean of the examples that are nearest to it."""
        sums = add_n([unsorted_segment_sum(each, ids, count)
                      for each, ids in zip(inputs, nearest)])
        counts = add_n([unsorted_segment_sum(ones([shape(each)[0], 1]), ids, count)
                        for each, ids in zip(inputs, nearest)])
        means = sums / (counts + 1e-6)
        return assign(centers, l2_normalize(means, axis=1) if self._cosine else means,
                      validate_shape=False).op

    def _small_step(self, inputs: Any, nearest: Any, centers: Any, counts: Any) -> Any:
        """Each centre becomes the mean of all examples that were ever nearest to it."""
        steps = []
        for each, ids in zip(inputs, nearest):
            found, places = unique(ids)
            old = gather(centers, found)
            new_counts = unsorted_segment_sum(ones_like(places, dtype=dt.int64), places,
                                              size(found))
            sums = unsorted_segment_sum(each, places, size(found))
            new = expand_dims(cast(new_counts, dt.float32), 1)
            total = expand_dims(cast(gather(counts, found) + new_counts, dt.float32), 1)
            move = (sums - new * old) / total
            with control_dependencies([move, total]):
                steps += [scatter_add(counts, found, new_counts), scatter_add(centers, found, move)]
        return group(*steps)

    def _collected(self, centers: Any, updated: Any, counts: Any) -> Any:
        """After so many steps, the centres become those that were collected."""
        left = Variable(self._steps, dtype=dt.int64, name="update_in_steps", trainable=False)

        def take_over() -> Any:
            new = l2_normalize(updated, axis=1) if self._cosine else identity(updated)
            with control_dependencies([assign(centers, new, validate_shape=False)]), \
                    control_dependencies([assign(counts, zeros_like(counts))]):
                return identity(assign(left, self._steps - 1))
        return cond(less_equal(left, 0), take_over, lambda: identity(assign_sub(left, 1)))

    # ---- the first centres -----------------------------------------------------------------------

    def _initialization(self, count: Any, centers: Any, updated: Any, ready: Any) -> Any:
        """Chooses centres if there are none yet; adds to them if there are too few."""
        width = shape(self._inputs[0])[1]
        selected = size(centers) // width

        def choose() -> Any:
            new = self._chosen(count - selected)
            if self._cosine:
                new = l2_normalize(new, axis=1)
            both = concat([reshape(centers, [selected, width]), new], 0)
            steps = [assign(variable, both, validate_shape=False)
                     for variable in ({centers, updated} if updated is not centers else [centers])]
            with control_dependencies(steps):
                return identity(assign(ready, equal(shape(both)[0], count)))
        return cond(equal(count, selected), lambda: identity(ready), choose).op

    def _chosen(self, wanted: Any) -> Any:
        """So many new centres."""
        begin = self._initial_clusters
        total = add_n([shape(each)[0] for each in self._inputs])
        if callable(begin):
            return convert_to_tensor(begin(self._inputs, wanted), dt.float32)
        if not isinstance(begin, str):
            with control_dependencies([assert_equal(wanted, shape(begin)[0])]):
                return identity(begin)
        if begin == RANDOM_INIT:
            def draw() -> Any:
                rows = random_uniform(reshape(wanted, [-1]), 0, cast(total, dt.int64), dt.int64,
                                      seed=self._seed)
                return embedding_lookup(self._inputs, rows, partition_strategy="div")
            return cond(less_equal(total, wanted), lambda: concat(self._inputs, 0), draw)
        first = l2_normalize(self._inputs[0], axis=1) if self._cosine else self._inputs[0]
        with control_dependencies([assert_greater_equal(total, wanted)]):
            chosen = py_func(self._spread, [identity(first), wanted], dt.float32)
        chosen.set_shape([None, first.shape[1]])
        return chosen

    def _spread(self, rows: Any, wanted: Any) -> Any:
        """Examples that are far from each other: k-means++."""
        random = np.random.RandomState(self._seed)
        chosen = [rows[random.randint(len(rows))]]
        nearest = np.sum((rows - chosen[0]) ** 2, 1)
        for _ in range(int(wanted) - 1):
            share = nearest / nearest.sum() if nearest.sum() > 0 else None
            tried = random.choice(len(rows), max(1, self._retries), p=share)
            left = [np.minimum(nearest, np.sum((rows - rows[i]) ** 2, 1)) for i in tried]
            best = int(np.argmin([each.sum() for each in left]))
            chosen.append(rows[tried[best]])
            nearest = left[best]
        return np.array(chosen, np.float32)
