"""What a Session remembers between runs: variables' values and per-node state (random counters).

A run reads its variables in one step and writes them back in one step when it has succeeded, so it
is all or nothing. Both steps are single C calls on a dict with string keys, which no other thread
can interrupt. Runs that write a variable hold that variable's lock from reading to writing, in the
order of names; runs that only read take no lock.
"""

from __future__ import annotations

import itertools
import operator
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.core import aligned
from flowgraph.core.frames import located
from flowgraph.core.old_copy import OldCopy
from flowgraph.errors import ClosedSessionError, FailedPreconditionError, message
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.operation import Operation
from flowgraph.program.ir import Read
from flowgraph.program.packs import VariablePack
from flowgraph.runtime.packed_values import PackedValues


class State:
    """Values of variables by key, and the objects that stateful ops keep.

    The array that a variable had before its last change is kept, as memory for what it is going to
    be: a training step allocates nothing for variables. Such an array may be in use still, by a run
    of another thread that only reads, say: it is used again only if nothing else refers to it.
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._spare: dict[str, OldCopy] = {}
        self._given: dict[str, Any] = {}  # the values that stand in memory of `take_spare`
        self._packed: dict[Any, PackedValues] = {}
        self._locks: dict[str, threading.RLock] = {}
        self._nodes: dict[str, Any] = {}
        self._named = 0
        self._closed = False
        self._lock = threading.Lock()

    def locks(self, keys: list[str]) -> list[threading.RLock]:
        """The locks of these variables, in the one order that cannot deadlock."""
        with self._lock:
            return [self._locks.setdefault(key, threading.RLock()) for key in sorted(set(keys))]

    def take_spare(self, key: str, dtype: np.dtype, shape: Any) -> OldCopy:
        """Memory for the new value of a variable."""
        old = self._spare.pop(key, None)
        if (old is not None and old.array.dtype == dtype and old.array.shape == shape
                and sys.getrefcount(old.array) == 2  # `old`, and the argument of that call
                and not aligned.has_views(old.array)):
            if old.current is not self.values.get(key):
                old.current = old.rows = None
            return old
        return OldCopy(aligned.empty(shape, dtype), self.values.get(key))

    def keep_spare(self, key: str, used: OldCopy, new: Any) -> None:
        """Keeps the array that a variable is about to lose, if `take_spare` gave it.

        Args:
            key: the variable.
            used: the memory that its new value was written into.
            new: the array of its new value.
        """
        array = self.values.get(key)
        if array is not None and array is self._given.get(key):
            rows = used.changed if array is used.current else None
            self._spare[key] = OldCopy(array, new, rows)
        self._given[key] = new if new is used.array else None

    def move(self, key: str, value: Any, moved: Any) -> None:
        """Keeps a variable's value in other memory, unless a run is about to change it.

        Args:
            key: the variable.
            value: what it has.
            moved: the same, in other memory.
        """
        lock, = self.locks([key])
        if lock.acquire(blocking=False):
            try:
                if self.values.get(key) is value:
                    self.values[key] = moved
            finally:
                lock.release()

    def packed(self, pack: VariablePack, dtype: np.dtype) -> PackedValues:
        """The values of the variables of a pack, as one array; the same for all runs.

        Memory that was kept for single variables is given up.
        """
        keys = tuple([variable_key(variable) for variable in pack.variables])
        with self._lock:
            for key in keys:
                self._spare.pop(key, None)
                self._given.pop(key, None)
            return self._packed.setdefault((keys, pack.shapes, dtype), PackedValues(pack, dtype))

    def node(self, op: Operation) -> Any:
        """The object that a stateful op keeps in this session; made when first asked for.

        Ops of one type (or one `state_kind`) and one `shared_name` share it.
        """
        key = f"{op.op_def.state_kind or op.type} {variable_key(op)}"
        with self._lock:
            if key not in self._nodes:
                node = op.op_def.create_state(op.attrs)
                if hasattr(node, "named"):  # it says in errors who it is, as TensorFlow does
                    node.named(op.attrs.get("shared_name") or f"_{self._named}_{op.name}")
                    self._named += 1
                if self._closed and hasattr(node, "close"):
                    node.close()
                self._nodes[key] = node
            return self._nodes[key]

    def clear(self) -> None:
        """Forgets everything, and ends the waiting of runs in other threads."""
        with self._lock:
            self._closed = True  # a run that another thread has begun may still ask for an object
            self.values = _NoValues()
            self._spare, self._given, self._packed = {}, {}, {}
            nodes, self._nodes = self._nodes, {}
        for node in nodes.values():
            if hasattr(node, "close"):
                node.close()


class _NoValues(dict[str, Any]):
    """The variables of a closed session, for runs in other threads that were about to read them."""

    def __missing__(self, key: str) -> Any:
        raise ClosedSessionError(located("Attempted to use a closed Session.",
                                         section="closed-session-error"))


def variable_key(op: Operation) -> str:
    """Under which name a variable's value is kept: ops with one `shared_name` share it."""
    container = op.attrs.get("container") or ""
    name = op.attrs.get("shared_name") or op.name
    return f"{container}/{name}" if container else name


def reader(reads: tuple[Read, ...], state: State) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """The function that takes a program's variables from `State.values`, all at one moment.

    It raises FailedPreconditionError for the first one that has no value.

    Args:
        reads: what the program reads.
        state: which knows the packs among that.
    """
    packs = [read for read in reads if isinstance(read.variable, VariablePack)]
    if not packs:
        return _reader_of_variables(reads)
    single = reads[:len(reads) - len(packs)]  # packs come last
    read_variables = _reader_of_variables((*single, *(
        Read(variable, read.value, False) for read in packs
        for variable in read.variable.variables)))
    ends = list(itertools.accumulate([len(read.variable.variables) for read in packs],
                                     initial=len(single)))
    parts = [(slice(first, last), state.packed(read.variable, read.value.spec.dtype.numpy))
             for read, first, last in zip(packs, ends, ends[1:], strict=False)]

    def read_all(values: dict[str, Any]) -> tuple[Any, ...]:
        arrays = read_variables(values)
        return (*arrays[:len(single)], *[packed.whole(arrays[part]) for part, packed in parts])

    return read_all


def _reader_of_variables(reads: tuple[Read, ...]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    if not reads:
        return lambda values: ()
    keys = [variable_key(read.variable) for read in reads]
    get = operator.itemgetter(*keys)
    required = [read.variable for read in reads if not read.optional]

    def read_all(values: dict[str, Any]) -> tuple[Any, ...]:
        try:
            return get(values) if len(keys) > 1 else (get(values),)
        except KeyError:
            snapshot = values.copy()
        for variable in required:
            if variable_key(variable) not in snapshot:
                raise uninitialized(variable)
        return tuple(snapshot.get(key) for key in keys)

    return read_all


def uninitialized(variable: Operation) -> FailedPreconditionError:
    """The error for a variable that is read before it has a value."""
    if _is_listed(variable, GraphKeys.LOCAL_VARIABLES):
        advice = ("It is a local variable, as tf.metrics and num_epochs make them: run "
                  "tf.local_variables_initializer() in this session first, beside the global one.")
    elif _is_listed(variable, GraphKeys.GLOBAL_VARIABLES):
        advice = ("Run tf.global_variables_initializer() in this session first (build it after the "
                  "last variable), or restore a checkpoint.")
    else:
        advice = ("It is neither among the global nor among the local variables: run its own "
                  "`initializer`, or tf.variables_initializer([variable]), in this session first.")
    return FailedPreconditionError(None, variable, message(
        f"Attempting to use uninitialized value {variable.name} ({variable.frame})",
        advice=advice, section="uninitialized-variable"))


def _is_listed(variable: Operation, collection: str) -> bool:
    return any(getattr(listed, "op", None) is variable
               for listed in variable.graph.get_collection(collection))
