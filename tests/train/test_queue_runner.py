"""Queue runners: threads that fill queues, come to an end, stop and report."""

import logging
import threading

import pytest

import flowgraph as fg

errors = fg.errors


def counting(limit=3, **options):
    """(a queue that is filled with 0, 1, ... up to a limit, its runner)."""
    counter = fg.Variable(0, trainable=False)
    queue = fg.FIFOQueue(10, fg.int32, shapes=[[]])
    return queue, fg.train.QueueRunner(queue, [queue.enqueue(fg.count_up_to(counter, limit))],
                                       **options)


def test_the_end_of_the_data_closes_the_queue():
    queue, runner = counting()
    element = queue.dequeue()
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        threads = runner.create_threads(sess, start=True)
        assert [sess.run(element) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(errors.OutOfRangeError):
            sess.run(element)
        for thread in threads:
            thread.join()
        assert runner.exceptions_raised == []


def test_the_queue_is_closed_when_the_last_of_several_threads_ends():
    first = fg.Variable(0, trainable=False)
    second = fg.Variable(0, trainable=False)
    queue = fg.FIFOQueue(10, fg.int32, shapes=[[]])
    runner = fg.train.QueueRunner(queue, [queue.enqueue(fg.count_up_to(first, 2)),
                                          queue.enqueue(fg.count_up_to(second, 4))])
    rest = queue.dequeue_up_to(10)
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        runner.create_threads(sess, start=True, daemon=True)
        assert sorted(sess.run(rest)) == [0, 0, 1, 1, 2, 3]


def test_a_stop_ends_threads_that_wait_for_room():
    queue = fg.FIFOQueue(1, fg.int32)
    runner = fg.train.QueueRunner(queue, [queue.enqueue(1)] * 2)
    coord = fg.train.Coordinator()
    with fg.Session() as sess:
        threads = runner.create_threads(sess, coord, start=True)
        assert len(threads) == 3
        coord.request_stop()
        coord.join(threads)
        assert sess.run(queue.is_closed())


def test_other_errors_stop_the_coordinator_and_are_raised_by_join():
    queue = fg.FIFOQueue(1, fg.int32)
    number = fg.placeholder(fg.int32, name="unfed")
    runner = fg.train.QueueRunner(queue, [queue.enqueue(number)])
    coord = fg.train.Coordinator()
    with fg.Session() as sess:
        threads = runner.create_threads(sess, coord, start=True)
        with pytest.raises(errors.InvalidArgumentError, match="unfed"):
            coord.join(threads)


def test_without_a_coordinator_errors_are_kept(caplog, monkeypatch):
    raised = []
    monkeypatch.setattr(threading, "excepthook", lambda args: raised.append(args.exc_value))
    queue = fg.FIFOQueue(1, fg.int32)
    runner = fg.train.QueueRunner(queue, [queue.enqueue(fg.placeholder(fg.int32))])
    with fg.Session() as sess, caplog.at_level(logging.ERROR, "tensorflow"):
        for thread in runner.create_threads(sess, start=True):
            thread.join()
    assert [type(error) for error in runner.exceptions_raised] == [errors.InvalidArgumentError]
    assert raised == runner.exceptions_raised
    assert "Exception in QueueRunner" in caplog.text


def test_threads_are_not_started_twice_for_one_session():
    _, runner = counting(1000)
    coord = fg.train.Coordinator()
    with fg.Session() as sess, fg.Session() as other:
        sess.run(fg.global_variables_initializer())
        threads = runner.create_threads(sess, coord, start=True)
        assert runner.create_threads(sess, coord) == []
        assert len(runner.create_threads(other)) == 1
        coord.request_stop()
        coord.join(threads)
        assert len(runner.create_threads(sess)) == 1


def test_which_errors_mean_the_end_can_be_said():
    queue = fg.FIFOQueue(1, fg.int32)
    enqueue = queue.enqueue(fg.placeholder(fg.int32))
    runner = fg.train.QueueRunner(queue, [enqueue], queue_closed_exception_types=(
        errors.OutOfRangeError, errors.InvalidArgumentError))
    with fg.Session() as sess:
        for thread in runner.create_threads(sess, start=True):
            thread.join()
        assert sess.run(queue.is_closed())


@pytest.mark.parametrize(("arguments", "error"), [
    ({}, ValueError), ({"queue": 1}, ValueError),
    ({"queue": 1, "enqueue_ops": [1], "close_op": 1, "cancel_op": 1,
      "queue_closed_exception_types": [errors.OutOfRangeError]}, TypeError),
    ({"queue": 1, "enqueue_ops": [1], "close_op": 1, "cancel_op": 1,
      "queue_closed_exception_types": (ValueError,)}, TypeError),
    ({"queue": 1, "queue_runner_def": fg.train.queue_runner.QueueRunnerDef()}, ValueError)],
    ids=["nothing", "no_ops", "list", "builtin", "both"])
def test_bad_arguments(arguments, error):
    with pytest.raises(error):
        fg.train.QueueRunner(**arguments)


def test_a_runner_can_be_written_as_a_message_and_read():
    with fg.name_scope("input"):
        queue = fg.FIFOQueue(3, fg.int32, name="q")
        runner = fg.train.QueueRunner(queue, [queue.enqueue(1), queue.enqueue(2)],
                                      queue_closed_exception_types=(errors.OutOfRangeError,
                                                                    errors.CancelledError))
    message = runner.to_proto()
    # The bytes that TensorFlow writes.
    assert message.SerializeToString() == (
        b"\n\x07input/q\x12\x0finput/q_enqueue\x12\x11input/q_enqueue_1\x1a\rinput/q_Close"
        b'"\x0finput/q_Close_1*\x02\x0b\x01')
    again = fg.train.QueueRunner.from_proto(
        fg.train.queue_runner.QueueRunnerDef.FromString(message.SerializeToString()))
    assert (again.name, again.close_op, again.cancel_op) == (
        "input/q", runner.close_op, runner.cancel_op)
    assert again.enqueue_ops == runner.enqueue_ops
    assert again.queue_closed_exception_types == runner.queue_closed_exception_types
    assert runner.to_proto("input").queue_name == "q"
    assert runner.to_proto("other") is None
    assert fg.train.QueueRunner.from_proto(runner.to_proto("input"), "input").name == "input/q"


def test_start_queue_runners_needs_a_session(caplog):
    with pytest.raises(ValueError, match="No default session"):
        fg.train.start_queue_runners()
    with pytest.raises(TypeError, match=r"tf\.Session"):
        fg.train.start_queue_runners(sess=1)
    with fg.Session(), caplog.at_level(logging.WARNING, "tensorflow"):
        assert fg.train.start_queue_runners() == []
    assert "no queue runners" in caplog.text


def test_threads_may_be_made_without_starting_them():
    queue = fg.FIFOQueue(3, fg.int32)
    fg.train.add_queue_runner(fg.train.QueueRunner(queue, [queue.enqueue(1)]), "mine")
    with fg.Session() as sess:
        threads = fg.train.start_queue_runners(sess, start=False, collection="mine")
        assert [thread.daemon for thread in threads] == [True]
        assert not threads[0].is_alive()
