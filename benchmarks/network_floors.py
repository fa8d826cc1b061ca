"""Dense networks and attention by hand in NumPy: see `floors`."""

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
    Step,
    cross_entropy,
    flat,
    forward,
    normalise,
    normalise_back,
    numpy_draws,
    relu,
    relu_slope,
)
from streams import uniform_weights


def policy() -> Step:
    """4-32-2 with softmax, a batch of one, forward only."""
    numbers = Arrays()
    layers = numbers.layers(4, 32, 2)
    x = numbers.normal(1, 4)

    def step() -> Any:
        logits = forward(x, layers, relu)[-1]
        odds = np.exp(logits - logits.max())
        odds /= odds.sum()
        return odds, logits

    return step


def deep_mlp(draws: Callable[[int], Draw] = numpy_draws) -> Step:
    """Six layers of 256 with batch normalisation and dropout, momentum.

    Args:
        draws: gives for a seed what draws the numbers of a layer's masks.
    """
    numbers = Arrays()
    kernels = [uniform_weights(layer, 0.1, 256, 256) for layer in range(6)]
    dropouts = [Dropout(0.3, draws(layer)) for layer in range(6)]
    scales, offsets = np.ones((6, 256), np.float32), numbers.zeros(6, 256)
    means, variances = numbers.zeros(6, 1, 256), np.ones((6, 1, 256), np.float32)
    (w, b), = numbers.layers(256, 10)
    x, labels = numbers.normal(128, 256), numbers.classes(10, 128)
    descent = Momentum([*kernels, scales, offsets, w, b], 0.01)

    def step() -> Any:
        outputs, kept = [x], []
        for layer, kernel in enumerate(kernels):
            y = outputs[-1] @ kernel
            mean = y.mean(0, keepdims=True)
            y, factor = normalise(y, 0, 1e-3)
            for moving, now in ((means, mean), (variances, 1 / np.square(factor) - 1e-3)):
                moving[layer] += np.float32(0.01) * (now - moving[layer])
            kept.append((y, factor))
            hidden = y * scales[layer]
            hidden += offsets[layer]
            outputs.append(dropouts[layer].act(hidden))
        logits = outputs[-1] @ w
        logits += b
        loss, dy = cross_entropy(logits, labels)
        dw, db = outputs[-1].T @ dy, dy.sum(0)
        dy = dy @ w.T
        dkernels, dscales, doffsets = [], np.empty_like(scales), np.empty_like(offsets)
        for layer in reversed(range(6)):
            y, factor = kept[layer]
            dy = dropouts[layer].slope(dy, outputs[layer + 1])
            np.sum(dy, 0, out=doffsets[layer])
            np.einsum("ij,ij->j", dy, y, out=dscales[layer])
            dy *= scales[layer]
            dy = normalise_back(dy, y, factor, 0)
            dkernels.append(outputs[layer].T @ dy)
            dy = dy @ kernels[layer].T if layer else None
        descent.step([*reversed(dkernels), dscales, doffsets, dw, db])
        return loss

    return step


def gradient_penalty() -> Step:
    """A critic of 64-128-128-1 and the gradient of its gradient's length."""
    numbers = Arrays()
    layers = numbers.layers(64, 128, 128, 1)
    (w1, b1), (w2, b2), (w3, b3) = layers
    x = numbers.normal(64, 64)
    n = np.float32(len(x))
    adam = Adam(flat(layers), 1e-4, 0.0, 0.9)

    def step() -> Any:
        first = np.tanh(x @ w1 + b1)
        second = np.tanh(first @ w2 + b2)
        score = second @ w3 + b3
        bend1, bend2 = 1 - first * first, 1 - second * second  # the slopes of tanh
        back2 = bend2 * w3.T  # the way back to x, that is the gradient of the score
        through = back2 @ w2.T
        back1 = through * bend1
        slope = back1 @ w1.T
        length = np.sqrt(np.einsum("ij,ij->i", slope, slope) + np.float32(1e-12))
        excess = length - 1
        loss = np.mean(score) + np.float32(10) * np.mean(np.square(excess))

        dslope = slope * (np.float32(20) / n * excess / length)[:, None]
        dback1 = dslope @ w1  # back along that way
        dthrough = dback1 * bend1
        dback2 = dthrough @ w2
        dw1, dw2 = dslope.T @ back1, dthrough.T @ back2
        dw3 = np.einsum("ij,ij->j", dback2, bend2)[:, None]
        dw3 += second.sum(0)[:, None] / n
        dsecond = w3.T / n - np.float32(2) * second * dback2 * w3.T  # and along the way forward
        dsecond *= bend2
        dw2 += first.T @ dsecond
        dfirst = dsecond @ w2.T
        dfirst -= np.float32(2) * first * dback1 * through
        dfirst *= bend1
        dw1 += x.T @ dfirst
        adam.step([dw1, dfirst.sum(0), dw2, dsecond.sum(0), dw3, np.ones_like(b3)])
        return loss

    return step


def transformer() -> Step:
    """A transformer block: query, key and value from one product, heads as views of it."""
    batch, tokens, units, heads = 8, 64, 128, 4
    numbers = Arrays()
    project = np.concatenate([numbers.weights(units, units) for _ in range(3)], 1)
    (wo, bo), = numbers.layers(units, units)
    (w1, b1), (w2, b2) = numbers.layers(units, 4 * units, units)
    bias = numbers.zeros(3 * units)
    scales, offsets = np.ones((2, units), np.float32), numbers.zeros(2, units)
    x, target = (numbers.normal(batch, tokens, units).reshape(-1, units) for _ in range(2))
    adam = Adam([project, bias, wo, bo, w1, b1, w2, b2, scales, offsets])
    shrink = np.float32(1 / np.sqrt(units // heads))

    def by_head(rows: Array) -> Array:
        """[parts, batch, heads, tokens, numbers of a head], a view."""
        return rows.reshape(batch, tokens, -1, heads, units // heads).transpose(2, 0, 3, 1, 4)

    def step() -> Any:
        normal, _ = normalise(x.copy(), 1, 1e-6)
        entering = normal * scales[0] + offsets[0]
        query, key, value = by_head(entering @ project + bias)
        odds = query @ key.swapaxes(2, 3)
        odds *= shrink
        odds -= odds.max(3, keepdims=True)
        np.exp(odds, out=odds)
        odds /= odds.sum(3, keepdims=True)
        attended = np.empty_like(x)
        np.matmul(odds, value, out=by_head(attended)[0])
        hidden = attended @ wo
        hidden += bo
        hidden += x
        normal2, factor2 = normalise(hidden.copy(), 1, 1e-6)
        entering2 = normal2 * scales[1] + offsets[1]
        inner = entering2 @ w1
        inner += b1
        relu(inner)
        error = inner @ w2
        error += b2
        error += hidden
        error -= target
        loss = np.mean(np.square(error))

        error *= np.float32(2 / error.size)
        dinner = relu_slope(error @ w2.T, inner)
        dnormal2 = dinner @ w1.T
        dscales, doffsets = np.empty_like(scales), np.empty_like(offsets)
        np.einsum("ij,ij->j", dnormal2, normal2, out=dscales[1])
        np.sum(dnormal2, 0, out=doffsets[1])
        dnormal2 *= scales[1]
        dhidden = normalise_back(dnormal2, normal2, factor2, 1)
        dhidden += error
        dattended = by_head(dhidden @ wo.T)[0]
        dparts = np.empty((len(x), 3 * units), np.float32)
        dquery, dkey, dvalue = by_head(dparts)
        np.matmul(odds.swapaxes(2, 3), dattended, out=dvalue)
        dscores = dattended @ value.swapaxes(2, 3)
        dscores -= np.einsum("bhij,bhij->bhi", dscores, odds)[..., None]
        dscores *= odds
        dscores *= shrink
        np.matmul(dscores, key, out=dquery)
        np.matmul(dscores.swapaxes(2, 3), query, out=dkey)
        dnormal = dparts @ project.T
        np.einsum("ij,ij->j", dnormal, normal, out=dscales[0])
        np.sum(dnormal, 0, out=doffsets[0])
        adam.step([entering.T @ dparts, dparts.sum(0), attended.T @ dhidden, dhidden.sum(0),
                   entering2.T @ dinner, dinner.sum(0), inner.T @ error, error.sum(0),
                   dscales, doffsets])
        return loss

    return step


DRAWN_BY_NUMPY = {"deep_mlp"}  # its masks are others than a graph's
WORKLOADS = {function.__name__: function for function in (
    policy, deep_mlp, transformer, gradient_penalty)}
