"""TensorInfo: from tensors to messages that name them, and back."""

from __future__ import annotations

from typing import Any

from flowgraph.core.deprecation import deprecated
from flowgraph.core.dtypes import as_dtype
from flowgraph.core.frames import located
from flowgraph.core.tensor_message import shape_message
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.names import in_scope
from flowgraph.io.graphs.meta_messages import TensorInfo
from flowgraph.ops.sparse_tensor import SparseTensor

_OLD = ("This function will only be available through the v1 compatibility library as "
        "tf.compat.v1.saved_model.")


def build_tensor_info(tensor):
    """The message that tells a tensor's name, dtype and shape.

    Args:
        tensor: Tensor, SparseTensor or Variable.

    Returns:
        A TensorInfo.

    Example:
        >>> import flowgraph as fg
        >>> fg.saved_model.build_tensor_info(fg.constant([1, 2], name="c"))
        name: "c:0"
        dtype: DT_INT32
        tensor_shape {
          dim {
            size: 2
          }
        }
        <BLANKLINE>
    """
    deprecated(_OLD + "build_tensor_info.")
    return info_of(tensor)


def info_of(tensor: Any) -> TensorInfo:
    """The TensorInfo of a tensor.

    Args:
        tensor: Tensor, SparseTensor or Variable.
    """
    if not hasattr(tensor, "dtype") or not hasattr(tensor, "get_shape"):
        raise TypeError(located(f"a tensor is needed, not {tensor!r:.100}"))
    sizes = tensor.get_shape()
    info = TensorInfo(dtype=as_dtype(tensor.dtype).as_datatype_enum,
                      tensor_shape=shape_message(
                          None if sizes.ndims is None else tuple(sizes.as_list())))
    if isinstance(tensor, SparseTensor):
        info.coo_sparse.values_tensor_name = tensor.values.name
        info.coo_sparse.indices_tensor_name = tensor.indices.name
        info.coo_sparse.dense_shape_tensor_name = tensor.dense_shape.name
    else:
        info.name = tensor.name
    return info


def get_tensor_from_tensor_info(tensor_info, graph=None, import_scope=None):
    """The tensor that a message names.

    Args:
        tensor_info: TensorInfo, as from a signature.
        graph: the Graph; default the default graph.
        import_scope: the name scope that the graph's nodes were imported into.

    Returns:
        A Tensor or SparseTensor.

    Raises:
        KeyError: the graph has no tensor of that name.
        ValueError: the message names no tensor.

    Example:
        >>> import flowgraph as fg
        >>> info = fg.saved_model.build_tensor_info(fg.constant([1, 2], name="c"))
        >>> fg.saved_model.get_tensor_from_tensor_info(info)
        <tf.Tensor 'c:0' shape=(2,) dtype=int32>
    """
    deprecated(_OLD + "get_tensor_from_tensor_info.")
    graph = graph or get_default_graph()

    def find(name: str) -> Any:
        return graph.get_tensor_by_name(in_scope(name, import_scope))

    encoding = tensor_info.WhichOneof("encoding")
    if encoding == "name":
        return find(tensor_info.name)
    if encoding == "coo_sparse":
        sparse = tensor_info.coo_sparse
        return SparseTensor(find(sparse.indices_tensor_name), find(sparse.values_tensor_name),
                            find(sparse.dense_shape_tensor_name))
    if encoding == "composite_tensor":
        raise NotImplementedError(located(
            "this TensorInfo describes a structure of tensors, of a kind that flowgraph has not",
            "Its tensors are named in composite_tensor.components."))
    raise ValueError(located(f"Invalid TensorInfo.encoding: {encoding}"))
