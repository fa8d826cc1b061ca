"""`tf.sparse`: tensors that are mostly zeros."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.sparse_segment import sparse_segment_mean as segment_mean
from flowgraph.ops.sparse_segment import sparse_segment_sqrt_n as segment_sqrt_n
from flowgraph.ops.sparse_segment import sparse_segment_sum as segment_sum
from flowgraph.ops.sparse_tensor import SparseTensor
from flowgraph.ops.sparse_tensor import sparse_placeholder as placeholder

_OPS = "flowgraph.ops."
__getattr__ = _lazy("tf.sparse", globals(), {
    "add": _OPS + "sparse_arithmetic:sparse_add",
    "concat": _OPS + "sparse_parts:sparse_concat",
    "cross": _OPS + "sparse_cross:sparse_cross",
    "cross_hashed": _OPS + "sparse_cross:sparse_cross_hashed",
    "expand_dims": _OPS + "sparse_layout:sparse_expand_dims",
    "eye": _OPS + "sparse_dense:sparse_eye",
    "fill_empty_rows": _OPS + "sparse_parts:sparse_fill_empty_rows",
    "from_dense": _OPS + "sparse_dense:from_dense",
    "mask": _OPS + "sparse_dense:sparse_mask",
    "matmul": _OPS + "sparse_matmul:sparse_tensor_dense_matmul",
    "maximum": _OPS + "sparse_arithmetic:sparse_maximum",
    "merge": _OPS + "sparse_dense:sparse_merge",
    "minimum": _OPS + "sparse_arithmetic:sparse_minimum",
    "reduce_max": _OPS + "sparse_reduce:sparse_reduce_max",
    "reduce_max_sparse": _OPS + "sparse_reduce:sparse_reduce_max_sparse",
    "reduce_sum": _OPS + "sparse_reduce:sparse_reduce_sum",
    "reduce_sum_sparse": _OPS + "sparse_reduce:sparse_reduce_sum_sparse",
    "reorder": _OPS + "sparse_layout:sparse_reorder",
    "reset_shape": _OPS + "sparse_layout:sparse_reset_shape",
    "reshape": _OPS + "sparse_layout:sparse_reshape",
    "retain": _OPS + "sparse_parts:sparse_retain",
    "slice": _OPS + "sparse_parts:sparse_slice",
    "softmax": _OPS + "sparse_reduce:sparse_softmax",
    "sparse_dense_matmul": _OPS + "sparse_matmul:sparse_tensor_dense_matmul",
    "SparseConditionalAccumulator": _OPS + "accumulators:SparseConditionalAccumulator",
    "split": _OPS + "sparse_parts:sparse_split",
    "to_dense": _OPS + "sparse_dense:sparse_tensor_to_dense",
    "to_indicator": _OPS + "sparse_dense:sparse_to_indicator",
    "transpose": _OPS + "sparse_layout:sparse_transpose",
})
