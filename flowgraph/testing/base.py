"""`tf.test.TestCase`: a test with a graph and sessions of its own."""

from __future__ import annotations

import random
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.stacks import get_default_session
from flowgraph.ops.random_ops import set_random_seed
from flowgraph.runtime.config import ConfigProto
from flowgraph.runtime.session import Session
from flowgraph.testing.assertions import Assertions

_SEED = 87654321  # TensorFlow's


class TestCase(Assertions):
    """A unittest.TestCase for programs of graphs: each test has an empty default graph.

    Args:
        methodName: the test to run.

    Example:
        >>> import unittest, flowgraph as fg
        >>> class SquareTest(fg.test.TestCase):
        ...     def testSquare(self):
        ...         with self.session():
        ...             self.assertAllEqual(fg.square([2, 3]).eval(), [4, 9])
        >>> unittest.defaultTestLoader.loadTestsFromTestCase(SquareTest).run(
        ...     unittest.TestResult()).wasSuccessful()
        True
    """

    __test__ = True  # of those that derive from it; it has no tests itself

    def __init__(self, methodName: str = "runTest") -> None:
        super().__init__(methodName)
        self._cached: Session | None = None
        self._temp_dir = ""
        self._threads: list[_CheckedThread] = []

    def setUp(self) -> None:
        """Starts the test with an empty default graph and fixed random numbers."""
        self._clear_cached_session()
        random.seed(_SEED)
        np.random.seed(_SEED)
        graph = Graph().as_default()
        graph.__enter__()
        self.addCleanup(graph.__exit__, None, None, None)
        set_random_seed(_SEED)

    def tearDown(self) -> None:
        """Closes the cached session and asks for the errors of threads."""
        for thread in self._threads:
            thread.check_termination()
        self._clear_cached_session()

    def _clear_cached_session(self) -> None:
        if self._cached is not None:
            self._cached.close()
            self._cached = None

    def get_temp_dir(self) -> str:
        """A folder for the files of this test, removed after it."""
        if not self._temp_dir:
            folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
            self.addCleanup(folder.cleanup)
            self._temp_dir = folder.name
        return self._temp_dir

    def evaluate(self, tensors: Any) -> Any:
        """Runs tensors in the default session, or else in the cached one.

        Args:
            tensors: as for `Session.run`.
        """
        session = get_default_session()
        if session is None:
            with self.cached_session() as session:
                return session.run(tensors)
        return session.run(tensors)

    @contextmanager
    def session(self, graph: Graph | None = None, config: Any = None, use_gpu: bool = False,
                force_gpu: bool = False) -> Iterator[Session]:
        """A context with a new session.

        Args:
            graph: its graph; by default the default graph.
            config: a ConfigProto; by default one with allow_soft_placement, but with force_gpu.
            use_gpu: whether ops built inside may be on a GPU, and not on the CPU only.
            force_gpu: whether they must be on one.

        Yields:
            The session, which is the default one.
        """
        with (Session(graph=graph, config=_config(config, force_gpu)) as session,
              _placed(session, use_gpu, force_gpu)):
            yield session

    @contextmanager
    def cached_session(self, graph: Graph | None = None, config: Any = None,
                       use_gpu: bool = False, force_gpu: bool = False) -> Iterator[Session]:
        """A context with the session of this test: the same one each time.

        Args:
            graph: its graph; by default the default graph. Always the same.
            config: a ConfigProto, as for `session`. Always the same.
            use_gpu: whether ops built inside may be on a GPU, and not on the CPU only.
            force_gpu: whether they must be on one. Always the same.

        Yields:
            The session, which is the default one.
        """
        graph = graph or get_default_graph()
        if self._cached is None:
            self._cached = Session(graph=graph, config=_config(config, force_gpu))
        elif self._cached.graph is not graph:
            raise ValueError("The graph used to get the cached session is different than the one "
                             "that was used to create the session.")
        with (graph.as_default(), self._cached.as_default(),
              _placed(self._cached, use_gpu, force_gpu)):
            yield self._cached

    def test_session(self, graph: Graph | None = None, config: Any = None, use_gpu: bool = False,
                     force_gpu: bool = False) -> AbstractContextManager[Session]:
        """Old name of `session` and, without a graph, of `cached_session`.

        Args:
            graph: its graph.
            config: a ConfigProto; by default one with allow_soft_placement, but with force_gpu.
            use_gpu: whether ops built inside may be on a GPU, and not on the CPU only.
            force_gpu: whether they must be on one.

        Returns:
            A context with the session, which is the default one.
        """
        if self.id().endswith(".test_session"):
            self.skipTest("not a test")  # unittest takes it for one, for its name
        make = self.cached_session if graph is None else self.session
        return make(graph, config, use_gpu, force_gpu)

    def checkedThread(self, target: Callable[..., Any], args: Sequence[Any] | None = None,
                      kwargs: dict[str, Any] | None = None) -> _CheckedThread:
        """A thread whose error is an error of the test.

        Args:
            target: the function to call.
            args: its arguments.
            kwargs: its keyword arguments.

        Returns:
            An object with `start` and `join`.
        """
        thread = _CheckedThread(self, target, args or (), kwargs or {})
        self._threads.append(thread)
        return thread


def _config(config: Any, force_gpu: bool) -> ConfigProto:
    """The ConfigProto of a test's session."""
    if config is None:
        return ConfigProto(allow_soft_placement=not force_gpu)
    if force_gpu and config.allow_soft_placement:
        made = ConfigProto()
        made.CopyFrom(config)
        made.allow_soft_placement = False
        return made
    given: ConfigProto = config
    return given


@contextmanager
def _placed(session: Session, use_gpu: bool, force_gpu: bool) -> Iterator[None]:
    """Ops built inside are on the CPU, but for those that may be on a GPU, or must be."""
    if use_gpu and not force_gpu:
        yield
        return
    with session.graph.device("/device:GPU:0" if force_gpu else "/device:CPU:0"):
        yield


class _CheckedThread:
    """A thread that keeps the error it ended with."""

    def __init__(self, test: TestCase, target: Callable[..., Any], args: Sequence[Any],
                 kwargs: dict[str, Any]) -> None:
        self._test, self._error, self._joined = test, None, True
        self._target, self._args, self._kwargs = target, args, kwargs
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self._target(*self._args, **self._kwargs)
        except Exception as error:
            self._error = error  # type: ignore[assignment]

    def start(self) -> None:
        """Starts the thread."""
        self._joined = False
        self._thread.start()

    def join(self) -> None:
        """Waits for the end of the thread, and fails if that was an error."""
        self._joined = True
        self._thread.join()
        if self._error is not None:
            self._test.fail(f"Error in checkedThread: {self._error}")

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def check_termination(self) -> None:
        """Fails unless the thread was joined."""
        if not self._joined:
            self._test.fail("A checked thread was not terminated; call its join()")
