"""Ops of `tf.keras.backend` whose defaults or meaning are not those of `tf`."""

from __future__ import annotations

from typing import Any

from flowgraph.core.dtypes import bool_, float32
from flowgraph.core.frames import located
from flowgraph.graph.tensor import Tensor
from flowgraph.keras.backend import get_session
from flowgraph.ops import argmax as arguments
from flowgraph.ops import dropout as dropping
from flowgraph.ops import join
from flowgraph.ops import reshape as reshaping
from flowgraph.ops.cast import cast
from flowgraph.ops.cumulative import cumprod as cumulative_product
from flowgraph.ops.cumulative import cumsum as cumulative_sum
from flowgraph.ops.print_and_assert import print_tensor as Print
from flowgraph.ops.reduce import reduce_mean
from flowgraph.ops.state import assign
from flowgraph.ops.unary import sqrt, square


def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Tensors one after the other along an axis, default the last.

    Args:
        tensors: list of tensors.
        axis: the axis.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.backend.concatenate([fg.ones([2, 1]), fg.ones([2, 3])]).shape.as_list()
        [2, 4]
    """
    return join.concat(tensors, axis)


def expand_dims(x: Any, axis: int = -1) -> Any:
    """The tensor with an axis of size 1 more, default the last.

    Args:
        x: a tensor.
        axis: where.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.backend.expand_dims(fg.ones([2])).shape.as_list()
        [2, 1]
    """
    return reshaping.expand_dims(x, axis)


def argmax(x: Any, axis: int = -1) -> Any:
    """Where the largest elements are along an axis, default the last.

    Args:
        x: a tensor.
        axis: the axis.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.backend.argmax(fg.constant([[1.0, 2.0]])))
        array([1])
    """
    return arguments.argmax(x, axis)


def argmin(x: Any, axis: int = -1) -> Any:
    """Where the smallest elements are along an axis, default the last.

    Args:
        x: a tensor.
        axis: the axis.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.backend.argmin(fg.constant([[1.0, 2.0]])))
        array([0])
    """
    return arguments.argmin(x, axis)


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The variance.

    Args:
        x: a tensor.
        axis: axis or axes; default all.
        keepdims: whether they stay with size 1.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.backend.var(fg.constant([1.0, 3.0])))
        np.float32(1.0)
    """
    x = cast(x, float32) if x.dtype.base_dtype is bool_ else x
    return reduce_mean(square(x - reduce_mean(x, axis, True)), axis, keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The standard deviation.

    Args:
        x: a tensor.
        axis: axis or axes; default all.
        keepdims: whether they stay with size 1.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.backend.std(fg.constant([1.0, 5.0])))
        np.float32(2.0)
    """
    return sqrt(var(x, axis, keepdims))


def dropout(x: Any, level: float, noise_shape: Any = None, seed: int | None = None) -> Any:
    """The tensor with a fraction of its elements dropped and the others scaled up.

    Args:
        x: a tensor.
        level: the fraction.
        noise_shape: shape of the random decisions; None for that of `x`.
        seed: int, for the same decisions in every session.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.backend.dropout(fg.ones([4]), 0.5, seed=1)))
        [0. 2. 0. 0.]
    """
    return dropping.dropout(x, rate=level, noise_shape=noise_shape, seed=seed)


def cumsum(x: Any, axis: int = 0) -> Any:
    """The sums up to each element.

    Args:
        x: a tensor.
        axis: the axis.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.backend.cumsum(fg.constant([1.0, 2.0]))))
        [1. 3.]
    """
    return cumulative_sum(x, axis)


def cumprod(x: Any, axis: int = 0) -> Any:
    """The products up to each element.

    Args:
        x: a tensor.
        axis: the axis.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.backend.cumprod(fg.constant([2.0, 2.0]))))
        [2. 4.]
    """
    return cumulative_product(x, axis)


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each element several times in a row along an axis.

    Args:
        x: a tensor whose size there is known.
        rep: how often.
        axis: the axis.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.backend.repeat_elements(fg.constant([1, 2]), 2, 0)))
        [1 1 2 2]
    """
    size = x.shape[axis].value
    slices = [slice(None)] * (axis % x.shape.ndims)
    return join.concat([x[(*slices, slice(i, i + 1))] for i in range(size) for _ in range(rep)],
                       axis)


def eval(x: Any) -> Any:
    """The value of a tensor or variable in keras's session.

    Args:
        x: a tensor or variable.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     fg.keras.backend.eval(fg.constant(2.0))
        np.float32(2.0)
    """
    return get_session().run(x)


def function(inputs: Any, outputs: Any, updates: Any = None, name: str | None = None,
             **kwargs: Any) -> Any:
    """A Python function that computes tensors from arrays, in keras's session.

    Args:
        inputs: list of placeholders, `learning_phase()` among them if wanted.
        outputs: list of tensors; or one.
        updates: ops, or pairs of a variable and its new value, that a call runs too.
        name: accepted.
        kwargs: refused.

    Returns:
        A function of a list of arrays, one for each of `inputs`; it returns a list of arrays, or
        one array where `outputs` is one tensor.

    Raises:
        ValueError: further keywords; or, when it is called, another number of arrays.

    Example:
        >>> import flowgraph as fg
        >>> K = fg.keras.backend
        >>> x = K.placeholder([None])
        >>> K.function([x], [x * 2.0])([[1.0, 2.0]])
        [array([2., 4.], dtype=float32)]
    """
    if kwargs:
        raise ValueError(located(f"Invalid argument {next(iter(kwargs))!r} passed to K.function"))
    ops = [assign(*update) if isinstance(update, tuple) else update for update in updates or []]

    def call(arrays: Any) -> Any:
        if len(arrays) != len(inputs):
            raise ValueError(located(f"the function takes {len(inputs)} arrays, got "
                                     f"{len(arrays)}"))
        feed = {tensor: array for tensor, array in zip(inputs, arrays, strict=True)
                if isinstance(tensor, Tensor)}  # a learning phase that was set is no tensor
        return get_session().run([outputs, ops], feed)[0]
    return call


def print_tensor(x: Any, message: str = "") -> Any:
    """The tensor; whenever it is computed it is printed.

    Args:
        x: a tensor.
        message: to print before it.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.backend.print_tensor(fg.ones([2]), "twice one").shape.as_list()
        [2]
    """
    return Print(x, [x], message)
