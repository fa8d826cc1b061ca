"""State: the op a variable is, and the ops that write to variables or ask for their value.

A kernel never changes a variable. Ops that write get the old value as an array and return the new
one; the Session keeps it when the run has gone well. Their output is the variable again, so that
writes chain, and whoever reads it sees the value written:

    up = tf.assign_add(counter, 1)     # up: the counter, after the addition
    with tf.control_dependencies([up]):
        now = counter.read_value()     # also after it
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import compatible, merge
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InternalError, ShapeError
from flowgraph.opdef.opdef import NotDifferentiable, OpDef


class VariableV2(OpDef):
    """A variable: state of the Session, which stays from run to run."""

    is_ref = True
    grad = NotDifferentiable

    def infer(self, *, dtype, shape=None, container="", shared_name=""):
        return Spec(dtype, shape)

    def kernel(self, xp, *, dtype, shape=None, container="", shared_name=""):
        raise InternalError(None, None, "a variable's value is read from the Session, not computed")


class Assign(OpDef):
    """ref = value."""

    refs = ("ref",)
    overwrites = "ref"
    reads_ref = False
    is_ref = True
    aliases = ("value",)
    grad = NotDifferentiable

    def infer(self, ref, value, *, validate_shape=True, use_locking=True):
        if not validate_shape:
            return Spec(value.dtype, value.shape)
        return Spec(value.dtype, _one_shape(ref, value, "assign"))

    def kernel(self, xp, ref, value, *, validate_shape=True, use_locking=True):
        return value


def assign(ref, value, validate_shape=None, use_locking=None, name=None):
    """Sets a variable.

    Args:
        ref: the variable.
        value: its new value, of its dtype and shape.
        validate_shape: False allows a value of another shape.
        use_locking: accepted; runs are atomic anyway.
        name: name of the node.

    Returns:
        The variable after the assignment, as a tensor.

    Raises:
        AttributeError: `ref` is not a variable.
        TypeError: the dtypes differ.
        ValueError: the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable([1.0, 2.0])
        >>> fg.Session().run(fg.assign(v, [3.0, 4.0]))
        array([3., 4.], dtype=float32)
    """
    check_variable(ref, "tf.assign")
    assigned = Assign.build(ref, value, name=name, use_locking=use_locking is not False,
                            validate_shape=validate_shape is not False)
    if validate_shape is False:
        assigned.graph.note_change()  # plans made so far trust the variable's shape
    return assigned


class AssignAdd(OpDef):
    """ref += value."""

    T = dt.NUMBER
    refs = ("ref",)
    overwrites = "ref"
    is_ref = True
    elementwise = True
    grad = NotDifferentiable

    def infer(self, ref, value, *, use_locking=False):
        return Spec(value.dtype, _one_shape(ref, value, "add"))

    def kernel(self, xp, ref, value, *, use_locking=False, out=None):
        return xp.add(ref, value, out=out)


def assign_add(ref, value, use_locking=None, name=None):
    """Adds to a variable.

    Args:
        ref: the variable.
        value: what is added, of its dtype and shape.
        use_locking: accepted; runs are atomic anyway.
        name: name of the node.

    Returns:
        The variable after the addition, as a tensor.

    Raises:
        AttributeError: `ref` is not a variable.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0)
        >>> up = fg.assign_add(v, 2.0)
        >>> sess = fg.Session()
        >>> sess.run(v.initializer)
        >>> sess.run(up), sess.run(up)
        (np.float32(3.0), np.float32(5.0))
    """
    check_variable(ref, "tf.assign_add")
    return AssignAdd.build(ref, value, name=name, use_locking=bool(use_locking))


class AssignSub(OpDef):
    """ref -= value."""

    T = dt.NUMBER
    refs = ("ref",)
    overwrites = "ref"
    is_ref = True
    elementwise = True
    grad = NotDifferentiable

    def infer(self, ref, value, *, use_locking=False):
        return Spec(value.dtype, _one_shape(ref, value, "subtract"))

    def kernel(self, xp, ref, value, *, use_locking=False, out=None):
        return xp.subtract(ref, value, out=out)


def assign_sub(ref, value, use_locking=None, name=None):
    """Subtracts from a variable.

    Args:
        ref: the variable.
        value: what is subtracted, of its dtype and shape.
        use_locking: accepted; runs are atomic anyway.
        name: name of the node.

    Returns:
        The variable after the subtraction, as a tensor.

    Raises:
        AttributeError: `ref` is not a variable.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(3.0)
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     sess.run(fg.assign_sub(v, 1.0))
        np.float32(2.0)
    """
    check_variable(ref, "tf.assign_sub")
    return AssignSub.build(ref, value, name=name, use_locking=bool(use_locking))


class IsVariableInitialized(OpDef):
    """Whether the variable has a value."""

    refs = ("ref",)
    tests_ref = True
    grad = NotDifferentiable

    def infer(self, ref, *, dtype=None):
        return Spec(dt.bool_, ())

    def kernel(self, xp, ref, *, dtype=None):
        return xp.asarray(ref is not None)


def is_variable_initialized(variable, name=None):
    """Whether a variable has a value, as a bool scalar.

    Args:
        variable: the variable.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.is_variable_initialized(fg.Variable(1.0)))
        np.False_
    """
    check_variable(variable, "tf.is_variable_initialized")
    return IsVariableInitialized.build(variable, name=name, dtype=variable.dtype.base_dtype)


class InitializedValue(OpDef):
    """The variable's value, or `initial_value` while it has none."""

    refs = ("ref",)
    tests_ref = True
    aliases = ("ref", "initial_value")
    grad = NotDifferentiable

    def infer(self, ref, initial_value):
        return Spec(initial_value.dtype, _one_shape(ref, initial_value, "initialize"))

    def kernel(self, xp, ref, initial_value):
        return initial_value if ref is None else ref


def initialized_value(variable, initial_value, name=None):
    """The variable's value, or `initial_value` while it has none.

    Args:
        variable: the variable.
        initial_value: tensor of its dtype and shape.
        name: name of the node.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.ops.state import initialized_value
        >>> fg.Session().run(initialized_value(fg.Variable(1.0), fg.constant(7.0)))
        np.float32(7.0)
    """
    return InitializedValue.build(variable, initial_value, name=name)


def check_variable(ref, function: str) -> None:
    """Raises AttributeError, as TensorFlow 1 does, unless `ref` is a variable."""
    if getattr(getattr(ref, "dtype", None), "_is_ref_dtype", False) or hasattr(ref, "_ref"):
        return
    raise AttributeError(located(f"{function} needs a variable, got {ref!r:.100}",
                                 "A Tensor has no `assign`: keep the value in a tf.Variable and "
                                 "pass that.", "attribute-error"))


def _one_shape(ref: Spec, value: Spec, verb: str):
    if not compatible(ref.shape, value.shape):
        raise ShapeError(
            f"cannot {verb} a value of shape {shape_text(value.shape)} to a variable of shape "
            f"{shape_text(ref.shape)}",
            "A variable keeps its shape; tf.assign(..., validate_shape=False) changes it.")
    return merge(ref.shape, value.shape)
