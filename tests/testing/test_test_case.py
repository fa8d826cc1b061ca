"""`tf.test.TestCase` and its neighbours."""

from __future__ import annotations

import collections
import subprocess
import sys
import unittest

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.namespaces import test as tf_test

Pair = collections.namedtuple("Pair", "a b")


@pytest.fixture
def case():
    class Case(tf_test.TestCase):
        __test__ = False

        def runTest(self):
            pass

    result = Case()
    result.setUp()
    yield result
    result.tearDown()
    result.doCleanups()


PASS = [
    ("assertAllClose", [1.0, 2.0], [1.0, 2.0 + 1e-7]),
    ("assertAllClose", np.nan, np.nan),
    ("assertAllClose", {"a": [1, 2], "b": Pair(1.0, [2.0])}, {"a": (1, 2), "b": Pair(1.0, [2.0])}),
    ("assertAllClose", [[1, 2], [3]], [[1, 2], [3]]),
    ("assertAllClose", [np.inf, -np.inf], [np.inf, -np.inf]),
    ("assertAllEqual", [[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
    ("assertAllEqual", [1.0, np.nan], [1.0, np.nan]),
    ("assertAllEqual", [b"a"], np.array([b"a"], object)),
    ("assertNotAllEqual", [1], [2]),
    ("assertNotAllClose", [1.0], [1.1]),
    ("assertNear", 1.0, 1.05, 0.1),
    ("assertNear", np.inf, np.inf, 0.1),
    ("assertArrayNear", [1.0, 2.0], [1.05, 2.0], 0.1),
    ("assertNDArrayNear", np.ones(2), np.ones(2), 1e-6),
    ("assertAllGreater", [1, 2], 0),
    ("assertAllLess", [1, 2], 3),
    ("assertAllGreaterEqual", [1, 2], 1),
    ("assertAllLessEqual", [1, 2], 2),
    ("assertAllInRange", [0.0, 1.0], 0, 1),
    ("assertAllInSet", [0, 1, 1], [0, 1]),
    ("assertDTypeEqual", np.float32(1), fg.float32),
    ("assertStartsWith", "abc", "ab"),
    ("assertEndsWith", "abc", "bc"),
    ("assertEmpty", []),
    ("assertNotEmpty", {"a": 1}),
    ("assertLen", "abc", 3),
    ("assertItemsEqual", [3, 1, 1], (1, 3, 1)),
    ("assertSameElements", [1, 2, 2], {2, 1}),
    ("assertContainsSubset", [1], {1, 2}),
    ("assertNoCommonElements", [1], {2}),
    ("assertBetween", 2, 2, 3),
    ("assertSequenceAlmostEqual", [1.0, 2.0], [1.01, 2.0], 1),
    ("assertDeviceEqual", "/gpu:0", "/device:GPU:0"),
    ("assertDeviceEqual", None, ""),
    ("assertAllCloseAccordingToType", np.float16(1), np.float16(1.001)),
]
FAIL = [
    ("assertAllClose", [1.0], [1.1], "Mismatched value"),
    ("assertAllClose", [1.0, 2.0], [1.0], "hape mismatch"),
    ("assertAllClose", {"a": 1.0}, {"a": 2.0}, r"\[a\]"),
    ("assertAllClose", {"a": 1.0}, {"b": 1.0}, "mismatched keys"),
    ("assertAllClose", {"a": 1.0}, 1.0, "Can't compare dict to non-dict"),
    ("assertAllClose", [[1, 2], [3]], [[1, 2], [4]], r"\[1\]"),
    ("assertAllClose", np.nan, 1.0, "nan"),
    ("assertAllEqual", [1, 2], [1, 3], "not equal rhs = .3."),
    ("assertAllEqual", [1, 2], [[1, 2]], "Shape mismatch"),
    ("assertNotAllEqual", [1], [1], "equal at all elements"),
    ("assertNotAllClose", [1.0], [1.0], "close at all elements"),
    ("assertNear", 1.0, 2.0, 0.1, r"\+/-"),
    ("assertNear", np.nan, 2.0, 0.1, r"\+/-"),
    ("assertAllGreater", [0, 2], 0, "not greater"),
    ("assertAllInRange", [0.0, np.nan], 0, 1, r"1 of the 2 .* range \[0, 1\]"),
    ("assertAllInRange", [0.0], 0, 1, True, r"\(0, 1\]"),
    ("assertAllInRange", ["a"], 0, 1, "ordered numeric"),
    ("assertAllInSet", [0, 5], [0, 1], "5"),
    ("assertDTypeEqual", np.float32(1), fg.float64, "float64"),
    ("assertStartsWith", "abc", "bc", "does not start"),
    ("assertEndsWith", "abc", "ab", "does not end"),
    ("assertEmpty", [1, 2], r"\[1, 2\] has length of 2"),
    ("assertEmpty", iter([]), "Expected a Sized object"),
    ("assertNotEmpty", (), "has length of 0"),
    ("assertLen", [1], 2, "has length of 1, expected 2"),
    ("assertItemsEqual", [1, 1], [1], "Element counts"),
    ("assertSameElements", [1], [1, 2], "2"),
    ("assertContainsSubset", [1, 3], [1], "[Mm]issing.*3"),
    ("assertNoCommonElements", [1, 2], [2], "Common elements.*2"),
    ("assertBetween", 4, 2, 3, "not between 2 and 3"),
    ("assertSequenceAlmostEqual", [1.0], [1.0, 2.0], "length"),
    ("assertSequenceAlmostEqual", [1.0], [1.5], "index 0"),
    ("assertDeviceEqual", "/gpu:0", "/gpu:1", "Devices /device:GPU:0 and /device:GPU:1"),
    ("assertAllCloseAccordingToType", np.float32(1), np.float32(1.001), "Mismatched"),
]


@pytest.mark.parametrize("row", PASS, ids=[f"{i}-{row[0]}" for i, row in enumerate(PASS)])
def test_what_passes(case, row) -> None:
    getattr(case, row[0])(*row[1:])


@pytest.mark.parametrize("row", FAIL, ids=[f"{i}-{row[0]}" for i, row in enumerate(FAIL)])
def test_what_fails(case, row) -> None:
    with pytest.raises(AssertionError, match=row[-1]):
        getattr(case, row[0])(*row[1:-1])


def test_tensors_are_run_in_the_default_or_the_cached_session(case) -> None:
    case.assertAllEqual(fg.constant([1, 2]), [1, 2])
    case.assertAllClose([fg.constant(1.0), fg.constant(2.0)], [1.0, 2.0])
    with case.session() as session:
        assert fg.get_default_session() is session
        assert case.evaluate({"a": fg.constant(3)}) == {"a": 3}
    with case.cached_session() as first, case.test_session() as second:
        assert first is second
    with case.test_session(graph=fg.Graph()) as other:
        assert other is not first
    with (pytest.raises(ValueError, match="cached session is different"),
          case.cached_session(graph=fg.Graph())):
        pass


def test_errors_that_are_expected(case) -> None:
    with case.session(), case.assertRaisesOpError("uninitialized value w"):
        fg.Variable(1.0, name="w").eval()
    with case.assertRaisesWithPredicateMatch(ValueError, lambda e: "x" in str(e)):
        raise ValueError("x")
    with (pytest.raises(AssertionError, match="OpError not raised"),
          case.assertRaisesOpError("a")):
        pass
    with (pytest.raises(AssertionError, match="Exception of type"),
          case.assertRaisesWithPredicateMatch(ValueError, "y")):
        raise ValueError("x")


def test_shapes_and_threads(case) -> None:
    case.assertShapeEqual(np.zeros([2, 3]), fg.zeros([2, 3]))
    with pytest.raises(TypeError, match="must be a Tensor"):
        case.assertShapeEqual(np.zeros(2), 3)
    thread = case.checkedThread(lambda: 1 / 0)
    thread.start()
    with pytest.raises(AssertionError, match="Error in checkedThread: division by zero"):
        thread.join()


def test_each_test_has_a_graph_a_folder_and_numbers_of_its_own() -> None:
    seen = []

    class Case(tf_test.TestCase):
        __test__ = False

        def testOne(self):
            assert fg.get_default_graph().get_operations() == []
            seen.append((self.get_temp_dir(), self.evaluate(fg.random_uniform([]))))

        testTwo = testOne

    result = unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(unittest.TestResult())
    assert result.wasSuccessful(), result.errors
    assert len(result.skipped) == 1  # test_session, which is no test
    (first, number), (second, other) = seen
    assert first != second
    assert number == other


def test_main_runs_the_tests_of_the_program(tmp_path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import flowgraph as tf\n"
                       "class SquareTest(tf.test.TestCase):\n"
                       "    def testSquare(self):\n"
                       "        with self.test_session():\n"
                       "            self.assertAllEqual(tf.square([2, 3]).eval(), [4, 9])\n"
                       "if __name__ == '__main__':\n"
                       "    tf.test.main()\n")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Ran 2 tests" in done.stderr


# ---- Jacobians -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [fg.float32, fg.float64, fg.complex64, fg.complex128])
def test_the_two_jacobians_agree(dtype) -> None:
    x = fg.placeholder(dtype, [2, 3])
    y = fg.matmul(x, x, transpose_b=True)
    with fg.Session():
        error = tf_test.compute_gradient_error(x, [2, 3], y, [2, 2], delta=1e-2)
        theory, numeric = tf_test.compute_gradient(x, [2, 3], y, [2, 2], delta=1e-2)
    factor = 2 if dtype.is_complex else 1
    assert theory.shape == numeric.shape == (6 * factor, 4 * factor)
    assert error < 1e-3


def test_lists_sparse_gradients_and_other_feeds() -> None:
    table, scale = fg.placeholder(fg.float64, [3, 2]), fg.placeholder(fg.float64, [])
    w = fg.Variable(2.0, dtype=fg.float64)
    y = fg.gather(table, [0, 2, 0]) * scale * w
    start = [np.ones([3, 2]), np.array(3.0)]
    with fg.Session():
        pairs = tf_test.compute_gradient(
            [table, scale], [[3, 2], []], y, [3, 2], start, init_targets=[w.initializer],
            extra_feed_dict={table: start[0], scale: start[1]})
    for theory, numeric in pairs:
        np.testing.assert_allclose(theory, numeric, atol=1e-6)
        assert np.any(theory)


def test_a_wrong_gradient_is_noticed() -> None:
    @fg.custom_gradient
    def wrong(x):
        return x * x, lambda dy: dy * x

    x = fg.placeholder(fg.float64, [2])
    with fg.Session():
        assert tf_test.compute_gradient_error(x, [2], wrong(x), [2], np.ones(2)) > 0.5
        with pytest.raises(ValueError, match="does not depend"):
            tf_test.compute_gradient(x, [2], fg.constant([1.0]), [1])
    with pytest.raises(ValueError, match="needs a default session"):
        tf_test.compute_gradient(x, [2], fg.sin(x), [2])


# ---- the rest ------------------------------------------------------------------------------------


def test_stubs_put_everything_back() -> None:
    class Base:
        @staticmethod
        def name():
            return "base"

    class Derived(Base):
        pass

    stubs = tf_test.StubOutForTesting()
    stubs.SmartSet(Derived(), "name", staticmethod(lambda: "stub"))
    assert Derived().name() == Base.name() == "stub"
    stubs.CleanUp()
    assert (Derived().name(), Base.name()) == ("base", "base")
    with pytest.raises(AttributeError, match="Attribute not found"):
        stubs.SmartSet(Derived, "missing", 1)


def test_the_machine() -> None:
    assert tf_test.gpu_device_name() == ("/device:GPU:0" if tf_test.is_gpu_available() else "")
    assert not tf_test.is_gpu_available(min_cuda_compute_capability=(99, 0))
    assert tf_test.get_temp_dir() == tf_test.get_temp_dir()
    assert tf_test.mock.Mock is unittest.mock.Mock


def test_messages_are_compared_as_messages_or_as_text(case) -> None:
    from flowgraph.train.saver_def import SaverDef
    message = SaverDef(max_to_keep=3)
    case.assertProtoEquals("max_to_keep: 3", message)
    case.assertProtoEquals(message, message)
    with pytest.raises(AssertionError, match="max_to_keep: 4"):
        case.assertProtoEquals("max_to_keep: 4", message)


def test_graphs_with_the_same_nodes_are_equal() -> None:
    def graph_def(value=1, order=1):
        with fg.Graph().as_default() as graph:
            for name in ("a", "b")[::order]:
                fg.constant(value, name=name)
            return graph.as_graph_def()

    tf_test.assert_equal_graph_def(graph_def(), graph_def(order=-1))
    with pytest.raises(AssertionError, match=r"node a differs:(.|\n)*-.*int_val: 2"):
        tf_test.assert_equal_graph_def(graph_def(), graph_def(value=2))
    with pytest.raises(AssertionError, match="unexpected a, b"):
        tf_test.assert_equal_graph_def(graph_def(), fg.GraphDef())
    with pytest.raises(TypeError, match=r"Expected tf.GraphDef, got int"):
        tf_test.assert_equal_graph_def(graph_def(), 3)
