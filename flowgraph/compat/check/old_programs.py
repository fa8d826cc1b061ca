"""Programs of before TensorFlow 1.0: calls whose arguments stood in another order then."""

from __future__ import annotations

from flowgraph.compat.check.uses import Call

_HOW = "Run it with flowgraph run --legacy, or change the line."
_BY_NAME = {"tf.nn.softmax_cross_entropy_with_logits", "tf.nn.sigmoid_cross_entropy_with_logits",
            "tf.nn.sparse_softmax_cross_entropy_with_logits"}
# Parameters that have another name today.
_OLD_PARAMETERS = {
    "tf.concat": {"concat_dim"},
    "tf.split": {"split_dim", "num_split"},
    "tf.reverse": {"dims"},
    "tf.image.resize_images": {"new_height", "new_width"},
    "tf.nn.sigmoid_cross_entropy_with_logits": {"targets"},
}
_TODAY = {
    "tf.concat": "it takes (values, axis) since TensorFlow 1.0",
    "tf.split": "it takes (value, num_or_size_splits, axis) since TensorFlow 1.0",
    "tf.reverse": "it takes (tensor, axis) since TensorFlow 1.0, axis the numbers of axes",
    "tf.nn.nce_loss": "it takes (weights, biases, labels, inputs) since TensorFlow 1.0",
    "tf.nn.sampled_softmax_loss": "it takes (weights, biases, labels, inputs) since TensorFlow 1.0",
    "tf.image.resize_images": "it takes (images, size) since TensorFlow 1.0, size both numbers",
}


def old_call(symbol: str, call: Call) -> str:
    """What is said of a call that is written as before 1.0; "" of any other.

    Args:
        symbol: the function, as `tf.concat`.
        call: its arguments.
    """
    if _OLD_PARAMETERS.get(symbol, set()) & set(call.keywords) or _is_old_order(symbol, call.kinds):
        return f"{_TODAY.get(symbol, _NAMED)}. {_HOW}"
    is_old = call.positional and not call.has_star and call.kinds[:1] != ("None",)
    if symbol in _BY_NAME and is_old:
        return f"{_NAMED}. {_HOW}"
    return ""


_NAMED = "it takes logits= and labels= by name since TensorFlow 1.0, where their order changed"


def _is_old_order(symbol: str, kinds: tuple[str, ...]) -> bool:
    """Whether arguments by position can only be meant as before 1.0."""
    if "*" in kinds or len(kinds) < 2:
        return False
    if symbol == "tf.concat":
        return kinds[0] == "int" or (kinds[1] == "list" and kinds[0] != "list")
    if symbol == "tf.split":
        return kinds[0] == "int"
    if symbol in ("tf.nn.nce_loss", "tf.nn.sampled_softmax_loss"):
        return kinds[2:3] != ("label",) and kinds[3:4] == ("label",)
    return symbol == "tf.image.resize_images" and kinds[1:3] == ("int", "int")
