"""What `tf.profiler.profile` gives: counts of a node, of what is below it, and so on."""

from __future__ import annotations

from typing import Any

from flowgraph.core.message import Message
from flowgraph.core.message_fields import Parts
from flowgraph.core.message_scalar import INT, TEXT, Repeated, Scalar
from flowgraph.core.tensor_message import TensorShapeProto


class GraphNodeProto(Message):
    """A node of the graph, or a name scope: its own counts, and totals with what is below.

    Example:
        >>> import flowgraph as fg
        >>> fg.profiler.GraphNodeProto(name="dense", total_parameters=10).total_parameters
        10
    """

    name = Scalar(1, TEXT)
    exec_micros = Scalar(2, INT)
    requested_bytes = Scalar(3, INT)
    parameters = Scalar(4, INT)
    total_exec_micros = Scalar(6, INT)
    total_requested_bytes = Scalar(7, INT)
    total_parameters = Scalar(8, INT)
    devices = Repeated(10, TEXT)
    shapes = Parts(11, TensorShapeProto)
    children: Any = Parts(12, None)
    float_ops = Scalar(13, INT)
    total_float_ops = Scalar(14, INT)
    accelerator_exec_micros = Scalar(17, INT)
    cpu_exec_micros = Scalar(18, INT)
    total_accelerator_exec_micros = Scalar(19, INT)
    total_cpu_exec_micros = Scalar(20, INT)
    run_count = Scalar(21, INT)
    total_run_count = Scalar(22, INT)
    total_definition_count = Scalar(23, INT)
    peak_bytes = Scalar(24, INT)
    residual_bytes = Scalar(25, INT)
    output_bytes = Scalar(26, INT)
    total_peak_bytes = Scalar(27, INT)
    total_residual_bytes = Scalar(28, INT)
    total_output_bytes = Scalar(29, INT)


GraphNodeProto._fields["children"].message_class = GraphNodeProto


class MultiGraphNodeProto(Message):
    """All nodes of an op type: their counts, and totals with the types that follow.

    Example:
        >>> import flowgraph as fg
        >>> fg.profiler.MultiGraphNodeProto(name="MatMul", float_ops=48).float_ops
        48
    """

    name = Scalar(1, TEXT)
    exec_micros = Scalar(2, INT)
    requested_bytes = Scalar(3, INT)
    parameters = Scalar(4, INT)
    float_ops = Scalar(5, INT)
    total_exec_micros = Scalar(6, INT)
    total_requested_bytes = Scalar(7, INT)
    total_parameters = Scalar(8, INT)
    total_float_ops = Scalar(9, INT)
    graph_nodes = Parts(10, GraphNodeProto)
    children: Any = Parts(11, None)
    accelerator_exec_micros = Scalar(12, INT)
    cpu_exec_micros = Scalar(13, INT)
    total_accelerator_exec_micros = Scalar(14, INT)
    total_cpu_exec_micros = Scalar(15, INT)
    peak_bytes = Scalar(16, INT)
    residual_bytes = Scalar(17, INT)
    output_bytes = Scalar(18, INT)
    total_peak_bytes = Scalar(19, INT)
    total_residual_bytes = Scalar(20, INT)
    total_output_bytes = Scalar(21, INT)


MultiGraphNodeProto._fields["children"].message_class = MultiGraphNodeProto
