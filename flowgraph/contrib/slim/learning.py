"""`slim.learning`: training ops, and the loop that runs them under a Supervisor."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flowgraph.contrib.training import train_op as _training
from flowgraph.contrib.training.train_op import (
    USE_GLOBAL_STEP,
    clip_gradient_norms,
    multiply_gradients,
)
from flowgraph.core.frames import located
from flowgraph.errors import AbortedError, OutOfRangeError
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.ops.compare import equal, greater_equal
from flowgraph.ops.constant import constant
from flowgraph.ops.division import mod
from flowgraph.ops.identity import group
from flowgraph.ops.lookup_static import tables_initializer
from flowgraph.ops.variable_lists import (
    global_variables_initializer,
    local_variables_initializer,
    report_uninitialized_variables,
)
from flowgraph.platform import logging
from flowgraph.runtime.config import RunOptions
from flowgraph.summary.merging import merge_all
from flowgraph.summary.step_stats import RunMetadata
from flowgraph.summary.timeline import Timeline
from flowgraph.train.global_step import get_or_create_global_step
from flowgraph.train.optimizer import Optimizer
from flowgraph.train.saver import Saver
from flowgraph.train.supervisor import Supervisor

_USE_DEFAULT = 0


def add_gradients_summaries(grads_and_vars: Any) -> list[Any]:
    """Summaries of gradients: a histogram and the norm of each.

    Args:
        grads_and_vars: list of (gradient, variable).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> w = fg.get_variable("w", [2])
        >>> [summary.op.name for summary in slim.learning.add_gradients_summaries([(w, w)])]
        ['w/gradient', 'w/gradient_norm']
    """
    return _training.gradients_summaries(grads_and_vars, "/")


def create_train_op(total_loss: Any, optimizer: Any, global_step: Any = USE_GLOBAL_STEP,
                    update_ops: Any = None, variables_to_train: Any = None,
                    clip_gradient_norm: float = 0, summarize_gradients: bool = False,
                    gate_gradients: int = Optimizer.GATE_OP, aggregation_method: Any = None,
                    colocate_gradients_with_ops: bool = False, gradient_multipliers: Any = None,
                    check_numerics: bool = True) -> Any:
    """The op that trains one step and gives the loss.

    Args:
        total_loss: scalar tensor.
        optimizer: the optimizer.
        global_step: the variable that counts steps; None for none; default the graph's.
        update_ops: ops to run in every step; default those in UPDATE_OPS.
        variables_to_train: the variables to train; default all trainable ones.
        clip_gradient_norm: the largest norm of each gradient; 0 for no limit.
        summarize_gradients: whether to summarize the gradients.
        gate_gradients, aggregation_method, colocate_gradients_with_ops: as for
            `Optimizer.compute_gradients`.
        gradient_multipliers: dict from variables or their names to factors of their gradients.
        check_numerics: whether a loss that is not finite is an error.

    Returns:
        The loss, as a tensor whose evaluation trains one step.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> w = fg.get_variable("w", initializer=2.0)
        >>> train = slim.learning.create_train_op(w * w, fg.train.GradientDescentOptimizer(0.25))
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(train), sess.run(w)
        (np.float32(4.0), np.float32(1.0))
    """
    def transform(gradients: Any) -> Any:
        if gradient_multipliers:
            with name_scope("multiply_grads"):
                gradients = multiply_gradients(gradients, gradient_multipliers)
        if clip_gradient_norm > 0:
            with name_scope("clip_grads"):
                gradients = clip_gradient_norms(gradients, clip_gradient_norm)
        return gradients

    return _training.create_train_op(
        total_loss, optimizer, global_step, update_ops, variables_to_train, transform,
        summarize_gradients, gate_gradients, aggregation_method, colocate_gradients_with_ops,
        check_numerics)


def train_step(sess: Any, train_op: Any, global_step: Any,
               train_step_kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """One step of `train`; a program may write its own that does more.

    Args:
        sess: the session.
        train_op: the training op.
        global_step: the variable that counts steps.
        train_step_kwargs: dict of "should_stop", "should_log" and "should_trace" (tensors),
            "logdir" and "summary_writer".

    Returns:
        (the loss, whether to stop).

    Raises:
        ValueError: a trace is wanted and there is no "logdir".

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> step = fg.train.get_or_create_global_step()
        >>> with fg.Session() as sess:
        ...     sess.run(step.initializer)
        ...     slim.learning.train_step(sess, step.assign_add(1), step, {})
        (np.int64(1), False)
    """
    start = time.time()
    options = metadata = None
    if "should_trace" in train_step_kwargs:
        if "logdir" not in train_step_kwargs:
            raise ValueError(located("logdir must be present in train_step_kwargs when "
                                     "should_trace is present"))
        if sess.run(train_step_kwargs["should_trace"]):
            options, metadata = RunOptions(trace_level=RunOptions.FULL_TRACE), RunMetadata()
    loss = sess.run(train_op, options=options, run_metadata=metadata)
    step = sess.run(global_step)  # in the same run it would be the number before the step
    seconds = time.time() - start
    if metadata is not None:
        trace = Path(train_step_kwargs["logdir"], f"tf_trace-{step}.json")
        logging.info("Writing trace to %s", trace)
        trace.write_text(Timeline(metadata.step_stats).generate_chrome_trace_format())
        if "summary_writer" in train_step_kwargs:
            train_step_kwargs["summary_writer"].add_run_metadata(metadata, f"run_metadata-{step}")
    if "should_log" in train_step_kwargs and sess.run(train_step_kwargs["should_log"]):
        logging.info("global step %d: loss = %.4f (%.3f sec/step)", step, loss, seconds)
    stop = "should_stop" in train_step_kwargs and sess.run(train_step_kwargs["should_stop"])
    return loss, stop


def train(train_op: Any, logdir: Any, train_step_fn: Callable[..., Any] = train_step,
          train_step_kwargs: Any = _USE_DEFAULT, log_every_n_steps: int = 1, graph: Any = None,
          master: str = "", is_chief: bool = True, global_step: Any = None,
          number_of_steps: int | None = None, init_op: Any = _USE_DEFAULT,
          init_feed_dict: Any = None, local_init_op: Any = _USE_DEFAULT, init_fn: Any = None,
          ready_op: Any = _USE_DEFAULT, summary_op: Any = _USE_DEFAULT,
          save_summaries_secs: float = 600, summary_writer: Any = _USE_DEFAULT,
          startup_delay_steps: int = 0, saver: Any = None, save_interval_secs: float = 600,
          sync_optimizer: Any = None, session_config: Any = None, session_wrapper: Any = None,
          trace_every_n_steps: int | None = None, ignore_live_threads: bool = False) -> Any:
    """Trains, with checkpoints and summaries in a folder, and goes on from the last checkpoint.

    Args:
        train_op: the op of one step, as `create_train_op` makes it.
        logdir: the folder; None for neither checkpoints nor summaries.
        train_step_fn: function that runs one step, as `train_step`.
        train_step_kwargs: what it is given as its last argument; default when to stop and log.
        log_every_n_steps: how often the loss is logged.
        graph: the graph; default the default graph.
        master, is_chief: accepted; there is one process.
        global_step: the variable that counts steps; default the graph's.
        number_of_steps: how far to train; None for no end.
        init_op, init_feed_dict, local_init_op, init_fn, ready_op, summary_op, summary_writer: as
            for `tf.train.Supervisor`.
        save_summaries_secs, save_interval_secs: seconds between summaries, between checkpoints.
        startup_delay_steps: accepted; there is one process.
        saver: the Saver; default one of all variables.
        sync_optimizer: must be None: it is for several processes.
        session_config: a ConfigProto.
        session_wrapper: function from the session to another, as one that debugs.
        trace_every_n_steps: how often a timeline is written; None for never.
        ignore_live_threads: whether threads that do not end are left alone.

    Returns:
        The loss of the last step; None when there was none.

    Raises:
        ValueError: arguments that do not go together.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> w = fg.get_variable("w", initializer=2.0)
        >>> op = slim.learning.create_train_op(w * w, fg.train.GradientDescentOptimizer(0.25))
        >>> slim.learning.train(op, None, number_of_steps=2, log_every_n_steps=0)
        np.float32(1.0)
    """
    _check(train_op, logdir, summary_op, saver, trace_every_n_steps, sync_optimizer,
           number_of_steps)
    graph = graph or get_default_graph()
    with graph.as_default():
        if global_step is None:
            global_step = get_or_create_global_step()
        saver = saver or Saver()
        with name_scope("init_ops"):
            if init_op is _USE_DEFAULT:
                init_op = global_variables_initializer()
            if ready_op is _USE_DEFAULT:
                ready_op = report_uninitialized_variables()
            if local_init_op is _USE_DEFAULT:
                local_init_op = group(local_variables_initializer(), tables_initializer())
        if summary_op is _USE_DEFAULT:
            summary_op = merge_all()
        if summary_writer is _USE_DEFAULT:
            summary_writer = Supervisor.USE_DEFAULT
        if train_step_kwargs is _USE_DEFAULT:
            train_step_kwargs = _step_arguments(global_step, number_of_steps, log_every_n_steps,
                                                trace_every_n_steps, logdir)
    supervisor = Supervisor(
        graph=graph, is_chief=is_chief, logdir=logdir, init_op=init_op,
        init_feed_dict=init_feed_dict, local_init_op=local_init_op, ready_for_local_init_op=None,
        ready_op=ready_op, summary_op=summary_op, summary_writer=summary_writer,
        global_step=global_step, saver=saver, save_summaries_secs=save_summaries_secs,
        save_model_secs=save_interval_secs, init_fn=init_fn)
    if summary_writer is not None:
        train_step_kwargs["summary_writer"] = supervisor.summary_writer
    while True:
        try:
            return _trained(supervisor, master, session_config, session_wrapper, logdir,
                            train_step_fn, train_op, global_step, train_step_kwargs,
                            ignore_live_threads)
        except AbortedError:
            logging.info("Retrying training!")


def _check(train_op: Any, logdir: Any, summary_op: Any, saver: Any, trace_every_n_steps: Any,
           sync_optimizer: Any, number_of_steps: int | None) -> None:
    if train_op is None:
        raise ValueError(located("train_op cannot be None."))
    if logdir is None:
        for name, is_given in (("summary_op", summary_op is not _USE_DEFAULT),
                               ("saver", saver is not None),
                               ("trace_every_n_steps", trace_every_n_steps is not None)):
            if is_given:
                raise ValueError(located(f"Cannot provide {name} because logdir=None"))
    if sync_optimizer is not None:
        raise ValueError(located("sync_optimizer is for several processes; flowgraph runs in one",
                                 "Leave it out."))
    if number_of_steps is not None and number_of_steps <= 0:
        raise ValueError(located("`number_of_steps` must be either None or a positive number."))


def _step_arguments(global_step: Any, number_of_steps: int | None, log_every_n_steps: int,
                    trace_every_n_steps: int | None, logdir: Any) -> dict[str, Any]:
    """What `train_step` is given: tensors that say when to stop, to log and to trace."""
    with name_scope("train_step"):
        arguments: dict[str, Any] = {
            "should_stop": greater_equal(global_step, number_of_steps) if number_of_steps
            else constant(False)}
        if log_every_n_steps > 0:
            arguments["should_log"] = equal(mod(global_step, log_every_n_steps), 0)
        if trace_every_n_steps is not None:
            arguments["should_trace"] = equal(mod(global_step, trace_every_n_steps), 0)
            arguments["logdir"] = logdir
    return arguments


def _trained(supervisor: Any, master: str, config: Any, session_wrapper: Any, logdir: Any,
             train_step_fn: Any, train_op: Any, global_step: Any, arguments: dict[str, Any],
             ignore_live_threads: bool) -> Any:
    """Trains in one session, and saves at the end."""
    loss = None
    with supervisor.managed_session(master, start_standard_services=False, config=config) as sess:
        logging.info("Starting Session.")
        if session_wrapper is not None:
            sess = session_wrapper(sess)
        if logdir and supervisor.is_chief:
            supervisor.start_standard_services(sess)
        threads = supervisor.start_queue_runners(sess)
        logging.info("Starting Queues.")
        try:
            while not supervisor.should_stop():
                loss, stop = train_step_fn(sess, train_op, global_step, arguments)
                if stop:
                    logging.info("Stopping Training.")
                    supervisor.request_stop()
                    break
        except OutOfRangeError as error:
            logging.info("Caught OutOfRangeError. Stopping Training. %s", error)
        if logdir and supervisor.is_chief:
            logging.info("Finished training! Saving model to disk.")
            supervisor.saver.save(sess, supervisor.save_path, global_step=supervisor.global_step)
            # The end of the session closes the event file.
            supervisor.stop(threads, close_summary_writer=False,
                            ignore_live_threads=ignore_live_threads)
    return loss
