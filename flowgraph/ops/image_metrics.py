"""Numbers about images: how alike two are, how rough one is, where its edges are."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.frames import located
from flowgraph.core.spec import shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.activation import relu
from flowgraph.ops.arithmetic import pow as pow_
from flowgraph.ops.arithmetic import squared_difference, subtract
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal, greater_equal
from flowgraph.ops.constant import constant, zeros
from flowgraph.ops.depthwise import depthwise_conv2d
from flowgraph.ops.division import floormod
from flowgraph.ops.exponential import log
from flowgraph.ops.identity import identity
from flowgraph.ops.image_checks import wrong_shape
from flowgraph.ops.image_dtype import convert_image_dtype
from flowgraph.ops.join import concat, stack, tile
from flowgraph.ops.pad import pad
from flowgraph.ops.pooling import avg_pool
from flowgraph.ops.print_and_assert import assert_true
from flowgraph.ops.reduce import reduce_all, reduce_mean, reduce_prod, reduce_sum
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape, shape_n, size
from flowgraph.ops.split import unstack
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import square

_MSSSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def _comparable(img1, img2):
    """Checks that two batches of images can be compared.

    Returns:
        The operations that must run before they are.
    """
    first, second = img1.spec.shape, img2.spec.shape
    for image, sizes in ((img1, first), (img2, second)):
        if sizes is not None and len(sizes) < 3:
            raise wrong_shape(image, "it must be [..., height, width, channels]")
    if first is not None and second is not None:
        lead = zip(reversed(first[:-3]), reversed(second[:-3]), strict=False)
        if not shapes.compatible(first[-3:], second[-3:]) or any(
                1 not in pair and None not in pair and pair[0] != pair[1] for pair in lead):
            raise ShapeError(located(f"cannot compare images of the shapes {shape_text(first)} and "
                                     f"{shape_text(second)}", section="shape-error"))
    one, other = shape_n([img1, img2])
    return [assert_true(greater_equal(size(one), 3), [one, other], summarize=10),
            assert_true(reduce_all(equal(one[-3:], other[-3:])), [one, other], summarize=10)]


def psnr(a, b, max_val, name=None):
    """The peak signal-to-noise ratio of two batches of images, in decibels.

    Args:
        a: images [..., height, width, channels].
        b: images of the same height, width and channels.
        max_val: the largest value that a pixel can have, as 255 for uint8.
        name: name scope.

    Returns:
        A float32 tensor of the leading axes: `20 log10(max_val) - 10 log10(mean squared error)`.

    Raises:
        ValueError: the shapes do not go together (InvalidArgumentError where only the run tells).

    Example:
        >>> import flowgraph as fg
        >>> a = fg.zeros([2, 2, 1])
        >>> print(fg.Session().run(fg.image.psnr(a, a + 0.1, max_val=1.0)))
        20.0
    """
    with name_scope(name, "PSNR", [a, b]):
        a, b = convert_to_tensor(a, name="a"), convert_to_tensor(b, name="b")
        checks = _comparable(a, b)
        peak = convert_image_dtype(cast(max_val, a.dtype), dt.float32)
        a, b = (convert_image_dtype(x, dt.float32) for x in (a, b))
        error = reduce_mean(squared_difference(a, b), [-3, -2, -1])
        ratio = subtract(20 * log(peak) / log(constant(10.0)),
                         np.float32(10 / np.log(10)) * log(error), name="psnr")
        with control_dependencies(checks):
            return identity(ratio)


# ---- structural similarity -----------------------------------------------------------------------


def ssim(img1, img2, max_val, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03):
    """The structural similarity of two batches of images, 1 where they are equal.

    Means, variances and covariances are taken in Gaussian windows around each pixel.

    Args:
        img1: images [..., height, width, channels], not smaller than the window.
        img2: images of the same height, width and channels.
        max_val: the largest value that a pixel can have, as 255 for uint8.
        filter_size: size of the window.
        filter_sigma: standard deviation of the window's weights.
        k1: keeps luminances apart from division by 0.
        k2: keeps contrasts apart from division by 0.

    Returns:
        A float32 tensor of the leading axes, values of (-1, 1].

    Raises:
        ValueError: the shapes do not go together (InvalidArgumentError where only the run tells).

    Example:
        >>> import flowgraph as fg
        >>> image = fg.random_uniform([1, 16, 16, 3], seed=1)
        >>> fg.Session().run(fg.image.ssim(image, image, max_val=1.0))
        array([1.], dtype=float32)
    """
    with name_scope(None, "SSIM", [img1, img2]):
        (img1, img2), peak = _as_floats(img1, img2, max_val)
        per_channel, _ = _ssim_per_channel(img1, img2, peak, filter_size, filter_sigma, k1, k2)
        return reduce_mean(per_channel, [-1])


def _as_floats(img1, img2, max_val):
    """([the images], the largest value), as float32."""
    img1 = convert_to_tensor(img1, name="img1")
    img2 = convert_to_tensor(img2, name="img2")
    with control_dependencies(_comparable(img1, img2)):
        img1 = identity(img1)
    peak = convert_image_dtype(cast(max_val, img1.dtype), dt.float32)
    images = [convert_image_dtype(image, dt.float32) for image in (img1, img2)]
    return images, peak


def _ssim_per_channel(img1, img2, peak, filter_size, filter_sigma, k1, k2):
    """(similarity, contrast alone) of each channel of each image."""
    sizes = shape_n([img1, img2])
    checks = [assert_true(reduce_all(greater_equal(each[-3:-1], filter_size)),
                          ["images must not be smaller than filter_size, got shape", each],
                          summarize=8) for each in sizes]
    with control_dependencies(checks):
        img1 = identity(img1)
    channels = img1.spec.shape[-1] if img1.spec.rank else None
    times = [1, 1, sizes[0][-1] if channels is None else channels, 1]
    weights = _gaussian(filter_size, filter_sigma)
    down, across = tile(weights[:, None], times), tile(weights[None], times)

    def mean(x):  # a Gaussian window is one along the rows of one along the columns
        y = depthwise_conv2d(_flat(x), down, [1, 1, 1, 1], "VALID")
        return _unflat(depthwise_conv2d(y, across, [1, 1, 1, 1], "VALID"), x)

    c1, c2 = square(k1 * peak), square(k2 * peak)
    mean1, mean2 = mean(img1), mean(img2)
    both = mean1 * mean2 * 2.0
    each = square(mean1) + square(mean2)
    luminance = (both + c1) / (each + c1)
    product = mean(img1 * img2) * 2.0
    contrast = (product - both + c2) / (mean(square(img1) + square(img2)) - each + c2)
    axes = [-3, -2]
    return reduce_mean(luminance * contrast, axes), reduce_mean(contrast, axes)


def _gaussian(count, sigma):
    """[count, 1, 1]: weights of a Gaussian window along one axis, of sum 1."""
    places = np.arange(count) - (count - 1) / 2.0
    weights = np.exp(-0.5 * np.square(places) / sigma ** 2)
    return (weights / weights.sum()).astype(np.float32)[:, None, None]


def _flat(x):
    """[..., height, width, channels] as a batch of one leading axis."""
    if x.spec.rank == 4:
        return x
    return reshape(x, concat([[-1], shape(x)[-3:]], 0))


def _unflat(y, x):
    """The batch with the leading axes of x again."""
    if x.spec.rank == 4:
        return y
    return reshape(y, concat([shape(x)[:-3], shape(y)[1:]], 0))


def ssim_multiscale(img1, img2, max_val, power_factors=_MSSSIM_WEIGHTS, filter_size=11,
                    filter_sigma=1.5, k1=0.01, k2=0.03):
    """The structural similarity of two batches of images, over several sizes of them.

    From scale to scale the images are halved; all scales but the last count with their contrast
    alone.

    Args:
        img1: images [..., height, width, channels]; the smallest scale must hold the window.
        img2: images of the same height, width and channels.
        max_val: the largest value that a pixel can have, as 255 for uint8.
        power_factors: weight of each scale, the largest first.
        filter_size: size of the window.
        filter_sigma: standard deviation of the window's weights.
        k1: keeps luminances apart from division by 0.
        k2: keeps contrasts apart from division by 0.

    Returns:
        A float32 tensor of the leading axes, values of [0, 1].

    Raises:
        ValueError: the shapes do not go together (InvalidArgumentError where only the run tells).

    Example:
        >>> import flowgraph as fg
        >>> image = fg.random_uniform([1, 32, 32, 3], seed=1)
        >>> fg.Session().run(fg.image.ssim_multiscale(image, image, 1.0, [0.5, 0.5]))
        array([1.], dtype=float32)
    """
    with name_scope(None, "MS-SSIM", [img1, img2]):
        images, peak = _as_floats(img1, img2, max_val)
        factors = []
        for k in range(len(power_factors)):
            with name_scope(None, f"Scale{k}", images):
                if k > 0:
                    images = [_halved(image) for image in images]
                similarity, contrast = _ssim_per_channel(*images, peak, filter_size, filter_sigma,
                                                         k1, k2)
                factors.append(relu(contrast))
        factors[-1] = relu(similarity)
        powers = np.asarray(power_factors, np.float32)
        return reduce_mean(reduce_prod(pow_(stack(factors, axis=-1), powers), [-1]), [-1])


def _halved(image):
    """Images of half the size; the last row or column of odd ones counts twice."""
    flat = _flat(image)
    sizes = flat.spec.shape
    if sizes is None or None in sizes[1:3]:
        odd = floormod(shape(flat), [1, 2, 2, 1])
        flat = pad(flat, stack([[0, 0, 0, 0], odd], axis=1), mode="SYMMETRIC")
    elif any(n % 2 for n in sizes[1:3]):
        flat = pad(flat, [[0, 0], [0, sizes[1] % 2], [0, sizes[2] % 2], [0, 0]], mode="SYMMETRIC")
    return _unflat(avg_pool(flat, [1, 2, 2, 1], [1, 2, 2, 1], "VALID"), image)


# ---- differences of neighbours -------------------------------------------------------------------


def total_variation(images, name=None):
    """The sum of the absolute differences of neighbouring pixels.

    Args:
        images: tensor [height, width, channels] or [batch, height, width, channels].
        name: name scope.

    Returns:
        A scalar, or a tensor [batch].

    Raises:
        ValueError: the rank is not known to be 3 or 4.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.image.total_variation(fg.constant([[[1], [4]], [[1], [2]]]))))
        6
    """
    with name_scope(name, "total_variation"):
        images = convert_to_tensor(images, name="images")
        if images.spec.rank == 3:
            down, right = images[1:] - images[:-1], images[:, 1:] - images[:, :-1]
            axes = None
        elif images.spec.rank == 4:
            down, right = images[:, 1:] - images[:, :-1], images[:, :, 1:] - images[:, :, :-1]
            axes = [1, 2, 3]
        else:
            raise wrong_shape(images, "it must have either 3 or 4 dimensions")
        return reduce_sum(abs_(down), axis=axes) + reduce_sum(abs_(right), axis=axes)


def image_gradients(image):
    """The differences of each pixel to the next, downwards and to the right.

    Args:
        image: tensor [batch, height, width, channels].

    Returns:
        A pair (dy, dx) of tensors of the image's shape: dy has 0 in the last row, dx in the last
        column.

    Raises:
        ValueError: the image is not known to be of rank 4.

    Example:
        >>> import flowgraph as fg
        >>> dy, dx = fg.image.image_gradients(fg.reshape([1.0, 2.0, 4.0], [1, 1, 3, 1]))
        >>> fg.Session().run(dx)[0, 0, :, 0]
        array([1., 2., 0.], dtype=float32)
    """
    image = convert_to_tensor(image, name="image")
    if image.spec.rank != 4:
        raise wrong_shape(image, "image_gradients takes [batch, height, width, channels]")
    sizes = shape(image)
    batch, height, width, depth = unstack(sizes)
    dy, dx = image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]
    dtype = image.dtype.base_dtype
    dy = concat([dy, zeros(stack([batch, 1, width, depth]), dtype)], 1)
    dx = concat([dx, zeros(stack([batch, height, 1, depth]), dtype)], 2)
    return reshape(dy, sizes), reshape(dx, sizes)


def sobel_edges(image):
    """Sobel's differences: how images change downwards and to the right, smoothed across.

    Args:
        image: floating tensor [batch, height, width, channels], 2 x 2 pixels or more.

    Returns:
        A tensor [batch, height, width, channels, 2]: (dy, dx) in the last axis. Beyond the border
        the image is its mirror image.

    Example:
        >>> import flowgraph as fg
        >>> rising = fg.reshape(fg.range(9.0), [1, 3, 3, 1])
        >>> fg.Session().run(fg.image.sobel_edges(rising))[0, 1, 1, 0]
        array([24.,  8.], dtype=float32)
    """
    image = convert_to_tensor(image, name="image")
    down = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    kernels = convert_to_tensor(np.stack([down, down.T], axis=-1)[:, :, None], image.dtype)
    sizes = shape(image)
    kernels = tile(kernels, stack([1, 1, sizes[-1], 1]), name="sobel_filters")
    padded = pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT")
    edges = depthwise_conv2d(padded, kernels, [1, 1, 1, 1], "VALID")
    edges = reshape(edges, concat([sizes, [2]], 0))
    if image.spec.shape is not None:
        edges.set_shape([*image.spec.shape, 2])
    return edges
