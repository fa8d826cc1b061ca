"""Networks of convolutions by hand in NumPy: see `floors`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from arrays import Arrays
from floor_parts import (
    Adam,
    Array,
    Draw,
    Dropout,
    Momentum,
    RMSProp,
    Step,
    columns,
    convolutional,
    convolve,
    convolve_back,
    corners,
    cross_entropy,
    flat,
    normalise,
    normalise_back,
    numpy_draws,
    pool,
    pool_relu_back,
    relu,
    relu_slope,
    sigmoid,
    spread,
)


def text_conv() -> Step:
    """Sentences: windows of 3 to 5 words, the largest before bias and relu."""
    numbers = Arrays()
    table = numbers.weights(5000, 64)
    kernels = [numbers.weights(width, 64, 64).reshape(-1, 64) for width in (3, 4, 5)]
    bias = numbers.zeros(192)
    (w, b), = numbers.layers(192, 2)
    words, labels = numbers.classes(5000, 32, 64), numbers.classes(2, 32)
    adam = Adam([table, *kernels, bias, w, b])

    def step() -> Any:
        hidden = table[words]
        rows, windows, tops = [], [], []
        for kernel in kernels:
            view = np.lib.stride_tricks.sliding_window_view(hidden, len(kernel) // 64, 1)
            rows.append(view.swapaxes(2, 3).reshape(-1, len(kernel)))
            windows.append((rows[-1] @ kernel).reshape(32, -1, 64))
            tops.append(windows[-1].max(1))
        pooled = np.concatenate(tops, 1)
        pooled += bias
        relu(pooled)
        logits = pooled @ w
        logits += b
        loss, dy = cross_entropy(logits, labels)
        dpooled = relu_slope(dy @ w.T, pooled)
        dhidden, dkernels = np.zeros_like(hidden), []
        for number, (kernel, window, top) in enumerate(zip(kernels, windows, tops, strict=True)):
            dtop = dpooled[:, None, 64 * number:64 * (number + 1)]
            dwindow = np.multiply(dtop, window == top[:, None], out=window).reshape(-1, 64)
            dkernels.append(rows[number].T @ dwindow)
            places = window.shape[1]
            parts = (dwindow @ kernel.T).reshape(32, places, -1, 64)
            for word in range(parts.shape[2]):
                dhidden[:, word:word + places] += parts[:, :, word]
        order = np.argsort(words, axis=None)  # rows of the same word side by side, to be summed
        which, starts = np.unique(words.reshape(-1)[order], return_index=True)
        dtable = np.zeros_like(table)
        dtable[which] = np.add.reduceat(dhidden.reshape(-1, 64)[order], starts)
        adam.step([dtable, *dkernels, dpooled.sum(0), pooled.T @ dy, dy.sum(0)])
        return loss

    return step


def resnet() -> Step:
    """Three residual blocks of 32 channels with batch normalisation, momentum."""
    numbers = Arrays()
    kernels = [numbers.weights(3, 3, inputs, 32) for inputs in (3, *[32] * 6)]
    scales, offsets = np.ones((7, 32), np.float32), numbers.zeros(7, 32)
    (w, b), = numbers.layers(32, 10)
    pictures, labels = numbers.uniform(16, 16, 16, 3), numbers.classes(10, 16)
    descent = Momentum([*kernels, scales, offsets, w, b], 0.1)
    places = np.float32(16 * 16)

    def step() -> Any:
        kept = []  # of each convolution: input, columns, normalised, factor, output after relu
        x = pictures
        for number, kernel in enumerate(kernels):
            y, cols = convolve(x, kernel, None, (1, 1))
            y, factor = normalise(y.reshape(-1, 32), 0, 1e-3)
            out = y * scales[number]
            out += offsets[number]
            if number and number % 2 == 0:  # the second of a block: what came into it is added
                out += kept[-1][0].reshape(-1, 32)
            relu(out)
            kept.append((x, cols, y, factor, out))
            x = out.reshape(16, 16, 16, 32)
        features = x.mean((1, 2))
        logits = features @ w
        logits += b
        loss, dy = cross_entropy(logits, labels)
        dw, db = features.T @ dy, dy.sum(0)
        dout = np.repeat(dy @ w.T / places, 16 * 16, 0)
        dkernels, dscales, doffsets = [], np.empty_like(scales), np.empty_like(offsets)
        for number in reversed(range(7)):
            x, cols, y, factor, out = kept[number]
            relu_slope(dout, out)
            np.sum(dout, 0, out=doffsets[number])
            np.einsum("ij,ij->j", dout, y, out=dscales[number])
            if number and number % 2 == 0:
                around = dout  # what goes round the block
            dy = normalise_back(dout * scales[number], y, factor, 0).reshape(16, 16, 16, 32)
            dkernel, _, dx = convolve_back(dy, kernels[number], cols, x.shape, (1, 1),
                                           wants_dx=number > 0)
            dkernels.append(dkernel)
            if number:
                dout = dx.reshape(-1, 32)
                if number % 2:
                    dout += around
        descent.step([*reversed(dkernels), dscales, doffsets, dw, db])
        return loss

    return step


def separable() -> Step:
    """Depthwise-separable convolutions: both kernels multiplied out, that is one full convolution.

    Full ones are more multiplications, but BLAS does them: at these sizes that is quicker than nine
    sums of shifted pictures.
    """
    numbers = Arrays()
    blocks = [(numbers.weights(9, inputs, 1), numbers.weights(inputs, filters),
               numbers.zeros(filters)) for inputs, filters in ((3, 16), (16, 32), (32, 64))]
    (w, b), = numbers.layers(1024, 10)
    pictures, labels = numbers.uniform(16, 32, 32, 3), numbers.classes(10, 16)
    descent = RMSProp([*(array for block in blocks for array in block), w, b], 1e-3)

    def step() -> Any:
        x, kept = pictures, []
        for depthwise, pointwise, bias in blocks:
            kernel = (depthwise * pointwise).reshape(3, 3, *pointwise.shape)
            y, cols = convolve(x, kernel, bias, (0, 1), 2)
            np.clip(y, 0, 6, out=y)
            kept.append((x.shape, kernel, cols, y))
            x = y
        rows = x.reshape(16, -1)
        logits = rows @ w
        logits += b
        loss, dy = cross_entropy(logits, labels)
        gradients = [rows.T @ dy, dy.sum(0)]
        dy = (dy @ w.T).reshape(x.shape)
        for (depthwise, pointwise, _), (shape, kernel, cols, y) in zip(
                reversed(blocks), reversed(kept), strict=True):
            relu_slope(dy, y)
            dy *= y < 6
            dkernel, dbias, dy = convolve_back(dy, kernel, cols, shape, (0, 1), 2,
                                               wants_dx=shape[3] > 3)
            dkernel = dkernel.reshape(9, *pointwise.shape)
            gradients[:0] = [np.einsum("kio,io->ki", dkernel, pointwise)[..., None],
                             np.einsum("kio,ki->io", dkernel, depthwise[..., 0]), dbias]
        descent.step(gradients)
        return loss

    return step


def generator() -> Step:
    """The generator of a GAN: transposed convolutions are the way back of convolutions."""
    numbers = Arrays()
    (w, b), = numbers.layers(100, 2048)
    first, bias, second = (numbers.weights(5, 5, 64, 128), numbers.zeros(64),
                           numbers.weights(5, 5, 3, 64))
    noise, wanted = numbers.normal(16, 100), numbers.uniform(16, 16, 16, 3)
    adam = Adam([w, b, first, bias, second], 2e-4, 0.5)

    def step() -> Any:
        small = noise @ w
        small += b
        rows = relu(small).reshape(-1, 128)
        middle = spread(rows.reshape(16, 4, 4, 128), first, (16, 8, 8, 64), (1, 2), 2)
        middle = middle + bias
        np.maximum(middle, np.float32(0.2) * middle, out=middle)
        pictures = np.tanh(spread(middle, second, wanted.shape, (1, 2), 2))
        error = pictures - wanted
        loss = np.mean(np.square(error))
        error *= np.float32(2 / error.size)
        error *= 1 - pictures * pictures
        cols, _, _ = columns(error, 5, (1, 2), 2)
        dsecond = (cols.T @ middle.reshape(-1, 64)).reshape(second.shape)
        dmiddle = (cols @ second.reshape(-1, 64)).reshape(middle.shape)
        np.multiply(dmiddle, np.float32(0.2), out=dmiddle, where=middle < 0)
        cols, _, _ = columns(dmiddle, 5, (1, 2), 2)
        dfirst = (cols.T @ rows).reshape(first.shape)
        dsmall = relu_slope((cols @ first.reshape(-1, 128)).reshape(small.shape), small)
        adam.step([noise.T @ dsmall, dsmall.sum(0), dfirst, dmiddle.sum((0, 1, 2)), dsecond])
        return loss

    return step


def unet() -> Step:
    """Down to 16x16 and up again, the parts of the joined array written where they belong."""
    numbers = Arrays()
    layers = [(numbers.weights(3, 3, inputs, filters), numbers.zeros(filters))
              for inputs, filters in ((1, 16), (16, 16), (16, 32), (48, 16))]
    last = numbers.weights(1, 1, 16, 1)
    x, wanted = numbers.uniform(8, 32, 32, 1), numbers.uniform(8, 32, 32, 1)
    adam = Adam([*flat(layers), last])

    def step() -> Any:
        kept = []  # of each convolution: input, columns, output

        def convolution(inputs: Array) -> Array:
            y, cols = convolve(inputs, *layers[len(kept)], (1, 1))
            kept.append((inputs, cols, relu(y)))
            return y

        def back(number: int, dy: Array, wants_dx: bool = True) -> Array:
            inputs, cols, y = kept[number]
            dw, db, dx = convolve_back(relu_slope(dy, y), layers[number][0], cols, inputs.shape,
                                       (1, 1), wants_dx=wants_dx)
            gradients[:0] = [dw, db]
            return dx

        fine = convolution(convolution(x))
        pooled = pool(fine)
        coarse = convolution(pooled)
        joined = np.empty((8, 32, 32, 48), np.float32)
        joined[..., :16] = fine
        for corner in corners(joined[..., 16:]):
            corner[:] = coarse
        hidden = convolution(joined).reshape(-1, 16)
        logits = (hidden @ last.reshape(16, 1)).reshape(wanted.shape)
        loss = np.mean(np.maximum(logits, 0) - logits * wanted
                       + np.log1p(np.exp(-np.abs(logits))))
        dlogits = sigmoid(logits)
        dlogits -= wanted
        dlogits /= np.float32(dlogits.size)
        rows = dlogits.reshape(-1, 1)
        gradients = [(hidden.T @ rows).reshape(last.shape)]
        djoined = back(3, (rows * last.reshape(1, 16)).reshape(8, 32, 32, 16))
        dpooled = back(2, sum(corners(djoined[..., 16:])))
        dfine = pool_relu_back(dpooled, pooled, fine)
        dfine += djoined[..., :16]
        back(0, back(1, dfine), wants_dx=False)
        adam.step(gradients)
        return loss

    return step


def digits(draws: Callable[[int], Draw] = numpy_draws) -> Step:
    """5x5 to 32 and 64 channels, 1024 units with dropout, Adam.

    Args:
        draws: gives for a seed what draws the numbers of the masks.
    """
    numbers = Arrays()
    blocks = [(numbers.weights(5, 5, inputs, filters), numbers.zeros(filters), (2, 2), True)
              for inputs, filters in ((1, 32), (32, 64))]
    layers = numbers.layers(3136, 1024, 10)
    pictures, labels = numbers.uniform(50, 784).reshape(-1, 28, 28, 1), numbers.classes(10, 50)
    adam = Adam([a for w, b, _, _ in blocks for a in (w, b)] + flat(layers), 1e-4)
    dropout = Dropout(0.5, draws(1))
    return convolutional(pictures, labels, blocks, layers, adam.step, dropout.act, dropout.slope)


DRAWN_BY_NUMPY = {"digits"}  # its masks are others than a graph's
WORKLOADS = {function.__name__: function for function in (
    text_conv, resnet, separable, generator, unet, digits)}
