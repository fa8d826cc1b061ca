"""Every call of the array module that stands in the package is one that CuPy takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.io.op_types import load_every_op
from flowgraph.opdef.opdef import REGISTRY
from tests.gpu.cupy_names import NAMES, VERSION, misfit
from tests.gpu.no_gpu import DeviceArray, NotInCuPy, cupy
from tests.gpu.written_calls import WrittenCall, written_calls

PACKAGE = Path(fg.__file__).parent
load_every_op()

# These have CuPy itself, never NumPy or the stand-in: devices, streams, memory, graphs and cuBLAS.
# Such names are not in the list, which is of arrays; all others in these files must be.
CUPY_ITSELF = {"flowgraph/core/cublas.py": ("cuda", "_core"),
               "flowgraph/core/cupy_gpu.py": ("cuda",),
               "flowgraph/core/gpu_graphs.py": ("cuda",),
               "flowgraph/ops/like_numpy.py": ("__name__",)}


def wrong(call: WrittenCall) -> str:
    """What is wrong with a call; "" if CuPy takes it."""
    if call.positional is not None:
        return misfit(call.name, call.positional, call.keywords)
    known = call.name in NAMES or any(name.startswith(f"{call.name}.") for name in NAMES)
    of_a_type = NAMES.get(call.name.partition(".")[0], "") is None  # xp.float32.name, xp.pi.real
    return "" if known or of_a_type else misfit(call.name, 0, ())


def test_what_is_written_is_what_cupy_has() -> None:
    mistakes = []
    for file in sorted(PACKAGE.rglob("*.py")):
        path = file.relative_to(PACKAGE.parent).as_posix()
        for call in written_calls(file):
            if call.name.partition(".")[0] in CUPY_ITSELF.get(path, ()):
                continue
            op_def = REGISTRY.get(call.owner)
            if (op_def is None or not op_def.host_only) and wrong(call):
                mistakes.append(f"{path}:{call.line} {call.owner}: {wrong(call)}")
    assert not mistakes, "\n".join(mistakes)


def test_the_reader_of_source_sees_calls_names_and_their_classes(tmp_path: Path) -> None:
    file = tmp_path / "kernels.py"
    file.write_text("class Sum:\n"
                    "    def kernel(self, xp, x):\n"
                    "        return xp.sum(xp.linalg.inv(x), axis=0, initial=1) + xp.pi + f(xp)\n")
    found = {(c.name, c.positional, c.keywords, c.line, c.owner) for c in written_calls(file)}
    assert found == {("sum", 1, ("axis", "initial"), 3, "Sum"), ("linalg.inv", 1, (), 3, "Sum"),
                     ("pi", None, (), 3, "Sum")}


X = DeviceArray(np.arange(4, dtype=np.int32))
HALF = DeviceArray(np.ones(4, np.float16))


@pytest.mark.parametrize(("ask", "words"), [
    (lambda: X.sum(initial=1), "initial"),
    (lambda: cupy.sum(X, where=X > 1), "xp.where(condition"),
    (lambda: cupy.add(X, X, where=X > 1), "takes out, dtype, casting, not where="),
    (lambda: cupy.clip(X, min=0), "positional"),
    (lambda: X.take(X, mode="clip"), "xp.clip(indices"),
    (lambda: cupy.einsum_path("i,i", X, X), f"CuPy {VERSION} has no cupy.einsum_path"),
    (lambda: cupy.maximum.reduce(X), "cupy.maximum.reduce"),
    (lambda: cupy.subtract.at(HALF, X, HALF), "cupy.subtract.at has no float16"),
    (lambda: cupy.sum([1, 2]), "gets a list"),
    (lambda: X + np.arange(4), "array of NumPy"),
    (lambda: np.asarray(X), "goes to NumPy"),
    (lambda: np.concatenate([X, X]), "np.concatenate"),
    (lambda: X[np.array([0])], "array of NumPy"),
    (lambda: X[cupy.asarray([9])], "wraps them"),
    (lambda: cupy.take(X, cupy.asarray([9])), "wraps them"),
    (lambda: X[1:].__setitem__(slice(None), X[:-1]), "overlaps"),
    (lambda: cupy.array([X[0], 1]), "arrays and numbers"),
    (lambda: cupy.arange(X[1]), "int(...)"),
    (lambda: X ** -1, "negative integer powers"),
    (lambda: X.ctypes, "ndarray.ctypes"),
    (lambda: X.flags.writeable, "flags.writeable"),
    (lambda: cupy.spacing(HALF), "cupy.spacing"),
], ids=["initial", "where", "ufunc where", "clip", "take mode", "missing name", "reduce", "at",
        "list", "mixed", "array", "numpy function", "index", "out of range", "take", "overlap",
        "list of both", "range", "power", "property", "flag", "missing ufunc"])
def test_what_cupy_refuses_is_refused(ask, words: str) -> None:
    with pytest.raises(NotInCuPy) as caught:
        ask()
    assert words in str(caught.value)


def test_what_cupy_takes_is_computed() -> None:
    twice = cupy.where(X > 1, X * 2, cupy.float32(0.5))
    assert isinstance(twice, DeviceArray)
    np.testing.assert_array_equal(twice.host, [0.5, 0.5, 4, 6])
    total = X.sum(axis=0, keepdims=True)
    assert total.shape == (1,) and int(total[0]) == 6
    assert isinstance(cupy.linalg.inv(cupy.eye(2)), DeviceArray)
    assert isinstance(cupy.count_nonzero(X), DeviceArray)
    copy = X.copy()
    first = copy[0]
    first += 5
    assert int(copy[0]) == 5, "an element is a view, as CuPy's"
    sums = cupy.zeros(2, "float32")
    cupy.add.at(sums, cupy.asarray([1, 1]), cupy.ones(2, "float32"))
    np.testing.assert_array_equal(sums.host, [0, 2])
