"""`tf.hessians`: second derivatives, row by row."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.gradients.gradients import gradients
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.join import concat
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape, size
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.while_loop import while_loop


def hessians(ys: Any, xs: Any, name: str = "hessians", colocate_gradients_with_ops: bool = False,
             gate_gradients: bool = False, aggregation_method: int | None = None) -> list[Any]:
    """Builds the matrix of second derivatives of the sum of ys for each x.

    Args:
        ys, xs: as for `tf.gradients`.
        name: name scope of the new ops.
        colocate_gradients_with_ops, gate_gradients, aggregation_method: as for `tf.gradients`.

    Returns:
        One tensor per x, of x's shape twice.

    Raises:
        ValueError: ys do not depend on an x.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant([1.0, 2.0])
        >>> fg.Session().run(fg.hessians(x[0] ** 2 * x[1], x))
        [array([[4., 2.],
               [2., 0.]], dtype=float32)]
    """
    xs = xs if isinstance(xs, (list, tuple)) else [xs]
    kwargs: dict[str, Any] = {"colocate_gradients_with_ops": colocate_gradients_with_ops,
              "gate_gradients": gate_gradients, "aggregation_method": aggregation_method}
    with name_scope(name, "hessians"):
        firsts = gradients(ys, xs, **kwargs)
        return [_hessian(first, x, kwargs) for first, x in zip(firsts, xs, strict=True)]


def _hessian(first: Any, x: Any, kwargs: dict[str, Any]) -> Any:
    if first is None:
        raise ValueError(located(f"the ys of tf.hessians do not depend on {x!r}",
                                 "Leave out what the ys are not computed from."))
    first = convert_to_tensor(first)
    flat, n = reshape(first, [-1]), size(first)

    def row(i: Any, rows: Any) -> Any:
        second, = gradients(flat[i], x, unconnected_gradients="zero", **kwargs)
        return i + 1, rows.write(i, convert_to_tensor(second))

    _, rows = while_loop(lambda i, _: i < n, row,
                         [0, TensorArray(first.dtype.base_dtype, n, element_shape=first.shape)])
    static = first.spec.shape
    result = reshape(rows.stack(), concat([shape(x), shape(x)], 0))
    if static is not None:
        result.set_shape(static + static)
    return result
