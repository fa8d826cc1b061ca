"""Programs as people write them, whose graphs are drawn in the tests."""

from __future__ import annotations

import functools

import flowgraph as fg

nn, layers = fg.nn, fg.layers
KINDS = (fg.tanh, fg.exp, fg.sin, fg.abs, fg.square, nn.relu, fg.negative, fg.cos, fg.sigmoid,
         fg.sqrt, fg.ceil)


@functools.cache  # many tests look at the same graphs, and none changes one
def drawn(program):
    """The graph of a program."""
    with fg.Graph().as_default() as graph:
        program()
    return graph


def _input(shape, dtype=fg.float32, name="x"):
    return fg.placeholder(dtype, shape, name=name)


def linear_regression():
    """A line through points, by gradient descent."""
    x, y = _input([None]), _input([None], name="y")
    w, b = fg.Variable(0.0, name="w"), fg.Variable(0.0, name="b")
    prediction = fg.add(w * x, b, name="prediction")
    loss = fg.reduce_mean(fg.square(prediction - y), name="loss")
    fg.train.GradientDescentOptimizer(0.1).minimize(loss)
    fg.global_variables_initializer()


def perceptron():
    """Three layers, with Adam."""
    x, labels = _input([None, 784]), _input([None], fg.int64, "labels")
    h = layers.dense(x, 256, activation=nn.relu, name="hidden1")
    h = layers.dense(h, 128, activation=nn.relu, name="hidden2")
    logits = layers.dense(h, 10, name="logits")
    with fg.name_scope("loss"):
        loss = fg.reduce_mean(nn.sparse_softmax_cross_entropy_with_logits(
            labels=labels, logits=logits))
    fg.train.AdamOptimizer(1e-3).minimize(loss)
    fg.global_variables_initializer()


def lenet():
    """LeNet-5 with a loss and its accuracy."""
    image, digit = _input([None, 28, 28, 1], name="image"), _input([None], fg.int64, "digit")
    h = layers.conv2d(image, 6, 5, padding="same", activation=nn.relu, name="conv1")
    h = layers.max_pooling2d(h, 2, 2, name="pool1")
    h = layers.conv2d(h, 16, 5, activation=nn.relu, name="conv2")
    h = layers.max_pooling2d(h, 2, 2, name="pool2")
    h = layers.flatten(h, name="flatten")
    h = layers.dense(h, 120, activation=nn.relu, name="fc1")
    h = layers.dense(h, 84, activation=nn.relu, name="fc2")
    logits = layers.dense(h, 10, name="fc3")
    with fg.name_scope("loss"):
        loss = fg.losses.sparse_softmax_cross_entropy(digit, logits)
    with fg.name_scope("accuracy"):
        fg.reduce_mean(fg.cast(fg.equal(fg.argmax(logits, 1), digit), fg.float32))
    fg.train.AdamOptimizer(1e-3).minimize(loss)
    fg.global_variables_initializer()


def unrolled_lstm():
    """A language model: an LSTM unrolled for 35 steps, its gradients clipped."""
    words, targets = _input([20, 35], fg.int32, "words"), _input([20, 35], fg.int32, "targets")
    inputs = nn.embedding_lookup(fg.get_variable("embedding", [10000, 200]), words)
    outputs, _ = nn.static_rnn(nn.rnn_cell.BasicLSTMCell(200), fg.unstack(inputs, 35, 1),
                               dtype=fg.float32)
    w, b = fg.get_variable("softmax_w", [200, 10000]), fg.get_variable("softmax_b", [10000])
    logits = fg.matmul(fg.reshape(fg.concat(outputs, 1), [-1, 200]), w) + b
    loss = fg.reduce_mean(nn.sparse_softmax_cross_entropy_with_logits(
        labels=fg.reshape(targets, [-1]), logits=logits))
    variables = fg.trainable_variables()
    gradients, _ = fg.clip_by_global_norm(fg.gradients(loss, variables), 5.0)
    fg.train.GradientDescentOptimizer(1.0).apply_gradients(
        zip(gradients, variables, strict=True))
    fg.global_variables_initializer()


def while_loop_rnn():
    """A GRU in a while loop, over sequences of different lengths."""
    x, lengths = _input([None, None, 8]), _input([None], fg.int32, "lengths")
    _, state = nn.dynamic_rnn(nn.rnn_cell.GRUCell(16), x, sequence_length=lengths,
                              dtype=fg.float32)
    layers.dense(state, 1, name="score")


def gan():
    """Two networks, one of them used twice, and two optimizers."""
    def generator(z):
        with fg.variable_scope("generator"):
            h = layers.dense(z, 128, nn.leaky_relu, name="hidden")
            return layers.dense(h, 784, nn.tanh, name="out")

    def discriminator(x, reuse=None):
        with fg.variable_scope("discriminator", reuse=reuse):
            h = layers.dense(x, 128, nn.leaky_relu, name="hidden")
            return layers.dense(h, 1, name="out")

    def loss(label, logits):
        return fg.reduce_mean(nn.sigmoid_cross_entropy_with_logits(labels=label, logits=logits))

    fake = generator(_input([None, 64], name="z"))
    on_real = discriminator(_input([None, 784], name="real"))
    on_fake = discriminator(fake, reuse=True)
    with fg.name_scope("d_loss"):
        d_loss = loss(fg.ones_like(on_real), on_real) + loss(fg.zeros_like(on_fake), on_fake)
    with fg.name_scope("g_loss"):
        g_loss = loss(fg.ones_like(on_fake), on_fake)
    fg.train.AdamOptimizer(2e-4, name="d_adam").minimize(
        d_loss, var_list=fg.trainable_variables("discriminator"))
    fg.train.AdamOptimizer(2e-4, name="g_adam").minimize(
        g_loss, var_list=fg.trainable_variables("generator"))
    fg.global_variables_initializer()


def branches():
    """One branch or the other."""
    h = fg.matmul(_input([None, 4]), fg.get_variable("w", [4, 4]))
    y = fg.cond(_input([], fg.bool, "training"), lambda: nn.dropout(h, rate=0.5), lambda: h * 0.5,
                name="dropout_or_scale")
    fg.reduce_sum(nn.relu(y), name="total")


def fibonacci():
    """A while loop of three variables."""
    n = _input([], fg.int32, "n")
    _, a, _ = fg.while_loop(lambda i, a, b: i < n, lambda i, a, b: (i + 1, b, a + b), [0, 0, 1],
                            name="fibonacci")
    fg.identity(a, name="result")


def many_layers():
    """Twelve layers of one kind."""
    h = _input([None, 64])
    for i in range(12):
        h = layers.dense(h, 64, nn.relu, name=f"layer_{i + 1}")
    layers.dense(h, 10, name="logits")


def side_jobs():
    """Summaries, averages, a decaying rate, a saver, and what waits for what."""
    step = fg.train.get_or_create_global_step()
    w = fg.get_variable("w", [8, 1])
    loss = fg.reduce_mean(fg.square(fg.matmul(_input([None, 8]), w, name="y")), name="loss")
    rate = fg.train.exponential_decay(0.1, step, 1000, 0.9)
    fg.summary.scalar("loss", loss)
    fg.summary.histogram("w", w)
    fg.summary.scalar("rate", rate)
    fg.summary.merge_all()
    train = fg.train.MomentumOptimizer(rate, 0.9).minimize(loss, global_step=step)
    with fg.control_dependencies([train]):
        fg.train.ExponentialMovingAverage(0.99).apply([w])
    fg.train.Saver()
    fg.global_variables_initializer()


def imported():
    """A graph that was written as a GraphDef and read again."""
    fg.import_graph_def(drawn(while_loop_rnn).as_graph_def(), name="imported")


def resnet():
    """ResNet-50, to be run only."""
    def conv(x, filters, size, stride, activate=True):
        x = layers.conv2d(x, filters, size, stride, "same", use_bias=False)
        x = layers.batch_normalization(x, training=False)
        return nn.relu(x) if activate else x

    h = layers.max_pooling2d(conv(_input([None, 224, 224, 3], name="image"), 64, 7, 2), 3, 2)
    for stage, (filters, units) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)]):
        with fg.variable_scope(f"stage{stage + 2}"):
            for unit in range(units):
                with fg.variable_scope(f"unit_{unit + 1}"):
                    stride = 2 if stage and not unit else 1
                    skip = h if unit else conv(h, 4 * filters, 1, stride, False)
                    inner = conv(conv(h, filters, 1, stride), filters, 3, 1)
                    h = nn.relu(conv(inner, 4 * filters, 1, 1, False) + skip)
    layers.dense(fg.reduce_mean(h, [1, 2], name="global_pool"), 1000, name="logits")


def unet():
    """Skips from the way down to the way up."""
    def twice(x, filters):
        for name in ("conv_a", "conv_b"):
            x = layers.conv2d(x, filters, 3, padding="same", activation=nn.relu, name=name)
        return x

    h, skips = _input([None, 128, 128, 1], name="image"), []
    for i, filters in enumerate([16, 32, 64]):
        with fg.variable_scope(f"down{i + 1}"):
            skips.append(twice(h, filters))
            h = layers.max_pooling2d(skips[-1], 2, 2)
    for i, filters in ((3, 64), (2, 32), (1, 16)):
        with fg.variable_scope(f"up{i}"):
            h = layers.conv2d_transpose(h, filters, 2, 2, name="upsample")
            h = twice(fg.concat([h, skips[i - 1]], 3), filters)
    layers.conv2d(h, 1, 1, activation=nn.sigmoid, name="mask")


def pipeline(start=fg.data.make_one_shot_iterator, scale=2.0):
    """A pipeline that calls functions, and a model on its batches."""
    numbers = fg.data.Dataset.range(20).map(lambda v: fg.cast(v, fg.float32) * scale)
    batch = start(numbers.filter(lambda v: v > 1.0).batch(5)).get_next()
    fg.reduce_mean(batch * fg.Variable(1.0, name="w"), name="loss")


def captured():
    """A pipeline whose function takes a tensor from outside of it."""
    pipeline(fg.data.make_initializable_iterator, _input([], name="scale"))


def chain():
    """Sixty operations in a row, no two runs of them alike."""
    h = _input([None, 4])
    for i in range(60):
        h = KINDS[(i * i + i // 3) % len(KINDS)](h)


def long_chain():
    """A thousand operations in a row."""
    h = _input([None, 4])
    for i in range(999):
        h = KINDS[(i * i + i // 3) % len(KINDS)](h)


def normed_in_branches():
    """Batch normalization that a fed value switches: each layer ends in a cond."""
    training = fg.placeholder_with_default(False, [], name="training")
    h = _input([None, 8, 8, 3])
    for i in range(3):
        h = layers.conv2d(h, 4 + i, 3, name=f"conv{i}")
        h = nn.relu(layers.batch_normalization(h, training=training, name=f"norm{i}"))
    fg.train.GradientDescentOptimizer(0.1).minimize(fg.reduce_mean(h, name="loss"))


def wide():
    """Forty operations side by side."""
    x = _input([None, 4])
    fg.add_n([KINDS[(i * i + i // 3) % len(KINDS)](x) for i in range(40)], name="total")


def large(blocks=100, layers_each=3):
    """A training graph of thousands of operations."""
    h = _input([None, 16])
    for i in range(blocks):
        with fg.variable_scope(f"block{i}{'abc'[i % 3]}"):
            for j in range(layers_each):
                h = layers.dense(h, 16, KINDS[(i + j) % 5], name=f"dense_{j}")
    fg.train.AdamOptimizer().minimize(fg.reduce_mean(h))
