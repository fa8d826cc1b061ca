"""SyncReplicasOptimizer: one update from the gradients of several workers.

    worker   compute gradients -> accumulators -> wait for a token
    chief    enough gradients in all accumulators -> update the variables and the global step
             -> a token, which is the new global step, for each worker

Workers are threads that run the training step, in one Session. A worker marks its gradients with
the step of its last token; those of an earlier step are dropped. As in TensorFlow 1, a worker waits
for a token as long as others have steps to make: end loops by the global step, not by a count.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import deprecated
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.errors import CancelledError
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import (
    control_dependencies,
    device,
    get_default_graph,
    name_scope,
)
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.operation import Operation
from flowgraph.ops.accumulator_state import Accumulator
from flowgraph.ops.accumulators import ConditionalAccumulator, SparseConditionalAccumulator
from flowgraph.ops.constant import fill
from flowgraph.ops.identity import group, no_op
from flowgraph.ops.queues import FIFOQueue
from flowgraph.ops.resources import resource_of
from flowgraph.ops.state import assign
from flowgraph.ops.variable import Variable
from flowgraph.ops.variable_lists import global_variables, report_uninitialized_variables
from flowgraph.train.optimizer import Optimizer
from flowgraph.train.queue_runner import QueueRunner
from flowgraph.train.session_manager import not_ready
from flowgraph.train.session_run_hook import SessionRunHook


class SyncReplicasOptimizer(Optimizer):
    """Averages the gradients of several workers before another optimizer applies them.

    Deprecated, as in TensorFlow 1. Give the hook of `make_session_run_hook` to the monitored
    session: its chief updates the variables in a thread.

    Args:
        opt: the optimizer that applies the gradients.
        replicas_to_aggregate: how many gradients make one update.
        total_num_replicas: how many workers there are; default `replicas_to_aggregate`.
        variable_averages: an ExponentialMovingAverage to update after each step.
        variables_to_average: the variables that it follows.
        use_locking: accepted; runs are atomic anyway.
        name: name scope of the nodes.

    Example:
        >>> import flowgraph as fg
        >>> w = fg.get_variable("w", initializer=3.0)
        >>> step = fg.train.get_or_create_global_step()
        >>> sgd = fg.train.GradientDescentOptimizer(0.25)
        >>> sync = fg.train.SyncReplicasOptimizer(sgd, replicas_to_aggregate=2,
        ...                                       total_num_replicas=1)
        >>> train = sync.minimize(w * w, global_step=step)
        >>> hooks = [sync.make_session_run_hook(is_chief=True)]
        >>> with fg.train.MonitoredTrainingSession(hooks=hooks) as sess:
        ...     for _ in range(4):
        ...         _ = sess.run(train)
        ...     sess.run(step) >= 1
        np.True_
    """

    def __init__(self, opt: Optimizer, replicas_to_aggregate: int,
                 total_num_replicas: int | None = None, variable_averages: Any = None,
                 variables_to_average: Any = None, use_locking: bool = False,
                 name: str = "sync_replicas") -> None:
        deprecated("The `SyncReplicaOptimizer` class is deprecated.",
                   name="SyncReplicasOptimizer.__init__")
        if total_num_replicas is None:
            total_num_replicas = replicas_to_aggregate
        super().__init__(use_locking, name)
        logger().info("SyncReplicasV2: replicas_to_aggregate=%s; total_num_replicas=%s",
                      replicas_to_aggregate, total_num_replicas)
        self._opt = opt
        self._replicas_to_aggregate = replicas_to_aggregate
        self._total_num_replicas = total_num_replicas
        self._variable_averages = variable_averages
        self._variables_to_average = variables_to_average
        self._gradients_applied = False
        self._global_step: Any = None
        self._chief_queue_runner: QueueRunner | None = None

    def compute_gradients(self, *args: Any, **kwargs: Any) -> list[tuple[Any, Any]]:
        """The gradients, as the other optimizer computes them.

        Args:
            args, kwargs: as for its `compute_gradients`.
        """
        return self._opt.compute_gradients(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]], global_step: Any = None,
                        name: str | None = None) -> Any:
        """A worker's step: its gradients are added up, then it waits for a token.

        Args:
            grads_and_vars: list of (gradient, variable).
            global_step: the global step.
            name: accepted.

        Returns:
            What a worker runs.

        Raises:
            ValueError: there are no variables, or there is no global step.
        """
        pairs = list(grads_and_vars)
        if not pairs:
            raise ValueError(located("Must supply at least one variable"))
        if global_step is None:
            raise ValueError(located("Global step is required to check staleness",
                                     "Write minimize(loss, global_step="
                                     "tf.train.get_or_create_global_step())."))
        self._global_step = global_step
        step_dtype = global_step.dtype.base_dtype
        self._local_step = Variable(0, trainable=False, collections=[GraphKeys.LOCAL_VARIABLES],
                                    dtype=step_dtype, name="sync_rep_local_step")
        self.local_step_init_op = assign(self._local_step, global_step)
        self.ready_for_local_init_op = report_uninitialized_variables(global_variables())
        at_root = get_default_graph().name_scope
        with name_scope(None, self._name):
            added, averaged, self._accumulators = self._aggregated(pairs)
            with device(global_step.device), at_root(None):
                update = self._opt.apply_gradients(averaged, global_step)
                tokens = FIFOQueue(-1, step_dtype, shapes=(), name="sync_token_q",
                                   shared_name="sync_token_q")
                dummy = FIFOQueue(1, dt.int32, shapes=(), name="dummy_queue",
                                  shared_name="dummy_queue")
                self._sync_token_queue = tokens
                with control_dependencies(added):
                    token = tokens.dequeue()
                train = assign(self._local_step, token)
                count = max(self._total_num_replicas, self._replicas_to_aggregate)
                signal = tokens.enqueue_many((fill([count], global_step),))
                if self._variable_averages is not None:
                    with control_dependencies([signal]):
                        signal = self._variable_averages.apply(self._variables_to_average)
                self._chief_queue_runner = _ChiefQueueRunner(dummy, update, signal, [
                    accumulator.accumulator_ref for accumulator in self._accumulators])
            self.chief_init_op = group(self.local_step_init_op, *[
                accumulator.set_global_step(global_step, name="SetGlobalStep")
                for accumulator in self._accumulators])
        self._gradients_applied = True
        return train

    def _aggregated(self, pairs: list[tuple[Any, Any]]
                    ) -> tuple[list[Operation], list[tuple[Any, Any]], list[Any]]:
        """Ops that add a worker's gradients; (mean gradient, variable); the accumulators."""
        added: list[Operation] = []
        averaged: list[tuple[Any, Any]] = []
        accumulators: list[Any] = []
        needed = self._replicas_to_aggregate
        for grad, variable in pairs:
            if grad is None:
                averaged.append((None, variable))
                continue
            with device(variable.device):
                shared = f"{variable.name}/grad_accum"
                if isinstance(grad, IndexedSlices):
                    rows = SparseConditionalAccumulator(grad.dtype, shape=(), shared_name=shared)
                    added.append(rows.apply_indexed_slices_grad(grad, self._local_step))
                    averaged.append((rows.take_indexed_slices_grad(needed), variable))
                    accumulators.append(rows)
                else:
                    total = ConditionalAccumulator(grad.dtype, variable.get_shape(), shared)
                    added.append(total.apply_grad(grad, self._local_step))
                    averaged.append((total.take_grad(needed), variable))
                    accumulators.append(total)
        return added, averaged, accumulators

    def get_chief_queue_runner(self) -> QueueRunner:
        """What updates the variables, in a thread of the chief.

        Raises:
            ValueError: `apply_gradients` was not called yet.
        """
        if self._chief_queue_runner is None:
            raise ValueError(located("get_chief_queue_runner() should be called after "
                                     "apply_gradients()."))
        return self._chief_queue_runner

    def get_slot(self, *args: Any, **kwargs: Any) -> Any:
        """A slot of the other optimizer.

        Args:
            args, kwargs: as for its `get_slot`.
        """
        return self._opt.get_slot(*args, **kwargs)

    def variables(self) -> list[Variable]:
        """The variables of the other optimizer."""
        return self._opt.variables()

    def get_slot_names(self, *args: Any, **kwargs: Any) -> list[str]:
        """The names of the other optimizer's slots.

        Args:
            args, kwargs: as for its `get_slot_names`.
        """
        return self._opt.get_slot_names(*args, **kwargs)

    def get_init_tokens_op(self, num_tokens: int = -1) -> Operation:
        """An operation that puts the tokens for the first step into the queue.

        Args:
            num_tokens: how many; -1 for `replicas_to_aggregate`.

        Raises:
            ValueError: they are too few, or `apply_gradients` was not called yet.
        """
        if not self._gradients_applied:
            raise ValueError(located("get_init_tokens_op() should be called after "
                                     "apply_gradients()."))
        needed = self._replicas_to_aggregate - self._total_num_replicas
        if num_tokens == -1:
            num_tokens = self._replicas_to_aggregate
        elif num_tokens < needed:
            raise ValueError(located(f"Too few tokens to finish the first step: {num_tokens} "
                                     f"(given) vs {needed} (needed)"))
        if num_tokens <= 0:
            return no_op(name="no_init_tokens")
        with device(self._global_step.device), get_default_graph().name_scope(None):
            return self._sync_token_queue.enqueue_many((fill([num_tokens], self._global_step),))

    def make_session_run_hook(self, is_chief: bool, num_tokens: int = -1) -> SessionRunHook:
        """The hook that makes a monitored session ready for this optimizer.

        Args:
            is_chief: whether its thread updates the variables.
            num_tokens: as for `get_init_tokens_op`.
        """
        return _SyncReplicasOptimizerHook(self, is_chief, num_tokens)


class _ChiefQueueRunner(QueueRunner):
    """Updates the variables, then lets the workers go on, again and again in a thread.

    The update is a run of its own: it changes the variables when it ends, and a worker that got its
    token earlier might still see the old ones.

    Args:
        queue: a queue that nobody uses; runners have one.
        update: waits for enough gradients, and applies them.
        signal: puts tokens into the queue of the workers.
        accumulators: handles of what the update waits for.
    """

    def __init__(self, queue: Any, update: Any, signal: Any, accumulators: list[Any]) -> None:
        super().__init__(queue, [signal])
        self._update, self._accumulators = update, accumulators

    def _run(self, sess: Any, enqueue_op: Any, coord: Any) -> None:
        try:
            update, signal = sess.make_callable(self._update), sess.make_callable(enqueue_op)
            while coord is None or not coord.should_stop():
                update()
                signal()
        except CancelledError as error:  # the session is closed, or _close_on_stop ended the wait
            if coord is not None and not coord.should_stop():
                coord.request_stop(error)
        except Exception as error:
            if coord is None:
                raise
            coord.request_stop(error)
        finally:
            with self._lock:
                self._running[sess] -= 1

    def _close_on_stop(self, sess: Any, coord: Any) -> None:
        coord.wait_for_stop()
        try:
            handles = sess.run(self._accumulators)
        except RuntimeError:  # the session is closed, and so are they
            return
        for handle in handles:
            resource_of(handle, Accumulator).close()


class _SyncReplicasOptimizerHook(SessionRunHook):
    """Makes a session ready for a SyncReplicasOptimizer, and starts the chief's thread."""

    def __init__(self, sync_optimizer: SyncReplicasOptimizer, is_chief: bool,
                 num_tokens: int) -> None:
        self._sync_optimizer = sync_optimizer
        self._is_chief = is_chief
        self._num_tokens = num_tokens

    def begin(self) -> None:
        """Adds the ops that give the first tokens."""
        optimizer = self._sync_optimizer
        if not optimizer._gradients_applied:
            raise ValueError(located("SyncReplicasOptimizer.apply_gradient should be called before "
                                     "using the hook."))
        self._local_init_op = (optimizer.chief_init_op if self._is_chief
                               else optimizer.local_step_init_op)
        self._q_runner = optimizer.get_chief_queue_runner() if self._is_chief else None
        self._init_tokens_op = (optimizer.get_init_tokens_op(self._num_tokens) if self._is_chief
                                else None)

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Sets the local step, gives the first tokens, and starts the chief's thread."""
        problem = not_ready(self._sync_optimizer.ready_for_local_init_op, session,
                            "Model is not ready for SyncReplicasOptimizer local init.")
        if problem is not None:
            raise RuntimeError(located(
                "Init operations did not make model ready for SyncReplicasOptimizer local_init. "
                f"Init op: {self._local_init_op.name}, error: {problem}"))
        session.run(self._local_init_op)
        if self._q_runner is not None:
            session.run(self._init_tokens_op)
            self._q_runner.create_threads(session, coord=coord, daemon=True, start=True)
