"""What the labels of `fit` are like, and placeholders that are like them.

A model function of `tf.contrib.learn` may use the labels before it looks at the mode, so it is
given labels for predictions too: placeholders, that nothing feeds and no prediction needs.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from flowgraph.ops.placeholder import placeholder
from flowgraph.ops.sparse_tensor import SparseTensor, sparse_placeholder


class TensorSignature(namedtuple("TensorSignature", ("dtype", "shape", "is_sparse"))):
    """The dtype of a tensor, its TensorShape (None of a sparse one), and whether it is sparse."""

    __slots__ = ()

    def get_placeholder(self) -> Any:
        """A placeholder for such tensors, with any number of examples."""
        if self.is_sparse:
            return sparse_placeholder(self.dtype)
        sizes = None if self.shape.ndims is None else self.shape.as_list()
        return placeholder(self.dtype, [None, *sizes[1:]] if sizes else sizes)


def signatures_of(tensors: Any) -> Any:
    """What tensors are like.

    Args:
        tensors: tensor, dict of tensors, or None.

    Returns:
        TensorSignature, dict of them, or None.
    """
    if tensors is None:
        return None
    if isinstance(tensors, dict):
        return {key: signatures_of(tensor) for key, tensor in tensors.items()}
    if isinstance(tensors, SparseTensor):
        return TensorSignature(tensors.values.dtype, None, True)
    return TensorSignature(tensors.dtype, tensors.shape, False)


def placeholders_of(signatures: Any) -> Any:
    """Placeholders for tensors that are like others.

    Args:
        signatures: what `signatures_of` returned.

    Returns:
        Placeholder, dict of them, or None.
    """
    if signatures is None:
        return None
    if isinstance(signatures, dict):
        return {key: placeholders_of(signature) for key, signature in signatures.items()}
    return signatures.get_placeholder()
