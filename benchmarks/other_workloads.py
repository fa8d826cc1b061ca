"""What is no network, or the rest of one: embeddings, optimizers, densities, simulations, feeding.

They are built as `workloads` tells; random operations have seeds, so that engines draw alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from workloads import Step, _cross_entropy, _Numbers, _stepper

# ---- embeddings ----------------------------------------------------------------------------------


def word2vec(tf: Any) -> Step:
    """Skip-grams with noise-contrastive estimation: 20,000 words of 128, 64 noise words, SGD."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        words = tf.placeholder(tf.int64, [128])
        context = tf.placeholder(tf.int64, [128, 1])
        near = tf.nn.embedding_lookup(numbers.weights(20_000, 128), words)
        noise = tf.random.log_uniform_candidate_sampler(context, 1, 64, True, 20_000, seed=1)
        loss = tf.reduce_mean(tf.nn.nce_loss(
            weights=numbers.weights(20_000, 128), biases=numbers.zeros(20_000), labels=context,
            inputs=near, num_sampled=64, num_classes=20_000, sampled_values=noise))
        train = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
        return _stepper(tf, [train, loss], {words: numbers.classes(20_000, 128),
                                            context: numbers.classes(20_000, 128, 1)})


def sampled_softmax(tf: Any) -> Step:
    """A softmax over 20,000 classes of which 256 are sampled, batch 128, Adagrad."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [128, 64])
        y = tf.placeholder(tf.int64, [128, 1])
        chosen = tf.random.log_uniform_candidate_sampler(y, 1, 256, True, 20_000, seed=1)
        hidden = tf.nn.relu(numbers.dense(x, 64, 128))
        loss = tf.reduce_mean(tf.nn.sampled_softmax_loss(
            weights=numbers.weights(20_000, 128), biases=numbers.zeros(20_000), labels=y,
            inputs=hidden, num_sampled=256, num_classes=20_000, sampled_values=chosen))
        train = tf.train.AdagradOptimizer(0.1).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.normal(128, 64),
                                            y: numbers.classes(20_000, 128, 1)})


def factorisation(tf: Any) -> Step:
    """Ratings of 5,000 users and 2,000 films from 32 factors each, batch 512, Adam."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        user, film = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.int32, [None])
        rating = tf.placeholder(tf.float32, [None])
        users, films = numbers.weights(5000, 32), numbers.weights(2000, 32)
        predicted = (tf.reduce_sum(tf.gather(users, user) * tf.gather(films, film), 1)
                     + tf.gather(numbers.zeros(5000), user) + tf.gather(numbers.zeros(2000), film))
        loss = (tf.reduce_mean(tf.square(predicted - rating))
                + 1e-4 * (tf.nn.l2_loss(users) + tf.nn.l2_loss(films)))
        train = tf.train.AdamOptimizer(0.01).minimize(loss)
        return _stepper(tf, [train, loss], {
            user: numbers.classes(5000, 512).astype(np.int32),
            film: numbers.classes(2000, 512).astype(np.int32), rating: numbers.uniform(512)})


# ---- optimizers ----------------------------------------------------------------------------------


def _many_variables(tf: Any, count: int, size: int, optimizer: Any, norm: float = 0.0) -> Step:
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        variables = [numbers.weights(size, size) for _ in range(count)]
        loss = tf.add_n([tf.reduce_mean(tf.square(one - 1.0)) for one in variables])
        gradients = tf.gradients(loss, variables)
        if norm:
            gradients, _ = tf.clip_by_global_norm(gradients, norm)
        train = optimizer(tf).apply_gradients(zip(gradients, variables))
        return _stepper(tf, [train, loss])


def momentum_many(tf: Any) -> Step:
    """Momentum on 100 variables of 64x64."""
    return _many_variables(tf, 100, 64, lambda tf: tf.train.MomentumOptimizer(0.1, 0.9))


def rmsprop_many(tf: Any) -> Step:
    """RMSProp on 100 variables of 64x64."""
    return _many_variables(tf, 100, 64, lambda tf: tf.train.RMSPropOptimizer(0.01, momentum=0.9))


def clip_norm(tf: Any) -> Step:
    """Gradients of 8 variables of 512x512, clipped by their global norm, SGD."""
    return _many_variables(tf, 8, 512, lambda tf: tf.train.GradientDescentOptimizer(0.1), 1e-3)


# ---- densities -----------------------------------------------------------------------------------


def gamma_density(tf: Any) -> Step:
    """The log density of a gamma distribution at 50,000 points and its gradients."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None])
        shape = tf.Variable(tf.constant(numbers.uniform(50_000) + 1.0))
        rate = tf.Variable(tf.constant(numbers.uniform(50_000) + 0.5))
        density = (shape * tf.log(rate) + (shape - 1.0) * tf.log(x) - rate * x
                   - tf.lgamma(shape))
        gradients = tf.gradients(density, [shape, rate])
        return _stepper(tf, [*gradients, tf.reduce_sum(density)],
                        {x: numbers.uniform(50_000) + 0.1})


def hamiltonian(tf: Any) -> Step:
    """Ten leapfrog steps of a Hamiltonian sampler on a logistic regression, 1,000x10 features."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 10])
        y = tf.placeholder(tf.float32, [None, 1])
        place, speed = tf.constant(numbers.normal(10, 1)), tf.constant(numbers.normal(10, 1))

        def slope(place: Any) -> Any:
            energy = 0.5 * tf.reduce_sum(tf.square(place)) + tf.reduce_sum(
                tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=tf.matmul(x, place)))
            return tf.gradients(energy, [place])[0]

        start = place + tf.reduce_mean(x) * 0.0  # the path depends on what is fed
        place, speed = start, speed - 0.005 * slope(start)
        for _ in range(10):
            place += 0.01 * speed
            speed -= 0.01 * slope(place)
        return _stepper(tf, [speed, place], {
            x: numbers.normal(1000, 10), y: numbers.classes(2, 1000, 1).astype(np.float32)})


def gaussian_process(tf: Any) -> Step:
    """The likelihood of a Gaussian process at 128 points in float64: Cholesky and its gradient."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float64, [128, 3])
        y = tf.placeholder(tf.float64, [128, 1])
        width = tf.Variable(tf.constant(0.5, tf.float64))
        distance = tf.reduce_sum(tf.square(x[:, None] - x[None]), 2)
        covariance = tf.exp(-distance * width) + 0.1 * tf.eye(128, dtype=tf.float64)
        root = tf.cholesky(covariance)
        whitened = tf.matrix_triangular_solve(root, y)
        loss = (0.5 * tf.reduce_sum(tf.square(whitened))
                + tf.reduce_sum(tf.log(tf.matrix_diag_part(root))))
        train = tf.train.GradientDescentOptimizer(1e-4).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.normal(128, 3), y: numbers.normal(128, 1)})


# ---- clusters, simulations, pictures -------------------------------------------------------------


def kmeans(tf: Any) -> Step:
    """A step of k-means: 10,000 points of 16 numbers, 32 clusters."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        points = tf.placeholder(tf.float32, [None, 16])
        centres = tf.Variable(tf.constant(numbers.normal(32, 16)))
        distances = (tf.reduce_sum(tf.square(centres), 1)
                     - 2.0 * tf.matmul(points, centres, transpose_b=True))
        nearest = tf.argmin(distances, 1)
        sums = tf.unsorted_segment_sum(points, nearest, 32)
        counts = tf.unsorted_segment_sum(tf.ones_like(points[:, :1]), nearest, 32)
        moved = tf.assign(centres, sums / tf.maximum(counts, 1.0))
        return _stepper(tf, moved, {points: numbers.normal(10_000, 16)})


def mandelbrot(tf: Any) -> Step:
    """A round of the Mandelbrot tutorial: 500x400 complex numbers squared, those that stay near."""
    real, imaginary = np.meshgrid(np.linspace(-2, 0.5, 500), np.linspace(-1, 1, 400))
    with tf.Graph().as_default():
        places = tf.constant((real + 1j * imaginary).astype(np.complex64))
        z = tf.Variable(places)
        count = tf.Variable(tf.zeros([400, 500]))
        new = z * z + places
        near = tf.abs(new) < 4
        step = tf.group(z.assign(tf.where(near, new, z)),
                        count.assign_add(tf.cast(near, tf.float32)))
        return _stepper(tf, [step, tf.reduce_sum(tf.cast(near, tf.float32))])


def pond(tf: Any) -> Step:
    """The tutorial's raindrops: a wave equation on 500x500, its Laplacian by a 3x3 convolution."""
    numbers = _Numbers(tf)
    kernel = np.array([[0.5, 1, 0.5], [1, -6, 1], [0.5, 1, 0.5]], np.float32).reshape(3, 3, 1, 1)
    with tf.Graph().as_default():
        height = tf.Variable(tf.constant(numbers.normal(500, 500, scale=0.01)))
        speed = tf.Variable(tf.zeros([500, 500]))
        laplacian = tf.nn.conv2d(height[None, :, :, None], kernel, [1, 1, 1, 1],
                                 "SAME")[0, :, :, 0]
        new_height = height + 0.03 * speed
        new_speed = speed + 0.03 * (laplacian - 0.04 * speed)
        with tf.control_dependencies([new_height, new_speed]):  # TensorFlow may write too early
            step = tf.group(height.assign(new_height), speed.assign(new_speed))
        return _stepper(tf, [step, tf.reduce_sum(tf.square(new_height))])


def augment(tf: Any) -> Step:
    """32 pictures of 64x64: turned round, cropped, brighter, resized, standardised."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        pictures = tf.placeholder(tf.float32, [32, 64, 64, 3])
        x = tf.image.flip_left_right(pictures)
        x = tf.image.adjust_contrast(tf.image.adjust_brightness(x, 0.1), 1.5)
        x = tf.image.resize_bilinear(x[:, 4:60, 4:60], [48, 48])
        mean, variance = tf.nn.moments(x, [1, 2, 3], keep_dims=True)
        x = tf.clip_by_value((x - mean) * tf.rsqrt(variance + 1e-6), -3.0, 3.0)
        return _stepper(tf, tf.abs(x), {pictures: numbers.uniform(32, 64, 64, 3)})


def distort(tf: Any) -> Step:
    """A picture of 64x64 drawn at random: cropped, turned round, its hue and saturation changed."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        picture = tf.placeholder(tf.float32, [64, 64, 3])
        x = tf.random_crop(picture, [48, 48, 3], seed=1)
        x = tf.image.random_flip_left_right(x, seed=2)
        x = tf.image.random_saturation(tf.image.random_hue(x, 0.1, seed=3), 0.8, 1.2, seed=4)
        return _stepper(tf, tf.image.per_image_standardization(x) + x,
                        {picture: numbers.uniform(64, 64, 3)})


def graph_network(tf: Any) -> Step:
    """Two graph convolutions: a sparse matrix of 2,700 nodes and 13,000 edges, 128 features."""
    numbers = _Numbers(tf)
    nodes, edges = 2700, 13_000
    places = np.unique(numbers.classes(nodes, edges, 2), axis=0)
    with tf.Graph().as_default():
        adjacent = tf.SparseTensor(places, tf.constant(np.full(len(places), 0.2, np.float32)),
                                   [nodes, nodes])
        x = tf.placeholder(tf.float32, [nodes, 128])
        y = tf.placeholder(tf.int64, [nodes])
        hidden = tf.sparse_tensor_dense_matmul(adjacent, tf.matmul(x, numbers.weights(128, 16)))
        hidden = tf.nn.relu(hidden)
        logits = tf.sparse_tensor_dense_matmul(adjacent, tf.matmul(hidden, numbers.weights(16, 7)))
        loss = _cross_entropy(tf, y, logits)
        train = tf.train.AdamOptimizer(0.01).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.normal(nodes, 128),
                                            y: numbers.classes(7, nodes)})


# ---- products ------------------------------------------------------------------------------------


def batched_products(tf: Any) -> Step:
    """256 products of 32x32 by 32x32, and the gradient."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        a = tf.placeholder(tf.float32, [256, 32, 32])
        b = tf.Variable(tf.constant(numbers.normal(256, 32, 32)))
        loss = tf.reduce_mean(tf.square(tf.matmul(a, b)))
        return _stepper(tf, [*tf.gradients(loss, [b]), loss], {a: numbers.normal(256, 32, 32)})


def regression(tf: Any) -> Step:
    """Linear regression on a 20,000x100 table, by gradient descent: a matrix and a vector."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 100])
        y = tf.placeholder(tf.float32, [None, 1])
        loss = tf.reduce_mean(tf.square(tf.matmul(x, numbers.zeros(100, 1)) + numbers.zeros(1) - y))
        train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
        return _stepper(tf, [train, loss], {x: numbers.normal(20_000, 100),
                                            y: numbers.normal(20_000, 1)})


# ---- what goes in and comes out ------------------------------------------------------------------


def many_fetches(tf: Any) -> Step:
    """A run that fetches 200 small tensors in a dictionary: what a fetch costs."""
    numbers = _Numbers(tf)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [8])
        fetches = {f"number {i}": x + float(i) for i in range(200)}
        return _stepper(tf, [fetches, x], {x: numbers.normal(8)})


def pipeline(tf: Any) -> Step:
    """tf.data feeds a small network: slices, map, batches of 32."""
    numbers = _Numbers(tf)
    features, labels = numbers.normal(1024, 20), numbers.classes(3, 1024)
    with tf.Graph().as_default():
        data = tf.data.Dataset.from_tensor_slices((features, labels)).repeat()
        data = data.map(lambda x, y: (x * 2.0 + 1.0, y)).batch(32).prefetch(2)
        x, y = tf.data.make_one_shot_iterator(data).get_next()
        hidden = tf.nn.relu(numbers.dense(tf.reshape(x, [-1, 20]), 20, 32))
        loss = _cross_entropy(tf, y, numbers.dense(hidden, 32, 3))
        train = tf.train.AdamOptimizer(1e-3).minimize(loss)
        return _stepper(tf, [train, loss])


WORKLOADS = {function.__name__: function for function in (
    word2vec, sampled_softmax, factorisation, momentum_many, rmsprop_many, clip_norm,
    gamma_density, hamiltonian, gaussian_process, kmeans, mandelbrot, pond, augment, distort,
    graph_network, batched_products, regression, many_fetches, pipeline)}
ONCE: set[str] = set()
