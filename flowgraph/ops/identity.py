"""Ops that pass their input on, and ops that only order others: identity, no_op, group, tuple."""

from __future__ import annotations

import builtins

from flowgraph.core import dtypes as dt
from flowgraph.core.checks import raise_if
from flowgraph.core.frames import located
from flowgraph.core.shapes import as_shape, compatible, merge
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef


class Identity(OpDef):
    """y = x; of a variable, its value."""

    aliases = ("input",)
    takes_sparse_gradient = True

    def infer(self, input):
        return Spec(input.dtype, input.shape)

    def kernel(self, xp, input):
        return input

    def grad(self, op, dy):
        return dy

    def known(self, input):
        return input.value


def identity(input, name=None):
    """Passes a tensor on, under a name of its own.

    Args:
        input: any tensor or variable.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.identity(fg.constant(1.0), name="y")
        <tf.Tensor 'y:0' shape=() dtype=float32>
    """
    return Identity.build(input, name=name)


class IdentityN(OpDef):
    """Passes several tensors on, which may have different dtypes."""

    dtypes = {"input": dt.ANY}
    lists = ("input",)
    aliases = ("input",)
    multiple = True

    def infer(self, input):
        if not input:
            raise ShapeError("needs at least one tensor")
        return builtins.tuple(Spec(x.dtype, x.shape) for x in input)

    def kernel(self, xp, input):
        return input

    def grad(self, op, *dys):
        return dys

    def known(self, input):
        return builtins.tuple(x.value for x in input)


def identity_n(input, name=None):
    """Passes a list of tensors on; one node, so that `gradient_override_map` can act on all.

    Args:
        input: list of tensors.
        name: name of the node.

    Returns:
        A list of tensors.

    Example:
        >>> import flowgraph as fg
        >>> len(fg.identity_n([1.0, 2]))
        2
    """
    return IdentityN.build(input, name=name)


class StopGradient(Identity):
    """y = x, a constant to `tf.gradients`."""

    grad = NotDifferentiable


def stop_gradient(input, name=None):
    """Passes a tensor on; `tf.gradients` takes it for a constant.

    Args:
        input: any tensor.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant(3.0)
        >>> fg.Session().run(fg.gradients(x * fg.stop_gradient(x), x))
        [np.float32(3.0)]
    """
    return StopGradient.build(input, name=name)


class PreventGradient(Identity):
    """y = x, and an error as soon as a gradient through it is asked for."""

    def infer(self, input, *, message=""):
        return Spec(input.dtype, input.shape)

    def kernel(self, xp, input, *, message=""):
        return input

    def grad(self, op, dy):
        raise LookupError(f"Gradient explicitly disabled for {op.name!r} ({op.frame}). "
                          f"Reason: {op.attrs['message']}")

    def known(self, input, *, message=""):
        return input.value


# ---- checked passing on --------------------------------------------------------------------------


class EnsureShape(OpDef):
    """y = x, which must have `shape`."""

    aliases = ("input",)

    def infer(self, input, *, shape):
        if not compatible(input.shape, shape):
            raise ShapeError(f"needs the shape {shape_text(shape)}, got {shape_text(input.shape)}")
        return Spec(input.dtype, merge(input.shape, shape))

    def kernel(self, xp, input, *, shape):
        return _checked_shape(input, shape)

    def grad(self, op, dy):
        return dy

    def known(self, input, *, shape):
        return input.value


def _checked_shape(array, shape):
    if not compatible(array.shape, shape):
        raise InvalidArgumentError(None, None, f"Shape of tensor {shape_text(array.shape)} is not "
                                   f"compatible with expected shape {shape_text(shape)}.")
    return array


def ensure_shape(x, shape, name=None):
    """Passes a tensor on, and checks its shape: now as far as it is known, and at every run.

    Args:
        x: any tensor.
        shape: the shape it must have; None for sizes that may be anything.
        name: name of the node.

    Raises:
        ValueError: the static shape contradicts `shape`.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32)
        >>> fg.ensure_shape(x, [None, 2]).shape.as_list()
        [None, 2]
    """
    return EnsureShape.build(x, shape=as_shape(shape), name=name)


class CheckNumerics(OpDef):
    """y = x, whose elements must all be finite."""

    T = dt.FLOAT
    aliases = ("tensor",)
    checks_data = True

    def infer(self, tensor, *, message):
        return Spec(tensor.dtype, tensor.shape)

    def kernel(self, xp, tensor, *, message):
        return _checked_numbers(xp, tensor, message)

    def grad(self, op, dy):
        return check_numerics(dy, "Not a number (NaN) or infinity (Inf) values found in gradient")


def _checked_numbers(xp, array, message):
    def error():
        found = [word for word, test in (("Inf", xp.isinf), ("NaN", xp.isnan))
                 if bool(xp.any(test(array)))]
        return InvalidArgumentError(None, None,
                                    f"{message} : Tensor had {' and '.join(found)} values")

    raise_if(xp, ~xp.all(xp.isfinite(array)), error)
    return array


def check_numerics(tensor, message, name=None):
    """Passes a tensor on, and raises InvalidArgumentError at run when it holds NaN or Inf.

    Args:
        tensor: floating tensor.
        message: put before the error's text.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.check_numerics([1.0], "weights"))
        array([1.], dtype=float32)
    """
    return CheckNumerics.build(tensor, message=message, name=name)


# ---- order only ----------------------------------------------------------------------------------


class NoOp(OpDef):
    """Does nothing; other ops are ordered by its control inputs."""

    multiple = True
    grad = NotDifferentiable

    def infer(self):
        return ()

    def kernel(self, xp):
        return ()


def no_op(name=None):
    """Makes an operation that does nothing, a place to hang control inputs on.

    Args:
        name: name of the node.

    Returns:
        An Operation.

    Example:
        >>> import flowgraph as fg
        >>> fg.no_op("nothing").type
        'NoOp'
    """
    return NoOp.build(name=name)


def group(*inputs, **kwargs):
    """Makes one operation that is done when all `inputs` are done.

    Args:
        inputs: operations, tensors, variables, or nested lists of these.
        name: name of the node.

    Returns:
        An Operation without outputs.

    Raises:
        TypeError: an input cannot be run.

    Example:
        >>> import flowgraph as fg
        >>> step = fg.group(fg.no_op(), fg.constant(1.0), name="step")
        >>> step.name, len(step.control_inputs)
        ('step', 2)
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise ValueError(located(f"Unknown keyword arguments: {', '.join(kwargs)}",
                                 "tf.group takes the keyword name alone."))
    elements = list(_flat(inputs))
    for element in elements:
        if not isinstance(element, (Tensor, Operation, IndexedSlices)) and not hasattr(
                element, "_as_graph_element"):
            raise TypeError(located("tf.group takes operations, tensors, variables and lists of "
                                    f"them, got {element!r:.100} of type "
                                    f"{type(element).__name__!r}"))
    with control_dependencies(elements):
        return NoOp.build(name=name or "group_deps")


def _flat(values):
    """The leaves of nested lists, tuples and dicts; None is left out."""
    for value in values:
        if isinstance(value, dict):
            yield from _flat([value[key] for key in sorted(value)])
        elif isinstance(value, (list, builtins.tuple)):
            yield from _flat(value)
        elif value is not None:
            yield value


def with_dependencies(dependencies, output_tensor, name=None):
    """Passes a tensor on when `dependencies` are done.

    Args:
        dependencies: operations or tensors.
        output_tensor: Tensor or IndexedSlices.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.ops.identity import with_dependencies
        >>> with_dependencies([fg.no_op()], fg.constant(1.0)).op.name
        'control_dependency'
    """
    with name_scope(name, "control_dependency", [*dependencies, output_tensor]) as scope, \
            control_dependencies(dependencies):
        if isinstance(output_tensor, IndexedSlices):
            return IndexedSlices(Identity.build(output_tensor.values),
                                 Identity.build(output_tensor.indices), output_tensor.dense_shape)
        return Identity.build(output_tensor, name=scope)


def tuple(tensors, name=None, control_inputs=None):
    """Passes tensors on, each of them only when all are computed.

    Args:
        tensors: list of tensors, IndexedSlices, operations and None.
        name: name scope of the new nodes.
        control_inputs: more operations that must be done first.

    Returns:
        A list like `tensors`.

    Raises:
        ValueError: there is no tensor and no operation in `tensors`.
        TypeError: `control_inputs` holds something else than operations and tensors.

    Example:
        >>> import flowgraph as fg
        >>> a, b = fg.tuple([fg.constant(1.0), fg.constant(2.0)])
        >>> a.op.name
        'tuple/control_dependency'
    """
    with name_scope(name, "tuple", tensors):
        elements = [t if t is None or isinstance(t, (Tensor, Operation, IndexedSlices))
                    else convert_to_tensor(t) for t in tensors]
        gates = [getattr(t, "op", t) for t in elements if t is not None]
        for extra in control_inputs or ():
            if not isinstance(extra, (Tensor, Operation)):
                raise TypeError(located("Control input must be Operation or Tensor: "
                                        f"{extra!r:.100}"))
            gates.append(getattr(extra, "op", extra))
        if not gates:
            raise ValueError(located(f"Must have at least one Tensor: {tensors}"))
        gate = group(*sorted(set(gates), key=lambda op: op.index))
        return [_after(gate, element) for element in elements]


def _after(gate, element):
    if element is None:
        return None
    if isinstance(element, Operation):
        with control_dependencies([gate]):
            return group(element)
    return with_dependencies([gate], element)
