"""Wrong inputs of the ops that gradients are made of, built directly.

`tf.gradients` never makes such nodes; a gradient function of a user's may.
"""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError, OutOfRangeError
from flowgraph.opdef.opdef import op_def
from flowgraph.testing import BadCase
from tests.cases.bad_inputs import made

TEXTS = np.array([b"a", b"b"], object)


def ones(*sizes, dtype=np.float32):
    return np.ones(sizes, dtype)


def ints(*numbers):
    return np.array(numbers, np.int32)


def places(*rows):
    return np.array(rows, np.int64)


def bad(op, what, error, words, *inputs, **attrs):
    """A row; ValueErrors and TypeErrors come when the graph is built, others when it runs."""
    return BadCase(f"{op}/{what}", made(op, *inputs, **attrs), error, (f"{op} '", *words),
                   phase="build" if error in (ValueError, TypeError) else "run")


def fed(op, what, words, *inputs, **attrs):
    """A row whose inputs are fed, so that only the run can tell."""
    return BadCase(f"{op}/{what}_at_run", lambda *xs: op_def(op).build(*xs, **attrs),
                   InvalidArgumentError, (f"{op} '", *words), inputs, "run")


CONV2 = {"strides": [1] * 4, "padding": "VALID"}
CONV3 = {"strides": [1] * 5, "padding": "VALID"}
DILATION = {"strides": [1] * 4, "rates": [1] * 4, "padding": "VALID"}
POOL2 = {"ksize": [1, 2, 2, 1], "strides": [1] * 4, "padding": "VALID"}
POOL3 = {"ksize": [1, 2, 2, 2, 1], "strides": [1] * 5, "padding": "VALID"}
PATCHES2 = {"ksizes": [1, 2, 2, 1], "strides": [1] * 4, "rates": [1] * 4, "padding": "VALID"}
PATCHES3 = {"ksizes": [1, 2, 2, 2, 1], "strides": [1] * 5, "padding": "VALID"}
IMAGE, IMAGES3, VOLUME = ones(1, 4, 4, 1), ones(1, 3, 3, 1), ones(1, 3, 3, 3, 1)
BOX = ones(1, 4)

CONVOLUTIONS = [
    bad("Conv2DBackpropFilter", "sizes", ValueError, ("(1, 2, 2, 1)", "(1, 4, 4, 1)"),
        IMAGE, ints(2, 2, 1, 1), ones(1, 2, 2, 1), **CONV2),
    bad("Conv2DBackpropFilter", "rank", ValueError, ("input of rank 4", "(1, 4, 4)"),
        IMAGE[..., 0], ints(2, 2, 1, 1), ones(1, 3, 3, 1), **CONV2),
    bad("Conv2DBackpropFilter", "three_sizes", ValueError, ("(2, 2, 1)",),
        IMAGE, ints(2, 2, 1), ones(1, 3, 3, 1), **CONV2),
    fed("Conv2DBackpropFilter", "sizes", ("(1, 2, 2", "(1, 4, 4, 1)"),
        IMAGE, ints(2, 2, 1, 1), ones(1, 2, 2, 1), **CONV2),
    bad("Conv3DBackpropFilterV2", "sizes", ValueError, ("(1, 1, 2, 2, 1)", "(1, 3, 3, 3, 1)"),
        VOLUME, ints(2, 2, 2, 1, 1), ones(1, 1, 2, 2, 1), **CONV3),
    bad("Conv3DBackpropInputV2", "sizes", ValueError, ("(1, 1, 2, 2, 1)", "(1, 3, 3, 3, 1)"),
        ints(1, 3, 3, 3, 1), ones(2, 2, 2, 1, 1), ones(1, 1, 2, 2, 1), **CONV3),
    bad("Conv3DBackpropInputV2", "rank", ValueError, ("filter of rank 5", "(2, 2, 2, 1)"),
        ints(1, 3, 3, 3, 1), ones(2, 2, 2, 1), ones(1, 2, 2, 2, 1), **CONV3),
    bad("DepthwiseConv2dNativeBackpropFilter", "sizes", ValueError,
        ("(1, 2, 2, 1)", "(1, 3, 3, 1)"), IMAGE, ints(2, 2, 1, 1), ones(1, 2, 2, 1), **CONV2),
    bad("DepthwiseConv2dNativeBackpropInput", "sizes", ValueError,
        ("(1, 2, 2, 1)", "(1, 3, 3, 1)"), ints(1, 4, 4, 1), ones(2, 2, 1, 1), ones(1, 2, 2, 1),
        **CONV2),
    bad("DepthwiseConv2dNativeBackpropInput", "rank", ValueError,
        ("filter of rank 4", "(2, 2, 1)"), ints(1, 4, 4, 1), ones(2, 2, 1), ones(1, 3, 3, 1),
        **CONV2),
    *(row for op in ("Dilation2DBackpropFilter", "Dilation2DBackpropInput") for row in (
        bad(op, "sizes", ValueError, ("(1, 2, 2, 1)", "(1, 3, 3, 1)"),
            IMAGE, ones(2, 2, 1), ones(1, 2, 2, 1), **DILATION),
        bad(op, "channels", ValueError, ("1 channels, the filter 3",),
            IMAGE, ones(2, 2, 3), ones(1, 3, 3, 1), **DILATION),
        fed(op, "sizes", ("(1, 2, 2, 1)", "(1, 3, 3, 1)"),
            IMAGE, ones(2, 2, 1), ones(1, 2, 2, 1), **DILATION))),
]

POOLS = [
    bad("MaxPool3DGrad", "rank", ValueError, ("rank 5", "(1, 3, 3, 3)"),
        VOLUME[..., 0], ones(1, 2, 2, 2, 1), ones(1, 2, 2, 2, 1), **POOL3),
    bad("MaxPool3DGrad", "gradient", InvalidArgumentError, ("(1, 1, 1, 1, 1)", "(1, 2, 2, 2, 1)"),
        VOLUME, ones(1, 2, 2, 2, 1), ones(1, 1, 1, 1, 1), **POOL3),
    bad("MaxPool3DGradGrad", "gradient", ValueError, ("orig_input and grad", "(1, 1, 1, 1, 1)"),
        VOLUME, ones(1, 2, 2, 2, 1), ones(1, 1, 1, 1, 1), **POOL3),
    bad("MaxPool3DGradGrad", "output", ValueError, ("(1, 1, 2, 2, 1)", "(1, 2, 2, 2, 1)"),
        VOLUME, ones(1, 1, 2, 2, 1), VOLUME, **POOL3),
    bad("MaxPoolGradGrad", "rank", ValueError, ("rank 4", "(1, 3, 3)"),
        IMAGES3[..., 0], ones(1, 2, 2, 1), IMAGES3, **POOL2),
    fed("MaxPoolGradGrad", "gradient", ("(1, 1, 1, 1)", "(1, 3, 3, 1)"),
        IMAGES3, ones(1, 2, 2, 1), ones(1, 1, 1, 1), **POOL2),
    bad("MaxPoolGradGradWithArgmax", "gradient", ValueError, ("(1, 3, 3, 1)", "(1, 1, 1, 1)"),
        IMAGES3, ones(1, 1, 1, 1), ones(1, 2, 2, 1, dtype=np.int64), **POOL2),
    bad("MaxPoolGradGradWithArgmax", "outside", InvalidArgumentError, ("99", "[0, 9)"),
        IMAGES3, IMAGES3, np.full((1, 2, 2, 1), 99), **POOL2),
    bad("FractionalMaxPoolGrad", "rank", ValueError, ("images of rank 4", "(4, 4)"),
        ones(4, 4), ones(2, 2), ones(2, 2), places(0, 2, 4), places(0, 2, 4)),
    bad("FractionalMaxPoolGradGrad", "rank", ValueError, ("rank 4", "(4, 4)"),
        ones(4, 4), ones(4, 4), places(0, 2, 4), places(0, 2, 4)),
    bad("FractionalAvgPoolGrad", "outside", InvalidArgumentError, ("from 0 to 4", "[0, 2, 9]"),
        places(1, 4, 4, 1), ones(1, 2, 2, 1), places(0, 2, 9), places(0, 2, 4)),
    bad("FractionalAvgPoolGradGrad", "rank", ValueError, ("rank 4", "(4, 4)"),
        ones(4, 4), places(0, 2, 4), places(0, 2, 4)),
]

IMAGES = [
    bad("CropAndResizeGradBoxes", "boxes", ValueError, ("(2, 2, 2, 1)", "for 1 boxes"),
        ones(2, 2, 2, 1), IMAGE, BOX, ints(0)),
    bad("CropAndResizeGradBoxes", "channels", ValueError, ("(1, 2, 2, 3)", "for 1 channels"),
        ones(1, 2, 2, 3), IMAGE, BOX, ints(0)),
    bad("CropAndResizeGradBoxes", "no_such_image", OutOfRangeError, ("from 5 to 5 for 1 images",),
        ones(1, 2, 2, 1), IMAGE, BOX, ints(5)),
    fed("CropAndResizeGradBoxes", "boxes", ("(2, 2, 2, 1)", "1 boxes"),
        ones(2, 2, 2, 1), IMAGE, BOX, ints(0)),
    bad("CropAndResizeGradImage", "boxes", ValueError, ("(2, 2, 2, 1)", "for 1 boxes"),
        ones(2, 2, 2, 1), BOX, ints(0), ints(1, 4, 4, 1), T=fg.float32),
    bad("CropAndResizeGradImage", "three_sizes", ValueError, ("(3,)", "[batch, height, width"),
        ones(1, 2, 2, 1), BOX, ints(0), ints(1, 4, 4), T=fg.float32),
    bad("CropAndResizeGradImage", "method", ValueError, ("'cubic'", "'bilinear' or 'nearest'"),
        ones(1, 2, 2, 1), BOX, ints(0), ints(1, 4, 4, 1), T=fg.float32, method="cubic"),
    *(row for op in ("ResizeBicubicGrad", "ResizeBilinearGrad") for row in (
        bad(op, "rank", ValueError, ("gradients of rank 4", "(2, 2, 1)"), ones(2, 2, 1), IMAGE),
        bad(op, "image_rank", ValueError, ("images of rank 4", "(4, 4, 1)"), IMAGE, ones(4, 4, 1)),
        bad(op, "float64", TypeError, ("float64 for 'grads'",),
            ones(1, 2, 2, 1, dtype=np.float64), IMAGE))),
    bad("ResizeNearestNeighborGrad", "rank", ValueError, ("rank 4", "(2, 2, 1)"),
        ones(2, 2, 1), ints(4, 4)),
    fed("ResizeNearestNeighborGrad", "no_rows", ("must be positive", "(0, 4)"),
        ones(1, 2, 2, 1), ints(0, 4)),
    bad("ExtractImagePatchesGrad", "int_sizes", TypeError, ("float32 for 'sizes'",),
        IMAGE, ones(4), **PATCHES2),
    bad("ExtractVolumePatchesGrad", "int_sizes", TypeError, ("float32 for 'sizes'",),
        VOLUME, ones(5), **PATCHES3),
]

NORMALIZATION = [
    bad("FakeQuantWithMinMaxVars", "vector", ValueError, ("rank 0", "(1,)"),
        ones(2), ones(1), ones()),
    bad("FakeQuantWithMinMaxVars", "bits", InvalidArgumentError, ("num_bits", "between 2 and 16"),
        ones(2), -ones(), ones(), num_bits=17),
    bad("FakeQuantWithMinMaxVarsGradient", "sizes", ValueError, ("(2,)", "(3,)"),
        ones(2), ones(3), -ones(), ones()),
    bad("FakeQuantWithMinMaxVarsPerChannelGradient", "sizes", ValueError, ("(2,)", "(3,)"),
        ones(2), ones(3), ones(3), ones(3)),
    bad("FakeQuantWithMinMaxArgsGradient", "no_range", InvalidArgumentError, ("1 >= 1",),
        ones(2), ones(2), min=1.0, max=1.0),
    bad("FusedBatchNorm", "scale", ValueError, ("(1, 2, 2, 3)", "(2,)"),
        ones(1, 2, 2, 3), ones(2), ones(2), ones(0), ones(0)),
    bad("FusedBatchNorm", "rank", ValueError, ("rank 4", "(2, 2, 3)"),
        ones(2, 2, 3), ones(3), ones(3), ones(0), ones(0)),
    bad("FusedBatchNormGrad", "sizes", ValueError, ("(1, 2, 2, 3)", "(1, 2, 2, 2)"),
        ones(1, 2, 2, 3), ones(1, 2, 2, 2), ones(3), ones(3), ones(3)),
    bad("FusedBatchNormGradV3", "sizes", ValueError, ("(1, 2, 2, 3)", "(1, 2, 2, 2)"),
        ones(1, 2, 2, 3), ones(1, 2, 2, 2), ones(3), ones(3), ones(3), ones(3)),
    bad("LRNGrad", "sizes", ValueError, ("(1, 2, 2, 3)", "(1, 2, 2, 2)"),
        ones(1, 2, 2, 3), ones(1, 2, 2, 2), ones(1, 2, 2, 3)),
    bad("LRNGrad", "rank", ValueError, ("images of rank 4", "(2, 2, 3)"), *[ones(2, 2, 3)] * 3),
    fed("LRNGrad", "rank", ("rank 4", "(2, 2, 3)"), *[ones(2, 2, 3)] * 3),
    bad("CTCLossGradGrad", "direction", ValueError, ("logits and direction", "(2, 1, 4)"),
        ones(2, 1, 3), places([0, 0]), ints(0), ints(2), ones(2, 1, 4)),
]

PARTS = [
    bad("BroadcastGradientArgs", "sizes", ValueError, ("cannot broadcast (2,) with (3,)",),
        ints(2), ints(3)),
    fed("BroadcastGradientArgs", "sizes", ("Incompatible shapes: (2,) vs. (3,)",),
        ints(2), ints(3)),
    bad("MirrorPadGrad", "mode", ValueError, ("'EDGE'", "'REFLECT' or 'SYMMETRIC'"),
        ones(4), ints([1, 1]), mode="EDGE"),
    bad("MirrorPadGrad", "wide", ValueError, ("border of (3, 3)", "size 4"),
        ones(4), ints([3, 3]), mode="REFLECT"),
    fed("MirrorPadGrad", "wide", ("border of (2, 2)", "size 4"),
        ones(4), ints([2, 2]), mode="REFLECT"),
    bad("StridedSliceGrad", "gradient", InvalidArgumentError, ("dy was (3,) instead of (2,)",),
        ints(3), ints(0), ints(2), ints(1), ones(3)),
    bad("StridedSliceGrad", "one_for_two", InvalidArgumentError, ("dy was (1,) instead of (2,)",),
        ints(3), ints(0), ints(2), ints(1), ones(1)),
    bad("StridedSliceGrad", "vectors", ValueError, ("begin, end and strides", "(1,) and (2,)"),
        ints(3), ints(0), ints(2, 2), ints(1), ones(2)),
    bad("SparseAddGrad", "values", ValueError, ("gradients (2,)", "one for each index"),
        ones(2), places([0]), places([0]), places([0])),
    fed("SparseAddGrad", "values", ("(2,)", "(1, 1)"),
        ones(2), places([0]), places([0]), places([0])),
    bad("SparseAddGrad", "ranks", ValueError, ("(?, 1) and (?, 2)",),
        ones(1), places([0, 0]), places([0]), places([0])),
    bad("SparseSliceGrad", "values", ValueError, ("gradients (2,)", "one for each index"),
        ones(2), places([0]), places(0), places([0])),
    fed("SparseSliceGrad", "values", ("(2,)", "(1, 1)"),
        ones(2), places([0]), places(0), places([0])),
    bad("SparseFillEmptyRowsGrad", "outside", InvalidArgumentError, ("[5]", "[2]"),
        places(5), ones(2)),
    bad("SparseFillEmptyRowsGrad", "matrix", ValueError, ("rank 1", "(1, 1)"),
        places([0]), ones(2)),
]

BAD = [*CONVOLUTIONS, *POOLS, *IMAGES, *NORMALIZATION, *PARTS]
