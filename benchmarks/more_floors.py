"""More workloads by hand in NumPy: see `floors`."""

from __future__ import annotations

from typing import Any

import numpy as np
from arrays import Arrays
from floor_parts import (
    Adam,
    Array,
    Momentum,
    Step,
    classifier,
    convolve,
    convolve_back,
    cross_entropy,
    descend,
    flat,
    relu,
    relu_slope,
    sigmoid,
)


def batch_norm() -> Step:
    """Two convolutions with batch normalisation, momentum."""
    numbers = Arrays()
    blocks = []
    for inputs, filters in ((1, 16), (16, 32)):
        blocks.append((numbers.weights(3, 3, inputs, filters), numbers.zeros(filters),
                       np.ones(filters, np.float32)))
    (w, b), = numbers.layers(1568, 10)
    pictures, labels = numbers.uniform(32, 28, 28, 1), numbers.classes(10, 32)
    variables = [*(array for block in blocks for array in block), w, b]
    descent = Momentum(variables, 0.1)

    def step() -> Any:
        hidden, kept = pictures, []
        for kernel, offset, scale in blocks:
            y, cols = convolve(hidden, kernel, None, (0, 1), 2)
            mean = y.mean((0, 1, 2))
            y -= mean
            factor = 1 / np.sqrt(np.mean(np.square(y), (0, 1, 2)) + np.float32(1e-3))
            y *= factor
            out = relu(y * scale + offset)
            kept.append((hidden.shape, cols, y, factor, out))
            hidden = out
        flat_hidden = hidden.reshape(32, -1)
        loss, dy = cross_entropy(flat_hidden @ w + b, labels)
        gradients = [flat_hidden.T @ dy, dy.sum(0)]
        dy = (dy @ w.T).reshape(hidden.shape)
        for (kernel, _, scale), (shape, cols, y, factor, out) in zip(
                reversed(blocks), reversed(kept), strict=True):
            dy = dy * (out > 0)
            doffset, dscale = dy.sum((0, 1, 2)), (dy * y).sum((0, 1, 2))
            count = np.float32(dy.size / len(scale))
            dy = (dy - doffset / count - y * (dscale / count)) * (scale * factor)
            dkernel, _, dy = convolve_back(dy, kernel, cols, shape, (0, 1), 2,
                                           wants_dx=shape[3] > 1)
            gradients[:0] = [dkernel, doffset, dscale]
        descent.step(gradients)
        return loss

    return step


def gru_loop() -> Step:
    """A GRU of 128 units over 30 steps: products with the inputs taken out of the loop."""
    batch, steps, inputs, hidden = 32, 30, 32, 128
    numbers = Arrays()
    gates, candidate = (numbers.weights(inputs + hidden, 2 * hidden),
                        numbers.weights(inputs + hidden, hidden))
    x = numbers.normal(steps, batch, inputs)
    rows = x.reshape(-1, inputs)

    def step() -> Any:
        to_gates = (rows @ gates[:inputs]).reshape(steps, batch, -1)
        to_candidate = (rows @ candidate[:inputs]).reshape(steps, batch, -1)
        h, kept = np.zeros((batch, hidden), np.float32), []
        for t in range(steps):
            both = sigmoid(to_gates[t] + h @ gates[inputs:])
            r, u = both[:, :hidden], both[:, hidden:]
            new = np.tanh(to_candidate[t] + (r * h) @ candidate[inputs:])
            kept.append((h, r, u, new))
            h = u * h + (1 - u) * new
        error = h - np.float32(0.5)
        loss = np.mean(np.square(error))
        dh = error * np.float32(2 / error.size)
        dgates = np.empty((steps, batch, 2 * hidden), np.float32)
        dnews = np.empty((steps, batch, hidden), np.float32)
        for t in reversed(range(steps)):
            h, r, u, new = kept[t]
            dnew = np.multiply(dh * (1 - u), 1 - new * new, out=dnews[t])
            through = dnew @ candidate[inputs:].T
            np.multiply(through * h, r * (1 - r), out=dgates[t, :, :hidden])
            np.multiply(dh * (h - new), u * (1 - u), out=dgates[t, :, hidden:])
            dh = dh * u + through * r + dgates[t] @ gates[inputs:].T
        before = np.stack([h for h, *_ in kept]).reshape(-1, hidden)
        passed = np.stack([r * h for h, r, *_ in kept]).reshape(-1, hidden)
        flat_gates, flat_news = dgates.reshape(-1, 2 * hidden), dnews.reshape(-1, hidden)
        descend(0.1, [gates, candidate],
                [np.concatenate([rows.T @ flat_gates, before.T @ flat_gates]),
                 np.concatenate([rows.T @ flat_news, passed.T @ flat_news])])
        return loss

    return step


def _summed_rows(places: Array, rows: Array) -> tuple[Array, Array]:
    """Which rows there are, and the sum of those that name the same one."""
    which, first = np.unique(places, return_inverse=True)
    sums = np.zeros((len(which), rows.shape[1]), np.float32)
    np.add.at(sums, first, rows)
    return which, sums


def embeddings() -> Step:
    """Word vectors with sparse gradients and Adagrad."""
    numbers = Arrays()
    table, output = numbers.weights(50_000, 128), numbers.weights(50_000, 128)
    words, context = numbers.classes(50_000, 256), numbers.classes(50_000, 256, 8)
    squares = [np.full_like(table, 0.1), np.full_like(output, 0.1)]
    labels = np.zeros((256, 8), np.float32)
    labels[:, 0] = 1

    def step() -> Any:
        near, word = output[context], table[words]
        scores = np.einsum("nkd,nd->nk", near, word)
        loss = np.mean(np.maximum(scores, 0) - scores * labels
                       + np.log1p(np.exp(-np.abs(scores))))
        dscores = (sigmoid(scores) - labels) / np.float32(scores.size)
        found = [(words, np.einsum("nk,nkd->nd", dscores, near)),
                 (context.reshape(-1), (dscores[:, :, None] * word[:, None]).reshape(-1, 128))]
        for variable, square, (places, rows) in zip((table, output), squares, found, strict=True):
            which, gradient = _summed_rows(places, rows)
            total = square[which] + np.square(gradient)
            square[which] = total
            variable[which] -= np.float32(0.1) * gradient / np.sqrt(total)
        return loss

    return step


def vae() -> Step:
    """A variational auto-encoder with Adam, fed with its noise."""
    numbers = Arrays()
    layers = [layer for sizes in ((784, 200), (200, 20), (200, 20), (20, 200), (200, 784))
              for layer in numbers.layers(*sizes)]
    first, to_mean, to_variance, third, last = layers
    x, noise = numbers.uniform(100, 784), numbers.normal(100, 20)
    adam = Adam(flat(layers))

    def step() -> Any:
        hidden = relu(x @ first[0] + first[1])
        mean, log_variance = (hidden @ w + b for w, b in (to_mean, to_variance))
        spread = np.exp(np.float32(0.5) * log_variance)
        code = mean + noise * spread
        inner = relu(code @ third[0] + third[1])
        logits = inner @ last[0] + last[1]
        likelihood = np.sum(np.maximum(logits, 0) - logits * x
                            + np.log1p(np.exp(-np.abs(logits))), 1)
        variance = spread * spread
        divergence = -0.5 * np.sum(1 + log_variance - mean * mean - variance, 1)
        loss = np.mean(likelihood + divergence)
        n = np.float32(len(x))
        dlogits = (sigmoid(logits) - x) / n
        dinner = relu_slope(dlogits @ last[0].T, inner)
        dcode = dinner @ third[0].T
        dmean = dcode + mean / n
        dvariance = (np.float32(0.5) * dcode * noise * spread
                     + np.float32(0.5) * (variance - 1) / n)
        dhidden = relu_slope(dmean @ to_mean[0].T + dvariance @ to_variance[0].T, hidden)
        adam.step([x.T @ dhidden, dhidden.sum(0), hidden.T @ dmean, dmean.sum(0),
                   hidden.T @ dvariance, dvariance.sum(0), code.T @ dinner, dinner.sum(0),
                   inner.T @ dlogits, dlogits.sum(0)])
        return loss

    return step


# ---- network_workloads, other_workloads ----------------------------------------------------------


def _dense(batch: int, *sizes: int) -> Step:
    numbers = Arrays()
    layers = numbers.layers(*sizes)
    x, labels = numbers.uniform(batch, sizes[0]), numbers.classes(sizes[-1], batch)
    return classifier(x, labels, layers, Adam(flat(layers)).step)


def mlp_wide() -> Step:
    """784-1024-1024-10 with Adam, batch 32."""
    return _dense(32, 784, 1024, 1024, 10)


def mlp_small() -> Step:
    """20-16-16-2 with Adam, batch 32."""
    return _dense(32, 20, 16, 16, 2)


def newton() -> Step:
    """Square roots of 10,000 numbers by Newton's method."""
    x = Arrays().uniform(10_000) + np.float32(0.5)

    def step() -> Any:
        guess = x
        for _ in range(50):
            if np.max(np.abs(guess * guess - x) / x) <= 1e-5:
                break
            guess = np.float32(0.5) * (guess + x / guess)
        return guess

    return step


def momentum_many() -> Step:
    """Momentum on 100 variables of 64x64."""
    numbers = Arrays()
    variables = [numbers.weights(64, 64) for _ in range(100)]
    speeds = [np.zeros_like(one) for one in variables]

    def step() -> None:
        for variable, speed in zip(variables, speeds, strict=True):
            gradient = variable - 1
            gradient *= np.float32(2 / gradient.size)
            speed *= np.float32(0.9)
            speed += gradient
            variable -= np.float32(0.1) * speed

    def loss() -> Any:
        value = sum(np.mean(np.square(one - 1)) for one in variables)
        step()
        return value

    return loss


def kmeans() -> Step:
    """A step of k-means: 10,000 points of 16 numbers, 32 clusters."""
    numbers = Arrays()
    centres = numbers.normal(32, 16)
    points = numbers.normal(10_000, 16)
    clusters = np.arange(32)

    def step() -> Any:
        distances = points @ centres.T
        distances *= -2
        distances += np.square(centres).sum(1)
        nearest = (distances.argmin(1)[:, None] == clusters).astype(np.float32)
        centres[:] = nearest.T @ points / np.maximum(nearest.sum(0), 1)[:, None]
        return centres

    return step


def mandelbrot() -> Step:
    """A round of the Mandelbrot set on 500x400 complex numbers."""
    real, imaginary = np.meshgrid(np.linspace(-2, 0.5, 500), np.linspace(-1, 1, 400))
    places = (real + 1j * imaginary).astype(np.complex64)
    z, count = places.copy(), np.zeros((400, 500), np.float32)

    def step() -> Any:
        new = z * z
        new += places
        near = np.abs(new) < 4
        np.copyto(z, new, where=near)
        np.add(count, near, out=count)
        return np.float32(np.count_nonzero(near))

    return step


def pond() -> Step:
    """A wave equation on 500x500, its Laplacian by shifted sums."""
    height = Arrays().normal(500, 500, scale=0.01)
    speed = np.zeros((500, 500), np.float32)

    def step() -> Any:
        wide = np.pad(height, 1)
        rows = wide[:, :-2] + wide[:, 2:]
        laplacian = rows[:-2] + rows[2:]
        laplacian *= np.float32(0.5)
        laplacian += rows[1:-1]
        laplacian += wide[:-2, 1:-1]
        laplacian += wide[2:, 1:-1]
        laplacian -= 6 * height
        new = height + np.float32(0.03) * speed
        laplacian -= np.float32(0.04) * speed
        laplacian *= np.float32(0.03)
        np.add(speed, laplacian, out=speed)
        height[:] = new
        return np.vdot(new, new)

    return step


def batched_products() -> Step:
    """256 products of 32x32 by 32x32, and the gradient."""
    numbers = Arrays()
    b, a = numbers.normal(256, 32, 32), numbers.normal(256, 32, 32)

    def step() -> Any:
        product = a @ b
        loss = np.mean(np.square(product))
        product *= np.float32(2 / product.size)
        return a.transpose(0, 2, 1) @ product, loss

    return step


def regression() -> Step:
    """Linear regression on a 20,000x100 table."""
    numbers = Arrays()
    w, b = numbers.zeros(100, 1), numbers.zeros(1)
    x, y = numbers.normal(20_000, 100), numbers.normal(20_000, 1)

    def step() -> Any:
        error = x @ w
        error += b - y
        loss = np.mean(np.square(error))
        error *= np.float32(2 / len(x))
        descend(0.01, [w, b], [x.T @ error, error.sum(0)])
        return loss

    return step


WORKLOADS = {function.__name__: function for function in (
    batch_norm, gru_loop, embeddings, vae, mlp_wide, mlp_small, newton, momentum_many, kmeans,
    mandelbrot, pond, batched_products, regression)}
