"""Scaffold: the ops around a model that a monitored session needs, made where not given.

    init_op                    sets the global variables, unless a checkpoint is restored
    ready_for_local_init_op    names of the global variables that have no value yet
    local_init_op              sets the local variables and fills the tables; always run
    ready_op                   names of all variables that have no value yet
    summary_op                 all summaries in one
    saver                      saves and restores checkpoints
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.constant import constant
from flowgraph.ops.identity import group, no_op
from flowgraph.ops.join import concat
from flowgraph.ops.lookup_static import tables_initializer
from flowgraph.ops.variable_lists import (
    global_variables,
    global_variables_initializer,
    local_variables_initializer,
    report_uninitialized_variables,
)
from flowgraph.train.saver import Saver


class Scaffold:
    """The ops that a monitored session initializes, checks and saves a model with.

    What is not given is taken from the graph's collection of that purpose, or made, when the
    session is made; the graph is finalized then.

    Args:
        init_op: sets the variables that no checkpoint has set.
        init_feed_dict: values to feed when `init_op` runs.
        init_fn: function of the Scaffold and the Session, called after `init_op`.
        ready_op: string tensor with the names of variables without a value; empty when ready.
        ready_for_local_init_op: likewise, before `local_init_op` may run.
        local_init_op: run each time a session is made, after the variables were set.
        summary_op: string tensor with all summaries.
        saver: a Saver.
        copy_from_scaffold: a Scaffold to take over what is not given.

    Raises:
        TypeError: `copy_from_scaffold` is no Scaffold.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.get_variable("v", initializer=1.0)
        >>> def from_outside(scaffold, session):
        ...     v.load(5.0, session)
        >>> scaffold = fg.train.Scaffold(init_fn=from_outside)
        >>> with fg.train.MonitoredTrainingSession(scaffold=scaffold) as sess:
        ...     sess.run(v)
        np.float32(5.0)
    """

    def __init__(self, init_op: Any = None, init_feed_dict: dict[Any, Any] | None = None,
                 init_fn: Callable[[Any, Any], Any] | None = None, ready_op: Any = None,
                 ready_for_local_init_op: Any = None, local_init_op: Any = None,
                 summary_op: Any = None, saver: Any = None,
                 copy_from_scaffold: Scaffold | None = None) -> None:
        other = copy_from_scaffold
        if other is not None:
            if not isinstance(other, Scaffold):
                raise TypeError(located("copy_from_scaffold is not a Scaffold instance."))
            init_op = _first(init_op, other.init_op)
            init_feed_dict = _first(init_feed_dict, other.init_feed_dict)
            init_fn = _first(init_fn, other._user_init_fn)
            ready_op = _first(ready_op, other.ready_op)
            ready_for_local_init_op = _first(ready_for_local_init_op,
                                             other.ready_for_local_init_op)
            local_init_op = _first(local_init_op, other.local_init_op)
            summary_op = _first(summary_op, other.summary_op)
            saver = _first(saver, other.saver)
        self._init_op, self._init_feed_dict = init_op, init_feed_dict
        self._user_init_fn: Callable[[Any, Any], Any] | None = init_fn
        self._ready_op, self._ready_for_local_init_op = ready_op, ready_for_local_init_op
        self._local_init_op = local_init_op
        self._summary_op = summary_op
        self._saver = saver

    def finalize(self) -> Scaffold:
        """Makes what was not given, and finalizes the graph.

        Returns:
            This Scaffold.

        Raises:
            RuntimeError: a collection holds several things of one purpose.
        """
        from flowgraph.summary import merge_all
        find = Scaffold.get_or_default
        if self._init_op is None:
            self._init_op = find("init_op", GraphKeys.INIT_OP, _initialize)
        if self._ready_op is None:
            self._ready_op = find("ready_op", GraphKeys.READY_OP, _not_ready)
        if self._ready_for_local_init_op is None:
            self._ready_for_local_init_op = find(
                "ready_for_local_init_op", GraphKeys.READY_FOR_LOCAL_INIT_OP,
                lambda: _not_ready(global_variables()))
        if self._local_init_op is None:
            self._local_init_op = find("local_init_op", GraphKeys.LOCAL_INIT_OP,
                                       Scaffold.default_local_init_op)
        if self._summary_op is None:
            self._summary_op = find("summary_op", GraphKeys.SUMMARY_OP, merge_all)
        if self._saver is None:
            self._saver = find("saver", GraphKeys.SAVERS,
                               lambda: Saver(sharded=True, allow_empty=True))
        self._saver.build()
        get_default_graph().finalize()
        logger().info("Graph was finalized.")
        return self

    @property
    def init_fn(self) -> Callable[[Any], Any] | None:
        """The function to call after `init_op`, of the Session alone; None if there is none."""
        given = self._user_init_fn
        return (lambda session: given(self, session)) if given else None

    @property
    def init_op(self) -> Any:
        """Sets the variables that no checkpoint has set."""
        return self._init_op

    @property
    def ready_op(self) -> Any:
        """The names of variables without a value."""
        return self._ready_op

    @property
    def ready_for_local_init_op(self) -> Any:
        """The names of global variables without a value."""
        return self._ready_for_local_init_op

    @property
    def local_init_op(self) -> Any:
        """Sets the local variables and fills the tables."""
        return self._local_init_op

    @property
    def summary_op(self) -> Any:
        """All summaries; None if there are none."""
        return self._summary_op

    @property
    def saver(self) -> Any:
        """The Saver."""
        return self._saver

    @property
    def init_feed_dict(self) -> dict[Any, Any] | None:
        """Values to feed when `init_op` runs."""
        return self._init_feed_dict

    @staticmethod
    def get_or_default(arg_name: str, collection_key: str,
                       default_constructor: Callable[[], Any]) -> Any:
        """The only item of a collection; if that is empty, a new one, which is put there.

        Args:
            arg_name: what the item is, for the error.
            collection_key: the collection.
            default_constructor: function that makes the item; it may return None.

        Raises:
            RuntimeError: the collection holds several.
        """
        graph = get_default_graph()
        found = graph.get_collection(collection_key)
        if len(found) > 1:
            raise RuntimeError(located(
                f'More than one item in the collection "{collection_key}".',
                f"Say which one to use: tf.train.Scaffold({arg_name}=...)."))
        if found:
            return found[0]
        made = default_constructor()
        if made is not None:
            graph.add_to_collection(collection_key, made)
        return made

    @staticmethod
    def default_local_init_op() -> Any:
        """An operation that sets the local variables and fills the tables."""
        return group(local_variables_initializer(), tables_initializer(), no_op(name="init"))


def _first(given: Any, other: Any) -> Any:
    return other if given is None else given


# The NoOps "init" and the empty "report_uninitialized_resources" stand where TensorFlow 1 handles
# resources, which initialize themselves here: so other nodes get the names that they have there.


def _initialize() -> Any:
    return group(global_variables_initializer(), no_op(name="init"))


def _not_ready(variables: list[Any] | None = None) -> Tensor:
    missing = report_uninitialized_variables(variables)
    with name_scope("report_uninitialized_resources"):
        nothing = constant([], dtype=dt.string, name="Const")
    return concat([missing, nothing], 0)
