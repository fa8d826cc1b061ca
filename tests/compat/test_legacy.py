"""Names and orders of arguments of before TensorFlow 1.0."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import flowgraph as fg
from flowgraph import compat
from flowgraph.compat import legacy_calls
from flowgraph.core.api.before_one import BEFORE_ONE

X = np.arange(6, dtype=np.float32).reshape(2, 3) / 3
Y = np.array([[0, 1, 0], [1, 0, 0]], np.float32)


@pytest.fixture
def tf() -> Iterator[object]:
    """What `import tensorflow` gives a program of before 1.0."""
    legacy_calls.told.clear()
    with fg.Graph().as_default():
        yield compat.install(legacy=True)
    compat.uninstall()


def value(program: str) -> object:
    """What the last line of a program gives, run."""
    *lines, last = ["import tensorflow as tf", *program.splitlines()]
    names: dict[str, object] = {"X": X, "Y": Y, "np": np}
    exec("\n".join([*lines, f"result = {last}"]), names)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        return session.run(names["result"])


SAME = [
    # (as before 1.0, as today)
    ("tf.mul(X, X)", "tf.multiply(X, X)"),
    ("tf.sub(X, Y)", "tf.subtract(X, Y)"),
    ("tf.pack([X, Y])", "tf.stack([X, Y])"),
    ("tf.unpack(X)", "tf.unstack(X)"),
    ("tf.concat(1, [X, Y])", "tf.concat([X, Y], 1)"),
    ("tf.concat(concat_dim=0, values=[X, Y])", "tf.concat([X, Y], 0)"),
    ("tf.concat(tf.constant(1), [X, Y], name='c')", "tf.concat([X, Y], 1)"),
    ("tf.concat([X, Y], 1)", "tf.concat([X, Y], 1)"),
    ("tf.concat([X, Y], axis=0)", "tf.concat([X, Y], 0)"),
    ("tf.split(1, 3, X)", "tf.split(X, 3, 1)"),
    ("tf.split(split_dim=0, num_split=2, value=X)", "tf.split(X, 2, 0)"),
    ("tf.split(0, 2, value=X)", "tf.split(X, 2, 0)"),
    ("tf.split(X, 3, 1)", "tf.split(X, 3, 1)"),
    ("tf.split(X, [1, 2], axis=1)[1]", "tf.constant(X[:, 1:])"),
    ("tf.reverse(X, [False, True])", "tf.reverse(X, [1])"),
    ("tf.reverse(X, [0, 1])", "tf.reverse(X, [0, 1])"),
    ("tf.select(tf.constant([True, False]), X, Y)", "tf.where([True, False], X, Y)"),
    ("tf.batch_matmul(X, Y, adj_y=True)", "tf.matmul(X, Y, transpose_b=True)"),
    ("tf.complex_abs(tf.complex(3.0, 4.0))", "tf.abs(tf.complex(3.0, 4.0))"),
    ("tf.nn.softmax_cross_entropy_with_logits(X, Y)",
     "tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=X)"),
    ("tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=X)",
     "tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=X)"),
    ("tf.nn.sparse_softmax_cross_entropy_with_logits(X, [1, 0])",
     "tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1, 0], logits=X)"),
    ("tf.nn.sigmoid_cross_entropy_with_logits(X, Y)",
     "tf.nn.sigmoid_cross_entropy_with_logits(labels=Y, logits=X)"),
    ("tf.nn.sigmoid_cross_entropy_with_logits(logits=X, targets=Y)",
     "tf.nn.sigmoid_cross_entropy_with_logits(labels=Y, logits=X)"),
    ("tf.nn.weighted_cross_entropy_with_logits(X, Y, 2.0)",
     "tf.nn.weighted_cross_entropy_with_logits(labels=Y, logits=X, pos_weight=2.0)"),
    ("tf.nn.sampled_softmax_loss(X, tf.zeros(2), X, np.array([[1], [0]]), 1, 2, seed=1)",
     "tf.nn.sampled_softmax_loss(X, tf.zeros(2), np.array([[1], [0]]), X, 1, 2, seed=1)"),
    ("tf.image.resize_images(tf.ones([4, 4, 1]) * X[0, 1], 2, 3)",
     "tf.image.resize_images(tf.ones([4, 4, 1]) * X[0, 1], [2, 3])"),
    ("tf.image.per_image_whitening(X.reshape(1, 2, 3))",
     "tf.image.per_image_standardization(X.reshape(1, 2, 3))"),
    ("from tensorflow.python.ops import array_ops\narray_ops.concat(1, [X, Y])",
     "tf.concat([X, Y], 1)"),
    ("from tensorflow.python.ops import math_ops, nn\n"
     "nn.sigmoid_cross_entropy_with_logits(math_ops.mul(X, X), Y)",
     "tf.nn.sigmoid_cross_entropy_with_logits(labels=Y, logits=X * X)"),
]


@pytest.mark.parametrize(("before", "today"), SAME)
def test_a_line_of_before_gives_what_todays_gives(before, today, tf) -> None:
    np.testing.assert_allclose(value(before), value(today), rtol=1e-6)


RNN = "[tf.constant(X), tf.constant(Y)]"
CELL = "tf.nn.rnn_cell.BasicLSTMCell(4, forget_bias=1.0, input_size=3)"


@pytest.mark.parametrize("program", [
    f"tf.nn.rnn({CELL}, {RNN}, dtype=tf.float32)[0][1]",
    f"from tensorflow.models.rnn import rnn, rnn_cell\n"
    f"rnn.rnn(rnn_cell.GRUCell(4, 3), {RNN}, dtype=tf.float32)[1]",
    f"from tensorflow.models.rnn.rnn_cell import LSTMCell\n"
    f"tf.nn.rnn(LSTMCell(4, 3, use_peepholes=True), {RNN}, dtype=tf.float32)[0][0]",
    f"from tensorflow.python.ops import rnn, rnn_cell\n"
    f"rnn.rnn(rnn_cell.BasicRNNCell(4), {RNN}, dtype=tf.float32)[0][0]",
    f"tf.nn.bidirectional_rnn({CELL}, {CELL}, {RNN}, dtype=tf.float32)[0][0][:, 4:]",
    f"tf.nn.rnn(tf.nn.rnn_cell.MultiRNNCell([{CELL}] * 2), {RNN}, dtype=tf.float32)[0][1]",
    "c = tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(4), tf.placeholder_with_default(\n"
    "    1.0, []))\n"
    f"tf.nn.rnn(tf.nn.rnn_cell.MultiRNNCell([c] * 3), {RNN}, dtype=tf.float32)[0][1]",
    "from tensorflow.models.rnn import linear\nlinear.linear([X, Y], 4, True)",
])
def test_networks_of_before_run(program, tf) -> None:
    assert np.shape(value(program)) == (2, 4)


def test_a_cell_that_comes_twice_makes_two_layers_with_their_own_variables(tf) -> None:
    cell = tf.nn.rnn_cell.BasicLSTMCell(4)
    stacked = tf.nn.rnn_cell.MultiRNNCell([cell] * 2)
    tf.nn.dynamic_rnn(stacked, tf.zeros([2, 5, 4]), dtype=tf.float32)
    assert [v.op.name for v in tf.trainable_variables()] == [
        f"rnn/multi_rnn_cell/cell_{i}/basic_lstm_cell/{name}" for i in range(2)
        for name in ("kernel", "bias")]
    assert isinstance(cell, tf.nn.rnn_cell.RNNCell)
    assert isinstance(fg.nn.rnn_cell.BasicLSTMCell(4), tf.nn.rnn_cell.BasicLSTMCell)


def test_cells_of_a_program_keep_their_own_arguments_and_kind(tf) -> None:
    class Projected(tf.nn.rnn_cell.GRUCell):
        def __init__(self, num_units, num_proj):
            super().__init__(num_units, 7)
            self.num_proj = num_proj

    class Mine(tf.nn.rnn_cell.BasicLSTMCell):
        pass

    cell = Projected(10, 5)
    assert (cell.output_size, cell.num_proj) == (10, 5)
    assert isinstance(cell, fg.nn.rnn_cell.GRUCell)
    assert isinstance(Mine(3, 1.0, None), Mine)
    assert not isinstance(tf.nn.rnn_cell.BasicLSTMCell(3), Mine)


def test_summaries_of_before_are_collected_and_written(tf, tmp_path) -> None:
    tf.scalar_summary("the loss", 1.5)
    tf.scalar_summary(["a", "b"], [1.0, 2.0])
    tf.histogram_summary("weights", X)
    tf.image_summary("picture", np.zeros((1, 2, 2, 3), np.float32), max_images=1)
    tf.audio_summary("sound", np.zeros((1, 8), np.float32), 8.0)
    merged = tf.merge_all_summaries()
    with tf.Session() as sess:
        writer = tf.train.SummaryWriter(str(tmp_path), sess.graph_def)
        writer.add_summary(sess.run(merged), 3)
        writer.close()
    (file,) = tmp_path.iterdir()
    events = list(fg.train.summary_iterator(str(file)))
    tags = [item.tag for event in events for item in event.summary.value]
    assert tags == ["the loss", "a", "b", "weights", "picture/image", "sound/audio/0"]
    assert any(event.graph_def for event in events)


def test_each_old_name_is_told_once(tf, caplog) -> None:
    for _ in range(2):
        tf.mul(X, Y)
        tf.merge_summary([tf.scalar_summary("t", 1.0)])
        tf.concat(0, [X, Y])
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
        "tf.mul of before TensorFlow 1.0 is tf.multiply today",
        "tf.scalar_summary of before TensorFlow 1.0 is tf.summary.scalar today",
        "tf.merge_summary of before TensorFlow 1.0 is tf.summary.merge today",
        "tf.concat(axis, values) of before TensorFlow 1.0 is tf.concat(values, axis) today"]


def test_flowgraph_itself_is_as_it_was(tf) -> None:
    assert fg.concat is not tf.concat
    assert fg.nn.rnn_cell.LSTMCell is not tf.nn.rnn_cell.LSTMCell
    assert not hasattr(fg.nn, "seq2seq")
    assert compat.install() is not tf
    assert compat.install().concat is fg.concat


# Those that flowgraph has without --legacy too; tf.nn.rnn is a module of its own.
OFFERED = ("batch_", "op_", "complex_", "inv", "listdiff", "mul", "neg", "nn.rnn", "pack", "select",
           "sub", "unpack")
NOT_OFFERED = sorted(name for name in BEFORE_ONE if not name.startswith(
    tuple(f"tf.{offered}" for offered in OFFERED)) or name.startswith("tf.nn.rnn_cell"))


@pytest.mark.parametrize("name", NOT_OFFERED)
def test_without_legacy_the_error_says_todays_name_and_legacy(name) -> None:
    with pytest.raises(AttributeError) as caught:
        eval(name, {"tf": fg})
    assert f"Write {BEFORE_ONE[name]}; `flowgraph run --legacy`" in str(caught.value)


@pytest.mark.parametrize("name", BEFORE_ONE)
def test_with_legacy_every_old_name_is_there(name, tf) -> None:
    assert eval(name, {"tf": tf}) is not None


@pytest.mark.parametrize(("name", "words"), [
    ("tf.user_ops", "Use tf.py_func"), ("tf.nn.inference_top_k", "Use tf.nn.top_k")])
def test_what_no_option_brings_back_does_not_name_one(name, words) -> None:
    with pytest.raises(AttributeError, match=words) as caught:
        eval(name, {"tf": fg})
    assert "--legacy" not in str(caught.value)


@pytest.mark.parametrize("line", [
    "import tensorflow.models.image.cifar10", "from tensorflow.models.rnn.ptb import ptb_word_lm",
    "from tensorflow.models.rnn.translate import data_utils"])
def test_programs_that_came_with_tensorflow_are_to_be_copied(line, tf) -> None:
    with pytest.raises(ImportError, match=r"[Cc]opy the files"):
        exec(line)


PTB = "a b c\nb c c\n"


def test_the_reader_of_words_gives_batches_of_sequences(tf, tmp_path) -> None:
    from tensorflow.models.rnn.ptb import reader

    for part in ("train", "valid", "test"):
        (tmp_path / f"ptb.{part}.txt").write_text(f" {PTB.replace(chr(10), ' ' + chr(10) + ' ')}")
    train, valid, _, count = reader.ptb_raw_data(str(tmp_path))
    # c three times, then <eos> and b twice each, then a
    assert (train, valid, count) == ([3, 2, 0, 1, 2, 0, 0, 1], train, 4)
    batches = list(reader.ptb_iterator(range(14), 2, 3))
    assert [[b.tolist() for b in pair] for pair in batches] == [
        [[[0, 1, 2], [7, 8, 9]], [[1, 2, 3], [8, 9, 10]]],
        [[[3, 4, 5], [10, 11, 12]], [[4, 5, 6], [11, 12, 13]]]]
    x, y = reader.ptb_producer(range(14), 2, 3)
    assert (x.shape, y.op.name.partition("/")[0]) == ((2, 3), "PTBProducer")
    with fg.Session() as session:
        coordinator = fg.train.Coordinator()
        threads = fg.train.start_queue_runners(session, coordinator)
        for pair in batches:
            assert [b.tolist() for b in session.run([x, y])] == [b.tolist() for b in pair]
        coordinator.request_stop()
        coordinator.join(threads)
    with pytest.raises(ValueError, match="decrease batch_size"):
        reader.ptb_producer(range(5), 2, 3)


@pytest.mark.parametrize(("line", "kind", "words"), [
    ("tf.concat(1, [X, Y])", TypeError, "tf.concat(values, 1)"),
    ("tf.split(1, 3, tf.constant(X))", TypeError, "tf.split(value, 3, 1)"),
    ("tf.nn.softmax_cross_entropy_with_logits(X, Y)", ValueError, "the logits came first"),
    ("tf.nn.sigmoid_cross_entropy_with_logits(X, Y)", ValueError, "named arguments"),
    ("tf.nn.seq2seq.sequence_loss", AttributeError, "tf.contrib.legacy_seq2seq"),
    ("tf.models.rnn.rnn_cell", AttributeError, "tf.nn.rnn_cell"),
])
def test_without_legacy_an_old_call_fails_with_the_way_out(line, kind, words) -> None:
    with fg.Graph().as_default(), pytest.raises(kind) as caught:
        eval(line, {"tf": fg, "X": X, "Y": Y})
    assert words in str(caught.value)
    assert "flowgraph run --legacy" in str(caught.value)
