"""flowgraph: TensorFlow 1's define-then-run model on NumPy and CuPy, small enough to read.

    import flowgraph as fg

    x = fg.placeholder(fg.float32, [None, 3])
    y = fg.reduce_sum(x * 2.0, axis=1)
    with fg.Session() as sess:
        print(sess.run(y, {x: [[1, 2, 3]]}))

The public names are TensorFlow 1.15's. They are listed here by hand, subject by subject.
"""

from flowgraph import errors, nn, train, viz
from flowgraph.core.dtypes import (
    DType,
    as_dtype,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    resource,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
    variant,
)
from flowgraph.core.dtypes import bool_ as bool
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.core.shapes import Dimension, TensorShape, dimension_at_index, dimension_value
from flowgraph.errors import OpError
from flowgraph.gradients.gradients import AggregationMethod, UnconnectedGradients, gradients
from flowgraph.gradients.registry import RegisterGradient, no_gradient
from flowgraph.gradients.registry import no_gradient as NoGradient
from flowgraph.gradients.registry import no_gradient as NotDifferentiable
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import (
    Graph,
    add_to_collection,
    add_to_collections,
    colocate_with,
    container,
    control_dependencies,
    device,
    get_collection,
    get_collection_ref,
    get_default_graph,
    name_scope,
    reset_default_graph,
)
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.operation import Operation
from flowgraph.graph.stacks import get_default_session
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor, register_tensor_conversion_function
from flowgraph.opdef.subgraph import init_scope
from flowgraph.ops import operators  # attaches `+`, `*`, ... to Tensor
from flowgraph.ops.activation import log_sigmoid
from flowgraph.ops.argmax import arg_max, arg_min, argmax, argmin
from flowgraph.ops.arithmetic import (
    accumulate_n,
    add,
    add_n,
    maximum,
    minimum,
    multiply,
    multiply_no_nan,
    negative,
    pow,
    scalar_mul,
    squared_difference,
    subtract,
)
from flowgraph.ops.cast import (
    cast,
    saturate_cast,
    to_complex64,
    to_complex128,
    to_double,
    to_float,
    to_int32,
    to_int64,
)
from flowgraph.ops.clip import (
    clip_by_average_norm,
    clip_by_global_norm,
    clip_by_norm,
    clip_by_value,
    global_norm,
)
from flowgraph.ops.compare import equal, greater, greater_equal, less, less_equal, not_equal
from flowgraph.ops.cond import case, cond, switch_case
from flowgraph.ops.constant import (
    constant,
    eye,
    fill,
    lin_space,
    linspace,
    ones,
    ones_like,
    range,
    zeros,
    zeros_like,
)
from flowgraph.ops.division import (
    div,
    div_no_nan,
    divide,
    floor_div,
    floordiv,
    floormod,
    mod,
    realdiv,
    truediv,
    truncatediv,
    truncatemod,
)
from flowgraph.ops.exponential import exp, expm1, log, log1p, sigmoid, tanh
from flowgraph.ops.functional import foldl, foldr, map_fn, scan
from flowgraph.ops.gather import (
    batch_gather,
    boolean_mask,
    gather,
    gather_nd,
    repeat,
    scatter_nd,
    unsorted_segment_sum,
)
from flowgraph.ops.identity import (
    check_numerics,
    ensure_shape,
    group,
    identity,
    identity_n,
    no_op,
    stop_gradient,
    tuple,
)
from flowgraph.ops.index import slice, strided_slice
from flowgraph.ops.initializers import Constant as constant_initializer
from flowgraph.ops.initializers import GlorotNormal as glorot_normal_initializer
from flowgraph.ops.initializers import GlorotUniform as glorot_uniform_initializer
from flowgraph.ops.initializers import Ones as ones_initializer
from flowgraph.ops.initializers import Orthogonal as orthogonal_initializer
from flowgraph.ops.initializers import RandomNormal as random_normal_initializer
from flowgraph.ops.initializers import RandomUniform as random_uniform_initializer
from flowgraph.ops.initializers import TruncatedNormal as truncated_normal_initializer
from flowgraph.ops.initializers import (
    UniformUnitScaling as uniform_unit_scaling_initializer,
)
from flowgraph.ops.initializers import (
    VarianceScaling as variance_scaling_initializer,
)
from flowgraph.ops.initializers import Zeros as zeros_initializer
from flowgraph.ops.join import broadcast_to, concat, meshgrid, parallel_stack, stack, tile
from flowgraph.ops.logic import logical_and, logical_not, logical_or, logical_xor
from flowgraph.ops.matmul import matmul
from flowgraph.ops.pad import pad
from flowgraph.ops.placeholder import placeholder, placeholder_with_default
from flowgraph.ops.random_ops import (
    get_seed,
    multinomial,
    random_normal,
    random_shuffle,
    random_uniform,
    set_random_seed,
    truncated_normal,
)
from flowgraph.ops.reduce import (
    reduce_all,
    reduce_any,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from flowgraph.ops.reshape import (
    expand_dims,
    invert_permutation,
    matrix_transpose,
    reshape,
    squeeze,
    transpose,
)
from flowgraph.ops.rounding import ceil, floor, is_finite, is_inf, is_nan, rint
from flowgraph.ops.rounding import round as round
from flowgraph.ops.scatter import (
    scatter_add,
    scatter_div,
    scatter_max,
    scatter_min,
    scatter_mul,
    scatter_nd_add,
    scatter_nd_sub,
    scatter_nd_update,
    scatter_sub,
    scatter_update,
)
from flowgraph.ops.script import assert_true as Assert
from flowgraph.ops.script import numpy_function, py_func
from flowgraph.ops.script import print_tensor as Print
from flowgraph.ops.select import (
    one_hot,
    reverse,
    reverse_v2,
    sequence_mask,
    where,
    where_v2,
)
from flowgraph.ops.shape import (
    broadcast_dynamic_shape,
    broadcast_static_shape,
    rank,
    shape,
    shape_n,
    size,
)
from flowgraph.ops.sparse_tensor import (
    SparseTensor,
    SparseTensorValue,
    convert_to_tensor_or_indexed_slices,
    convert_to_tensor_or_sparse_tensor,
    sparse_placeholder,
)
from flowgraph.ops.split import split, unstack
from flowgraph.ops.state import assign, assign_add, assign_sub, is_variable_initialized
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.trigonometry import acos, asin, atan, atan2, cos, sin, tan
from flowgraph.ops.unary import abs, reciprocal, rsqrt, sign, sqrt, square
from flowgraph.ops.variable import Variable, VariableAggregation, VariableSynchronization
from flowgraph.ops.variable_lists import (
    all_variables,
    assert_variables_initialized,
    global_variables,
    global_variables_initializer,
    initialize_all_variables,
    initialize_local_variables,
    initialize_variables,
    local_variables,
    local_variables_initializer,
    model_variables,
    moving_average_variables,
    report_uninitialized_variables,
    trainable_variables,
    variables_initializer,
)
from flowgraph.ops.variable_scope import (
    AUTO_REUSE,
    VariableScope,
    get_local_variable,
    get_variable,
    get_variable_scope,
    no_regularizer,
    variable_op_scope,
    variable_scope,
)
from flowgraph.ops.while_loop import while_loop
from flowgraph.runtime.config import (
    ConfigProto,
    GPUOptions,
    GraphOptions,
    OptimizerOptions,
    RunMetadata,
    RunOptions,
)
from flowgraph.runtime.session import InteractiveSession, Session

half, double, newaxis = float16, float64, None
__version__ = "0.1.0.dev0"

# Used rarely: imported when first asked for. {name: "module"} or {name: "module:name"}.
_LAZY = {
    "ConditionalAccumulator": "flowgraph.ops.accumulators:ConditionalAccumulator",
    "ConditionalAccumulatorBase": "flowgraph.ops.accumulators:ConditionalAccumulatorBase",
    "DeviceSpec": "flowgraph.graph.device_spec:DeviceSpec",
    "FixedLenFeature": "flowgraph.ops.parse_features:FixedLenFeature",
    "FixedLenSequenceFeature": "flowgraph.ops.parse_features:FixedLenSequenceFeature",
    "GIT_VERSION": "flowgraph.core.versions:GIT_VERSION",
    "GRAPH_DEF_VERSION": "flowgraph.core.versions:GRAPH_DEF_VERSION",
    "GRAPH_DEF_VERSION_MIN_CONSUMER": "flowgraph.core.versions:GRAPH_DEF_VERSION_MIN_CONSUMER",
    "GRAPH_DEF_VERSION_MIN_PRODUCER": "flowgraph.core.versions:GRAPH_DEF_VERSION_MIN_PRODUCER",
    "QUANTIZED_DTYPES": "flowgraph.core.dtypes:QUANTIZED_DTYPES",
    "SparseConditionalAccumulator": "flowgraph.ops.accumulators:SparseConditionalAccumulator",
    "SparseFeature": "flowgraph.ops.parse_features:SparseFeature",
    "VERSION": "flowgraph.core.versions:VERSION",
    "VarLenFeature": "flowgraph.ops.parse_features:VarLenFeature",
    "acosh": "flowgraph.ops.hyperbolic:acosh",
    "add_check_numerics_ops": "flowgraph.ops.type_checks:add_check_numerics_ops",
    "angle": "flowgraph.ops.complex_numbers:angle",
    "argsort": "flowgraph.ops.sort:argsort",
    "as_string": "flowgraph.ops.string_format:as_string",
    "asinh": "flowgraph.ops.hyperbolic:asinh",
    "assert_equal": "flowgraph.ops.assertions:assert_equal",
    "assert_greater": "flowgraph.ops.assertions:assert_greater",
    "assert_greater_equal": "flowgraph.ops.assertions:assert_greater_equal",
    "assert_integer": "flowgraph.ops.type_checks:assert_integer",
    "assert_less": "flowgraph.ops.assertions:assert_less",
    "assert_less_equal": "flowgraph.ops.assertions:assert_less_equal",
    "assert_near": "flowgraph.ops.assertions:assert_near",
    "assert_negative": "flowgraph.ops.assertions:assert_negative",
    "assert_non_negative": "flowgraph.ops.assertions:assert_non_negative",
    "assert_non_positive": "flowgraph.ops.assertions:assert_non_positive",
    "assert_none_equal": "flowgraph.ops.assertions:assert_none_equal",
    "assert_positive": "flowgraph.ops.assertions:assert_positive",
    "assert_proper_iterable": "flowgraph.ops.type_checks:assert_proper_iterable",
    "assert_rank": "flowgraph.ops.shape_checks:assert_rank",
    "assert_rank_at_least": "flowgraph.ops.shape_checks:assert_rank_at_least",
    "assert_rank_in": "flowgraph.ops.shape_checks:assert_rank_in",
    "assert_same_float_dtype": "flowgraph.ops.type_checks:assert_same_float_dtype",
    "assert_scalar": "flowgraph.ops.type_checks:assert_scalar",
    "assert_type": "flowgraph.ops.type_checks:assert_type",
    "atanh": "flowgraph.ops.hyperbolic:atanh",
    "batch_cholesky": "flowgraph.namespaces.legacy:batch_cholesky",
    "batch_cholesky_solve": "flowgraph.namespaces.legacy:batch_cholesky_solve",
    "batch_fft": "flowgraph.namespaces.legacy:batch_fft",
    "batch_fft2d": "flowgraph.namespaces.legacy:batch_fft2d",
    "batch_fft3d": "flowgraph.namespaces.legacy:batch_fft3d",
    "batch_ifft": "flowgraph.namespaces.legacy:batch_ifft",
    "batch_ifft2d": "flowgraph.namespaces.legacy:batch_ifft2d",
    "batch_ifft3d": "flowgraph.namespaces.legacy:batch_ifft3d",
    "batch_matmul": "flowgraph.namespaces.legacy:batch_matmul",
    "batch_matrix_band_part": "flowgraph.namespaces.legacy:batch_matrix_band_part",
    "batch_matrix_determinant": "flowgraph.namespaces.legacy:batch_matrix_determinant",
    "batch_matrix_diag": "flowgraph.namespaces.legacy:batch_matrix_diag",
    "batch_matrix_diag_part": "flowgraph.namespaces.legacy:batch_matrix_diag_part",
    "batch_matrix_inverse": "flowgraph.namespaces.legacy:batch_matrix_inverse",
    "batch_matrix_set_diag": "flowgraph.namespaces.legacy:batch_matrix_set_diag",
    "batch_matrix_solve": "flowgraph.namespaces.legacy:batch_matrix_solve",
    "batch_matrix_solve_ls": "flowgraph.namespaces.legacy:batch_matrix_solve_ls",
    "batch_matrix_transpose": "flowgraph.namespaces.legacy:batch_matrix_transpose",
    "batch_matrix_triangular_solve": "flowgraph.namespaces.legacy:batch_matrix_triangular_solve",
    "batch_scatter_update": "flowgraph.ops.batch_scatter:batch_scatter_update",
    "batch_self_adjoint_eig": "flowgraph.namespaces.legacy:batch_self_adjoint_eig",
    "batch_self_adjoint_eigvals": "flowgraph.namespaces.legacy:batch_self_adjoint_eigvals",
    "batch_svd": "flowgraph.namespaces.legacy:batch_svd",
    "batch_to_space": "flowgraph.ops.space:batch_to_space",
    "batch_to_space_nd": "flowgraph.ops.space:batch_to_space_nd",
    "betainc": "flowgraph.ops.incomplete_gamma:betainc",
    "bincount": "flowgraph.ops.counting:bincount",
    "bitcast": "flowgraph.ops.bitcast:bitcast",
    "bitwise": "flowgraph.namespaces.bitwise",
    "cholesky": "flowgraph.ops.decomposition:cholesky",
    "cholesky_solve": "flowgraph.ops.solve:cholesky_solve",
    "compat": "flowgraph.namespaces.compat",
    "complex": "flowgraph.ops.complex_numbers:complex",
    "complex_abs": "flowgraph.namespaces.legacy:complex_abs",
    "confusion_matrix": "flowgraph.ops.counting:confusion_matrix",
    "conj": "flowgraph.ops.complex_numbers:conj",
    "control_flow_v2_enabled": "flowgraph.core.versions:control_flow_v2_enabled",
    "cosh": "flowgraph.ops.hyperbolic:cosh",
    "count_nonzero": "flowgraph.ops.reduced_statistics:count_nonzero",
    "count_up_to": "flowgraph.ops.count_up_to:count_up_to",
    "create_partitioned_variables": "flowgraph.ops.partitioners:create_partitioned_variables",
    "cross": "flowgraph.ops.norm:cross",
    "ctc_loss_v2": "flowgraph.ops.ctc_blank_first:ctc_loss_v2",
    "cumprod": "flowgraph.ops.cumulative:cumprod",
    "cumsum": "flowgraph.ops.cumulative:cumsum",
    "custom_gradient": "flowgraph.ops.custom_gradient:custom_gradient",
    "data": "flowgraph.data",
    "debugging": "flowgraph.namespaces.debugging",
    "decode_base64": "flowgraph.ops.decoding:decode_base64",
    "decode_compressed": "flowgraph.ops.decoding:decode_compressed",
    "decode_csv": "flowgraph.ops.decode_csv:decode_csv",
    "decode_json_example": "flowgraph.ops.json_example:decode_json_example",
    "decode_raw": "flowgraph.ops.decoding:decode_raw",
    "depth_to_space": "flowgraph.ops.space:depth_to_space",
    "dequantize": "flowgraph.ops.quantize:dequantize",
    "deserialize_many_sparse": "flowgraph.ops.sparse_serialize:deserialize_many_sparse",
    "diag": "flowgraph.ops.diagonal:diag",
    "diag_part": "flowgraph.ops.diagonal:diag_part",
    "digamma": "flowgraph.ops.gamma:digamma",
    "disable_control_flow_v2": "flowgraph.core.versions:disable_v2_behavior",
    "disable_eager_execution": "flowgraph.core.versions:disable_eager_execution",
    "disable_resource_variables": "flowgraph.core.versions:disable_v2_behavior",
    "disable_tensor_equality": "flowgraph.core.versions:disable_v2_behavior",
    "disable_v2_behavior": "flowgraph.core.versions:disable_v2_behavior",
    "disable_v2_tensorshape": "flowgraph.core.versions:disable_v2_behavior",
    "dtypes": "flowgraph.namespaces.dtypes",
    "dynamic_partition": "flowgraph.ops.partition:dynamic_partition",
    "dynamic_stitch": "flowgraph.ops.partition:dynamic_stitch",
    "edit_distance": "flowgraph.ops.edit_distance:edit_distance",
    "einsum": "flowgraph.ops.einsum:einsum",
    "enable_control_flow_v2": "flowgraph.core.versions:enable_control_flow_v2",
    "enable_resource_variables": "flowgraph.core.versions:enable_resource_variables",
    "encode_base64": "flowgraph.ops.decoding:encode_base64",
    "erf": "flowgraph.ops.error_function:erf",
    "erfc": "flowgraph.ops.error_function:erfc",
    "executing_eagerly": "flowgraph.core.versions:executing_eagerly",
    "explain_gradient": "flowgraph.gradients.explain:explain_gradient",
    "extract_image_patches": "flowgraph.ops.patches:extract_image_patches",
    "extract_volume_patches": "flowgraph.ops.volume_patches:extract_volume_patches",
    "fake_quant_with_min_max_args": "flowgraph.ops.fake_quantize:fake_quant_with_min_max_args",
    "fake_quant_with_min_max_args_gradient":
        "flowgraph.ops.fake_quantize:fake_quant_with_min_max_args_gradient",
    "fake_quant_with_min_max_vars": "flowgraph.ops.fake_quantize:fake_quant_with_min_max_vars",
    "fake_quant_with_min_max_vars_gradient":
        "flowgraph.ops.fake_quantize:fake_quant_with_min_max_vars_gradient",
    "fake_quant_with_min_max_vars_per_channel":
        "flowgraph.ops.fake_quantize:fake_quant_with_min_max_vars_per_channel",
    "fake_quant_with_min_max_vars_per_channel_gradient":
        "flowgraph.ops.fake_quantize:fake_quant_with_min_max_vars_per_channel_gradient",
    "fft": "flowgraph.ops.fft:fft",
    "fft2d": "flowgraph.ops.fft:fft2d",
    "fft3d": "flowgraph.ops.fft:fft3d",
    "fingerprint": "flowgraph.ops.fingerprint:fingerprint",
    "fixed_size_partitioner": "flowgraph.ops.partitioners:fixed_size_partitioner",
    "get_logger": "flowgraph.core.versions:get_logger",
    "get_static_value": "flowgraph.ops.static:get_static_value",
    "grad_pass_through": "flowgraph.ops.custom_gradient:grad_pass_through",
    "guarantee_const": "flowgraph.ops.guarantee:guarantee_const",
    "hessians": "flowgraph.ops.hessians:hessians",
    "histogram_fixed_width": "flowgraph.ops.counting:histogram_fixed_width",
    "histogram_fixed_width_bins": "flowgraph.ops.counting:histogram_fixed_width_bins",
    "ifft": "flowgraph.ops.fft:ifft",
    "ifft2d": "flowgraph.ops.fft:ifft2d",
    "ifft3d": "flowgraph.ops.fft:ifft3d",
    "igamma": "flowgraph.ops.incomplete_gamma:igamma",
    "igammac": "flowgraph.ops.incomplete_gamma:igammac",
    "imag": "flowgraph.ops.complex_numbers:imag",
    "image": "flowgraph.namespaces.image",
    "initialize_all_tables": "flowgraph.ops.lookup_static:initialize_all_tables",
    "initializers": "flowgraph.namespaces.initializers",
    "inv": "flowgraph.namespaces.legacy:inv",
    "io": "flowgraph.namespaces.io",
    "is_non_decreasing": "flowgraph.ops.counting:is_non_decreasing",
    "is_numeric_tensor": "flowgraph.ops.type_checks:is_numeric_tensor",
    "is_strictly_increasing": "flowgraph.ops.counting:is_strictly_increasing",
    "is_tensor": "flowgraph.ops.static:is_tensor",
    "layers": "flowgraph.layers",
    "lbeta": "flowgraph.ops.gamma:lbeta",
    "lgamma": "flowgraph.ops.gamma:lgamma",
    "linalg": "flowgraph.namespaces.linalg",
    "listdiff": "flowgraph.namespaces.legacy:listdiff",
    "lookup": "flowgraph.namespaces.lookup",
    "losses": "flowgraph.losses",
    "make_template": "flowgraph.ops.template:make_template",
    "manip": "flowgraph.namespaces.manip",
    "matching_files": "flowgraph.ops.files:matching_files",
    "math": "flowgraph.namespaces.math",
    "matrix_band_part": "flowgraph.ops.diagonal:matrix_band_part",
    "matrix_determinant": "flowgraph.ops.determinant:matrix_determinant",
    "matrix_diag": "flowgraph.ops.diagonal:matrix_diag",
    "matrix_diag_part": "flowgraph.ops.diagonal:matrix_diag_part",
    "matrix_inverse": "flowgraph.ops.solve:matrix_inverse",
    "matrix_set_diag": "flowgraph.ops.diagonal:matrix_set_diag",
    "matrix_solve": "flowgraph.ops.solve:matrix_solve",
    "matrix_solve_ls": "flowgraph.ops.solve:matrix_solve_ls",
    "matrix_square_root": "flowgraph.ops.matrix_functions:matrix_square_root",
    "matrix_triangular_solve": "flowgraph.ops.solve:matrix_triangular_solve",
    "metrics": "flowgraph.metrics",
    "min_max_variable_partitioner": "flowgraph.ops.partitioners:min_max_variable_partitioner",
    "mul": "flowgraph.namespaces.legacy:mul",
    "neg": "flowgraph.namespaces.legacy:neg",
    "nest": "flowgraph.namespaces.nest",
    "norm": "flowgraph.ops.norm:norm",
    "op_scope": "flowgraph.namespaces.legacy:op_scope",
    "pack": "flowgraph.namespaces.legacy:pack",
    "parallel_stitch": "flowgraph.ops.partition:parallel_stitch",
    "parse_example": "flowgraph.ops.parse_example:parse_example",
    "parse_single_example": "flowgraph.ops.parse_example:parse_single_example",
    "parse_single_sequence_example": "flowgraph.ops.parse_sequence:parse_single_sequence_example",
    "parse_tensor": "flowgraph.ops.tensor_proto:parse_tensor",
    "polygamma": "flowgraph.ops.gamma:polygamma",
    "print": "flowgraph.ops.printing:print_values",
    "qint16": "flowgraph.core.dtypes:qint16",
    "qint32": "flowgraph.core.dtypes:qint32",
    "qint8": "flowgraph.core.dtypes:qint8",
    "qr": "flowgraph.ops.decomposition:qr",
    "quantization": "flowgraph.namespaces.quantization",
    "quantize": "flowgraph.ops.quantize:quantize",
    "quantize_v2": "flowgraph.ops.quantize:quantize_v2",
    "quantized_concat": "flowgraph.ops.quantize:quantized_concat",
    "quint16": "flowgraph.core.dtypes:quint16",
    "quint8": "flowgraph.core.dtypes:quint8",
    "random": "flowgraph.namespaces.random",
    "random_crop": "flowgraph.ops.random_crop:random_crop",
    "random_gamma": "flowgraph.ops.random_rejection:random_gamma",
    "random_poisson": "flowgraph.ops.random_rejection:random_poisson",
    "read_file": "flowgraph.ops.files:read_file",
    "real": "flowgraph.ops.complex_numbers:real",
    "recompute_grad": "flowgraph.ops.custom_gradient:recompute_grad",
    "reduce_join": "flowgraph.ops.strings:reduce_join",
    "reduce_logsumexp": "flowgraph.ops.reduced_statistics:reduce_logsumexp",
    "regex_replace": "flowgraph.ops.string_regex:regex_replace",
    "required_space_to_batch_paddings": "flowgraph.ops.space:required_space_to_batch_paddings",
    "resource_variables_enabled": "flowgraph.core.versions:resource_variables_enabled",
    "reverse_sequence": "flowgraph.ops.roll:reverse_sequence",
    "roll": "flowgraph.ops.roll:roll",
    "searchsorted": "flowgraph.ops.searchsorted:searchsorted",
    "segment_max": "flowgraph.ops.segment:segment_max",
    "segment_mean": "flowgraph.ops.segment:segment_mean",
    "segment_min": "flowgraph.ops.segment:segment_min",
    "segment_prod": "flowgraph.ops.segment:segment_prod",
    "segment_sum": "flowgraph.ops.segment:segment_sum",
    "select": "flowgraph.namespaces.legacy:select",
    "self_adjoint_eig": "flowgraph.ops.decomposition:self_adjoint_eig",
    "self_adjoint_eigvals": "flowgraph.ops.decomposition:self_adjoint_eigvals",
    "serialize_many_sparse": "flowgraph.ops.sparse_serialize:serialize_many_sparse",
    "serialize_sparse": "flowgraph.ops.sparse_serialize:serialize_sparse",
    "serialize_tensor": "flowgraph.ops.tensor_proto:serialize_tensor",
    "setdiff1d": "flowgraph.ops.counting:setdiff1d",
    "sets": "flowgraph.namespaces.sets",
    "signal": "flowgraph.namespaces.signal",
    "sinh": "flowgraph.ops.hyperbolic:sinh",
    "sort": "flowgraph.ops.sort:sort",
    "space_to_batch": "flowgraph.ops.space:space_to_batch",
    "space_to_batch_nd": "flowgraph.ops.space:space_to_batch_nd",
    "space_to_depth": "flowgraph.ops.space:space_to_depth",
    "sparse": "flowgraph.namespaces.sparse",
    "sparse_add": "flowgraph.ops.sparse_arithmetic:sparse_add",
    "sparse_concat": "flowgraph.ops.sparse_parts:sparse_concat",
    "sparse_fill_empty_rows": "flowgraph.ops.sparse_parts:sparse_fill_empty_rows",
    "sparse_mask": "flowgraph.ops.sparse_dense:sparse_mask",
    "sparse_matmul": "flowgraph.ops.sparse_matmul:sparse_matmul",
    "sparse_maximum": "flowgraph.ops.sparse_arithmetic:sparse_maximum",
    "sparse_merge": "flowgraph.ops.sparse_dense:sparse_merge",
    "sparse_minimum": "flowgraph.ops.sparse_arithmetic:sparse_minimum",
    "sparse_reduce_max": "flowgraph.ops.sparse_reduce:sparse_reduce_max",
    "sparse_reduce_max_sparse": "flowgraph.ops.sparse_reduce:sparse_reduce_max_sparse",
    "sparse_reduce_sum": "flowgraph.ops.sparse_reduce:sparse_reduce_sum",
    "sparse_reduce_sum_sparse": "flowgraph.ops.sparse_reduce:sparse_reduce_sum_sparse",
    "sparse_reorder": "flowgraph.ops.sparse_layout:sparse_reorder",
    "sparse_reset_shape": "flowgraph.ops.sparse_layout:sparse_reset_shape",
    "sparse_reshape": "flowgraph.ops.sparse_layout:sparse_reshape",
    "sparse_retain": "flowgraph.ops.sparse_parts:sparse_retain",
    "sparse_segment_mean": "flowgraph.ops.sparse_segment:sparse_segment_mean",
    "sparse_segment_sqrt_n": "flowgraph.ops.sparse_segment:sparse_segment_sqrt_n",
    "sparse_segment_sum": "flowgraph.ops.sparse_segment:sparse_segment_sum",
    "sparse_slice": "flowgraph.ops.sparse_parts:sparse_slice",
    "sparse_softmax": "flowgraph.ops.sparse_reduce:sparse_softmax",
    "sparse_split": "flowgraph.ops.sparse_parts:sparse_split",
    "sparse_tensor_dense_matmul": "flowgraph.ops.sparse_matmul:sparse_tensor_dense_matmul",
    "sparse_tensor_to_dense": "flowgraph.ops.sparse_dense:sparse_tensor_to_dense",
    "sparse_to_dense": "flowgraph.ops.sparse_dense:sparse_to_dense",
    "sparse_to_indicator": "flowgraph.ops.sparse_dense:sparse_to_indicator",
    "sparse_transpose": "flowgraph.ops.sparse_layout:sparse_transpose",
    "spectral": "flowgraph.namespaces.spectral",
    "string_join": "flowgraph.ops.strings:string_join",
    "string_split": "flowgraph.ops.string_split:string_split",
    "string_strip": "flowgraph.ops.strings:string_strip",
    "string_to_hash_bucket": "flowgraph.ops.string_hash:string_to_hash_bucket",
    "string_to_hash_bucket_fast": "flowgraph.ops.string_hash:string_to_hash_bucket_fast",
    "string_to_hash_bucket_strong": "flowgraph.ops.string_hash:string_to_hash_bucket_strong",
    "string_to_number": "flowgraph.ops.string_numbers:string_to_number",
    "strings": "flowgraph.namespaces.strings",
    "sub": "flowgraph.namespaces.legacy:sub",
    "substr": "flowgraph.ops.strings:substr",
    "svd": "flowgraph.ops.decomposition:svd",
    "tables_initializer": "flowgraph.ops.lookup_static:tables_initializer",
    "tensor_diag": "flowgraph.ops.diagonal:diag",
    "tensor_diag_part": "flowgraph.ops.diagonal:diag_part",
    "tensor_scatter_add": "flowgraph.ops.tensor_scatter:tensor_scatter_add",
    "tensor_scatter_nd_add": "flowgraph.ops.tensor_scatter:tensor_scatter_nd_add",
    "tensor_scatter_nd_max": "flowgraph.ops.tensor_scatter:tensor_scatter_nd_max",
    "tensor_scatter_nd_min": "flowgraph.ops.tensor_scatter:tensor_scatter_nd_min",
    "tensor_scatter_nd_sub": "flowgraph.ops.tensor_scatter:tensor_scatter_nd_sub",
    "tensor_scatter_nd_update": "flowgraph.ops.tensor_scatter:tensor_scatter_nd_update",
    "tensor_scatter_sub": "flowgraph.ops.tensor_scatter:tensor_scatter_sub",
    "tensor_scatter_update": "flowgraph.ops.tensor_scatter:tensor_scatter_update",
    "tensordot": "flowgraph.ops.tensordot:tensordot",
    "timestamp": "flowgraph.ops.clock:timestamp",
    "trace": "flowgraph.ops.diagonal:trace",
    "unique": "flowgraph.ops.unique:unique",
    "unique_with_counts": "flowgraph.ops.unique:unique_with_counts",
    "unpack": "flowgraph.namespaces.legacy:unpack",
    "unravel_index": "flowgraph.ops.unravel_index:unravel_index",
    "unsorted_segment_max": "flowgraph.ops.unsorted_segment:unsorted_segment_max",
    "unsorted_segment_mean": "flowgraph.ops.unsorted_segment:unsorted_segment_mean",
    "unsorted_segment_min": "flowgraph.ops.unsorted_segment:unsorted_segment_min",
    "unsorted_segment_prod": "flowgraph.ops.unsorted_segment:unsorted_segment_prod",
    "unsorted_segment_sqrt_n": "flowgraph.ops.unsorted_segment:unsorted_segment_sqrt_n",
    "variable_axis_size_partitioner": "flowgraph.ops.partitioners:variable_axis_size_partitioner",
    "verify_tensor_all_finite": "flowgraph.ops.type_checks:assert_all_finite",
    "version": "flowgraph.namespaces.version",
    "write_file": "flowgraph.ops.files:write_file",
    "zeta": "flowgraph.ops.gamma:zeta",
}
__getattr__ = _lazy("tf", globals(), _LAZY)
