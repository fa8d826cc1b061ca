"""`tf.contrib.framework`: argument scopes, the variables of models, and their first values."""

from flowgraph.contrib.framework.argument_scope import (
    add_arg_scope,
    arg_scope,
    arg_scope_func_key,
    arg_scoped_arguments,
    current_arg_scope,
    has_arg_scope,
)
from flowgraph.contrib.framework.variables import (
    add_model_variable,
    assert_or_get_global_step,
    filter_variables,
    get_local_variables,
    get_model_variables,
    get_trainable_variables,
    get_unique_variable,
    get_variable_full_name,
    get_variables,
    get_variables_by_name,
    get_variables_by_suffix,
    get_variables_to_restore,
    global_variable,
    local_variable,
    model_variable,
    variable,
)
from flowgraph.core.lazy import lazy as _lazy

_CHECKPOINTS = "flowgraph.contrib.framework.checkpoints:"
_TENSORS = "flowgraph.contrib.framework.tensors:"
_LAZY = {
    "TensorSpec": "flowgraph.ops.type_spec:TensorSpec",
    "argsort": "flowgraph.ops.sort:argsort",
    "assert_global_step": "flowgraph.train.global_step:assert_global_step",
    "assert_same_float_dtype": "flowgraph.ops.type_checks:assert_same_float_dtype",
    "assert_scalar": "flowgraph.ops.type_checks:assert_scalar",
    "assert_scalar_int": _TENSORS + "assert_scalar_int",
    "assign_from_checkpoint": _CHECKPOINTS + "assign_from_checkpoint",
    "assign_from_checkpoint_fn": _CHECKPOINTS + "assign_from_checkpoint_fn",
    "assign_from_values": _CHECKPOINTS + "assign_from_values",
    "assign_from_values_fn": _CHECKPOINTS + "assign_from_values_fn",
    "convert_to_tensor_or_sparse_tensor":
        "flowgraph.ops.sparse_tensor:convert_to_tensor_or_sparse_tensor",
    "create_global_step": "flowgraph.train.global_step:create_global_step",
    "deprecated": "flowgraph.contrib.framework.deprecation:deprecated",
    "deprecated_arg_values": "flowgraph.contrib.framework.deprecation:deprecated_arg_values",
    "deprecated_args": "flowgraph.contrib.framework.deprecation:deprecated_args",
    "get_global_step": "flowgraph.train.global_step:get_global_step",
    "get_graph_from_inputs": _TENSORS + "get_graph_from_inputs",
    "get_name_scope": _TENSORS + "get_name_scope",
    "get_or_create_global_step": "flowgraph.train.global_step:get_or_create_global_step",
    "get_placeholders": _TENSORS + "get_placeholders",
    "init_from_checkpoint": _CHECKPOINTS + "init_from_checkpoint",
    "is_non_decreasing": "flowgraph.ops.counting:is_non_decreasing",
    "is_numeric_tensor": "flowgraph.ops.type_checks:is_numeric_tensor",
    "is_strictly_increasing": "flowgraph.ops.counting:is_strictly_increasing",
    "is_tensor": "flowgraph.ops.static:is_tensor",
    "list_variables": _CHECKPOINTS + "list_variables",
    "load_checkpoint": _CHECKPOINTS + "load_checkpoint",
    "load_variable": _CHECKPOINTS + "load_variable",
    "nest": "flowgraph.contrib.framework.nest",
    "prepend_name_scope": _TENSORS + "prepend_name_scope",
    "py_func": "flowgraph.contrib.framework.python_functions:py_func",
    "reduce_sum_n": _TENSORS + "reduce_sum_n",
    "remove_squeezable_dimensions": _TENSORS + "remove_squeezable_dimensions",
    "smart_case": _TENSORS + "smart_case",
    "smart_cond": "flowgraph.layers.smart_cond:smart_cond",
    "smart_constant_value": "flowgraph.layers.smart_cond:known_truth",
    "sort": "flowgraph.ops.sort:sort",
    "strip_name_scope": _TENSORS + "strip_name_scope",
    "with_same_shape": _TENSORS + "with_same_shape",
    "with_shape": _TENSORS + "with_shape",
}

__getattr__ = _lazy("tf.contrib.framework", globals(), _LAZY)
