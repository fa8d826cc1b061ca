"""The workloads in JAX's own idiom: pure functions of the parameters, `jit` around the whole step.

Data and first values are those of the TensorFlow programs, so the steps give the same values.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from arrays import Arrays
from jax import lax

Step = Callable[[], Any]
Loss = Callable[[Any, Any, Any], Any]
_map = jax.tree_util.tree_map


def _cross_entropy(logits: Any, labels: Any) -> Any:
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1).mean()


def _dense(layers: Any, x: Any) -> Any:
    *hidden, (w, b) = layers
    for weights, bias in hidden:
        x = jax.nn.relu(x @ weights + bias)
    return x @ w + b


def _trained(loss: Loss, parameters: Any, x: Any, y: Any, update: Any) -> Step:
    """One step: loss, gradient and update in one compiled function, fed with NumPy arrays."""
    advance, state = update

    @jax.jit
    def run(parameters: Any, state: Any, x: Any, y: Any) -> Any:
        value, gradients = jax.value_and_grad(loss)(parameters, x, y)
        return value, *advance(parameters, gradients, state)

    now = [_map(jnp.asarray, parameters), state]

    def step() -> Any:
        value, *now[:] = run(*now, x, y)
        jax.block_until_ready(now)
        return float(value)

    return step


def _sgd(rate: float) -> Any:
    return lambda parameters, gradients, state: (
        _map(lambda p, g: p - rate * g, parameters, gradients), state), ()


def _adam(parameters: Any, rate: float = 1e-3) -> Any:
    def advance(parameters: Any, gradients: Any, state: Any) -> Any:
        m, v, count = state
        count += 1
        m = _map(lambda m, g: 0.9 * m + 0.1 * g, m, gradients)
        v = _map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradients)
        now = rate * jnp.sqrt(1 - 0.999 ** count) / (1 - 0.9 ** count)
        return _map(lambda p, m, v: p - now * m / (jnp.sqrt(v) + 1e-8), parameters, m, v), (
            m, v, count)

    zeros = _map(jnp.zeros_like, parameters)
    return advance, (zeros, zeros, 0.0)


def scalar() -> Step:
    """Two operations on a number."""
    run = jax.jit(lambda a: a * 2.0 + 1.0)
    return lambda: float(run(1.0))


def linreg() -> Step:
    """Linear regression on ten points."""
    numbers = Arrays()
    x = numbers.normal(10, 2)
    y = (x @ np.array([[2.0], [-3.4]], np.float32) + 4.2).astype(np.float32)

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        w, b = parameters
        return jnp.square(x @ w + b - y).mean() / 2

    return _trained(loss, [numbers.zeros(2, 1), numbers.zeros(1)], x, y, _sgd(0.03))


def softmax() -> Step:
    """Softmax regression."""
    numbers = Arrays()
    x, y = numbers.uniform(256, 784), numbers.classes(10, 256)
    return _trained(lambda layers, x, y: _cross_entropy(_dense(layers, x), y),
                    [(numbers.zeros(784, 10), numbers.zeros(10))], x, y, _sgd(0.1))


def mlp() -> Step:
    """784-256-256-10 with Adam."""
    numbers = Arrays()
    x, y = numbers.uniform(128, 784), numbers.classes(10, 128)
    layers = numbers.layers(784, 256, 256, 10)
    return _trained(lambda layers, x, y: _cross_entropy(_dense(layers, x), y), layers, x, y,
                    _adam(layers))


def _conv(x: Any, w: Any, b: Any = 0.0, padding: str = "SAME") -> Any:
    return jax.nn.relu(lax.conv_general_dilated(
        x, w, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")) + b)


def _pool(x: Any) -> Any:
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME")


def lenet() -> Step:
    """LeNet-5 with SGD."""
    numbers = Arrays()
    x, y = numbers.uniform(64, 28, 28, 1), numbers.classes(10, 64)
    filters = [(numbers.weights(5, 5, 1, 6), numbers.zeros(6)),
               (numbers.weights(5, 5, 6, 16), numbers.zeros(16))]

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        (first, second), layers = parameters
        x = _pool(_conv(_pool(_conv(x, *first)), *second, "VALID"))
        return _cross_entropy(_dense(layers, x.reshape(len(x), -1)), y)

    return _trained(loss, (filters, numbers.layers(400, 120, 84, 10)), x, y, _sgd(0.1))


def convnet() -> Step:
    """32-64-128 channels of 3x3."""
    numbers = Arrays()
    x, y = numbers.uniform(32, 32, 32, 3), numbers.classes(10, 32)
    filters = [(numbers.weights(3, 3, i, o), numbers.zeros(o))
               for i, o in pairwise((3, 32, 64, 128))]

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        filters, layers = parameters
        for w, b in filters:
            x = _pool(_conv(x, w, b))
        return _cross_entropy(_dense(layers, x.reshape(len(x), -1)), y)

    return _trained(loss, (filters, numbers.layers(2048, 10)), x, y, _sgd(0.1))


def lstm() -> Step:
    """An LSTM of 256 units over 35 characters, with lax.scan."""
    batch, steps, hidden, vocabulary = 32, 35, 256, 64
    numbers = Arrays()
    text, following = (numbers.generator.integers(0, vocabulary, (batch, steps)) for _ in range(2))

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        kernel, bias, output = parameters

        def cell(state: Any, letter: Any) -> Any:
            h, c = state
            i, j, f, o = jnp.split(jnp.concatenate([letter, h], 1) @ kernel + bias, 4, 1)
            c = c * jax.nn.sigmoid(f + 1) + jax.nn.sigmoid(i) * jnp.tanh(j)
            h = jnp.tanh(c) * jax.nn.sigmoid(o)
            return (h, c), h

        zeros = jnp.zeros((batch, hidden))
        letters = jax.nn.one_hot(x, vocabulary).swapaxes(0, 1)
        _, states = lax.scan(cell, (zeros, zeros), letters)
        return _cross_entropy(states.swapaxes(0, 1).reshape(-1, hidden) @ output, y.reshape(-1))

    def clipped(parameters: Any, gradients: Any, state: Any) -> Any:
        norm = jnp.sqrt(sum(jnp.square(one).sum() for one in gradients))
        factor = jnp.minimum(1.0, 5.0 / norm)
        return _map(lambda p, g: p - factor * g, parameters, gradients), state

    parameters = [numbers.weights(vocabulary + hidden, 4 * hidden), numbers.zeros(4 * hidden),
                  numbers.weights(hidden, vocabulary)]
    return _trained(loss, parameters, text, following, (clipped, ()))


def elementwise() -> Step:
    """A chain over 4 million numbers and its gradient."""
    x = jnp.asarray(Arrays().normal(4_000_000))

    def loss(x: Any) -> Any:
        return (jnp.tanh(x * 1.5 + 0.5) * jax.nn.sigmoid(x) - 0.1 * jnp.square(x)
                + jnp.exp(-jnp.abs(x))).mean()

    @jax.jit
    def run(x: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(x)
        return value, jnp.square(gradient).sum()

    return lambda: tuple(float(one) for one in run(x))


def small_ops() -> Step:
    """1,000 operations on 16 numbers."""
    @jax.jit
    def run(x: Any) -> Any:
        hidden = x
        for _ in range(500):
            hidden = jnp.tanh(hidden) + x
        return hidden

    x = np.linspace(-1, 1, 16).astype(np.float32)
    return lambda: np.asarray(run(x))


def while_loop() -> Step:
    """1,000 rounds of two operations on 16 numbers."""
    run = jax.jit(lambda x: lax.fori_loop(0, 1000, lambda i, hidden: jnp.tanh(hidden) + x, x))
    x = np.linspace(-1, 1, 16).astype(np.float32)
    return lambda: np.asarray(run(x))


def matmul() -> Step:
    """Four products of 1024x1024."""
    a = jnp.asarray(Arrays().normal(1024, 1024, scale=1 / 32))
    run = jax.jit(lambda a: (a @ a @ a @ a @ a).sum())
    return lambda: float(run(a))


def autoencoder() -> Step:
    """784-256-64-256-784 with sigmoids and RMSProp."""
    numbers = Arrays()
    layers = numbers.layers(784, 256, 64, 256, 784)
    x = numbers.uniform(128, 784)

    def loss(layers: Any, x: Any, y: Any) -> Any:
        hidden = x
        for w, b in layers:
            hidden = jax.nn.sigmoid(hidden @ w + b)
        return jnp.square(hidden - y).mean()

    def advance(parameters: Any, gradients: Any, means: Any) -> Any:
        means = _map(lambda mean, g: 0.9 * mean + 0.1 * g * g, means, gradients)
        return _map(lambda p, g, mean: p - 0.01 * g / jnp.sqrt(mean + 1e-10),
                    parameters, gradients, means), means

    return _trained(loss, layers, x, x, (advance, _map(jnp.ones_like, layers)))


def large_softmax() -> Step:
    """A softmax over 10,000 classes."""
    numbers = Arrays()
    layers = numbers.layers(256, 10_000)
    x = numbers.normal(128, 256)
    return _trained(lambda layers, x, y: _cross_entropy(_dense(layers, x), y), layers, x,
                    numbers.classes(10_000, 128), _sgd(0.1))


def log_density() -> Step:
    """Log density of a mixture of 16 normals at 100,000 points."""
    numbers = Arrays()
    parameters = [numbers.normal(16), numbers.zeros(16), numbers.zeros(16)]

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        mean, log_scale, weight = parameters
        z = (x - mean) * jnp.exp(-log_scale)
        parts = -0.5 * jnp.square(z) - log_scale - 0.5 * np.log(2 * np.pi)
        return -jax.nn.logsumexp(parts + jax.nn.log_softmax(weight), 1).mean()

    return _trained(loss, parameters, numbers.normal(100_000, 1), np.float32(0), _sgd(0.01))


def deep_conv() -> Step:
    """Three blocks of two 3x3 convolutions and a pooling, Adam."""
    numbers = Arrays()
    blocks = [(numbers.weights(3, 3, i, o), numbers.weights(3, 3, o, o), numbers.zeros(o))
              for i, o in pairwise((3, 16, 32, 64))]
    parameters = blocks, numbers.layers(576, 10)

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        blocks, layers = parameters
        for first, second, b in blocks:
            x = _pool(_conv(_conv(x, first), second, b))
        return _cross_entropy(_dense(layers, x.reshape(len(x), -1)), y)

    return _trained(loss, parameters, numbers.uniform(16, 24, 24, 3), numbers.classes(10, 16),
                    _adam(parameters))


def _mlp_after(batch: int, *sizes: int) -> Step:
    """A network whose weights are drawn before its data."""
    numbers = Arrays()
    layers = numbers.layers(*sizes)
    x, y = numbers.uniform(batch, sizes[0]), numbers.classes(sizes[-1], batch)
    return _trained(lambda layers, x, y: _cross_entropy(_dense(layers, x), y), layers, x, y,
                    _adam(layers))


def mlp_wide() -> Step:
    """784-1024-1024-10 with Adam, batch 32."""
    return _mlp_after(32, 784, 1024, 1024, 10)


def mlp_small() -> Step:
    """20-16-16-2 with Adam, batch 32."""
    return _mlp_after(32, 20, 16, 16, 2)


WORKLOADS = {function.__name__: function for function in (
    scalar, linreg, softmax, mlp, lenet, convnet, lstm, elementwise, small_ops, matmul, while_loop,
    autoencoder, large_softmax, log_density, deep_conv, mlp_wide, mlp_small)}
