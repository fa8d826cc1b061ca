"""flowgraph: TensorFlow 1's define-then-run model on NumPy and CuPy, small enough to read.

    import flowgraph as fg

    x = fg.placeholder(fg.float32, [None, 3])
    y = fg.reduce_sum(x * 2.0, axis=1)
    with fg.Session() as sess:
        print(sess.run(y, {x: [[1, 2, 3]]}))

The public names are TensorFlow 1.15's. They are listed here by hand, subject by subject.
"""

import gc as _gc

_is_collecting = _gc.isenabled()
_gc.disable()  # nothing of what is imported is garbage: looking for some takes a tenth of the time

from flowgraph.compat.inner_paths import find_inner_paths as _find_inner_paths
from flowgraph.core.processor import load_numpy as _load_numpy

_load_numpy()  # first of all: OpenBLAS chooses its kernels when NumPy is loaded

from flowgraph import errors, io, nn, profiling, train, viz
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
from flowgraph.lazy_names import LAZY as _RARE
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
from flowgraph.ops.print_and_assert import assert_true as Assert
from flowgraph.ops.print_and_assert import print_tensor as Print
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
from flowgraph.runtime.session import InteractiveSession, Session

_find_inner_paths()
half, double, newaxis = float16, float64, None
__version__ = "0.1.0.dev0"
__getattr__ = _lazy("tf", globals(), _RARE)

if _is_collecting:
    if not _gc.get_freeze_count():  # what was imported is old at once, without being looked through
        _gc.freeze()
        _gc.unfreeze()
    _gc.enable()
