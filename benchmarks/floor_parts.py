"""The parts of the programs by hand in NumPy: layers forward and backward, losses, optimizers.

What goes forward returns what its way back wants; what goes back returns gradients. Arrays of which
nobody needs the old numbers are written over, and the docstring says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = Any
Step = Callable[[], Any]
Draw = Callable[[tuple[int, ...]], Array]  # numbers in [0, 1) of a shape
Layers = list[tuple[Array, Array]]


def cross_entropy(logits: Array, labels: Array) -> tuple[Array, Array]:
    """The mean softmax cross entropy, and its gradient; `logits` is used up."""
    rows = np.arange(len(labels))
    logits -= logits.max(1, keepdims=True)
    chosen = logits[rows, labels]
    odds = np.exp(logits, out=logits)
    total = odds.sum(1, keepdims=True)
    loss = np.mean(np.log(total[:, 0]) - chosen)
    odds /= total
    odds[rows, labels] -= 1
    odds /= np.float32(len(labels))
    return loss, odds


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x)."""
    y = np.exp(-x)
    y += 1
    return np.reciprocal(y, out=y)


def forward(x: Array, layers: Layers, act: Callable[[Array], Array]) -> list[Array]:
    """The input and the output of each dense layer, the last without `act`."""
    outputs = [x]
    for number, (w, b) in enumerate(layers, 1):
        y = outputs[-1] @ w
        y += b
        outputs.append(act(y) if number < len(layers) else y)
    return outputs


def backward(dy: Array, outputs: list[Array], layers: Layers,
             slope: Callable[[Array, Array], Array]) -> tuple[list[Array], Array]:
    """Gradients of weights and biases, in order, and what flows on to the first layer."""
    found: list[Array] = []
    for number in reversed(range(len(layers))):
        found[:0] = [outputs[number].T @ dy, dy.sum(0)]
        if number:
            dy = slope(dy @ layers[number][0].T, outputs[number])
    return found, dy


def relu(x: Array) -> Array:
    """max(x, 0), in place."""
    return np.maximum(x, 0, out=x)


def relu_slope(dy: Array, y: Array) -> Array:
    """dy where y > 0, in place."""
    dy *= y > 0
    return dy


def flat(layers: Layers) -> list[Array]:
    """Weights and biases in one list."""
    return [array for layer in layers for array in layer]


def descend(rate: float, variables: Sequence[Array], gradients: Sequence[Array]) -> None:
    """v -= rate g; the gradients are used up."""
    for variable, gradient in zip(variables, gradients, strict=True):
        gradient *= np.float32(rate)
        variable -= gradient


class Adam:
    """Adam as in TensorFlow 1."""

    def __init__(self, variables: Sequence[Array], rate: float = 1e-3, beta1: float = 0.9,
                 beta2: float = 0.999) -> None:
        self.variables, self.rate, self.beta1, self.beta2, self.count = (variables, rate, beta1,
                                                                         beta2, 0)
        self.m, self.v, self.room = ([np.zeros_like(one) for one in variables] for _ in range(3))

    def step(self, gradients: Sequence[Array]) -> None:
        """One update; the gradients are used up."""
        self.count += 1
        rate = np.float32(self.rate * np.sqrt(1 - self.beta2 ** self.count)
                          / (1 - self.beta1 ** self.count))
        for x, g, m, v, room in zip(self.variables, gradients, self.m, self.v, self.room,
                                    strict=True):
            np.subtract(g, m, out=room)
            room *= np.float32(1 - self.beta1)
            m += room
            np.square(g, out=g)
            g -= v
            g *= np.float32(1 - self.beta2)
            v += g
            np.sqrt(v, out=room)
            room += np.float32(1e-8)
            np.divide(m, room, out=room)
            room *= rate
            x -= room


class Momentum:
    """speed = momentum * speed + g; v -= rate * speed."""

    def __init__(self, variables: Sequence[Array], rate: float, momentum: float = 0.9) -> None:
        self.variables, self.rate, self.momentum = variables, rate, momentum
        self.speeds = [np.zeros_like(one) for one in variables]

    def step(self, gradients: Sequence[Array]) -> None:
        """One update; the gradients are used up."""
        for variable, speed, room in zip(self.variables, self.speeds, gradients, strict=True):
            speed *= np.float32(self.momentum)
            speed += room
            np.multiply(speed, np.float32(self.rate), out=room)
            variable -= room


class RMSProp:
    """RMSProp as in TensorFlow 1."""

    def __init__(self, variables: Sequence[Array], rate: float) -> None:
        self.variables, self.rate = variables, rate
        self.means, self.room = ([make(one) for one in variables]
                                 for make in (np.ones_like, np.empty_like))

    def step(self, gradients: Sequence[Array]) -> None:
        """One update; the gradients are used up."""
        for variable, mean, g, room in zip(self.variables, self.means, gradients, self.room,
                                           strict=True):
            np.square(g, out=room)
            room -= mean
            room *= np.float32(0.1)
            mean += room
            np.add(mean, np.float32(1e-10), out=room)
            np.sqrt(room, out=room)
            g /= room
            g *= np.float32(self.rate)
            variable -= g


def numpy_draws(seed: int) -> Draw:
    """NumPy's own random numbers: they are others than those that a graph draws."""
    generator = np.random.default_rng(seed)
    return lambda shape: generator.random(shape, dtype=np.float32)


class Dropout:
    """Numbers of a layer set to 0 by chance, the others made larger, after relu.

    Args:
        rate: how many are dropped.
        draw: gives the numbers that decide.
    """

    def __init__(self, rate: float, draw: Draw) -> None:
        self.rate, self.draw, self.scale = np.float32(rate), draw, np.float32(1 / (1 - rate))

    def act(self, x: Array) -> Array:
        """relu and dropout, in place."""
        relu(x)
        x *= self.draw(x.shape) >= self.rate
        x *= self.scale
        return x

    def slope(self, dy: Array, y: Array) -> Array:
        """dy where y is neither below 0 nor dropped, in place."""
        relu_slope(dy, y)
        dy *= self.scale
        return dy


def normalise(x: Array, axis: int, epsilon: float) -> tuple[Array, Array]:
    """A matrix with mean 0 and variance 1 along an axis, in place, and the factors of its scale."""
    x -= x.mean(axis, keepdims=True)
    squares = np.einsum("ij,ij->j" if axis == 0 else "ij,ij->i", x, x)
    squares /= np.float32(x.shape[axis])
    factor = 1 / np.sqrt(np.expand_dims(squares, axis) + np.float32(epsilon))
    x *= factor
    return x, factor


def normalise_back(dy: Array, y: Array, factor: Array, axis: int) -> Array:
    """The gradient before `normalise`, in place of `dy`."""
    along = np.einsum("ij,ij->j" if axis == 0 else "ij,ij->i", dy, y)
    along /= np.float32(y.shape[axis])
    dy -= dy.mean(axis, keepdims=True)
    dy -= y * np.expand_dims(along, axis)
    dy *= factor
    return dy


def columns(x: Array, size: int, pad: tuple[int, int], stride: int = 1) -> tuple[Array, int, int]:
    """im2col: a row of `size * size * channels` numbers per place, and the places' grid."""
    n, _, _, c = x.shape
    x = np.pad(x, ((0, 0), pad, pad, (0, 0))) if any(pad) else x
    h, w = ((side - size) // stride + 1 for side in x.shape[1:3])
    s0, s1, s2, s3 = x.strides
    view = np.lib.stride_tricks.as_strided(x, (n, h, w, size, size * c),
                                           (s0, s1 * stride, s2 * stride, s1, s3))
    return view.reshape(n * h * w, size * size * c), h, w


def convolve(x: Array, w: Array, b: Array | None, pad: tuple[int, int],
             stride: int = 1) -> tuple[Array, Array]:
    """A convolution, and the columns that its gradient wants."""
    cols, height, width = columns(x, w.shape[0], pad, stride)
    y = cols @ w.reshape(-1, w.shape[3])
    if b is not None:
        y += b
    return y.reshape(len(x), height, width, -1), cols


def convolve_back(dy: Array, w: Array, cols: Array, shape: tuple[int, ...], pad: tuple[int, int],
                  stride: int = 1, wants_dx: bool = True) -> tuple[Array, Array, Array]:
    """Gradients of weights, bias and input of a convolution."""
    rows = dy.reshape(-1, dy.shape[3])
    dw = (cols.T @ rows).reshape(w.shape)
    db = rows.sum(0)
    dx = spread(dy, w, shape, pad, stride) if wants_dx else None
    return dw, db, dx


def spread(dy: Array, w: Array, shape: tuple[int, ...], pad: tuple[int, int], stride: int = 1
           ) -> Array:
    """The gradient of a convolution's input; as a step forward, a transposed convolution."""
    n, height, width, filters = dy.shape
    size, _, channels, _ = w.shape
    parts = (dy.reshape(-1, filters) @ w.reshape(-1, filters).T).reshape(
        n, height, width, size, size, channels)
    dx = np.zeros((n, shape[1] + sum(pad), shape[2] + sum(pad), channels), np.float32)
    for i in range(size):
        for j in range(size):
            dx[:, i:i + height * stride:stride, j:j + width * stride:stride] += parts[:, :, :, i, j]
    return dx[:, pad[0]:pad[0] + shape[1], pad[0]:pad[0] + shape[2]]


def corners(x: Array) -> list[Array]:
    """The four corners of all 2x2 windows."""
    return [x[:, i::2, j::2] for i in range(2) for j in range(2)]


def pool(x: Array) -> Array:
    """The largest of each 2x2 window."""
    a, b, c, d = corners(x)
    y = np.maximum(a, b)
    np.maximum(y, c, out=y)
    return np.maximum(y, d, out=y)


def pool_relu_back(dy: Array, y: Array, x: Array) -> Array:
    """The gradient before relu and pooling: to the largest of the window, if it is above 0."""
    dx = np.empty_like(x)
    dy = dy * (y > 0)
    for part, corner in zip(corners(dx), corners(x), strict=True):
        np.multiply(dy, corner == y, out=part)
    return dx


def classifier(x: Array, labels: Array, layers: Layers, update: Callable[[list[Array]], None]
               ) -> Step:
    """Dense layers with relu between them."""
    def step() -> Any:
        outputs = forward(x, layers, relu)
        loss, dy = cross_entropy(outputs[-1], labels)
        update(backward(dy, outputs, layers, relu_slope)[0])
        return loss

    return step


Block = tuple[Array, Array, tuple[int, int], bool]  # weights, bias, padding, whether it pools


def convolutional(x: Array, labels: Array, blocks: list[Block], layers: Layers,
                  update: Callable[[list[Array]], None],
                  act: Callable[[Array], Array] = relu,
                  slope: Callable[[Array, Array], Array] = relu_slope) -> Step:
    """Blocks of convolution, bias, relu and perhaps 2x2 pooling, then dense layers."""
    def step() -> Any:
        inputs, before, cols, hidden = [], [], [], x
        for w, b, pad, pools in blocks:
            inputs.append(hidden)
            y, found = convolve(hidden, w, b, pad)
            hidden = relu(pool(y)) if pools else relu(y)
            before.append((y, hidden))
            cols.append(found)
        outputs = forward(hidden.reshape(len(x), -1), layers, act)
        loss, dy = cross_entropy(outputs[-1], labels)
        gradients, dy = backward(dy, outputs, layers, slope)
        dy = (dy @ layers[0][0].T).reshape(hidden.shape)
        for number in reversed(range(len(blocks))):
            w, _, pad, pools = blocks[number]
            y, hidden = before[number]
            dy = pool_relu_back(dy, hidden, y) if pools else dy * (hidden > 0)
            dw, db, dy = convolve_back(dy, w, cols[number], inputs[number].shape, pad,
                                       wants_dx=number > 0)
            gradients[:0] = [dw, db]
        update(gradients)
        return loss

    return step
