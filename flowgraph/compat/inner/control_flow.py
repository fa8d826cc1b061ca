"""`tensorflow.python.ops.control_flow_ops`: what of it is not public."""

from __future__ import annotations

from typing import Any

import flowgraph as tf


def with_dependencies(dependencies: Any, output_tensor: Any, name: Any = None) -> Any:
    """A tensor that is there only after some operations have run.

    Args:
        dependencies: operations or tensors.
        output_tensor: the tensor.
        name: name of the node.
    """
    with tf.name_scope(name, "control_dependency"), tf.control_dependencies(dependencies):
        if isinstance(output_tensor, tf.IndexedSlices):
            return tf.IndexedSlices(tf.identity(output_tensor.values), output_tensor.indices,
                                    output_tensor.dense_shape)
        return tf.identity(output_tensor)
