"""Programs of before TensorFlow 1.0: calls whose arguments stood in another order then."""

from __future__ import annotations

from flowgraph.compat.check.uses import Call

_HOW = "Run it with flowgraph run --legacy, or change the line."
_BY_NAME = {"tf.nn.softmax_cross_entropy_with_logits", "tf.nn.sigmoid_cross_entropy_with_logits",
            "tf.nn.sparse_softmax_cross_entropy_with_logits"}


def old_call(symbol: str, call: Call) -> str:
    """What is said of a call that is written as before 1.0; "" of any other.

    Args:
        symbol: the function, as `tf.concat`.
        call: its arguments.
    """
    if symbol in _BY_NAME and call.positional and not call.has_star:
        return ("it takes logits= and labels= by name since TensorFlow 1.0, where their order "
                f"changed. {_HOW}")
    kinds = call.kinds
    if symbol == "tf.concat" and kinds[:2] and kinds[0] == "int" and len(kinds) == 2:
        return f"it takes the values first, then the axis, since TensorFlow 1.0. {_HOW}"
    if symbol == "tf.split" and len(kinds) == 3 and kinds[0] == "int" and kinds[2] != "int":
        return f"it takes (value, number, axis) since TensorFlow 1.0. {_HOW}"
    return ""


def advice(symbol: str) -> str:
    """What to say of a name of before 1.0 that is missing; "" of any other.

    Args:
        symbol: as `tf.mul`.
    """
    return ""
