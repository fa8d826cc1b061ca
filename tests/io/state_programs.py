"""Programs whose branches and loops write to variables.

Each builds its graph with flowgraph or with TensorFlow, and gives the runs of a session: pairs of
(what is fetched, what is fed). Every fetched number is what TensorFlow must give, too: no program
reads a variable while something else may write to it.
"""

import numpy as np

F32 = np.float32
ROWS = np.random.RandomState(0).randn(6, 4, 2).astype(F32)


def values(tf):
    """The names of the values of all variables."""
    return [v.value().name for v in tf.global_variables() + tf.local_variables()]


def counter(tf):
    count, yes = tf.Variable(0, name="count"), tf.placeholder(tf.bool, [])
    now = tf.cond(yes, lambda: tf.assign_add(count, 1), lambda: tf.identity(count))
    return [([now], {yes: answer}) for answer in (True, False, True)] + [(["count/read:0"], {})]


def trains_every_second_step(tf):
    x, step = tf.placeholder(tf.float32, [None, 2]), tf.train.get_or_create_global_step()
    w = tf.get_variable("w", initializer=F32([[0.5], [-0.3]]))

    def train():
        loss = tf.reduce_mean(tf.square(tf.matmul(x, w) - 1.0))
        with tf.control_dependencies([tf.train.GradientDescentOptimizer(0.1).minimize(loss)]):
            return tf.identity(loss)

    with tf.control_dependencies([tf.assign_add(step, 1)]):
        loss = tf.cond(tf.equal(step.read_value() % 2, 0), train, lambda: tf.constant(-1.0))
    return [([loss], {x: rows}) for rows in ROWS] + [(values(tf), {})]


def optimizer(make, sparse=False):
    def program(tf):
        yes = tf.placeholder(tf.bool, [])
        w = tf.get_variable("w", initializer=np.linspace(0, 1, 10, dtype=F32).reshape(5, 2))
        if sparse:
            x = tf.placeholder(tf.int32, [None])
            loss = tf.reduce_sum(tf.square(tf.nn.embedding_lookup(w, x) - 1.0))
            fed = [np.int32(ids) for ids in ([1, 3, 1], [0, 3], [4, 4], [2])]
        else:
            x = tf.placeholder(tf.float32, [None, 2])
            loss = tf.reduce_sum(tf.square(tf.matmul(x, w, transpose_b=True) - 1.0))
            fed = ROWS[:4]
        step = tf.cond(yes, lambda: tf.group(make(tf).minimize(loss)), tf.no_op)
        return [([loss, step], {x: rows, yes: k != 1}) for k, rows in enumerate(fed)] + [
            (values(tf), {})]
    return program


def trained_outside_too(tf):
    yes = tf.placeholder(tf.bool, [])
    w = tf.get_variable("w", initializer=F32([1, 2]))
    loss = tf.reduce_sum(w * w)
    step = tf.train.AdamOptimizer(0.1).minimize(loss)
    halved = tf.cond(yes, lambda: tf.assign(w, w * 0.5), lambda: w + 0.0)
    return [([step], {}), ([halved], {yes: True}), ([step], {}), ([halved], {yes: False}),
            ([loss], {})]


def gradients_of_three_batches(tf):
    x = tf.placeholder(tf.float32, [None, 2])
    w = tf.get_variable("w", initializer=F32([[0.5], [0.7]]))
    number = tf.Variable(0, trainable=False, name="number")
    total = tf.Variable(tf.zeros([2, 1]), trainable=False, name="total")
    opt = tf.train.MomentumOptimizer(0.1, 0.9)
    (grad, _), = opt.compute_gradients(tf.reduce_mean(tf.square(tf.matmul(x, w) - 1.0)), [w])

    def apply():
        with tf.control_dependencies([opt.apply_gradients([(total.read_value() / 3.0, w)])]):
            return tf.group(total.assign(tf.zeros([2, 1])), number.assign(0))

    with tf.control_dependencies([total.assign_add(grad), number.assign_add(1)]):
        step = tf.cond(number.read_value() >= 3, apply, tf.no_op)
    return [([step], {x: rows}) for rows in ROWS[:5]] + [(values(tf), {})]


def loop_sees_its_writes(tf):
    v = tf.Variable(0.0, name="v")

    def body(i, s):
        with tf.control_dependencies([v.assign_add(1.0)]):
            s = s * 2.0 + v.read_value()
        with tf.control_dependencies([s]):  # so that no round begins before
            return i + 1, tf.identity(s)

    total = tf.while_loop(lambda i, s: i < 4, body, [0, 1.0])[1]
    return [([total], {}), ([total], {}), (["v/read:0"], {})]


def plain_reads_are_new_in_each_round(tf):
    v = tf.Variable(1.0, name="v")

    def body(i, s):
        s = s + v
        with tf.control_dependencies([s]):
            added = tf.assign_add(v, 1.0)
        with tf.control_dependencies([added]):
            return i + 1, tf.identity(s)

    total = tf.while_loop(lambda i, s: v < 5.0, body, [0, 0.0])
    return [(total, {}), (["v/read:0"], {})]


def branch_in_loop_in_branch(tf):
    v, w = tf.Variable(0, name="v"), tf.Variable([1.0, 2.0, 3.0], name="w")
    yes = tf.placeholder(tf.bool, [])

    def body(i):
        def even():
            with tf.control_dependencies([tf.assign_add(v, 10), tf.scatter_add(w, [1], [1.0])]):
                return i + 1

        def odd():
            with tf.control_dependencies([tf.assign_sub(v, 1)]):
                return i + 1
        return tf.cond(tf.equal(i % 2, 0), even, odd)

    last = tf.cond(yes, lambda: tf.while_loop(lambda i: i < 5, body, [0]), lambda: tf.identity(v))
    return [([last], {yes: answer}) for answer in (True, False, True)] + [(values(tf), {})]


def scatters(tf):
    w = tf.Variable(np.arange(1, 13, dtype=F32).reshape(4, 3), name="w")
    k = tf.placeholder(tf.int32, [])
    writes = [
        lambda: tf.scatter_add(w, [0, 0], [[1.0, 2, 3], [4, 5, 6]]),
        lambda: tf.scatter_sub(w, [1], [[1.0, 1, 1]]), lambda: tf.scatter_mul(w, [2], 2.0),
        lambda: tf.scatter_div(w, [3], 4.0), lambda: tf.scatter_min(w, [0], 0.5),
        lambda: tf.scatter_max(w, [1], 100.0),
        lambda: tf.scatter_update(w, [2, 3], [[7.0, 8, 9], [1, 2, 3]]),
        lambda: tf.scatter_nd_add(w, [[0, 1]], [5.0]),
        lambda: tf.scatter_nd_sub(w, [[1]], [[1.0, 2, 3]]),
        lambda: tf.scatter_nd_update(w, [[2, 2], [3, 0]], [-1.0, -2.0]),
        lambda: w[1:3, 0].assign([50.0, 60.0])]
    chosen = tf.case([(tf.equal(k, i), write) for i, write in enumerate(writes)])
    return [([chosen], {k: i}) for i in range(len(writes))]


def counts_up(tf):
    count, yes = tf.Variable(0, name="count"), tf.placeholder(tf.bool, [])
    now = tf.cond(yes, lambda: tf.count_up_to(count, 9), lambda: tf.constant(-1))
    return [([now], {yes: answer}) for answer in (True, False, True)] + [(["count/read:0"], {})]


def metric_in_a_branch(tf):
    x, yes = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.bool, [])
    mean = tf.cond(yes, lambda: tf.identity(tf.metrics.mean(x)[1]), lambda: tf.constant(0.0))
    return [([mean], {x: F32(rows), yes: k != 1}) for k, rows in enumerate(([1, 2], [8], [9]))]


def moving_averages_in_a_branch(tf):
    x, training = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.bool, [])
    average = tf.train.ExponentialMovingAverage(0.5)
    mean, variance = tf.nn.moments(x, [0])

    def update():
        with tf.control_dependencies([average.apply([mean, variance])]):
            return tf.identity(mean), tf.identity(variance)

    used = tf.cond(training, update, lambda: (average.average(mean), average.average(variance)))
    y = tf.nn.batch_normalization(x, *used, None, None, 1e-3)
    return [([y], {x: rows, training: k != 1}) for k, rows in enumerate(ROWS[:3])] + [
        (values(tf), {})]


def writes_in_order(tf):
    v, yes = tf.Variable(2.0, name="v"), tf.placeholder_with_default(True, [])

    def branch():
        with tf.control_dependencies([tf.assign(v, v * 3.0)]):
            second = tf.assign_add(v, 1.0)
        with tf.control_dependencies([second]):
            return tf.identity(second), v.read_value()

    both = tf.cond(yes, branch, lambda: (v + 0.0, v + 0.0))
    return [(both, {}), (both, {}), (["v/read:0"], {})]


def written_outputs_are_fetched(tf):
    v, yes = tf.Variable(1.0, name="v"), tf.placeholder_with_default(True, [])
    now = tf.cond(yes, lambda: tf.assign_add(v, 1.0), lambda: tf.identity(v))
    first = tf.assign(v, 10.0)
    second = tf.assign_sub(tf.assign_add(v, 2.0), 1.0)
    with tf.control_dependencies([tf.assign_add(v, 5.0)]):
        third = v.read_value()
    return [([tensor], {}) for tensor in (now, first, first * 2.0, second, third, v + 1.0)]


def many_dtypes(tf):
    names = ("float16", "float64", "int8", "uint8", "int32", "int64", "complex64")
    made = [tf.Variable(np.array([1, 2], name), name=name) for name in names]
    flag, text = tf.Variable(True, name="flag"), tf.Variable("a", name="text")

    def branch():
        writes = [tf.assign_add(v, v) for v in made]
        writes.append(tf.assign(flag, tf.logical_not(flag)))
        writes.append(tf.assign(text, tf.string_join([text, "b"])))
        with tf.control_dependencies(writes):
            return tf.constant(1)

    done = tf.cond(tf.placeholder_with_default(True, []), branch, lambda: tf.constant(0))
    return [([done], {}), (values(tf), {})]


def sets_itself_up(tf):
    v = tf.Variable([1.0, 2.0], name="v", collections=["late"])
    now = tf.cond(tf.is_variable_initialized(v), lambda: tf.assign_add(v, [1.0, 1.0]),
                  lambda: tf.assign(v, [5.0, 5.0]))
    return [([now], {}), ([now], {}), (["v/read:0"], {})]


def starts_from_another(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    tf.Variable(v.initialized_value() * 2.0, name="u")
    now = tf.cond(tf.placeholder_with_default(True, []), lambda: tf.assign_add(v, [3.0, 3.0]),
                  lambda: v + 0.0)
    return [([now], {}), (values(tf), {})]


def partitioned(tf):
    w = tf.get_variable("w", [5, 2], initializer=tf.ones_initializer(),
                        partitioner=tf.fixed_size_partitioner(2))
    ids = tf.placeholder(tf.int32, [None])
    rows = tf.nn.embedding_lookup(w, ids, partition_strategy="div")
    step = tf.cond(tf.placeholder_with_default(True, []), lambda: tf.group(
        tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(tf.square(rows - 3.0)))),
        tf.no_op)
    return [([step], {ids: np.int32([0, 4, 4])}), ([step], {ids: np.int32([1, 0])}),
            (values(tf), {})]


def gradient_through_a_writing_loop(tf):
    v, x = tf.Variable(2.0, name="v"), tf.placeholder(tf.float32, [])

    def body(i, s):
        with tf.control_dependencies([v.assign_add(1.0)]):
            s = s * x * (v.read_value() + 0.0)  # not the variable's own memory
        with tf.control_dependencies([s]):
            return i + 1, tf.identity(s)

    y = tf.while_loop(lambda i, s: i < 3, body, [0, 1.0])[1]
    return [([y, *tf.gradients(y, x)], {x: F32(1.5)}), (["v/read:0"], {})]


PROGRAMS = {
    **{program.__name__: program for program in (
        counter, trains_every_second_step, trained_outside_too, gradients_of_three_batches,
        loop_sees_its_writes, plain_reads_are_new_in_each_round, branch_in_loop_in_branch, scatters,
        counts_up, metric_in_a_branch, moving_averages_in_a_branch, writes_in_order,
        written_outputs_are_fetched, many_dtypes, sets_itself_up, starts_from_another, partitioned,
        gradient_through_a_writing_loop)},
    "adam": optimizer(lambda tf: tf.train.AdamOptimizer(0.1)),
    "sparse_adam": optimizer(lambda tf: tf.train.AdamOptimizer(0.1), sparse=True),
    "rms_prop": optimizer(lambda tf: tf.train.RMSPropOptimizer(0.1, momentum=0.5, centered=True)),
    "sparse_ftrl": optimizer(lambda tf: tf.train.FtrlOptimizer(
        0.1, l1_regularization_strength=0.01), sparse=True),
    "sparse_adagrad": optimizer(lambda tf: tf.train.AdagradOptimizer(0.1), sparse=True),
}
