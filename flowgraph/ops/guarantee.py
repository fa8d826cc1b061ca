"""tf.guarantee_const: a promise that a tensor never changes."""

from __future__ import annotations

from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import OpDef


class GuaranteeConst(OpDef):
    """y = x, with the user's word that x is the same in each run."""

    aliases = ("input",)

    def infer(self, input):
        return Spec(input.dtype, input.shape)

    def kernel(self, xp, input):
        return input

    def grad(self, op, dy):
        raise LookupError(located(
            f"No gradient defined for operation {op.name!r} (op type: GuaranteeConst, {op.frame}): "
            "it promises that its input is constant",
            advice="Differentiate without guarantee_const, or put tf.stop_gradient around it."))

    def known(self, input):
        return input.value


def guarantee_const(input, name=None):
    """Passes a tensor on, with the promise that it has the same value in each run.

    The promise lets TensorFlow compute less; here the value is read anew in each run.

    Args:
        input: any tensor or variable.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Raises:
        LookupError: when gradients are asked for that go through it.

    Example:
        >>> import flowgraph as fg
        >>> weights = fg.Variable([1.0, 2.0])
        >>> frozen = fg.guarantee_const(weights)
        >>> with fg.Session() as sess:
        ...     sess.run(weights.initializer)
        ...     sess.run(frozen)
        array([1., 2.], dtype=float32)
    """
    return GuaranteeConst.build(input, name=name)
