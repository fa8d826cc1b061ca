"""tf.train.batch and its like, and input producers; what is expected is what TensorFlow gives."""

import threading

import numpy as np
import pytest

import flowgraph as fg

train = fg.train
OUT_OF_RANGE = fg.errors.OutOfRangeError
# What TensorFlow gives for these seeds.
PRODUCED = b"cabcbabca"
RANGES = [[2, 4, 3, 0, 1], [0, 4, 2, 1, 3]]
SHUFFLED = [12, 20, 7, 6, 9, 5, 2, 10, 16, 14, 13, 18, 15, 19, 11, 3, 17, 4, 1, 8]


def values(fetch, count=None):
    """What `count` runs give; all of them until the data ends when count is None."""
    found = []
    with fg.Session() as sess:
        sess.run([fg.local_variables_initializer(), fg.global_variables_initializer()])
        coord = train.Coordinator()
        threads = train.start_queue_runners(sess, coord)
        try:
            while count is None or len(found) < count:
                found.append(sess.run(fetch))
        except OUT_OF_RANGE:
            assert count is None
        finally:
            coord.request_stop()
            coord.join(threads)
    return found


def lists(found):
    return [value.tolist() for value in found]


def numbers(count, **options):
    number, = train.slice_input_producer([list(range(1, count + 1))], shuffle=False,
                                         **{"num_epochs": 1, **options})
    return number


# ---- producers -----------------------------------------------------------------------------------


def test_strings_come_in_tensorflows_order_for_a_seed():
    element = train.string_input_producer(["a", "b", "c"], num_epochs=3, seed=3).dequeue()
    assert b"".join(values(element)) == PRODUCED


def test_numbers_come_in_tensorflows_order_for_a_seed():
    found = values(train.range_input_producer(5, seed=7, num_epochs=2).dequeue_many(5))
    assert lists(found) == RANGES


def test_rows_are_produced_over_and_over():
    queue = train.input_producer([[1, 2], [3, 4]], shuffle=False, name="rows")
    assert queue.name == "rows/rows"
    assert lists(values(queue.dequeue(), 3)) == [[1, 2], [3, 4], [1, 2]]


def test_slices_of_several_tensors_stay_together():
    pair = train.slice_input_producer([[1, 2, 3], ["x", "y", "z"]], seed=11, num_epochs=2)
    assert all(b"xyz".find(text) + 1 == number for number, text in values(pair))


def test_epochs_are_counted_in_a_local_variable():
    once = train.limit_epochs(fg.constant([7]), 2)
    assert once.op.name == "limit_epochs"
    assert [v.op.name for v in fg.local_variables()] == ["limit_epochs/epochs"]
    assert lists(values(once)) == [[7], [7]]


@pytest.mark.parametrize(("build", "words"), [
    (lambda: train.limit_epochs(fg.constant(1), 0), "num_epochs"),
    (lambda: train.string_input_producer([]), "non-null"),
    (lambda: train.slice_input_producer([]), "at least one tensor"),
    (lambda: train.input_producer(fg.placeholder(fg.float32)), "element_shape"),
    (lambda: train.batch([], 2), "at least one"),
    (lambda: train.batch_join([], 2), "at least one"),
    (lambda: train.batch_join([{"a": 1}, {"b": 1}], 2), "same keys"),
    (lambda: train.batch([fg.placeholder(fg.float32)], 2), "rank"),
    (lambda: train.batch([fg.placeholder(fg.float32, [None])], 2), "fully defined"),
    (lambda: train.shuffle_batch([1], 2, 5, 5), "min_after_dequeue"),
    (lambda: train.maybe_batch([[1]], [True], 2), "vector"),
    (lambda: train.maybe_batch([[1]], [[True]], 2, enqueue_many=True), "0 or 1"),
    (lambda: train.maybe_batch([1], fg.placeholder(fg.bool), 2), "must be known"),
    (lambda: train.batch_join([[[1]], [[1, 2]]], 2), "incompatible"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_be_built_says_why(build, words):
    with pytest.raises(ValueError, match=words):
        build()


def test_sources_of_a_join_have_the_same_dtypes():
    with pytest.raises(TypeError, match=r"int32 vs\. float32"):
        train.batch_join([[fg.constant(1)], [fg.constant(1.0)]], 2)
    with pytest.raises(TypeError, match=r"as many tensors: 1 vs\. 2"):
        train.batch_join([[fg.constant(1)], [fg.constant(1), fg.constant(1)]], 2)


def test_strings_of_which_there_are_none_stop_the_run():
    element = train.string_input_producer(fg.zeros([0], fg.string)).dequeue()
    with pytest.raises(fg.errors.InvalidArgumentError, match="non-null"):
        values(element)


# ---- batches -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("smaller", "expected"), [
    (False, [[1, 2], [3, 4]]), (True, [[1, 2], [3, 4], [5]])])
def test_the_last_batch_may_be_smaller(smaller, expected):
    batch = train.batch([numbers(5)], 2, allow_smaller_final_batch=smaller)
    assert batch.shape.as_list() == [None if smaller else 2]
    assert lists(values(batch)) == expected


def test_a_dict_of_batches_of_several_examples_at_once():
    batch = train.batch({"b": [1, 2, 3], "a": [[1.0], [2.0], [3.0]]}, 2, enqueue_many=True)
    first, second = values(batch, 2)
    assert (first["b"].tolist(), second["b"].tolist()) == ([1, 2], [3, 1])
    assert second["a"].tolist() == [[3], [1]]
    assert list(train.batch({"a": 1}, 2)) == ["a"]


def test_dynamic_pad_pads_to_the_largest_of_a_batch():
    n = numbers(4)
    found = values(train.batch([fg.range(n), fg.fill([n], "s")], 2, dynamic_pad=True))
    assert found[0][0].tolist() == [[0, 0], [0, 1]]
    assert found[1][0].tolist() == [[0, 1, 2, 0], [0, 1, 2, 3]]
    assert found[0][1].tolist() == [[b"s", b""], [b"s", b"s"]]


def test_shuffled_batches_come_in_tensorflows_order_for_a_seed():
    batch = train.shuffle_batch([numbers(20)], 20, capacity=50, min_after_dequeue=20, seed=5)
    assert lists(values(batch)) == [SHUFFLED]


@pytest.mark.parametrize("form", [train.maybe_batch, lambda tensors, keep, size: (
    train.maybe_batch_join([tensors], keep, size))], ids=["one", "join"])
def test_examples_can_be_dropped(form):
    n = numbers(6)
    assert lists(values(form([n], fg.equal(n % 2, 0), 3))) == [[2, 4, 6]]


def test_examples_of_a_batch_can_be_dropped_one_by_one():
    batch = train.maybe_batch([[1, 2, 3]], [True, False, True], 3, enqueue_many=True)
    assert lists(values(batch, 2)) == [[1, 3, 1], [3, 1, 3]]


def test_nothing_is_dropped_where_that_is_known():
    batch = train.maybe_batch([numbers(2)], True, 2)
    assert not [op for op in fg.get_default_graph().get_operations() if op.type == "If"]
    assert lists(values(batch)) == [[1, 2]]


@pytest.mark.parametrize("form", [
    lambda sources: train.batch_join(sources, 6),
    lambda sources: train.shuffle_batch_join(sources, 6, 20, 10),
    lambda sources: train.maybe_shuffle_batch_join(sources, 6, 20, 10, True)],
    ids=["in_order", "shuffled", "maybe"])
def test_several_sources_are_joined(form):
    found, = values(form([[numbers(3)], [numbers(3) * 10]]))
    assert sorted(found.tolist()) == [1, 2, 3, 10, 20, 30]


def test_several_threads_batch_every_example_once():
    batch = train.shuffle_batch([numbers(100)], 10, 40, 20, num_threads=4)
    assert sorted(np.concatenate(values(batch)).tolist()) == list(range(1, 101))


def test_how_full_the_queue_is_can_be_seen_in_a_summary():
    train.shuffle_batch([numbers(3)], 2, capacity=30, min_after_dequeue=10)
    assert [summary.op.name for summary in fg.get_collection(fg.GraphKeys.SUMMARIES)] == [
        "input_producer/input_producer/fraction_of_32_full",
        "shuffle_batch/fraction_over_10_of_20_full"]


# ---- sparse tensors ------------------------------------------------------------------------------


def row(n):
    """n -> a sparse vector of n numbers."""
    return fg.SparseTensor(fg.expand_dims(fg.range(fg.cast(n, fg.int64)), 1), fg.range(n), [7])


def dense(sparse):
    result = np.zeros(sparse.dense_shape, int)
    result[tuple(sparse.indices.T)] = sparse.values + 1
    return result.tolist()


def test_sparse_tensors_are_batched():
    n = numbers(4)
    sparse, same = train.batch([row(n), n], 2)
    assert sparse.indices.shape.as_list() == [None, 2]
    found = values([sparse, same])
    assert dense(found[1][0]) == [[1, 2, 3, 0, 0, 0, 0], [1, 2, 3, 4, 0, 0, 0]]
    assert found[1][1].tolist() == [3, 4]


@pytest.mark.parametrize("keep", [None, [True, False, True]])
def test_rows_of_sparse_tensors_are_batched(keep):
    sparse = fg.SparseTensor([[0, 1], [2, 0], [2, 2]], [1, 2, 3], [3, 4])
    kept = True if keep is None else keep
    batch = train.maybe_batch([sparse, fg.range(3)], kept, 3, enqueue_many=True)
    (rows, which), = values(batch, 1)
    table = np.array([[0, 2, 0, 0], [0, 0, 0, 0], [3, 0, 4, 0]])
    assert dense(rows) == table[which].tolist()


def test_sparse_examples_can_be_dropped():
    n = numbers(6)
    (sparse, same), = values(train.maybe_batch([row(n), n], fg.equal(n % 2, 0), 3))
    assert same.tolist() == [2, 4, 6]
    assert [sum(map(bool, line)) for line in dense(sparse)] == [2, 4, 6]


def test_sparse_tensors_of_several_sources_are_joined():
    sources = [[row(n), n] for n in (numbers(3), numbers(3))]
    (sparse, same), = values(train.batch_join(sources, 6))
    assert [sum(map(bool, line)) for line in dense(sparse)] == same.tolist()
    with pytest.raises(ValueError, match="Inconsistent"):
        train.batch_join([[row(1)], [fg.constant(1)]], 2)


# ---- a whole program -----------------------------------------------------------------------------


def test_a_model_is_trained_from_files_for_two_epochs(tmp_path):
    for i in range(2):
        rows = "".join(f"{j},{3 * j + 1}\n" for j in range(10))
        (tmp_path / f"{i}.csv").write_text("x,y\n" + rows)
    files = train.string_input_producer(train.match_filenames_once(str(tmp_path / "*.csv")),
                                        num_epochs=2)
    _, line = fg.TextLineReader(skip_header_lines=1).read(files)
    x, y = train.batch(fg.decode_csv(line, [[0.0], [0.0]]), 4)
    weight = fg.Variable(0.0)
    steps = fg.Variable(0, trainable=False)
    loss = fg.reduce_mean(fg.square(weight * x + 1.0 - y))
    step = train.GradientDescentOptimizer(0.01).minimize(loss, global_step=steps)
    with fg.Session() as sess:
        sess.run([fg.global_variables_initializer(), fg.local_variables_initializer()])
        coord = train.Coordinator()
        threads = train.start_queue_runners(coord=coord)
        try:
            while not coord.should_stop():
                sess.run(step)
        except OUT_OF_RANGE:
            assert sess.run(steps) == 10
        finally:
            coord.request_stop()
        coord.join(threads)
        assert sess.run(weight) == pytest.approx(3, abs=0.01)
    assert not [t for t in threading.enumerate() if t.name.startswith("QueueRunnerThread")]
