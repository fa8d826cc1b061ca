"""Collections: named lists kept with a graph, as `trainable_variables`."""

from __future__ import annotations

import re
from typing import Any


class GraphKeys:
    """Standard names of collections, as in TensorFlow 1.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0, name="v")
        >>> fg.get_collection(fg.GraphKeys.TRAINABLE_VARIABLES)
        [<tf.Variable 'v:0' shape=() dtype=float32_ref>]
    """

    GLOBAL_VARIABLES = "variables"
    VARIABLES = "variables"
    LOCAL_VARIABLES = "local_variables"
    METRIC_VARIABLES = "metric_variables"
    MODEL_VARIABLES = "model_variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    SUMMARIES = "summaries"
    QUEUE_RUNNERS = "queue_runners"
    TABLE_INITIALIZERS = "table_initializer"
    ASSET_FILEPATHS = "asset_filepaths"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    REGULARIZATION_LOSSES = "regularization_losses"
    CONCATENATED_VARIABLES = "concatenated_variables"
    SAVERS = "savers"
    WEIGHTS = "weights"
    BIASES = "biases"
    ACTIVATIONS = "activations"
    UPDATE_OPS = "update_ops"
    LOSSES = "losses"
    SAVEABLE_OBJECTS = "saveable_objects"
    RESOURCES = "resources"
    LOCAL_RESOURCES = "local_resources"
    TRAINABLE_RESOURCE_VARIABLES = "trainable_resource_variables"
    INIT_OP = "init_op"
    LOCAL_INIT_OP = "local_init_op"
    READY_OP = "ready_op"
    READY_FOR_LOCAL_INIT_OP = "ready_for_local_init_op"
    SUMMARY_OP = "summary_op"
    GLOBAL_STEP = "global_step"
    EVAL_STEP = "eval_step"
    TRAIN_OP = "train_op"
    COND_CONTEXT = "cond_context"
    WHILE_CONTEXT = "while_context"


class Collections:
    """The collections of a graph; Graph inherits these methods."""

    def __init__(self) -> None:
        self._collections: dict[Any, list[Any]] = {}

    @property
    def collections(self) -> list[Any]:
        """Names of the collections there are."""
        return self.get_all_collection_keys()

    def add_to_collection(self, name: Any, value: Any) -> None:
        """Appends `value` to the collection `name`."""
        self._collections.setdefault(name, []).append(value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Appends `value` to each of several collections.

        Args:
            names: list of names, or one name.
            value: any object.

        Example:
            >>> import flowgraph as fg
            >>> fg.add_to_collections(["losses", "shown"], "a")
            >>> fg.get_collection("losses"), fg.get_collection("shown")
            (['a'], ['a'])
        """
        for name in dict.fromkeys((names,) if isinstance(names, str) else names or ()):
            self.add_to_collection(name, value)

    def get_collection(self, name: Any, scope: str | None = None) -> list[Any]:
        """A copy of the collection; empty when there is none.

        Args:
            name: the collection's name.
            scope: a regular expression; only items whose `name` it matches from the start.

        Example:
            >>> import flowgraph as fg
            >>> for name in "a/x", "b/x":
            ...     fg.add_to_collection("kept", fg.constant(1.0, name=name))
            >>> [x.name for x in fg.get_collection("kept", scope="b/")]
            ['b/x:0']
        """
        items = self._collections.get(name, [])
        if scope is None:
            return list(items)
        pattern = re.compile(scope)
        return [item for item in items if hasattr(item, "name") and pattern.match(item.name)]

    def get_collection_ref(self, name: Any) -> list[Any]:
        """The collection itself, made empty if it is not there: changing it changes the graph.

        Args:
            name: the collection's name.

        Example:
            >>> import flowgraph as fg
            >>> fg.get_collection_ref("losses").append("a")
            >>> fg.get_collection("losses")
            ['a']
        """
        return self._collections.setdefault(name, [])

    def clear_collection(self, name: Any) -> None:
        """Forgets the collection."""
        self._collections.pop(name, None)

    def get_all_collection_keys(self) -> list[Any]:
        """Names of the collections there are, empty ones too; keys that are not text left out."""
        return [name for name in self._collections if isinstance(name, str)]
