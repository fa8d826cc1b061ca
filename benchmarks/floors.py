"""The workloads by hand, as a good NumPy programmer writes them: forward, backward, update.

Whole arrays, one thread of Python, BLAS as NumPy sets it up. This is what NumPy itself can do on a
machine without anybody looking at a graph, the mark to beat; `compare` shows it beside the engines.
Each function has the name of its workload and returns one step, which gives the same value.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from arrays import Arrays
from floor_parts import (
    Adam,
    Array,
    RMSProp,
    Step,
    backward,
    classifier,
    convolutional,
    cross_entropy,
    descend,
    flat,
    forward,
    relu,
    relu_slope,
    sigmoid,
)

# ---- the workloads -------------------------------------------------------------------------------


def scalar() -> Step:
    """Two operations on a number."""
    a = np.float32(1.0)
    return lambda: a * np.float32(2.0) + np.float32(1.0)


def linreg() -> Step:
    """Linear regression on ten points."""
    numbers = Arrays()
    x = numbers.normal(10, 2)
    y = (x @ np.array([[2.0], [-3.4]], np.float32) + 4.2).astype(np.float32)
    w, b = numbers.zeros(2, 1), numbers.zeros(1)

    def step() -> Any:
        error = x @ w + b - y
        loss = np.mean(np.square(error)) / 2
        error /= np.float32(len(x))
        descend(0.03, [w, b], [x.T @ error, error.sum(0)])
        return loss

    return step


def softmax() -> Step:
    """Softmax regression."""
    numbers = Arrays()
    pictures, labels = numbers.uniform(256, 784), numbers.classes(10, 256)
    layers = [(numbers.zeros(784, 10), numbers.zeros(10))]
    return classifier(pictures, labels, layers, lambda found: descend(0.1, flat(layers), found))


def mlp() -> Step:
    """784-256-256-10 with Adam."""
    numbers = Arrays()
    pictures, labels = numbers.uniform(128, 784), numbers.classes(10, 128)
    layers = numbers.layers(784, 256, 256, 10)
    return classifier(pictures, labels, layers, Adam(flat(layers)).step)


def lenet() -> Step:
    """LeNet-5 with SGD."""
    numbers = Arrays()
    pictures, labels = numbers.uniform(64, 28, 28, 1), numbers.classes(10, 64)
    blocks = [(numbers.weights(5, 5, 1, 6), numbers.zeros(6), (2, 2), True),
              (numbers.weights(5, 5, 6, 16), numbers.zeros(16), (0, 0), True)]
    layers = numbers.layers(400, 120, 84, 10)
    variables = [a for w, b, _, _ in blocks for a in (w, b)] + flat(layers)
    return convolutional(pictures, labels, blocks, layers,
                         lambda found: descend(0.1, variables, found))


def convnet() -> Step:
    """32-64-128 channels of 3x3."""
    numbers = Arrays()
    pictures, labels = numbers.uniform(32, 32, 32, 3), numbers.classes(10, 32)
    blocks = [(numbers.weights(3, 3, i, o), numbers.zeros(o), (1, 1), True)
              for i, o in pairwise((3, 32, 64, 128))]
    layers = numbers.layers(2048, 10)
    variables = [a for w, b, _, _ in blocks for a in (w, b)] + flat(layers)
    return convolutional(pictures, labels, blocks, layers,
                         lambda found: descend(0.1, variables, found))


def lstm() -> Step:
    """An LSTM of 256 units over 35 characters: one product for all weight gradients."""
    batch, steps, hidden, vocabulary = 32, 35, 256, 64
    numbers = Arrays()
    text, following = (numbers.generator.integers(0, vocabulary, (batch, steps)) for _ in range(2))
    kernel, bias = numbers.weights(vocabulary + hidden, 4 * hidden), numbers.zeros(4 * hidden)
    output = numbers.weights(hidden, vocabulary)
    letters, labels = text.T, following.reshape(-1)
    one_hot = np.eye(vocabulary, dtype=np.float32)[letters.reshape(-1)]

    def step() -> Any:
        from_letters, recurrent = kernel[:vocabulary] + bias, kernel[vocabulary:]
        h = c = np.zeros((batch, hidden), np.float32)
        states = np.empty((steps, batch, hidden), np.float32)
        kept = []
        for t in range(steps):
            gates = h @ recurrent
            gates += from_letters[letters[t]]
            i, j, f, o = (gates[:, k * hidden:(k + 1) * hidden] for k in range(4))
            i, f, o, j, before = sigmoid(i), sigmoid(f + 1), sigmoid(o), np.tanh(j), c
            c = c * f
            c += i * j
            lifted = np.tanh(c)
            h = np.multiply(lifted, o, out=states[t])
            kept.append((i, j, f, o, before, lifted))
        rows = states.transpose(1, 0, 2).reshape(-1, hidden)
        loss, dlogits = cross_entropy(rows @ output, labels)
        doutput = rows.T @ dlogits
        dstates = (dlogits @ output.T).reshape(batch, steps, hidden)
        dgates = np.empty((steps, batch, 4 * hidden), np.float32)
        dh = np.zeros((batch, hidden), np.float32)
        dc = np.zeros((batch, hidden), np.float32)
        for t in reversed(range(steps)):
            i, j, f, o, before, lifted = kept[t]
            dh += dstates[:, t]
            dc += dh * o * (1 - lifted * lifted)
            di, dj, df, do = (dgates[t, :, k * hidden:(k + 1) * hidden] for k in range(4))
            np.multiply(dc * j, i * (1 - i), out=di)
            np.multiply(dc * i, 1 - j * j, out=dj)
            np.multiply(dc * before, f * (1 - f), out=df)
            np.multiply(dh * lifted, o * (1 - o), out=do)
            dh = dgates[t] @ recurrent.T
            dc = dc * f
        flat_gates = dgates.reshape(-1, 4 * hidden)
        former = np.concatenate([np.zeros((1, batch, hidden), np.float32), states[:-1]])
        dkernel = np.concatenate([one_hot.T @ flat_gates,
                                  former.reshape(-1, hidden).T @ flat_gates])
        gradients = [dkernel, flat_gates.sum(0), doutput]
        norm = np.sqrt(sum(np.vdot(one, one) for one in gradients))
        descend(float(min(1.0, 5.0 / norm)), [kernel, bias, output], gradients)
        return loss

    return step


def elementwise() -> Step:
    """A chain over 4 million numbers and its gradient."""
    x = Arrays().normal(4_000_000)

    def step() -> Any:
        t = np.tanh(x * np.float32(1.5) + np.float32(0.5))
        s = sigmoid(x)
        e = np.exp(-np.abs(x))
        y = t * s
        y -= np.float32(0.1) * np.square(x)
        y += e
        loss = np.mean(y)
        gradient = np.float32(1.5) * s * (1 - t * t)
        gradient += t * s * (1 - s)
        gradient -= np.float32(0.2) * x
        gradient -= np.sign(x) * e
        gradient /= np.float32(x.size)
        return loss, np.vdot(gradient, gradient)

    return step


def small_ops() -> Step:
    """1,000 operations on 16 numbers."""
    x = np.linspace(-1, 1, 16).astype(np.float32)
    tanh, add = np.tanh, np.add

    def step() -> Any:
        hidden = x.copy()
        for _ in range(500):
            tanh(hidden, out=hidden)
            add(hidden, x, out=hidden)
        return hidden

    return step


def matmul() -> Step:
    """Four products of 1024x1024."""
    a = Arrays().normal(1024, 1024, scale=1 / 32)
    rooms = np.empty_like(a), np.empty_like(a)

    def step() -> Any:
        product = a
        for number in range(4):
            product = np.dot(product, a, out=rooms[number % 2])
        return product.sum()

    return step


def while_loop() -> Step:
    """1,000 rounds of two operations on 16 numbers."""
    x = np.linspace(-1, 1, 16).astype(np.float32)
    tanh, add = np.tanh, np.add

    def step() -> Any:
        hidden = x.copy()
        for _ in range(1000):
            tanh(hidden, out=hidden)
            add(hidden, x, out=hidden)
        return hidden

    return step


# ---- more_workloads ------------------------------------------------------------------------------


def autoencoder() -> Step:
    """784-256-64-256-784 with sigmoids and RMSProp."""
    numbers = Arrays()
    layers = numbers.layers(784, 256, 64, 256, 784)
    x = numbers.uniform(128, 784)
    descent = RMSProp(flat(layers), 0.01)

    def step() -> Any:
        outputs = forward(x, layers, sigmoid)
        outputs[-1] = sigmoid(outputs[-1])
        error = outputs[-1] - x
        loss = np.mean(np.square(error))
        error *= np.float32(2 / x.size)

        def slope(dy: Array, y: Array) -> Array:
            return dy * (y * (1 - y))

        gradients, _ = backward(slope(error, outputs[-1]), outputs, layers, slope)
        descent.step(gradients)
        return loss

    return step


def large_softmax() -> Step:
    """A softmax over 10,000 classes."""
    numbers = Arrays()
    layers = numbers.layers(256, 10_000)
    x, labels = numbers.normal(128, 256), numbers.classes(10_000, 128)
    return classifier(x, labels, layers, lambda found: descend(0.1, flat(layers), found))


def log_density() -> Step:
    """Log density of a mixture of 16 normals at 100,000 points."""
    numbers = Arrays()
    mean, log_scale, weight = numbers.normal(16), numbers.zeros(16), numbers.zeros(16)
    x = numbers.normal(100_000, 1)

    def step() -> Any:
        scale = np.exp(-log_scale)
        z = (x - mean) * scale
        shares = np.exp(weight - weight.max())
        shares /= shares.sum()
        parts = np.square(z)
        parts *= np.float32(-0.5)
        parts += np.log(shares) - log_scale - np.float32(0.5 * np.log(2 * np.pi))
        most = parts.max(1, keepdims=True)
        parts -= most
        odds = np.exp(parts, out=parts)
        total = odds.sum(1, keepdims=True)
        loss = -np.mean(np.log(total) + most)
        odds /= total * np.float32(-len(x))
        dweight = odds.sum(0)
        odds *= z
        dmean = odds.sum(0) * scale
        dlog_scale = np.einsum("ij,ij->j", odds, z) - dweight
        descend(0.01, [mean, log_scale, weight],
                [dmean, dlog_scale, dweight - shares * dweight.sum()])
        return loss

    return step


def deep_conv() -> Step:
    """Three blocks of two 3x3 convolutions and a pooling, Adam."""
    numbers = Arrays()
    blocks = []
    for i, o in pairwise((3, 16, 32, 64)):
        blocks += [(numbers.weights(3, 3, i, o), None, (1, 1), False),
                   (numbers.weights(3, 3, o, o), numbers.zeros(o), (1, 1), True)]
    layers = numbers.layers(576, 10)
    pictures, labels = numbers.uniform(16, 24, 24, 3), numbers.classes(10, 16)
    biased = [b is not None for _, b, _, _ in blocks for b in (True, b)] + [True] * 2
    variables = [a for w, b, _, _ in blocks for a in (w, b) if a is not None] + flat(layers)
    adam = Adam(variables)
    return convolutional(pictures, labels, blocks, layers, lambda found: adam.step(
        [one for one, is_there in zip(found, biased, strict=True) if is_there]))


def towers() -> Step:
    """Sixteen small networks side by side: their weights stacked, batched products."""
    numbers = Arrays()
    drawn = [numbers.layers(64, 64, 32, 1) for _ in range(16)]
    ws, bs = ([np.stack([tower[k][part] for tower in drawn]) for k in range(3)] for part in (0, 1))
    bs = [b[:, None] for b in bs]
    x, y = numbers.normal(64, 64), numbers.normal(64, 1)
    adam = Adam([*ws, *bs])

    def step() -> Any:
        first = relu(x @ ws[0] + bs[0])
        second = relu(first @ ws[1] + bs[1])
        error = second @ ws[2] + bs[2] - y
        loss = np.sum(np.mean(np.square(error), (1, 2)))
        error *= np.float32(2 / 64)
        dsecond = relu_slope(error @ ws[2].transpose(0, 2, 1), second)
        dfirst = relu_slope(dsecond @ ws[1].transpose(0, 2, 1), first)
        adam.step([x.T @ dfirst, first.transpose(0, 2, 1) @ dsecond,
                   second.transpose(0, 2, 1) @ error,
                   *(d.sum(1, keepdims=True) for d in (dfirst, dsecond, error))])
        return loss

    return step


WORKLOADS = {function.__name__: function for function in (
    scalar, linreg, softmax, mlp, lenet, convnet, lstm, elementwise, small_ops, matmul, while_loop,
    autoencoder, large_softmax, log_density, deep_conv, towers)}
