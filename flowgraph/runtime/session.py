"""Session: runs parts of a graph and remembers its variables.

`Session.run` is the whole story: work out what the fetches need once (an Executable), make a plan
for the shapes of this run's feeds once, then: arrays in, kernels, arrays out.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from flowgraph.core import deadline, frames, gpu
from flowgraph.core.frames import located
from flowgraph.errors import (
    ClosedSessionError,
    FeedTypeError,
    InvalidArgumentError,
    message,
)
from flowgraph.graph import stacks
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.program.pipeline import check_names
from flowgraph.runtime import devices, observe
from flowgraph.runtime.arenas import ArenaPool
from flowgraph.runtime.bound_plan import Settings
from flowgraph.runtime.checked_plan import warn_of_failed
from flowgraph.runtime.devices import DeviceAttributes, SessionDevices
from flowgraph.runtime.executable import Executable, mark_used
from flowgraph.runtime.explain import Explanation, explanation
from flowgraph.runtime.feeds import feed_array, feed_tensor
from flowgraph.runtime.fetches import feed_parts, fetch_key
from flowgraph.runtime.runner import Hook
from flowgraph.runtime.state import State

if TYPE_CHECKING:
    from flowgraph.runtime.config import ConfigProto
    from flowgraph.runtime.device_check import DeviceCheck
    from flowgraph.runtime.partial_run import PartialRun

MOST_EXECUTABLES = 256  # per session; the one not used for longest goes first
_GROWN_RUNS = 20  # a line that made the graph grow before so many runs is in a loop


class BaseSession:
    """What Session and InteractiveSession share."""

    def __init__(self, target: str = "", graph: Graph | None = None,
                 config: ConfigProto | None = None, *, passes: Iterable[str] | None = None,
                 runner: str = "auto", poison: bool = False) -> None:
        if not isinstance(target, (str, bytes)):
            raise TypeError(located(f"target must be a string, not {target!r:.100}; a ConfigProto "
                                    "is given as Session(config=...)"))
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(located(f"graph must be a tf.Graph, not {graph!r:.100}"))
        config = devices.settings.config if config is None else config
        if config is not None:
            from flowgraph.runtime.config import ConfigProto, passes_of  # late: it costs 20 ms
            if not isinstance(config, ConfigProto):
                raise TypeError(located(f"config must be a tf.ConfigProto, not {config!r:.100}"))
            passes = passes_of(config) if passes is None else passes
        if runner not in ("auto", "interpreter", "source"):
            raise ValueError(located("runner must be 'auto', 'interpreter' or 'source', not "
                                     f"{runner!r}"))
        if passes is not None:
            passes = list(passes)
            check_names(passes)
        self._graph = get_default_graph() if graph is None else graph
        self._target = target
        self._config = config
        self._timeout = getattr(config, "operation_timeout_in_ms", 0) / 1000
        self._arenas = ArenaPool()
        self._devices = SessionDevices(target, config)
        self._device_check: DeviceCheck | None = None
        if self._devices.logs_placement:
            self._made_device_check()
        self._settings = Settings(passes, runner, poison, self._arenas,
                                  gpu.opened(self._devices.gpus))
        self._state = State()
        self._executables: OrderedDict[Any, Executable] = OrderedDict()
        self._lock = threading.Lock()
        self._closed = False
        self._changes = self._graph.changes
        self._version = self._graph.version
        self._growth: dict[tuple[str, int], int] = {}
        self._partial_runs: dict[str, PartialRun] = {}
        self._partial_runs_begun = 0

    @property
    def graph(self) -> Graph:
        """The graph that this session runs."""
        return self._graph

    @property
    def graph_def(self) -> Any:
        """The graph as a GraphDef."""
        return self._graph.as_graph_def()  # type: ignore[attr-defined]

    @property
    def sess_str(self) -> str:
        """The target, as given."""
        return self._target

    # ---- running ---------------------------------------------------------------------------------

    def run(self, fetches: Any, feed_dict: dict[Any, Any] | None = None, options: Any = None,
            run_metadata: Any = None, *, to_host: bool = True) -> Any:
        """Runs what `fetches` need and returns their values.

        Args:
            fetches: a tensor, operation, variable or name of one, or any nest of lists, tuples,
                named tuples and dicts of them.
            feed_dict: values (arrays, numbers, lists) by tensor; any tensor may be fed. An array in
                the memory of a GPU (CuPy's, or of any library that has DLPack) is used there.
            options: a RunOptions; its `timeout_in_ms` is how long the run may wait for other runs
                (for an element in a queue), after which it raises DeadlineExceededError; its
                `trace_level` and `output_partition_graphs` are what `run_metadata` is filled with.
            run_metadata: a RunMetadata that is told when each step ran and what came out, and the
                graph that ran. A run that is traced is slower: it goes step by step.
            to_host: False leaves results on the GPU that has made them, as arrays of CuPy, and does
                not wait for them. What the caller does with them on CuPy's current stream does.

        Returns:
            Arrays in the nesting of `fetches`: NumPy arrays that are the caller's own, NumPy
            scalars for rank 0, None for operations.

        Raises:
            RuntimeError: the session is closed, or its graph is empty.
            ValueError, TypeError: a fetch is not in the graph, or a feed does not fit.
            tf.errors.OpError: an operation failed. No variable has changed then.

        Example:
            >>> import flowgraph as fg
            >>> x = fg.placeholder(fg.float32, [2])
            >>> fg.Session().run({"double": x * 2.0}, {x: [1, 2]})
            {'double': array([2., 4.], dtype=float32)}
        """
        if observe.observers:
            return self._run_observed(fetches, feed_dict, options, run_metadata, (), to_host)
        if options is None and run_metadata is None and not self._timeout and to_host:
            executable, feeds, shapes = self._prepare(fetches, feed_dict)
            return executable.nest(executable.plan(shapes).run(feeds))
        return self._run_with_options(fetches, feed_dict, options, run_metadata, (), to_host)

    def _run_observed(self, fetches: Any, feed_dict: dict[Any, Any] | None, options: Any,
                      run_metadata: Any, hooks: tuple[Hook, ...] = (), to_host: bool = True) -> Any:
        """A run that is handed to observers. (The lambda would make `run` itself slower.)"""
        return observe.observed(self, fetches, feed_dict, lambda others: self._run_with_options(
            fetches, feed_dict, options, run_metadata, (*others, *hooks), to_host))

    def _run_with_options(self, fetches: Any, feed_dict: dict[Any, Any] | None, options: Any,
                          run_metadata: Any, hooks: tuple[Hook, ...] = (), to_host: bool = True
                          ) -> Any:
        """A run that ends after a time, tells about itself, or leaves its results on the GPU."""
        executable, feeds, shapes = self._prepare(fetches, feed_dict)
        plan = executable.plan(shapes)
        if options is None and run_metadata is None and not self._timeout:
            return executable.nest(self._handed(
                plan.run_with_hooks(feeds, hooks, to_host=to_host) if hooks
                else plan.run(feeds, (), to_host), to_host))
        from flowgraph.runtime.notes import StepNotes  # late: few runs are traced
        from flowgraph.runtime.trace_needed import add_needed
        from flowgraph.runtime.tracing import add_graph_of, fill
        traced = run_metadata is not None and getattr(options, "trace_level", 0) > 0
        notes = StepNotes() if traced else None
        seconds = getattr(options, "timeout_in_ms", 0) / 1000 or self._timeout
        with deadline.within(seconds) if seconds > 0 else nullcontext():
            results = plan.run_with_hooks(feeds, hooks if notes is None else (*hooks, notes),
                                          to_host=to_host)
        if run_metadata is not None:
            run_metadata.Clear()
            if notes is not None:
                fill(run_metadata.step_stats, notes)
                add_needed(run_metadata.step_stats, executable.fetches.elements, executable.feeds,
                           shapes)
            if getattr(options, "output_partition_graphs", False):
                add_graph_of(run_metadata, self._graph, executable.fetches.elements,
                             executable.feeds)
        return executable.nest(self._handed(results, to_host))

    def _handed(self, results: tuple[Any, ...], to_host: bool) -> tuple[Any, ...]:
        """Results; what the caller does with those that stay on a GPU waits for them there."""
        if not to_host:
            for one in self._settings.gpus.values():
                one.hand_over()
        return results

    def run_with_hooks(self, fetches: Any, feed_dict: dict[Any, Any] | None,
                       hooks: Iterable[Hook]) -> Any:
        """Like `run`, step by step in the interpreter, with hooks called around each step."""
        own = tuple(hooks)
        if observe.observers:
            return self._run_observed(fetches, feed_dict, None, None, own)
        return self._run_with_options(fetches, feed_dict, None, None, own)

    def explain(self, fetches: Any, feed_dict: dict[Any, Any] | None = None,
                file: Any = None) -> Explanation:
        """Prints what a run would do: the Program, the Program after the passes, the NumPy source.

        Args:
            fetches, feed_dict: as for `run`.
            file: where to print; default standard output.

        Returns:
            The stages as an Explanation.
        """
        executable, _, shapes = self._prepare(fetches, feed_dict)
        found = explanation(executable, shapes)
        print(found, file=sys.stdout if file is None else file)
        return found

    def make_callable(self, fetches: Any, feed_list: list[Any] | None = None,
                      accept_options: bool = False, *, to_host: bool = True
                      ) -> Callable[..., Any]:
        """A function that runs `fetches`, taking the values of `feed_list` as its arguments.

        Args:
            fetches: as for `run`.
            feed_list: the tensors that the function's arguments are fed to.
            accept_options: whether the function takes options and run_metadata by keyword.
            to_host: as for `run`.
        """
        tensors = [feed_tensor(self._graph, key) for key in feed_list or []]
        key = fetch_key(fetches), tuple(tensors), self._graph.changes
        self._executable(key, fetches, tuple(tensors))

        def call(*args: Any, options: Any = None, run_metadata: Any = None) -> Any:
            if len(args) != len(tensors):
                raise TypeError(located(f"this callable takes {len(tensors)} arguments, got "
                                        f"{len(args)}"))
            if not accept_options and (options is not None or run_metadata is not None):
                raise TypeError(located("this callable was made without accept_options=True"))
            return self.run(fetches, dict(zip(tensors, args, strict=True)), options, run_metadata,
                            to_host=to_host)

        return call

    def partial_run_setup(self, fetches: Any, feeds: Any = None) -> str:
        """Begins a run in several parts, in which later feeds may depend on earlier results.

        Args:
            fetches: all that is going to be fetched, as for `run`.
            feeds: list of all tensors that are going to be fed.

        Returns:
            What `partial_run` is told which run it continues by.

        Example:
            >>> import flowgraph as fg
            >>> x, y = fg.placeholder(fg.float32, []), fg.placeholder(fg.float32, [])
            >>> total = x + y
            >>> twice = total * 2.0
            >>> with fg.Session() as sess:
            ...     run = sess.partial_run_setup([total, twice], [x, y])
            ...     sess.partial_run(run, total, {x: 1.0, y: 2.0})
            ...     sess.partial_run(run, twice)
            np.float32(3.0)
            np.float32(6.0)
        """
        from flowgraph.runtime.partial_run import PartialRun  # late: few programs use it
        self._partial_runs_begun += 1
        handle = f"partial_run_{self._partial_runs_begun}"
        self._partial_runs[handle] = PartialRun(self, fetches, feeds)
        return handle

    def partial_run(self, handle: str, fetches: Any, feed_dict: dict[Any, Any] | None = None
                    ) -> Any:
        """Runs one part of a run; no operation runs twice.

        Args:
            handle: what `partial_run_setup` returned.
            fetches: a part of what was announced; each is fetched once.
            feed_dict: values of tensors that were announced; each is fed once, and known in all
                parts that follow.

        Returns:
            As `run`.

        Raises:
            InvalidArgumentError: the run is not known, or all of it was fetched; or something was
                not announced, was fed or fetched before, or needs more feeds.
        """
        if self._closed:
            raise ClosedSessionError(located("Attempted to use a closed Session.",
                                             section="closed-session-error"))
        run = self._partial_runs.get(handle)
        if run is None:
            raise InvalidArgumentError(None, None, located(
                "Must run 'setup' before performing partial runs!",
                "Each fetch of a partial run is fetched once; begin another one with "
                "partial_run_setup."))
        if observe.observers:
            result = observe.observed(self, fetches, feed_dict,
                                      lambda hooks: run.part(fetches, feed_dict, hooks))
        else:
            result = run.part(fetches, feed_dict)
        if run.finished:
            del self._partial_runs[handle]
        return result

    def _prepare(self, fetches: Any, feed_dict: dict[Any, Any] | None
                 ) -> tuple[Executable, tuple[Any, ...], tuple[tuple[int, ...], ...]]:
        """The executable for these fetches and feeds, the feeds' arrays and their shapes."""
        if self._closed:
            raise ClosedSessionError(located("Attempted to use a closed Session.",
                                             section="closed-session-error"))
        graph = self._graph
        grown = len(graph._operations) != self._version or graph.changes != self._changes
        if grown:
            self._note_growth()
        if feed_dict is None:
            tensors: tuple[Tensor, ...] = ()
            arrays: tuple[Any, ...] = ()
        else:
            if not graph._operations:
                raise _empty_graph()  # rather than that a feed is not found in it
            tensors, arrays = self._feeds(feed_dict)
        if type(fetches) is Tensor:
            key: Any = fetches
        else:
            try:
                key = fetch_key(fetches)
            except TypeError:  # unhashable: it could not be found again
                key = None
        found = (key, tensors, graph.changes)
        executable = self._executables.get(found)
        if executable is None:
            executable = self._executable(found, fetches, tensors)
        elif grown and not executable.is_fed:
            self._check_grown()
        elif len(self._executables) > MOST_EXECUTABLES // 2:
            mark_used(self._executables, found)
        return executable, arrays, tuple([array.shape for array in arrays])

    def _check_devices(self, graph: Graph) -> None:
        """Raises where a device that the graph asks for is not there, or has no kernel."""
        if graph.device_strings or self._device_check is not None:
            (self._device_check or self._made_device_check())(graph)

    def _made_device_check(self) -> DeviceCheck:
        from flowgraph.runtime.device_check import DeviceCheck  # late: few graphs ask for devices
        self._device_check = DeviceCheck(self._devices)
        return self._device_check

    def _check_grown(self) -> None:
        """Checks the devices of what was added to the graph; until they are right nothing runs."""
        try:
            self._check_devices(self._graph)
        except InvalidArgumentError:
            self._executables.clear()  # a new one is checked again
            raise

    def _feeds(self, feed_dict: dict[Any, Any]) -> tuple[tuple[Tensor, ...], tuple[Any, ...]]:
        """The tensors fed and their values as arrays of the right dtype."""
        tensors: list[Tensor] = []
        arrays: list[Any] = []
        try:
            items = feed_dict.items()
        except AttributeError:
            raise FeedTypeError(located(
                f"feed_dict must be a dict of values by tensor, not {feed_dict!r:.100}",
                advice="To fetch several things at once put them into a list: "
                       "sess.run([a, b], feed_dict).", section="feed-error")) from None
        for key, value in items:
            if type(key) is not Tensor or key.op.graph is not self._graph:
                parts = feed_parts(key, value)
                if parts is not None:
                    more, values = self._feeds(dict(parts))
                    tensors += more
                    arrays += values
                    continue
                key = feed_tensor(self._graph, key)
            elif self._graph._unfeedable and key in self._graph._unfeedable:
                key = feed_tensor(self._graph, key)  # raises
            dtype = key.spec.dtype
            if (type(value) is not np.ndarray or value.dtype is not dtype._numpy
                    or dtype.kind == "s"):
                value = (self._adopted(key, value) if gpu.is_on_gpu(value)
                         else feed_array(key, value))
            tensors.append(key)
            arrays.append(value)
        return tuple(tensors), tuple(arrays)

    def _adopted(self, tensor: Tensor, value: Any) -> Any:
        from flowgraph.runtime.memories import adopted  # late: few have a GPU
        return adopted(tensor, value, self._settings.gpus)

    def _executable(self, key: tuple[Any, ...], fetches: Any, tensors: tuple[Tensor, ...],
                    done: frozenset[Operation] = frozenset()) -> Executable:
        """A new executable, kept under `key` (fetches, feeds, edits of the graph)."""
        if not self._graph.version:
            raise _empty_graph()
        log = None if self._device_check is None else self._device_check.log_of(self._graph)
        with self._lock:
            executable = Executable(self._graph, self._state, fetches, list(tensors),
                                    self._settings, done, self._check_devices, log)
            if key[0] is None:
                return executable
            self._executables[key] = executable
            while len(self._executables) > MOST_EXECUTABLES:
                self._executables.popitem(last=False)
        return executable

    def _note_growth(self) -> None:
        """The graph is not what it was at the last run: forget stale plans, warn of a loop."""
        graph = self._graph
        if graph.changes != self._changes:
            self._changes = graph.changes  # executables made before are not found any more
            self._executables.clear()
        if graph.version == self._version:
            return
        added, self._version = graph.version - self._version, graph.version
        frame = graph._operations[-1].frame
        line = frame.filename, frame.lineno
        self._growth[line] = self._growth.get(line, 0) + 1
        if self._growth[line] == _GROWN_RUNS and not graph.growth_warned:
            graph.growth_warned = True
            run = frames.user_frame()
            warnings.warn_explicit(message(
                f"the graph grows with every run: {frame} has added ops before {_GROWN_RUNS} runs, "
                f"{added} before this one; it has {graph.version} now",
                advice="Build the graph once, before the loop, and feed what changes through "
                       "placeholders. graph.finalize() finds the line that adds ops.",
                section="graph-grows-in-a-loop"), RuntimeWarning, run.filename, run.lineno)

    # ---- life ------------------------------------------------------------------------------------

    def close(self) -> None:
        """Frees what the session holds; running it afterwards raises. May be called twice."""
        self._closed = True
        if self._settings.gpus:
            warn_of_failed(self._settings.gpus)
        self._state.clear()
        self._partial_runs.clear()
        self._executables.clear()
        self._arenas.clear()
        for one in self._settings.gpus.values():
            one.forget_graphs()
            one.free()

    @contextmanager
    def as_default(self) -> Iterator[BaseSession]:
        """Makes this the session of `eval()` and `run()` in the with block; does not close it."""
        with stacks.sessions.pushed(self):
            yield self

    def list_devices(self) -> list[DeviceAttributes]:
        """The devices of this session: `name`, `device_type`, `memory_limit_bytes`, `incarnation`.

        Example:
            >>> import flowgraph as fg
            >>> config = fg.ConfigProto(device_count={"CPU": 2, "GPU": 0})
            >>> [device.name for device in fg.Session(config=config).list_devices()]
            ['/job:localhost/replica:0/task:0/device:CPU:0', \
'/job:localhost/replica:0/task:0/device:CPU:1']
        """
        return list(self._devices.all)


class Session(BaseSession):
    """Runs parts of a graph.

    Args:
        target: "" or the address of a server; all tasks of a cluster are in this process.
        graph: the graph; default the default graph.
        config: a ConfigProto.
        passes: names of the passes to run and of the ways in which plans are run (PASSES and
            PLANNING of `program/pipeline.py`); None for all.
        runner: "auto", "interpreter" (step by step) or "source" (generated source from the start).
        poison: fill freed buffers with NaN, to find plans that read them; for tests.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Session() as sess:
        ...     sess.run(fg.constant(2.0) * 3.0)
        np.float32(6.0)
    """

    def __enter__(self) -> Session:
        if self._closed:
            raise ClosedSessionError(located("Attempted to use a closed Session.",
                                             section="closed-session-error"))
        contexts = getattr(self, "_contexts", None) or []
        entered = (self._graph.as_default(), self.as_default())
        for context in entered:
            context.__enter__()
        self._contexts = [*contexts, entered]
        return self

    def __exit__(self, *exc: Any) -> None:
        for context in reversed(self._contexts.pop()):
            context.__exit__(*exc)
        self.close()


    @staticmethod
    def reset(target: str = "", containers: Any = None, config: Any = None) -> None:
        """Forgets the variables that sessions share on a server; here none do.

        In TensorFlow it closes the sessions of a cluster's master. A session of flowgraph has its
        variables to itself, so there is nothing to forget: close it, or make a new one.

        Args:
            target: "" or the target of a Server of this process.
            containers: accepted.
            config: accepted.

        Example:
            >>> import flowgraph as fg
            >>> fg.Session.reset("")
        """


class InteractiveSession(BaseSession):
    """A Session that makes itself the default one when it is made, for shells and notebooks.

    Args:
        target, graph, config: as for Session.

    Example:
        >>> import flowgraph as fg
        >>> sess = fg.InteractiveSession()
        >>> fg.constant(2.0).eval()
        np.float32(2.0)
        >>> sess.close()
    """

    def __init__(self, target: str = "", graph: Graph | None = None,
                 config: ConfigProto | None = None) -> None:
        super().__init__(target, graph, config)
        self._contexts: list[Any] = [self.as_default()]
        if graph is not None:
            self._contexts.append(graph.as_default())
        for context in self._contexts:
            context.__enter__()

    def close(self) -> None:
        """Frees what the session holds and takes it off the default stack."""
        super().close()
        while self._contexts:
            self._contexts.pop().__exit__(None, None, None)


def _empty_graph() -> RuntimeError:
    return RuntimeError(located("The Session graph is empty. Add operations to the graph before "
                                "calling run()."))
