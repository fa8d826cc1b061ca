"""Old names and arguments: what is logged, how often, and what is refused."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

import flowgraph as fg
from flowgraph.core import deprecation


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(deprecation, "_told", set())


def lines(caplog):
    return [record.getMessage() for record in caplog.records]


def test_an_old_function_is_logged_at_the_users_line(caplog):
    fg.to_float(1)
    line = sys._getframe().f_lineno - 1
    assert lines(caplog) == [
        f"From {__file__}:{line}: to_float (from flowgraph.ops.cast) is deprecated and will be "
        "removed in a future version.\nInstructions for updating:\nUse `tf.cast` instead."]
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("tensorflow", logging.WARNING)


def test_a_line_is_logged_once_and_each_line_for_itself(caplog):
    for _ in range(3):
        fg.initialize_all_variables()
    fg.initialize_all_variables()
    assert len(caplog.records) == 2
    assert "after 2017-03-02" in lines(caplog)[0]


@pytest.mark.parametrize(("call", "words"), [
    (lambda: fg.reduce_sum([1.0], keep_dims=True), "calling reduce_sum (from flowgraph.ops.reduce)"
                                                   " with keep_dims is deprecated"),
    (lambda: fg.reduce_max([1.0], reduction_indices=0), "use axis instead"),
    (lambda: fg.reduce_logsumexp([1.0], keep_dims=False), "calling reduce_logsumexp"),
    (lambda: fg.norm([1.0], keep_dims=True), "use keepdims instead"),
    (lambda: fg.argmax([1.0], dimension=0), "calling argmax (from flowgraph.ops.argmax) with"),
    (lambda: fg.expand_dims([1.0], dim=0), "dim is deprecated, use axis instead"),
    (lambda: fg.squeeze([1.0], squeeze_dims=[0]), "squeeze_dims is deprecated"),
    (lambda: fg.nn.softmax([1.0], dim=0), "calling softmax"),
    (lambda: fg.nn.l2_normalize([1.0], dim=0), "calling l2_normalize"),
    (lambda: fg.nn.dropout(fg.ones([2]), keep_prob=0.5), "rate = 1 - keep_prob"),
    (lambda: fg.reverse_sequence([[1]], [1], seq_dim=1), "use seq_axis instead"),
    (lambda: fg.div(1, 2), "tf.math.divide"),
    (lambda: fg.arg_max([1.0], 0), "tf.math.argmax"),
    (lambda: fg.multinomial([[1.0]], 1), "tf.random.categorical"),
    (lambda: fg.all_variables(), "tf.global_variables"),
], ids=["keep_dims", "reduction_indices", "logsumexp", "norm", "dimension", "dim", "squeeze_dims",
        "softmax", "l2_normalize", "keep_prob", "seq_dim", "div", "arg_max", "multinomial",
        "all_variables"])
def test_old_spellings_are_logged(call, words, caplog):
    call()
    assert len(caplog.records) == 1 and words in lines(caplog)[0]
    assert f"From {__file__}:" in lines(caplog)[0]


def test_new_spellings_and_flowgraphs_own_calls_are_silent(caplog):
    x = fg.placeholder(fg.float32, [2, 3])
    y = fg.reduce_mean(fg.nn.softmax(fg.expand_dims(x, 0), axis=-1), keepdims=True)
    fg.train.AdamOptimizer().minimize(y + fg.Variable(1.0))
    fg.gradients(fg.reduce_prod(x / 2.0), x)
    fg.variables_initializer(fg.global_variables())
    assert not caplog.records


@pytest.mark.parametrize("call", [
    lambda: fg.reduce_sum([1.0], axis=0, reduction_indices=0),
    lambda: fg.reduce_sum([1.0], keepdims=False, keep_dims=False),
    lambda: fg.argmax([1.0], axis=0, dimension=0),
    lambda: fg.squeeze([1.0], axis=0, squeeze_dims=[0]),
    lambda: fg.nn.dropout([1.0], keep_prob=0.5, rate=0.5),
    lambda: fg.nn.log_softmax([1.0], axis=0, dim=0),
], ids=["axis", "keepdims", "argmax", "squeeze", "dropout", "log_softmax"])
def test_an_argument_is_not_given_under_both_names(call, caplog):
    with pytest.raises(ValueError, match="Cannot specify both"):
        call()
    assert not caplog.records


def test_lines_go_to_stderr_as_tensorflow_writes_them():
    done = subprocess.run([sys.executable, "-c", "import flowgraph as tf; tf.to_int32(1.0)"],
                          capture_output=True, text=True, check=True)
    assert done.stderr.startswith("WARNING:tensorflow:From <string>:1: to_int32 (from flowgraph.")
