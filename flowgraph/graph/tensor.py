"""Tensor: one output of an Operation. It has a dtype and a static shape, and no values.

Operators (`a + b`, `t[1:]`, …) are attached by `ops/operators.py`, because they build ops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from flowgraph.core.dtypes import DType
from flowgraph.core.frames import located
from flowgraph.core.reference import Reference
from flowgraph.core.shapes import TensorShape, as_shape, compatible, merge
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError, TensorToArrayError, TensorUseError, message
from flowgraph.graph import stacks

if TYPE_CHECKING:
    from flowgraph.graph.graph import Graph
    from flowgraph.graph.operation import Operation


class Tensor:
    """A symbolic value: output number `value_index` of operation `op`.

    Example:
        >>> import flowgraph as fg
        >>> fg.constant([1.0, 2.0], name="c")
        <tf.Tensor 'c:0' shape=(2,) dtype=float32>
    """

    __slots__ = ("__weakref__", "_consumers", "_extra", "dtype", "op", "spec", "value_index")
    __array_priority__ = 100  # so that numpy_array * tensor asks the tensor
    OVERLOADABLE_OPERATORS: ClassVar[frozenset[str]] = frozenset()  # ops/operators.py says which

    def __init__(self, op: Operation, value_index: int, spec: Spec, is_ref: bool = False) -> None:
        self.op = op
        self.value_index = value_index
        self.spec = spec
        self.dtype: DType = spec.dtype._as_ref if is_ref else spec.dtype
        self._consumers: list[Operation] = []
        self._extra: dict[str, Any] | None = None

    @property
    def graph(self) -> Graph:
        """The graph this tensor belongs to."""
        return self.op.graph

    @property
    def name(self) -> str:
        """`"MatMul_1:0"`: the operation's name and the output's number."""
        return f"{self.op.name}:{self.value_index}"

    @property
    def device(self) -> str:
        """Device string of the operation; empty when none was asked for."""
        return self.op.device

    @property
    def shape(self) -> TensorShape:
        """What is known of the shape."""
        return TensorShape(self.spec.shape)

    def get_shape(self) -> TensorShape:
        """What is known of the shape."""
        return TensorShape(self.spec.shape)

    def set_shape(self, shape: Any) -> None:
        """Adds to what is known of the shape.

        Args:
            shape: anything TensorShape takes; unknown sizes add nothing.

        Raises:
            ShapeError: `shape` contradicts what is known.
        """
        new = as_shape(shape)
        if not compatible(self.spec.shape, new):
            raise ShapeError(located(
                f"{self.name!r} ({self.op.frame}) has shape {shape_text(self.spec.shape)}; "
                f"set_shape({shape_text(new)}) contradicts it",
                advice="set_shape only adds knowledge; use tf.reshape to change a shape.",
                section="shape-error"))
        self.spec = Spec(self.spec.dtype, merge(self.spec.shape, new))
        self.graph.note_change()

    def consumers(self) -> list[Operation]:
        """The operations that take this tensor as an input."""
        return list(self._consumers)

    def experimental_ref(self) -> Reference:
        """A key for dictionaries and sets that stands for this object; `deref()` gives it back."""
        return Reference(self)

    def eval(self, feed_dict: dict[Any, Any] | None = None, session: Any = None) -> Any:
        """Runs this tensor in `session`, or in the default session.

        Args:
            feed_dict: values by tensor, as for `Session.run`.
            session: the Session; default the innermost `with sess:` one.

        Raises:
            ValueError: no session is given and there is no default one.
        """
        return evaluate(self, feed_dict, session, "eval")

    def __repr__(self) -> str:
        return (f"<tf.Tensor {self.name!r} shape={shape_text(self.spec.shape)} "
                f"dtype={self.dtype.name}>")

    def __str__(self) -> str:
        shape = "" if self.spec.shape is None else f", shape={shape_text(self.spec.shape)}"
        return f'Tensor("{self.name}"{shape}, dtype={self.dtype.name})'

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return self

    # ---- what a symbolic value cannot do ---------------------------------------------------------

    def _misuse(self, what: str, instead: str,
                error: type[TensorUseError] = TensorUseError) -> NoReturn:
        raise error(message(f"{self.name!r} ({self.op.frame}) is symbolic: {what}",
                                     advice=instead, section="tensor-use-error"))

    def __bool__(self) -> bool:
        self._misuse("its truth value is only known when a Session runs it",
                     "Write tf.cond(t, ...) to branch in the graph, `t is not None` to test for "
                     "None, tf.logical_and/or/not in place of and/or/not.")

    def __len__(self) -> int:
        self._misuse("it has no Python length",
                     "Write t.shape[0] for the static size, tf.shape(t)[0] for the size in a run.")

    def __iter__(self) -> Any:
        if self.spec.shape == ():
            self._misuse("it is a scalar, so it cannot be iterated over",
                         "Write tf.range(t) to count up to its value.")
        if self.spec.shape is None or self.spec.shape[0] is None:
            self._misuse("its first size is unknown, so it cannot be iterated over",
                         "Write tf.map_fn, tf.while_loop, or give the placeholder a static size.")
        self._misuse("it cannot be iterated over", "Write tf.unstack(t) for a list of its rows.")

    def __setitem__(self, key: Any, value: Any) -> None:
        self._misuse("it cannot be assigned to",
                     "Write tf.concat, tf.where or tf.tensor_scatter_nd_update for a new tensor, "
                     "or keep the data in a tf.Variable and use its assign methods.")

    def __contains__(self, item: Any) -> bool:
        self._misuse("`in` needs its values", "Write tf.reduce_any(tf.equal(t, item)).")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        self._misuse("NumPy cannot read its values",
                     "Use the tf function instead of the NumPy one, or fetch it with Session.run.",
                     TensorToArrayError)

    def __float__(self) -> float:
        self._misuse("it is not a Python number", "Fetch it with Session.run first.")

    __int__ = __index__ = __complex__ = __float__


def evaluate(element: Any, feed_dict: dict[Any, Any] | None, session: Any, method: str) -> Any:
    """`Tensor.eval`, `Operation.run` and `Variable.eval`: one run in a session."""
    session = stacks.sessions.top() if session is None else session
    if session is None:
        raise ValueError(located(
            f"cannot {method} {element.name!r}: there is no default session",
            advice=f"Write sess.run(...), or call {method}() inside `with tf.Session():`, or pass "
                   "session=.", section="no-default-session"))
    if session.graph is not element.graph:
        raise ValueError(located(
            f"cannot {method} {element.name!r}: the default session runs another graph",
            advice="Make the session with tf.Session(graph=tensor.graph).", section="graph-error"))
    return session.run(element, feed_dict)


def is_tensor_like(value: Any) -> bool:
    """Whether `value` stands for a tensor of a graph: a Tensor, Variable or IndexedSlices."""
    return isinstance(value, Tensor) or hasattr(value, "_as_graph_element")
