"""The comparisons of `tf.test.TestCase`: of arrays, tensors, nested structures, and errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from flowgraph.core.dtypes import as_dtype
from flowgraph.errors import OpError
from flowgraph.graph.device_spec import DeviceSpec
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.sparse_tensor import SparseTensorValue
from flowgraph.testing.collection_assertions import CollectionAssertions

_Match = str | Callable[[Any], Any]


class Assertions(CollectionAssertions):
    """A unittest.TestCase that compares arrays. Where it takes an array, it takes a tensor too."""

    def evaluate(self, tensors: Any) -> Any:
        """Runs tensors; the class below says where.

        Args:
            tensors: as for `Session.run`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no session")

    def _array(self, value: Any) -> np.ndarray:
        if isinstance(value, Tensor):
            value = self.evaluate(value)
        return value if isinstance(value, np.ndarray) else np.array(value)

    # ---- equal -----------------------------------------------------------------------------------

    def assertAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Fails unless two arrays have the same shape and elements; NaN is equal to NaN.

        Args:
            a: the expected array.
            b: the actual one.
            msg: to show.
        """
        first, second = self._array(a), self._array(b)
        self.assertEqual(first.shape, second.shape, f"Shape mismatch: expected {first.shape}, got "
                         f"{second.shape}. {msg or ''}")
        same = np.asarray(first == second)
        if first.dtype.kind == second.dtype.kind == "f":
            same = same | (np.isnan(first) & np.isnan(second))
        if not same.all():
            where = np.nonzero(~np.atleast_1d(same))
            self.fail("\n".join([
                msg or "", f"not equal where = {where}",
                f"not equal lhs = {np.atleast_1d(first)[where]}",
                f"not equal rhs = {np.atleast_1d(second)[where]}"]))

    def assertNotAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Fails if two arrays have the same shape and elements.

        Args:
            a: an array.
            b: another one.
            msg: to show.
        """
        try:
            self.assertAllEqual(a, b)
        except AssertionError:
            return
        raise AssertionError(f"The two values are equal at all elements. {msg or ''}")

    # ---- close -----------------------------------------------------------------------------------

    def assertAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6,
                       msg: str | None = None) -> None:
        """Fails unless two structures of arrays are close: |a - b| <= atol + rtol * |b|.

        Args:
            a: the expected array, or a dict, list or namedtuple of arrays, nested as you like.
            b: the actual one.
            rtol: relative tolerance.
            atol: absolute tolerance.
            msg: to show.
        """
        self._close(a, b, rtol, atol, msg, "")

    def _close(self, a: Any, b: Any, rtol: float, atol: float, msg: str | None, path: str) -> None:
        a, b = (value._asdict() if hasattr(value, "_asdict") else value for value in (a, b))
        if isinstance(a, Mapping) != isinstance(b, Mapping):
            self.fail(f"Can't compare dict to non-dict{path}: {a!r} vs {b!r}. {msg or ''}")
        if isinstance(a, Mapping):
            self.assertEqual(a.keys(), b.keys(), f"mismatched keys{path}. {msg or ''}")
            for key in a:
                self._close(a[key], b[key], rtol, atol, msg, f"{path}[{key}]")
            return
        if isinstance(a, (list, tuple)):
            try:
                pair = self._array(a), self._array(b)
            except (ValueError, TypeError):  # of different lengths, or of tensors
                pair = (np.array(None), np.array(None))
            if any(array.dtype == object for array in pair):
                self.assertEqual(len(a), len(b), f"mismatched lengths{path}. {msg or ''}")
                for i, (x, y) in enumerate(zip(a, b, strict=True)):
                    self._close(x, y, rtol, atol, msg, f"{path}[{i}]")
                return
        first, second = self._array(a), self._array(b)
        self.assertEqual(first.shape, second.shape, f"Shape mismatch{path}: expected "
                         f"{first.shape}, got {second.shape}. {msg or ''}")
        if first.dtype == bool or second.dtype == bool:
            first, second = first.astype(np.int8), second.astype(np.int8)
        np.testing.assert_allclose(
            first, second, rtol=rtol, atol=atol, equal_nan=True,
            err_msg=f"Mismatched value{path}. {msg or ''}")

    def assertAllCloseAccordingToType(
            self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, float_rtol: float = 1e-6,
            float_atol: float = 1e-6, half_rtol: float = 1e-3, half_atol: float = 1e-3,
            bfloat16_rtol: float = 1e-2, bfloat16_atol: float = 1e-2,
            msg: str | None = None) -> None:
        """As assertAllClose, with tolerances for the less precise of the two dtypes.

        Args:
            a: the expected array.
            b: the actual one.
            rtol, atol: tolerances of float64.
            float_rtol, float_atol: of float32 and complex64.
            half_rtol, half_atol: of float16.
            bfloat16_rtol, bfloat16_atol: without effect.
            msg: to show.
        """
        first, second = self._array(a), self._array(b)
        kinds = {array.dtype for array in (first, second)}
        if kinds & {np.dtype(np.float32), np.dtype(np.complex64)}:
            rtol, atol = max(rtol, float_rtol), max(atol, float_atol)
        if np.dtype(np.float16) in kinds:
            rtol, atol = max(rtol, half_rtol), max(atol, half_atol)
        self.assertAllClose(first, second, rtol=rtol, atol=atol, msg=msg)

    def assertNotAllClose(self, a: Any, b: Any, **kwargs: Any) -> None:
        """Fails if two structures of arrays are close.

        Args:
            a: an array.
            b: another one.
            **kwargs: of assertAllClose.
        """
        try:
            self.assertAllClose(a, b, **kwargs)
        except AssertionError:
            return
        raise AssertionError("The two values are close at all elements")

    def assertNear(self, f1: float, f2: float, err: float, msg: str | None = None) -> None:
        """Fails unless two numbers are at most err apart.

        Args:
            f1: a number.
            f2: another one.
            err: the distance that is fine.
            msg: to show.
        """
        if f1 != f2 and not abs(f1 - f2) <= err:  # infinities are equal but not near
            self.fail(f"{f1:f} != {f2:f} +/- {err:f}" + (f" ({msg})" if msg else ""))

    def assertArrayNear(self, farray1: Sequence[float], farray2: Sequence[float], err: float,
                        msg: str | None = None) -> None:
        """Fails unless the numbers of two lists are at most err apart, one by one.

        Args:
            farray1: numbers.
            farray2: other ones.
            err: the distance that is fine.
            msg: to show.
        """
        self.assertEqual(len(farray1), len(farray2), msg)
        for f1, f2 in zip(farray1, farray2, strict=True):
            self.assertNear(float(f1), float(f2), err, msg)

    def assertNDArrayNear(self, ndarray1: np.ndarray, ndarray2: np.ndarray, err: float,
                          msg: str | None = None) -> None:
        """Fails unless the norm of the difference of two arrays is below err.

        Args:
            ndarray1: an array.
            ndarray2: another one.
            err: the bound.
            msg: to show.
        """
        self.assertTrue(np.linalg.norm(ndarray1 - ndarray2) < err, msg)

    # ---- bounds ----------------------------------------------------------------------------------

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:
        """Fails unless all elements are greater.

        Args:
            a: array.
            comparison_target: the number.
        """
        self.assertGreater(np.min(self._array(a)), comparison_target)

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:
        """Fails unless all elements are less.

        Args:
            a: array.
            comparison_target: the number.
        """
        self.assertLess(np.max(self._array(a)), comparison_target)

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:
        """Fails unless all elements are greater or equal.

        Args:
            a: array.
            comparison_target: the number.
        """
        self.assertGreaterEqual(np.min(self._array(a)), comparison_target)

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:
        """Fails unless all elements are less or equal.

        Args:
            a: array.
            comparison_target: the number.
        """
        self.assertLessEqual(np.max(self._array(a)), comparison_target)

    def assertAllInRange(self, target: Any, lower_bound: Any, upper_bound: Any,
                         open_lower_bound: bool = False, open_upper_bound: bool = False) -> None:
        """Fails unless all elements are numbers between two bounds.

        Args:
            target: array.
            lower_bound: the lower bound.
            upper_bound: the upper bound.
            open_lower_bound: whether the lower bound itself is outside.
            open_upper_bound: whether the upper bound itself is outside.
        """
        array = self._array(target)
        if array.dtype.kind not in "fiu":
            self.fail(f"The value does not have an ordered numeric type, instead it has type: "
                      f"{array.dtype}")
        inside = (array > lower_bound if open_lower_bound else array >= lower_bound) & (
            array < upper_bound if open_upper_bound else array <= upper_bound)
        if not inside.all():  # NaN is not inside
            text = (f"{'(' if open_lower_bound else '['}{lower_bound}, {upper_bound}"
                    f"{')' if open_upper_bound else ']'}")
            self.fail(f"{np.sum(~inside)} of the {array.size} element(s) are outside the range "
                      f"{text}: {array[~inside][:10]}")

    def assertAllInSet(self, target: Any, expected_set: Any) -> None:
        """Fails unless all elements are among some values.

        Args:
            target: array.
            expected_set: the values.
        """
        others = set(self._array(target).reshape(-1).tolist()) - set(expected_set)
        if others:
            self.fail(f"{len(others)} unique element(s) are not in the set {expected_set}: "
                      f"{others}")

    # ---- shapes, dtypes, errors ------------------------------------------------------------------

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:
        """Fails unless an array has a dtype.

        Args:
            target: array.
            expected_dtype: the dtype.
        """
        self.assertEqual(as_dtype(self._array(target).dtype), as_dtype(expected_dtype))

    def assertShapeEqual(self, np_array: Any, tf_tensor: Any, msg: str | None = None) -> None:
        """Fails unless an array has a tensor's static shape.

        Args:
            np_array: the array.
            tf_tensor: the tensor.
            msg: to show.
        """
        if not isinstance(np_array, (np.ndarray, np.generic)):
            raise TypeError("np_array must be a Numpy ndarray or Numpy scalar")
        if not isinstance(tf_tensor, Tensor):
            raise TypeError("tf_tensor must be a Tensor")
        self.assertEqual(list(np_array.shape), tf_tensor.get_shape().as_list(), msg)

    def assertSparseTensorValueEqual(self, expected: SparseTensorValue,
                                     actual: SparseTensorValue) -> None:
        """Fails unless two sparse values have the same parts.

        Args:
            expected: a SparseTensorValue.
            actual: another one.
        """
        for part in ("indices", "values", "dense_shape"):
            self.assertAllEqual(getattr(expected, part), getattr(actual, part), part)

    def assertStartsWith(self, actual: str, expected_start: str, msg: str | None = None) -> None:
        """Fails unless a text starts with another.

        Args:
            actual: the text.
            expected_start: its start.
            msg: to show.
        """
        if not actual.startswith(expected_start):
            self.fail(f"{actual!r} does not start with {expected_start!r}. {msg or ''}")

    def assertDeviceEqual(self, device1: str | None, device2: str | None,
                          msg: str | None = None) -> None:
        """Fails unless two names mean the same device.

        Args:
            device1: as "/gpu:0"; None is "".
            device2: as "/device:GPU:0".
            msg: to show.
        """
        first, second = (DeviceSpec.from_string(device or "").to_string()
                         for device in (device1, device2))
        self.assertEqual(first, second, f"Devices {first} and {second} are not equal. {msg or ''}")

    def assertProtoEquals(self, expected_message_maybe_ascii: Any, message: Any,
                          msg: str | None = None) -> None:
        """Fails unless two messages are equal.

        Args:
            expected_message_maybe_ascii: a message, or its text.
            message: a message.
            msg: to show.
        """
        expected = expected_message_maybe_ascii
        if isinstance(expected, str):
            expected, text = type(message)(), expected
            from flowgraph.core.message_text import merge_text
            merge_text(text, expected)
        self.assertEqual(str(expected), str(message), msg)

    @contextmanager
    def assertRaisesWithPredicateMatch(self, exception_type: type[Exception],
                                       expected_err_re_or_predicate: _Match) -> Iterator[None]:
        """A context that fails unless an error is raised in it that fits.

        Args:
            exception_type: class of the error.
            expected_err_re_or_predicate: a regular expression found in the message, or a function
                of the error that returns whether it fits.
        """
        expected = expected_err_re_or_predicate
        try:
            yield
        except Exception as error:
            text = error.message if isinstance(error, OpError) else str(error)
            op = getattr(error, "op", None)
            if op is not None:
                text += f"\nCaused by: {op.name}"
            fits = expected(error) if callable(expected) else re.search(expected, text)
            if not isinstance(error, exception_type) or not fits:
                raise AssertionError(
                    f"Exception of type {type(error)}: {error}") from error
            return
        self.fail(f"{exception_type.__name__} not raised")

    def assertRaisesOpError(self, expected_err_re_or_predicate: _Match
                            ) -> AbstractContextManager[None]:
        """A context that fails unless an OpError is raised in it that fits.

        Args:
            expected_err_re_or_predicate: a regular expression found in the message, or a function
                of the error that returns whether it fits.
        """
        return self.assertRaisesWithPredicateMatch(OpError, expected_err_re_or_predicate)
