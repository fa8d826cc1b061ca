"""The workloads of `other_workloads` by hand in NumPy: see `floors`; some are in `more_floors`.

Random choices are drawn as TensorFlow draws them, by `streams`, so that values agree. There is no
`many_fetches`: it measures what a session does for each fetch, and by hand there is no session.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from arrays import Arrays
from floor_parts import (
    Adam,
    Array,
    Step,
    cross_entropy,
    descend,
    flat,
    relu,
    relu_slope,
    sigmoid,
)
from streams import Stream, uniform

# ---- embeddings ----------------------------------------------------------------------------------


def summed_rows(places: Array, rows: Array) -> tuple[Array, Array]:
    """Which places there are, and for each the sum of the rows that name it."""
    order = np.argsort(places, kind="stable")
    sorted_places = places[order]
    starts = np.flatnonzero(np.diff(sorted_places, prepend=-1))
    return sorted_places[starts], np.add.reduceat(rows[order], starts)


class LogUniformSampler:
    """Draws different classes, those with small numbers more often, as TensorFlow does.

    Class k has the probability log((k + 2) / (k + 1)) / log(classes + 1).
    """

    def __init__(self, count: int, classes: int, seed: int) -> None:
        self.count, self.classes = count, classes
        # Two words make a number; three times the numbers that are wanted have enough classes.
        self.words = Stream(seed, 6 * count, taken=512 * count)

    def draw(self) -> tuple[Array, int]:
        """The classes, as they come, and how many numbers it took to find so many."""
        words = self.words().astype(np.uint64)
        numbers = ((words[0::2] & np.uint64(0xFFFFF)) << np.uint64(32) | words[1::2]) * 2.0 ** -52
        drawn = np.exp(numbers * np.log1p(self.classes)).astype(np.int64) - 1
        first = np.sort(np.unique(drawn, return_index=True)[1])[:self.count]
        return drawn[first], int(first[self.count - 1]) + 1

    def log_expected(self, classes: Array, tries: int) -> Array:
        """The log of the chance that a class is among those of so many numbers."""
        chance = np.log((classes + 2.0) / (classes + 1.0)) / np.log1p(self.classes)
        return np.log(-np.expm1(tries * np.log1p(-chance))).astype(np.float32)


def word2vec() -> Step:
    """Skip-grams with noise-contrastive estimation: 20,000 words of 128, 64 noise words, SGD."""
    numbers = Arrays()
    table, weights, biases = (numbers.weights(20_000, 128), numbers.weights(20_000, 128),
                              numbers.zeros(20_000))
    words, context = numbers.classes(20_000, 128), numbers.classes(20_000, 128)
    sampler = LogUniformSampler(64, 20_000, seed=1)

    def step() -> Any:
        noise, tries = sampler.draw()
        near, true, false = table[words], weights[context], weights[noise]
        right = (np.einsum("ij,ij->i", near, true) + biases[context]
                 - sampler.log_expected(context, tries))
        wrong = near @ false.T + (biases[noise] - sampler.log_expected(noise, tries))
        loss = np.mean(np.logaddexp(0, -right) + np.logaddexp(0, wrong).sum(1))
        n = np.float32(len(words))
        dright, dwrong = (sigmoid(right) - 1) / n, sigmoid(wrong) / n
        dnear = dright[:, None] * true + dwrong @ false
        for variable, places, rows in (
                (table, words, dnear), (weights, context, dright[:, None] * near),
                (biases, context, dright)):
            which, sums = summed_rows(places, rows)
            variable[which] -= sums
        weights[noise] -= dwrong.T @ near  # no word twice
        biases[noise] -= dwrong.sum(0)
        return loss

    return step


def sampled_softmax() -> Step:
    """A softmax over 20,000 classes of which 256 are sampled, batch 128, Adagrad."""
    numbers = Arrays()
    (w, b), = numbers.layers(64, 128)
    weights, biases = numbers.weights(20_000, 128), numbers.zeros(20_000)
    x, labels = numbers.normal(128, 64), numbers.classes(20_000, 128)
    sampler = LogUniformSampler(256, 20_000, seed=1)
    variables = [w, b, weights, biases]
    squares = [np.full_like(one, 0.1) for one in variables]
    first = np.zeros(128, np.int64)

    def step() -> Any:
        sampled, tries = sampler.draw()
        hidden = relu(x @ w + b)
        true, others = weights[labels], weights[sampled]
        logits = np.empty((128, 257), np.float32)  # the true class, then the sampled ones
        logits[:, 0] = (np.einsum("ij,ij->i", hidden, true) + biases[labels]
                        - sampler.log_expected(labels, tries))
        np.matmul(hidden, others.T, out=logits[:, 1:])
        logits[:, 1:] += biases[sampled] - sampler.log_expected(sampled, tries)
        logits[:, 1:][labels[:, None] == sampled] = np.finfo(np.float32).min
        loss, dlogits = cross_entropy(logits, first)
        dtrue, dothers = dlogits[:, 0], dlogits[:, 1:]
        dhidden = relu_slope(dtrue[:, None] * true + dothers @ others, hidden)
        classes = np.concatenate([labels, sampled])
        which, dweights = summed_rows(classes, np.concatenate([dtrue[:, None] * hidden,
                                                               dothers.T @ hidden]))
        dbiases = summed_rows(classes, np.concatenate([dtrue, dothers.sum(0)]))[1]
        every = slice(None)
        for variable, square, rows, gradient in zip(
                variables, squares, (every, every, which, which),
                (x.T @ dhidden, dhidden.sum(0), dweights, dbiases), strict=True):
            total = square[rows] + gradient * gradient
            square[rows] = total
            variable[rows] -= np.float32(0.1) * gradient / np.sqrt(total)
        return loss

    return step


def factorisation() -> Step:
    """Ratings of 5,000 users and 2,000 films from 32 factors each, batch 512, Adam."""
    numbers = Arrays()
    factors = [numbers.weights(5000, 32), numbers.weights(2000, 32)]
    offsets = [numbers.zeros(5000), numbers.zeros(2000)]
    chosen = [numbers.classes(5000, 512), numbers.classes(2000, 512)]
    rating = numbers.uniform(512)
    adam = Adam([*factors, *offsets], 0.01)
    decay = np.float32(1e-4)

    def step() -> Any:
        of_user, of_film = (table[places] for table, places in zip(factors, chosen, strict=True))
        error = np.einsum("ij,ij->i", of_user, of_film) - rating
        for offset, places in zip(offsets, chosen, strict=True):
            error += offset[places]
        loss = np.mean(np.square(error)) + decay / 2 * sum(np.vdot(one, one) for one in factors)
        error *= np.float32(2 / len(error))
        gradients = [decay * one for one in factors] + [np.zeros_like(one) for one in offsets]
        rows = [error[:, None] * of_film, error[:, None] * of_user, error, error]
        for gradient, places, given in zip(gradients, chosen * 2, rows, strict=True):
            which, sums = summed_rows(places, given)
            gradient[which] += sums
        adam.step(gradients)
        return loss

    return step


# ---- optimizers ----------------------------------------------------------------------------------


def rmsprop_many() -> Step:
    """RMSProp on 100 variables of 64x64; what an update makes stays in the cache."""
    numbers = Arrays()
    variables = [numbers.weights(64, 64) for _ in range(100)]
    means = [np.ones_like(one) for one in variables]
    speeds = [np.zeros_like(one) for one in variables]
    gradient, room = np.empty((64, 64), np.float32), np.empty((64, 64), np.float32)

    def step() -> Any:
        loss = 0.0
        for variable, mean, speed in zip(variables, means, speeds, strict=True):
            np.subtract(variable, np.float32(1), out=gradient)
            loss += np.vdot(gradient, gradient) / gradient.size
            np.multiply(gradient, np.float32(2 / gradient.size), out=gradient)
            np.square(gradient, out=room)
            np.subtract(room, mean, out=room)
            np.multiply(room, np.float32(0.1), out=room)
            mean += room
            np.add(mean, np.float32(1e-10), out=room)
            np.sqrt(room, out=room)
            np.divide(gradient, room, out=room)
            np.multiply(room, np.float32(0.01), out=room)
            speed *= np.float32(0.9)
            speed += room
            variable -= speed
        return loss

    return step


def clip_norm() -> Step:
    """Gradients of 8 variables of 512x512, clipped by their global norm, SGD."""
    numbers = Arrays()
    variables = [numbers.weights(512, 512) for _ in range(8)]
    size, most = 512 * 512, 1e-3

    def step() -> Any:
        errors = [variable - 1 for variable in variables]
        squares = float(sum(np.vdot(error, error) for error in errors))
        norm = 2 / size * np.sqrt(squares)  # a gradient is 2 / size times its error
        descend(0.1 * 2 / size * most / max(norm, most), variables, errors)
        return squares / size

    return step


# ---- densities -----------------------------------------------------------------------------------


def log_gamma(x: Array) -> tuple[Array, Array]:
    """log(gamma(x)) and its slope digamma(x) for float32 x > 0, to about 1e-6.

    Stirling's series at z = x + 4, and back by gamma(x) = gamma(z) / (x (x + 1) (x + 2) (x + 3)).
    """
    z = x + np.float32(4)
    inverse, log_z = 1 / z, np.log(z)
    inner = x * (x + 3)  # of the four factors, the outer two; the inner two make 2 more
    factors = inner * (inner + 2)
    q = inverse * inverse
    value = (z - np.float32(0.5)) * log_z - z + np.float32(np.log(2 * np.pi) / 2)
    value += inverse * (np.float32(1 / 12) - q * (np.float32(1 / 360) - q * np.float32(1 / 1260)))
    value -= np.log(factors)
    slope = log_z - inverse * np.float32(0.5)
    slope -= q * (np.float32(1 / 12) - q * (np.float32(1 / 120) - q * np.float32(1 / 252)))
    slope -= (2 * x + 3) * (2 * inner + 2) / factors
    return value, slope


def gamma_density() -> Step:
    """The log density of a gamma distribution at 50,000 points and its gradients."""
    numbers = Arrays()
    shape, rate = (numbers.uniform(50_000) + np.float32(1), numbers.uniform(50_000)
                   + np.float32(0.5))
    x = numbers.uniform(50_000) + np.float32(0.1)

    def step() -> Any:
        value, slope = log_gamma(shape)
        log_rate, log_x = np.log(rate), np.log(x)
        density = shape * log_rate + (shape - 1) * log_x - rate * x - value
        return log_rate + log_x - slope, shape / rate - x, density.sum()

    return step


def hamiltonian() -> Step:
    """Ten leapfrog steps of a Hamiltonian sampler on a logistic regression, 1,000x10 features."""
    numbers = Arrays()
    start, push = numbers.normal(10, 1), numbers.normal(10, 1)
    x, y = numbers.normal(1000, 10), numbers.classes(2, 1000, 1).astype(np.float32)
    turned = np.ascontiguousarray(x.T)

    def slope(place: Array) -> Array:
        error = sigmoid(x @ place)
        error -= y
        return place + turned @ error

    def step() -> Any:
        place, speed = start, push - np.float32(0.005) * slope(start)
        for _ in range(10):
            place = place + np.float32(0.01) * speed
            speed = speed - np.float32(0.01) * slope(place)
        return speed, place

    return step


def gaussian_process() -> Step:
    """The likelihood of a Gaussian process at 128 points in float64, and a step of its width."""
    numbers = Arrays()
    x, y = numbers.normal(128, 3).astype(float), numbers.normal(128, 1).astype(float)
    width = 0.5

    def step() -> Any:
        nonlocal width
        squares = np.square(x).sum(1)
        distance = squares[:, None] + squares - 2 * (x @ x.T)
        kernel = np.exp(distance * -width)
        covariance = kernel.copy()
        covariance[np.diag_indices(len(x))] += 0.1
        inverse = np.linalg.inv(covariance)
        weights = inverse @ y
        root = np.linalg.cholesky(covariance)
        loss = 0.5 * np.vdot(y, weights) + np.log(root.diagonal()).sum()
        inverse -= weights * weights.T  # twice the gradient of the covariance
        kernel *= distance
        width += 1e-4 * 0.5 * np.vdot(inverse, kernel)
        return loss

    return step


# ---- pictures ------------------------------------------------------------------------------------


def between(old: int, new: int) -> tuple[Array, Array, Array]:
    """Where new pixels lie among old ones: the places before and after, and how far between."""
    at = np.arange(new) * (old / new)
    before = at.astype(np.int64)
    return before, np.minimum(before + 1, old - 1), (at - before).astype(np.float32)


def augment() -> Step:
    """32 pictures of 64x64: turned round, cropped, brighter, resized, standardised.

    Contrast and brightness are done last: on fewer pixels, and straight lines stay straight lines.
    """
    pictures = Arrays().uniform(32, 64, 64, 3)
    low, high, share = between(56, 48)
    rows = 4 + low, 4 + high
    columns = 59 - low, 59 - high  # of the picture that is turned round, and cropped by 4
    share = share[:, None]

    def step() -> Any:
        means = np.einsum("nhwc->nc", pictures) / np.float32(64 * 64)
        above, below = (np.take(pictures, some, 1) for some in rows)
        below -= above
        below *= share[:, None]
        above += below
        left, right = (np.take(above, some, 2) for some in columns)
        right -= left
        right *= share
        left += right
        left *= np.float32(1.5)
        left -= (np.float32(0.5) * means - np.float32(0.1))[:, None, None]
        flat_pictures = left.reshape(32, -1)
        flat_pictures -= flat_pictures.mean(1, keepdims=True)
        variance = np.einsum("ij,ij->i", flat_pictures, flat_pictures) / np.float32(48 * 48 * 3)
        flat_pictures /= np.sqrt(variance + np.float32(1e-6))[:, None]
        np.abs(flat_pictures, out=flat_pictures)
        return np.minimum(left, 3, out=left)

    return step


def recoloured(picture: Array, turn: Any, factor: Any) -> Array:
    """A picture with its hue turned by a part of the circle, and its saturation multiplied."""
    red, green, blue = colours = np.ascontiguousarray(picture.transpose(2, 0, 1))
    high, low = colours.max(0), colours.min(0)
    wide = high - low
    room = np.where(wide > 0, wide, 1)
    hue = np.where(high == red, (green - blue) / room, np.where(
        high == green, (blue - red) / room + 2, (red - green) / room + 4))
    hue = (hue + np.float32(6) * turn) % 6
    wide = np.minimum(wide * factor, high)
    # A colour is as far below the largest as its hue lies more than a side away.
    away = [3 - np.abs(hue - 3), np.abs(hue - 2), np.abs(hue - 4)]
    return np.stack([high - wide * np.clip(far - 1, 0, 1) for far in away], -1)


def distort() -> Step:
    """A picture of 64x64 drawn at random: cropped, turned round, its hue and saturation changed."""
    picture = Arrays().uniform(64, 64, 3)
    place, side, turn, factor = (Stream(seed, count, ahead=1024)
                                 for seed, count in ((1, 3), (2, 1), (3, 1), (4, 1)))

    def step() -> Any:
        top, left, _ = (place() % np.uint32(2 ** 31 - 1) % np.uint32(17)).tolist()
        x = picture[top:top + 48, left:left + 48]
        if uniform(side())[0] < 0.5:
            x = x[:, ::-1]
        x = recoloured(x, uniform(turn())[0] * np.float32(0.2) - np.float32(0.1),
                       uniform(factor())[0] * np.float32(0.4) + np.float32(0.8))
        standard = x - x.mean()
        standard /= max(np.sqrt(np.mean(np.square(standard))), x.size ** -0.5)
        standard += x
        return standard

    return step


# ---- graphs, feeding -----------------------------------------------------------------------------


class Neighbours:
    """A sparse matrix that has one value at its places: sums of rows of a dense one.

    Args:
        places: its rows and columns, [count, 2].
        size: how many rows it has.
        value: what stands at the places.
    """

    def __init__(self, places: Array, size: int, value: float) -> None:
        rows, columns = places[np.argsort(places[:, 0], kind="stable")].T
        self.columns, self.size, self.value = columns, size, np.float32(value)
        self.starts = np.flatnonzero(np.diff(rows, prepend=-1))
        self.rows = rows[self.starts]

    def __matmul__(self, dense: Array) -> Array:
        product = np.zeros((self.size, dense.shape[1]), np.float32)
        product[self.rows] = np.add.reduceat(dense[self.columns], self.starts)
        product *= self.value
        return product


def graph_network() -> Step:
    """Two graph convolutions: a sparse matrix of 2,700 nodes and 13,000 edges, 128 features."""
    nodes, edges = 2700, 13_000
    numbers = Arrays()
    places = np.unique(numbers.classes(nodes, edges, 2), axis=0)
    adjacent, back = (Neighbours(pairs, nodes, 0.2) for pairs in (places, places[:, ::-1]))
    w1, w2 = numbers.weights(128, 16), numbers.weights(16, 7)
    x, labels = numbers.normal(nodes, 128), numbers.classes(7, nodes)
    adam = Adam([w1, w2], 0.01)

    def step() -> Any:
        hidden = relu(adjacent @ (x @ w1))
        loss, dlogits = cross_entropy(adjacent @ (hidden @ w2), labels)
        dproduct = back @ dlogits
        dhidden = back @ relu_slope(dproduct @ w2.T, hidden)
        adam.step([x.T @ dhidden, hidden.T @ dproduct])
        return loss

    return step


def pipeline() -> Step:
    """A small network fed with slices of arrays, batches of 32, round and round."""
    numbers = Arrays()
    features, labels = numbers.normal(1024, 20), numbers.classes(3, 1024)
    layers = numbers.layers(20, 32) + numbers.layers(32, 3)
    (w1, b1), (w2, b2) = layers
    adam = Adam(flat(layers))
    at = 0

    def step() -> Any:
        nonlocal at
        x, y = features[at:at + 32] * 2 + 1, labels[at:at + 32]
        at = (at + 32) % len(features)
        hidden = relu(x @ w1 + b1)
        loss, dlogits = cross_entropy(hidden @ w2 + b2, y)
        dhidden = relu_slope(dlogits @ w2.T, hidden)
        adam.step([x.T @ dhidden, dhidden.sum(0), hidden.T @ dlogits, dlogits.sum(0)])
        return loss

    return step


WORKLOADS = {function.__name__: function for function in (
    word2vec, sampled_softmax, factorisation, rmsprop_many, clip_norm, gamma_density, hamiltonian,
    gaussian_process, augment, distort, graph_network, pipeline)}
