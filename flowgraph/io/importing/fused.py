"""Ops of a GraphDef that are several ops in one: what TensorFlow's tools for inference make, and
gradients that were ops of their own in TensorFlow's first years.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.graph.tensor import Tensor
from flowgraph.io.importing.build import Build
from flowgraph.io.importing.rnn_cells import named
from flowgraph.io.importing.rules import rule
from flowgraph.opdef.opdef import REGISTRY
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.decomposition import cholesky_gradient
from flowgraph.ops.join import stack
from flowgraph.ops.matmul import matmul
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import rank, shape
from flowgraph.ops.sort import top_k
from flowgraph.ops.unary import rsqrt, square


def _known(build: Build, number: int, what: str) -> Any:
    """The value of an input that must be known when the graph is read."""
    value = known_value(build.inputs[number])
    if value is None or (isinstance(value, tuple) and None in value):
        raise build.wrong(f"has {what} that only a run knows; that is not offered")
    return value


# ---- convolutions --------------------------------------------------------------------------------


@rule("FusedPadConv2D", "FusedResizeAndPadConv2D")
def padded_convolution(build: Build) -> Any:
    """A mirrored border, and before it perhaps another size, then Conv2D."""
    images, *size, paddings, filters = build.inputs
    if size:
        images = build.sub("ResizeBilinear", images, size[0], part="resized",
                           align_corners=build.attr("resize_align_corners"))
    padded = build.sub("MirrorPad", images, paddings, part="padded", mode=build.attr("mode"))
    return build.plain("Conv2D", padded, filters)


_ACTIVATIONS = ("Relu", "Relu6", "Elu", "LeakyRelu", "Tanh", "Sigmoid")


@rule("_FusedConv2D", "_FusedMatMul")
def fused(build: Build) -> Any:
    """Conv2D or MatMul, and what TensorFlow's optimizer put into the same op."""
    op_type = build.node.op.removeprefix("_Fused")
    first, second, *others = build.inputs
    made = build.sub(op_type, first, second, part=op_type, **build.attrs(REGISTRY[op_type]))
    for step in build.attr("fused_ops", "list(string)"):
        made, others = _step(build, step, made, others)
    return build.plain("Identity", made)


def _step(build: Build, step: str, made: Tensor, others: list[Tensor]) -> Any:
    """The result of one more op, and the inputs that are left for those after it."""
    layout = build.attr("data_format", "string") if "data_format" in build.node.attr else "NHWC"
    needed = {"BiasAdd": 1, "FusedBatchNorm": 4, "Add": 1}.get(step, 0)
    if len(others) < needed or (not needed and step not in _ACTIVATIONS):
        raise build.wrong(f"has {step} fused into it, with {len(others)} inputs for it; that is "
                          "not offered")
    attrs: dict[str, Any] = {}
    if step in ("BiasAdd", "FusedBatchNorm"):
        attrs["data_format"] = layout
    if step == "FusedBatchNorm":
        attrs |= {"epsilon": build.attr("epsilon", "float"), "is_training": False}
    if step == "LeakyRelu":
        attrs["alpha"] = build.attr("leakyrelu_alpha", "float")
    found = build.sub(step, made, *others[:needed], part=step, **attrs)
    return found[0] if step == "FusedBatchNorm" else found, others[needed:]


@rule("Conv3DBackpropInput")
def backprop_input(build: Build) -> Any:
    """The input stood where its shape stands since."""
    images, filters, dy = build.inputs
    return build.plain("Conv3DBackpropInputV2", build.sub("Shape", images, part="shape"), filters,
                       dy)


@rule("Conv3DBackpropFilter")
def backprop_filter(build: Build) -> Any:
    """The filter stood where its shape stands since."""
    images, filters, dy = build.inputs
    return build.plain("Conv3DBackpropFilterV2", images, build.sub("Shape", filters, part="shape"),
                       dy)


@rule("ImageProjectiveTransform")
def projective_transform(build: Build) -> Any:
    """The results were as large as the images."""
    images, transforms = build.inputs
    sizes = build.sub("StridedSlice", build.sub("Shape", images, part="shape"), [1], [3], [1],
                      part="sizes")
    return build.plain("ImageProjectiveTransformV2", images, transforms, sizes)


# ---- normalization and ranges --------------------------------------------------------------------


@rule("FusedBatchNormGradV2")
def fused_batch_norm_grad(build: Build) -> Any:
    """The newer op has one more input, which matters on a GPU only."""
    return build.plain("FusedBatchNormGradV3", *build.inputs, build.inputs[4])


@rule("BatchNormWithGlobalNormalizationGrad")
def batch_norm_grad(build: Build) -> Any:
    """The gradients of t, m, v, beta and gamma."""
    inputs: list[Any] = build.inputs
    t, mean, variance, gamma, dy = inputs
    with build.importer.graph.name_scope(build.name + "/"):
        scaled = build.attr("scale_after_normalization")
        root = rsqrt(variance + np.array(build.attr("variance_epsilon"), t.dtype.numpy))
        centered, axes = t - mean, [0, 1, 2]
        d = dy * gamma if scaled else dy
        dv = reduce_sum(d * centered, axes) * (-0.5 * root * root * root)
        dgamma = reduce_sum(dy * centered * root, axes) if scaled else zeros_like(gamma)
        results = [d * root, -reduce_sum(d, axes) * root, dv, reduce_sum(dy, axes), dgamma]
    return named(build, results)


@rule("ClipByValue")
def clip_by_value(build: Build) -> Any:
    """No more than the one and no less than the other."""
    values, low, high = build.inputs
    return build.plain("Maximum", build.sub("Minimum", values, high, part="minimum"), low)


@rule("QuantizeAndDequantize")
def quantize_and_dequantize(build: Build) -> Any:
    """The range was said by attributes."""
    x, = build.inputs
    limits = (np.array(build.attr(f"input_{end}"), x.dtype.numpy) for end in ("min", "max"))
    return build.plain("QuantizeAndDequantizeV2", x, *limits)


@rule("QuantizeAndDequantizeV3")
def quantize_and_dequantize_v3(build: Build) -> Any:
    """The number of bits is a tensor."""
    return build.plain("QuantizeAndDequantizeV2", *build.inputs[:3],
                       num_bits=_known(build, 3, "a number of bits"))


# ---- arrays --------------------------------------------------------------------------------------


@rule("TileGrad")
def tile_grad(build: Build) -> Any:
    """The sum over all copies."""
    dy, multiples = build.inputs
    with build.importer.graph.name_scope(build.name + "/"):
        sizes = reshape(stack([multiples, shape(dy) // multiples], 1), [-1])
        axes = build.sub("Range", np.int32(0), 2 * rank(dy), np.int32(2), part="axes")
        copies = reshape(dy, sizes)
    return build.plain("Sum", copies, axes)


@rule("DataFormatDimMap", "DataFormatVecPermute")
def data_format(build: Build) -> Any:
    """Axes, or sizes of axes, of one order of the axes in another one."""
    values, = build.inputs
    source, target = build.attr("src_format"), build.attr("dst_format")
    if build.node.op == "DataFormatDimMap":
        table = np.array([target.index(axis) for axis in source], values.dtype.numpy)
        count = np.array(len(source), values.dtype.numpy)
        return build.plain("GatherV2", table, build.sub("FloorMod", values, count, part="axis"),
                           np.int32(0))
    if values.spec.shape is not None and values.spec.shape[0] == 2:  # of the image's axes alone
        source, target = (text.replace("N", "").replace("C", "") for text in (source, target))
    order = np.array([source.index(axis) for axis in target], np.int32)
    return build.plain("GatherV2", values, order, np.int32(0))


@rule("InplaceUpdate", "InplaceAdd", "InplaceSub")
def inplace(build: Build) -> Any:
    """Some rows changed; here in a copy where anything else sees the tensor."""
    values, places, rows = build.inputs
    kind = build.node.op.removeprefix("Inplace")
    return build.plain(f"TensorScatter{kind}", values,
                       build.sub("ExpandDims", places, np.int32(-1), part="places"), rows)


@rule("NearestNeighbors")
def nearest_neighbors(build: Build) -> Any:
    """The nearest of some points to each point, and the squares of the distances."""
    points, centers, count = build.inputs
    with build.importer.graph.name_scope(build.name + "/"):
        squares = (reduce_sum(square(points), 1, keepdims=True)
                   - 2.0 * matmul(points, centers, transpose_b=True)
                   + reduce_sum(square(centers), 1))
        most = build.sub("Minimum", cast(count, dt.int32), shape(centers)[0], part="count")
        near, places = top_k(-squares, most)
        results = [cast(places, dt.int64), -near]
    return named(build, results)


# ---- matrices ------------------------------------------------------------------------------------


@rule("SelfAdjointEig", "BatchSelfAdjointEig")
def self_adjoint_eig(build: Build) -> Any:
    """The eigenvalues stood as a row above the eigenvectors."""
    values, vectors = build.sub("SelfAdjointEigV2", build.inputs[0], part="both")
    row = build.sub("ExpandDims", values, np.int32(-2), part="row")
    return build.plain("ConcatV2", [row, vectors], np.int32(-2))


@rule("CholeskyGrad", "BatchCholeskyGrad")
def cholesky_grad(build: Build) -> Any:
    """The gradient of a matrix from that of its Cholesky factor."""
    with build.importer.graph.name_scope(build.name + "/"):
        found = cholesky_gradient(*build.inputs)
    return build.plain("Identity", found)


# ---- variables and sounds ------------------------------------------------------------------------


@rule("TemporaryVariable")
def temporary_variable(build: Build) -> Any:
    """A variable like any other: each run sets it before it reads it."""
    return build.plain("VariableV2")


@rule("DestroyTemporaryVariable")
def destroy_temporary_variable(build: Build) -> Any:
    """Its last value."""
    return build.plain("Identity", build.inputs[0])


@rule("AudioSummary")
def audio_summary(build: Build) -> Any:
    """The sample rate was an attribute."""
    return build.plain("AudioSummaryV2", *build.inputs, np.float32(build.attr("sample_rate")))


# ---- batches of several runs ---------------------------------------------------------------------


@rule("Batch")
def batch(build: Build) -> Any:
    """TensorFlow puts the rows of runs at the same time together; here each run stands alone."""
    with build.importer.graph.name_scope(build.name + "/"):
        rows = cast(shape(build.inputs[0])[0], dt.int64)
        zero = np.int64(0)
        results = [*build.inputs, stack([stack([zero, zero, rows])]), reshape(rows - rows, [])]
    return named(build, results)


@rule("Unbatch")
def unbatch(build: Build) -> Any:
    """The rows of one run."""
    rows, places, _ = build.inputs
    ends = build.sub("StridedSlice", places, [0, 1], [1, 3], [1, 1], part="ends",
                     shrink_axis_mask=1)
    start, stop = build.sub("Unpack", ends, part="start_and_stop", num=2, axis=0)
    one = np.array([1], np.int64)
    return build.plain("StridedSlice", rows, build.sub("Reshape", start, [1], part="start"),
                       build.sub("Reshape", stop, [1], part="stop"), one)


# ---- queues without a handle ---------------------------------------------------------------------


def _area(build: Build) -> Any:
    """The queue that stands for a staging area, which its nodes share by name."""
    name = build.attr("container"), build.attr("shared_name") or build.node.name
    queues = build.importer.library.queues
    if name not in queues:
        types = build.attr("dtypes")
        queues[name] = build.sub("FIFOQueueV2", part="queue", component_types=types,
                                 capacity=build.attr("capacity") or -1)
    return queues[name]


@rule("Stage")
def stage(build: Build) -> Any:
    """Puts tensors into a staging area."""
    return build.plain("QueueEnqueueV2", _area(build), build.inputs)


@rule("Unstage")
def unstage(build: Build) -> Any:
    """Takes tensors out of a staging area."""
    return build.plain("QueueDequeueV2", _area(build), component_types=build.attr("dtypes"))


@rule("StageSize")
def stage_size(build: Build) -> Any:
    """How many elements a staging area holds."""
    return build.plain("QueueSizeV2", _area(build))
