"""`tf.keras.backend`: the session and learning phase of keras, and its names for common ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.dtypes import as_dtype, bool_
from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.graph import stacks
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.tensor import Tensor
from flowgraph.keras.graph_state import state_of
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.cast import cast as cast_to
from flowgraph.ops.clip import clip_by_value
from flowgraph.ops.cross_entropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from flowgraph.ops.exponential import log
from flowgraph.ops.matmul import matmul
from flowgraph.ops.placeholder import placeholder as new_placeholder
from flowgraph.ops.placeholder import placeholder_with_default
from flowgraph.ops.reduce import reduce_mean, reduce_sum
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.tensordot import tensordot
from flowgraph.ops.variable import Variable

_settings: dict[str, Any] = {"floatx": "float32", "epsilon": 1e-7,
                             "image_data_format": "channels_last"}

# ---- settings ------------------------------------------------------------------------------------


def floatx() -> str:
    """The dtype that keras uses where none is given, as "float32"."""
    return _settings["floatx"]


def set_floatx(value: str) -> None:
    """Sets what `floatx` returns.

    Args:
        value: "float16", "float32" or "float64".
    """
    if value not in ("float16", "float32", "float64"):
        raise ValueError(located(f"Unknown floatx type: {value!r}",
                                 "It is 'float16', 'float32' or 'float64'."))
    _settings["floatx"] = value


def epsilon() -> float:
    """A small number that keeps divisions and logarithms from 0."""
    return _settings["epsilon"]


def set_epsilon(value: float) -> None:
    """Sets what `epsilon` returns.

    Args:
        value: a small positive number.
    """
    _settings["epsilon"] = float(value)


def image_data_format() -> str:
    """Where the channels of images are: always "channels_last"."""
    return _settings["image_data_format"]


def set_image_data_format(data_format: str) -> None:
    """Says where the channels of images are.

    Args:
        data_format: "channels_last"; pass `data_format` to the layers for another one.
    """
    if data_format != "channels_last":
        raise ValueError(located(f"image_data_format cannot be {data_format!r}",
                                 "Pass data_format= to the layers instead."))


# ---- session and learning phase ------------------------------------------------------------------


def learning_phase() -> Any:
    """Whether layers train: a placeholder that is False unless fed, or what was set.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     y = fg.keras.layers.Dropout(0.5, seed=1)(fg.ones([4]))
        ...     phase = fg.keras.backend.learning_phase()
        ...     print(sess.run(y), sess.run(y, {phase: True}))
        [1. 1. 1. 1.] [0. 2. 0. 0.]
    """
    state = state_of()
    if state.learning_phase is None:
        with get_default_graph().name_scope(None):
            state.learning_phase = placeholder_with_default(
                np.array(False), shape=(), name="keras_learning_phase")
    return state.learning_phase


def set_learning_phase(value: Any) -> None:
    """Says whether the layers that are built from now on train.

    Args:
        value: 0 or 1, or a bool.
    """
    if value not in (0, 1):
        raise ValueError(located(f"Expected learning phase to be 0 or 1, not {value!r}"))
    state_of().learning_phase = bool(value)


def get_session() -> Any:
    """The default session, or one of keras's own for the default graph; variables that keras made
    have their first values in it.
    """
    from flowgraph.runtime.config import ConfigProto  # late: it costs 20 ms
    from flowgraph.runtime.session import Session

    state, session = state_of(), stacks.get_default_session()
    if session is None:
        if state.session is None:
            state.session = Session(graph=get_default_graph(),
                                    config=ConfigProto(allow_soft_placement=True))
        session = state.session
    _initialize(state, session)
    return session


def _initialize(state: Any, session: Any) -> None:
    from flowgraph.ops.state import is_variable_initialized

    initialized = state.initialized.setdefault(session, set())
    new = [v for v in state.variables if v not in initialized]
    if not new or session.graph is not get_default_graph():
        return
    there = session.run([is_variable_initialized(v) for v in new])
    session.run([v.initializer for v, done in zip(new, there, strict=True) if not done])
    initialized.update(new)


def set_session(session: Any) -> None:
    """Makes keras use a session for the graph it belongs to.

    Args:
        session: a Session.
    """
    state_of(session.graph).session = session


def clear_session() -> None:
    """Starts a new default graph, and forgets keras's session and the names of layers."""
    from flowgraph.graph.graph import reset_default_graph

    reset_default_graph()


def get_uid(prefix: str = "") -> int:
    """How often a prefix was asked for in this graph, counted from 1.

    Args:
        prefix: any text.
    """
    counts = vars(get_default_graph()).setdefault("_layer_counts", {})
    counts[prefix] = counts.get(prefix, 0) + 1
    return counts[prefix]


def reset_uids() -> None:
    """Forgets how many layers of each class there are."""
    vars(get_default_graph())["_layer_counts"] = {}


# ---- variables and values ------------------------------------------------------------------------


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Any:
    """Makes a variable, which keras initialises.

    Args:
        value: its first value.
        dtype: default `floatx()`.
        name: its name.
        constraint: function from a trained value to the one to keep.
    """
    made = Variable(value, dtype=as_dtype(dtype or floatx()), name=name, constraint=constraint)
    state_of().variables.append(made)
    return made


def placeholder(shape: Any = None, ndim: int | None = None, dtype: Any = None, sparse: bool = False,
                name: str | None = None) -> Any:
    """Makes a placeholder.

    Args:
        shape: its shape, the batch included; None for sizes not known.
        ndim: its rank, where there is no shape.
        dtype: default `floatx()`.
        sparse: whether it takes a SparseTensorValue.
        name: its name.
    """
    if shape is None and ndim:
        shape = [None] * ndim
    dtype = as_dtype(dtype or floatx())
    if sparse:
        from flowgraph.ops.sparse_tensor import sparse_placeholder
        return sparse_placeholder(dtype, shape, name)
    return new_placeholder(dtype, shape, name)


def get_value(x: Any) -> Any:
    """The value of a variable in keras's session.

    Args:
        x: a variable or tensor.
    """
    return get_session().run(x)


def set_value(x: Any, value: Any) -> None:
    """Sets a variable in keras's session.

    Args:
        x: a variable.
        value: array or number.
    """
    x.load(np.asarray(value, x.dtype.as_numpy_dtype), get_session())


def batch_get_value(tensors: Any) -> list[Any]:
    """The values of several variables.

    Args:
        tensors: list of variables.
    """
    return get_session().run(list(tensors)) if tensors else []


def batch_set_value(tuples: Any) -> None:
    """Sets several variables.

    Args:
        tuples: pairs of a variable and its value.
    """
    for x, value in tuples:
        set_value(x, value)


def int_shape(x: Any) -> Any:
    """The static shape as a tuple, with None for what is not known; None without rank.

    Args:
        x: a tensor.
    """
    return None if x.shape.ndims is None else tuple(x.shape.as_list())


def ndim(x: Any) -> int | None:
    """The rank.

    Args:
        x: a tensor.
    """
    return x.shape.ndims


def count_params(x: Any) -> int:
    """The number of elements.

    Args:
        x: a variable.
    """
    return int(np.prod(x.shape.as_list()))


def is_keras_tensor(x: Any) -> bool:
    """Whether a tensor is the result of a layer or of `Input`.

    Args:
        x: a tensor.
    """
    return x in state_of(x.graph).calls


# ---- ops whose meaning is keras's own ------------------------------------------------------------


def cast(x: Any, dtype: Any) -> Any:
    """`tf.cast`.

    Args:
        x: a tensor.
        dtype: the dtype to have.
    """
    return cast_to(x, as_dtype(dtype))


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """The tensor, no element below or above the limits; `max_value=None` is no upper limit.

    Args:
        x: a tensor.
        min_value, max_value: the limits.
    """
    if max_value is None:
        return maximum(x, min_value)
    return clip_by_value(x, min_value, max_value)


def dot(x: Any, y: Any) -> Any:
    """The product over the last axis of `x` and the last but one of `y`.

    Args:
        x, y: tensors of rank 1 or more.
    """
    if ndim(x) == 2 and ndim(y) == 2:
        return matmul(x, y)
    return tensordot(x, y, [[x.shape.ndims - 1], [max(y.shape.ndims - 2, 0)]])


def flatten(x: Any) -> Any:
    """The elements as one vector.

    Args:
        x: a tensor.
    """
    return reshape(x, [-1])


def batch_flatten(x: Any) -> Any:
    """A matrix with one row for each element of the batch.

    Args:
        x: a tensor of rank 1 or more.
    """
    sizes = x.shape.as_list()[1:]
    return reshape(x, [-1, int(np.prod(sizes))] if None not in sizes else [shape_of(x)[0], -1])


def hard_sigmoid(x: Any) -> Any:
    """0.2 x + 0.5, at least 0 and at most 1.

    Args:
        x: a tensor.
    """
    return clip_by_value(0.2 * x + 0.5, 0.0, 1.0)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """The cross entropy of each element.

    Args:
        target: tensor of the true values.
        output: tensor of probabilities, or of log-odds.
        from_logits: whether it is log-odds.
    """
    logits = output if from_logits else _logits_of(output, "Sigmoid")
    if logits is not None:
        return sigmoid_cross_entropy_with_logits(labels=target, logits=logits)
    output = clip_by_value(output, epsilon(), 1.0 - epsilon())
    return -(target * log(output + epsilon()) + (1 - target) * log(1 - output + epsilon()))


def _logits_of(output: Any, kind: str) -> Any:
    """What probabilities were made of, if an op of this type made them.

    A loss of the logits does not lose the gradient where a probability has become 0 or 1.
    """
    made = output.op if isinstance(output, Tensor) and not isinstance(output, Variable) else None
    return made.inputs[0] if made is not None and made.type == kind else None


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1
                             ) -> Any:
    """The cross entropy of each row of probabilities.

    Args:
        target: tensor of the true probabilities.
        output: tensor of the same shape: probabilities, or logits.
        from_logits: whether it is logits.
        axis: the axis of the classes.
    """
    logits = output if from_logits else _logits_of(output, "Softmax")
    if logits is not None:
        return softmax_cross_entropy_with_logits_v2(labels=target, logits=logits, axis=axis)
    output = output / reduce_sum(output, axis, True)
    output = clip_by_value(output, epsilon(), 1.0 - epsilon())
    return -reduce_sum(target * log(output), axis)


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False,
                                    axis: int = -1) -> Any:
    """The cross entropy of the classes that should have come.

    Args:
        target: tensor of the numbers of classes.
        output: tensor with one more axis, the last: probabilities, or logits.
        from_logits: whether it is logits.
        axis: the axis of the classes, which must be the last.
    """
    if axis not in (-1, output.shape.ndims - 1):
        raise ValueError(located("sparse_categorical_crossentropy takes the classes on the last "
                                 "axis", "Write tf.transpose first."))
    if not from_logits:
        logits = _logits_of(output, "Softmax")
        output = (log(clip_by_value(output, epsilon(), 1.0 - epsilon())) if logits is None
                  else logits)
    labels = cast_to(flatten(target), as_dtype("int64"))
    rows = reshape(output, [-1, shape_of(output)[-1] if output.shape[-1].value is None
                            else output.shape[-1].value])
    losses = sparse_softmax_cross_entropy_with_logits(labels=labels, logits=rows)
    if output.shape.ndims is not None and output.shape.ndims >= 3:
        return reshape(losses, shape_of(output)[:-1])
    return losses


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean; that of bools is the share of True.

    Args:
        x: a tensor.
        axis: axis or axes; default all.
        keepdims: whether they stay with size 1.
    """
    if x.dtype.base_dtype is bool_:
        x = cast_to(x, as_dtype(floatx()))
    return reduce_mean(x, axis, keepdims)


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """`x` in training, else `alt`.

    Args:
        x, alt: tensors, or functions that make them.
        training: bool or tensor; default the learning phase.
    """
    from flowgraph.layers.smart_cond import smart_cond

    return smart_cond(learning_phase() if training is None else training,
                      x if callable(x) else lambda: x, alt if callable(alt) else lambda: alt)


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """`alt` in training, else `x`.

    Args:
        x, alt: tensors, or functions that make them.
        training: bool or tensor; default the learning phase.
    """
    return in_train_phase(alt, x, training)


_OPS = "flowgraph.ops."
_LAZY = {
    "abs": _OPS + "unary:abs", "all": _OPS + "reduce:reduce_all",
    "any": _OPS + "reduce:reduce_any", "arange": _OPS + "constant:range",
    "constant": _OPS + "constant:constant", "cos": _OPS + "trigonometry:cos",
    "elu": "flowgraph.keras.activations:elu", "equal": _OPS + "compare:equal",
    "exp": _OPS + "exponential:exp", "eye": _OPS + "constant:eye",
    "gather": _OPS + "gather:gather", "gradients": "flowgraph.gradients.gradients:gradients",
    "greater": _OPS + "compare:greater", "greater_equal": _OPS + "compare:greater_equal",
    "identity": _OPS + "identity:identity", "l2_normalize": _OPS + "l2_loss:l2_normalize",
    "less": _OPS + "compare:less", "less_equal": _OPS + "compare:less_equal",
    "log": _OPS + "exponential:log", "logsumexp": _OPS + "reduced_statistics:reduce_logsumexp",
    "max": _OPS + "reduce:reduce_max", "maximum": _OPS + "arithmetic:maximum",
    "min": _OPS + "reduce:reduce_min", "minimum": _OPS + "arithmetic:minimum",
    "name_scope": "flowgraph.graph.graph:name_scope", "not_equal": _OPS + "compare:not_equal",
    "one_hot": _OPS + "select:one_hot", "ones": _OPS + "constant:ones",
    "ones_like": _OPS + "constant:ones_like", "permute_dimensions": _OPS + "reshape:transpose",
    "pow": _OPS + "arithmetic:pow", "prod": _OPS + "reduce:reduce_prod",
    "random_normal": _OPS + "random_ops:random_normal",
    "random_uniform": _OPS + "random_ops:random_uniform",
    "relu": "flowgraph.keras.activations:relu", "reshape": _OPS + "reshape:reshape",
    "round": _OPS + "rounding:round", "shape": _OPS + "shape:shape",
    "sigmoid": _OPS + "exponential:sigmoid", "sign": _OPS + "unary:sign",
    "sin": _OPS + "trigonometry:sin", "softmax": _OPS + "softmax:softmax",
    "softplus": _OPS + "activation:softplus", "sqrt": _OPS + "unary:sqrt",
    "square": _OPS + "unary:square", "squeeze": _OPS + "reshape:squeeze",
    "stack": _OPS + "join:stack", "stop_gradient": _OPS + "identity:stop_gradient",
    "sum": _OPS + "reduce:reduce_sum", "switch": "flowgraph.layers.smart_cond:smart_cond",
    "tanh": _OPS + "exponential:tanh", "tile": _OPS + "join:tile",
    "transpose": _OPS + "reshape:transpose",
    "truncated_normal": _OPS + "random_ops:truncated_normal", "zeros": _OPS + "constant:zeros",
    "zeros_like": _OPS + "constant:zeros_like",
}
_LAZY |= {name: f"flowgraph.keras.backend_ops:{name}" for name in (
    "argmax", "argmin", "concatenate", "cumprod", "cumsum", "dropout", "eval", "expand_dims",
    "function", "print_tensor", "repeat_elements", "std", "var")}
__getattr__ = _lazy("tf.keras.backend", globals(), _LAZY)
