"""Op types that TensorFlow 1 replaced in its time, and graphs still hold: they become today's."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.errors import UnimplementedError
from flowgraph.io.importing.build import Build
from flowgraph.io.importing.rules import rule
from flowgraph.opdef.static_value import known_value

_RENAMED = {
    "Inv": "Reciprocal", "InvGrad": "ReciprocalGrad", "BatchMatMul": "BatchMatMulV2",
    "BatchMatMulV3": "BatchMatMulV2", "BiasAddV1": "BiasAdd", "Mod": "TruncateMod",
    "PlaceholderV2": "Placeholder",
    "RandomPoisson": "RandomPoissonV2", "ScatterNdNonAliasingAdd": "TensorScatterAdd",
    "BatchSelfAdjointEigV2": "SelfAdjointEigV2", "BatchSvd": "Svd", "BatchCholesky": "Cholesky",
    "ConditionalAccumulator": "ResourceConditionalAccumulator",
    "InitializeTable": "LookupTableImportV2", "InitializeTableV2": "LookupTableImportV2",
    **dict.fromkeys(("DebugIdentity", "Copy", "CopyHost", "Snapshot", "DeepCopy"), "Identity"),
    **{f"Accumulator{name}": f"ResourceAccumulator{name}"
       for name in ("ApplyGradient", "TakeGradient")},
    **{f"BatchMatrix{name}": f"Matrix{name}" for name in (
        "Inverse", "Determinant", "Solve", "TriangularSolve", "SolveLs", "Diag", "DiagPart",
        "SetDiag", "BandPart")},
    **{f"Batch{name}": name for name in ("FFT", "FFT2D", "FFT3D", "IFFT", "IFFT2D", "IFFT3D")},
    **{name: f"{name}V2" for name in (
        "FIFOQueue", "RandomShuffleQueue", "PaddingFIFOQueue", "PriorityQueue", "QueueEnqueue",
        "QueueEnqueueMany", "QueueDequeue", "QueueDequeueMany", "QueueDequeueUpTo", "QueueClose",
        "QueueIsClosed", "QueueSize", "HashTable", "MutableHashTable", "MutableHashTableOfTensors",
        "MutableDenseHashTable", "LookupTableFind", "LookupTableInsert", "LookupTableSize",
        "LookupTableExport", "LookupTableImport", "InitializeTableFromTextFile",
        "IdentityReader", "WholeFileReader", "TextLineReader", "FixedLengthRecordReader",
        "TFRecordReader", "ReaderRead", "ReaderReadUpTo", "ReaderNumRecordsProduced",
        "ReaderNumWorkUnitsCompleted", "ReaderSerializeState", "ReaderRestoreState",
        "ReaderReset", "Stack", "StackPush", "StackPop", "StackClose")}}


@rule(*_RENAMED)
def renamed(build: Build) -> Any:
    """The same op under a newer name."""
    newer = _RENAMED[build.node.op]
    attrs = {}
    if build.node.op == "RandomPoisson":
        attrs["dtype"] = build.attr("dtype")
    if build.node.op == "BatchMatMulV3" and build.attr("Tout") is not build.inputs[0].dtype:
        raise build.wrong("gives another dtype than it takes; that is not offered")
    return build.plain(newer, **attrs)


# ---- arrays --------------------------------------------------------------------------------------


@rule("Concat")
def concat(build: Build) -> Any:
    """The axis came first."""
    axis, values = build.groups()
    return build.plain("ConcatV2", values, axis)


@rule("ParallelConcat")
def parallel_concat(build: Build) -> Any:
    """Joins along the first axis."""
    return build.plain("ConcatV2", build.inputs, np.int32(0))


@rule("ConcatOffset")
def concat_offset(build: Build) -> Any:
    """Where each of some tensors begins in their concatenation."""
    axis, shapes = build.groups()
    known = shapes[0].spec.size
    rank = build.sub("Size", shapes[0], part="rank") if known is None else np.int32(known)
    stacked = build.sub("Pack", shapes, part="shapes")
    starts = build.sub("Cumsum", stacked, np.int32(0), part="starts", exclusive=True)
    one, zero = np.int32(1), np.int32(0)
    mask = build.sub("OneHot", axis, rank, one, zero, part="mask")
    offsets = build.sub("Mul", starts, mask, part="offsets")
    return build.plain("Unpack", offsets, num=len(shapes), axis=0)


@rule("Gather")
def gather(build: Build) -> Any:
    """Rows."""
    return build.plain("GatherV2", *build.inputs, np.int32(0))


@rule("SparseSegmentMeanGrad", "SparseSegmentSqrtNGrad")
def sparse_segment_grad(build: Build) -> Any:
    """Each picked row's gradient: its segment's, over the number of rows there or its root."""
    dy, indices, segment_ids, rows = build.inputs
    one = np.ones((), dy.dtype.numpy)
    picked = build.sub("Fill", build.sub("Shape", segment_ids, part="shape"), one, part="picked")
    segments = build.sub("StridedSlice", build.sub("Shape", dy, part="dy_shape"), [0], [1], [1],
                         part="segments", shrink_axis_mask=1)
    counts = build.sub("UnsortedSegmentSum", picked, segment_ids, segments, part="counts")
    if build.node.op == "SparseSegmentSqrtNGrad":
        counts = build.sub("Sqrt", counts, part="root")
    weights = build.sub("Reciprocal", build.sub("GatherV2", counts, segment_ids, np.int32(0),
                                                part="divisors"), part="weights")
    slices = build.sub("GatherV2", dy, segment_ids, np.int32(0), part="slices")
    trailing = build.sub("Sub", build.sub("Rank", dy, part="rank"), np.int32(1), part="trailing")
    ones = build.sub("Fill", build.sub("Reshape", trailing, [1], part="count"), np.int32(1),
                     part="ones")
    column = build.sub("ConcatV2", [build.sub("Shape", segment_ids, part="length"), ones],
                       np.int32(0), part="column")
    weighted = build.sub("Mul", slices, build.sub("Reshape", weights, column, part="as_column"),
                         part="weighted")
    return build.plain("UnsortedSegmentSum", weighted, indices, rows)


@rule("Reverse")
def reverse(build: Build) -> Any:
    """The axes to reverse are said by a mask."""
    tensor, mask = build.inputs
    dims = known_value(mask)
    if not isinstance(dims, tuple) or None in dims:
        raise build.wrong("has a mask of axes that only a run knows; that is not offered")
    return build.plain("ReverseV2", tensor, np.flatnonzero(dims).astype(np.int32))


@rule("TopK")
def top_k(build: Build) -> Any:
    """The number is an attribute."""
    return build.plain("TopKV2", build.inputs[0], np.int32(build.attr("k")))


@rule("InTopK")
def in_top_k(build: Build) -> Any:
    """The number is an attribute."""
    k = np.array(build.attr("k"), build.inputs[1].dtype.numpy)
    return build.plain("InTopKV2", *build.inputs, k)


@rule("SpaceToBatch", "BatchToSpace")
def space_to_batch(build: Build) -> Any:
    """One block size for both axes."""
    size = build.attr("block_size")
    return build.plain(f"{build.node.op}ND", build.inputs[0], np.array([size, size], np.int32),
                       build.inputs[1])


@rule("UniqueV2", "UniqueWithCountsV2")
def unique_v2(build: Build) -> Any:
    """Elements of a vector."""
    x, axis = build.inputs
    if known_value(axis) not in ((), (0,), (-1,)) or (x.spec.rank or 1) > 1:
        raise UnimplementedError(None, None, f"{build.node.op} {build.node.name!r} of whole slices "
                                 "is not offered")
    return build.plain(build.node.op.removesuffix("V2"), x)


@rule("Bucketize")
def bucketize(build: Build) -> Any:
    """How many boundaries are at most each element."""
    x, = build.inputs
    limits = np.array([build.attr("boundaries")], np.float64)
    numbers = build.sub("Cast", x, part="numbers", DstT=dt.float64)
    row = build.sub("Reshape", numbers, np.array([1, -1], np.int32), part="row")
    places = build.sub("UpperBound", limits, row, part="places")
    return build.plain("Reshape", places, build.sub("Shape", x, part="shape"))


@rule("Empty")
def empty(build: Build) -> Any:
    """Zeros: what an empty tensor holds is not said."""
    dtype = build.attr("dtype")
    zero = np.array(b"" if dtype is dt.string else 0, dtype.numpy)
    return build.plain("Fill", build.inputs[0], zero)


@rule("MatrixDiagPartV3", "MatrixDiagV3", "MatrixSetDiagV3")
def diagonals(build: Build) -> Any:
    """Several diagonals of unlike length may be aligned in other ways since."""
    at = 2 if build.node.op == "MatrixSetDiagV3" else 1
    k = known_value(build.inputs[at])
    single = isinstance(k, int) or (isinstance(k, tuple) and len(set(k)) == 1 and None not in k)
    if not single and build.attr("align") != "LEFT_LEFT":
        raise build.wrong("aligns several diagonals in another way than to the left; that is not "
                          "offered")
    return build.plain(build.node.op.replace("V3", "V2"), *build.inputs)


# ---- numbers -------------------------------------------------------------------------------------


@rule("Div")
def div(build: Build) -> Any:
    """Integers are divided as in C, towards zero."""
    whole = build.inputs[0].dtype.base_dtype.is_integer
    return build.plain("TruncateDiv" if whole else "RealDiv", *build.inputs)


@rule("AccumulateNV2")
def accumulate(build: Build) -> Any:
    """A sum."""
    return build.plain("AddN", build.inputs)


@rule("ApproximateEqual")
def approximate_equal(build: Build) -> Any:
    """Whether the difference is small."""
    x, y = build.inputs
    difference = build.sub("Abs", build.sub("Sub", x, y, part="sub"), part="abs")
    return build.plain("Less", difference, np.array(build.attr("tolerance"), x.dtype.numpy))


# ---- networks ------------------------------------------------------------------------------------


@rule("FusedBatchNormV2")
def fused_batch_norm_v2(build: Build) -> Any:
    """The newer op has one more output."""
    outputs = build.plain("FusedBatchNormV3", *build.inputs)
    return outputs[:5]


@rule("BatchNormWithGlobalNormalization")
def batch_norm(build: Build) -> Any:
    """(t - m) / sqrt(v + epsilon) * gamma + beta."""
    t, mean, variance, beta, gamma = build.inputs
    epsilon = np.array(build.attr("variance_epsilon"), t.dtype.numpy)
    scale = build.sub("Rsqrt", build.sub("Add", variance, epsilon, part="add"), part="rsqrt")
    if build.attr("scale_after_normalization"):
        scale = build.sub("Mul", scale, gamma, part="gamma")
    centered = build.sub("Sub", t, mean, part="centered")
    return build.plain("Add", build.sub("Mul", centered, scale, part="mul"), beta)


@rule("MaxPoolV2", "MaxPoolGradV2", "MaxPoolGradGradV2")
def max_pool_v2(build: Build) -> Any:
    """The windows are said by tensors."""
    *inputs, sizes, strides = build.inputs
    windows = {"ksize": known_value(sizes), "strides": known_value(strides)}
    if not all(isinstance(value, tuple) and None not in value for value in windows.values()):
        raise build.wrong("has windows that only a run knows; that is not offered")
    return build.plain(build.node.op.removesuffix("V2"), *inputs, **windows)


@rule("SampleDistortedBoundingBox")
def sample_distorted_bounding_box(build: Build) -> Any:
    """The least part that is covered was an attribute."""
    covered = np.float32(build.attr("min_object_covered"))
    return build.plain("SampleDistortedBoundingBoxV2", *build.inputs, covered)


@rule("NonMaxSuppression", "NonMaxSuppressionV2")
def non_max_suppression(build: Build) -> Any:
    """There was no threshold for scores."""
    boxes, scores, count, *threshold = build.inputs
    overlap = threshold[0] if threshold else np.float32(build.attr("iou_threshold"))
    return build.plain("NonMaxSuppressionV3", boxes, scores, count, overlap,
                       np.array(-np.inf, boxes.dtype.numpy))
