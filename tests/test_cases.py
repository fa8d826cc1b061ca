"""The test matrix: every row of the case tables, in every way that an op can run.

Interpreter and generated source, passes on and off, freed buffers poisoned, static and unknown
shapes; the interpreter's runs also check each kernel against its op's `infer` and `aliases`.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core.shapes import compatible
from flowgraph.core.values import to_array
from flowgraph.testing import BadCase, Case, check_gradients
from tests.cases.tables import BAD, CASES

TEST_FILES = {file.name for file in Path(__file__).parent.rglob("*.py")}
TOLERANCE = {"float64": (1e-12, 1e-13), "float32": (2e-5, 2e-6), "float16": (4e-3, 2e-3),
             "complex64": (2e-5, 2e-6), "complex128": (1e-12, 1e-13)}
RUNNERS = {
    "interpreter, no passes": {"runner": "interpreter", "passes": []},
    "interpreter, poisoned": {"runner": "interpreter", "poison": True},
    "source, no passes": {"runner": "source", "passes": []},
    "source": {"runner": "source"},
}


class KernelCheck:
    """A hook: what a kernel returns is what `infer` said, in memory it may use."""

    def __init__(self):
        self.before_steps = []  # a stack: steps run inside of steps

    def before(self, step, arguments):
        self.before_steps.append([np.array(a) if isinstance(a, np.ndarray) else None
                                  for a in arguments])

    def after(self, step, arguments, results, seconds):
        copies = self.before_steps.pop()
        op_def = step.instr.op_def
        params = op_def.flat_params(len(arguments))
        for result, value in zip(results, step.instr.outputs, strict=True):
            what = f"{step.op.type} kernel returned"
            assert hasattr(result, "dtype"), f"{what} a {type(result)}"
            assert result.dtype == value.spec.dtype.numpy, (
                f"{what} {result.dtype}, infer says {value.spec.dtype.name}")
            assert compatible(value.spec.shape, result.shape), (
                f"{what} shape {result.shape}, infer says {value.spec}")
            for param, argument, copy in zip(params, arguments, copies, strict=True):
                if copy is None:
                    continue
                if param not in op_def.aliases and step.view < 0:
                    assert not np.may_share_memory(result, argument), (
                        f"{what} memory of {param!r}, which is not in `aliases`")
                if step.view < 0:
                    np.testing.assert_array_equal(argument, copy, f"{what}, and changed {param!r}")


def arrays_of(case):
    return [x if isinstance(x, np.ndarray) else to_array(x) for x in case.inputs]


def flat(outputs):
    if isinstance(outputs, (list, tuple)):
        return [t for part in outputs for t in flat(part)]
    return [fg.convert_to_tensor(outputs) if hasattr(outputs, "indices") else outputs]


def run(case, options, shapes="static", hooks=()):
    arrays = arrays_of(case)
    with fg.Graph().as_default():
        placeholders = [fg.placeholder(fg.as_dtype(a.dtype),
                                       a.shape if shapes == "static" else
                                       [None] * a.ndim if shapes == "sizes" else None)
                        for a in arrays]
        outputs = flat(case.build(*placeholders))
        with fg.Session(**options) as session:
            session.run(fg.global_variables_initializer())
            feed = dict(zip(placeholders, arrays, strict=True))
            if hooks:
                results = session.run_with_hooks(outputs, feed, hooks)
            else:
                results = session.run(outputs, feed)
        for tensor, result in zip(outputs, results, strict=True):
            if isinstance(tensor, fg.Tensor):
                assert compatible(tensor.spec.shape, np.shape(result)), (
                    f"{tensor.name}: static shape {tensor.spec.shape}, got {np.shape(result)}")
                for array in arrays:
                    assert not np.may_share_memory(np.asarray(result), array), "a feed is aliased"
        return outputs, results


def assert_same(case, outputs, results, how):
    if case.expect is None:
        case.check([np.asarray(r) for r in results])
        return
    expect = case.expect(*arrays_of(case)) if callable(case.expect) else case.expect
    expect = expect if isinstance(expect, (list, tuple)) and len(results) > 1 else [expect]
    assert len(expect) == len(results), f"{how}: {len(results)} results, expected {len(expect)}"
    for tensor, result, want in zip(outputs, results, expect, strict=True):
        want = np.asarray(want)
        dtype = tensor.dtype.base_dtype
        if dtype.name in TOLERANCE:
            rtol, atol = TOLERANCE[dtype.name]
            np.testing.assert_allclose(
                result, want.astype(dtype.numpy), case.rtol or rtol, case.atol or atol,
                err_msg=how, strict=False)
        else:
            np.testing.assert_array_equal(result, want, err_msg=how)
        assert np.shape(result) == want.shape, f"{how}: {np.shape(result)} != {want.shape}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case_gives_the_oracles_numbers_in_every_runner(case: Case) -> None:
    for how, options in RUNNERS.items():
        hooks = [KernelCheck()] if how.startswith("interpreter") else []
        assert_same(case, *run(case, options, hooks=hooks), how)
    if case.unknown_shapes:
        assert_same(case, *run(case, {"runner": "source"}, "sizes"), "unknown sizes")
        assert_same(case, *run(case, {"runner": "source"}, "rank"), "unknown ranks")


@pytest.mark.parametrize("case", [c for c in CASES if c.grad], ids=lambda case: case.name)
def test_case_gradients_match_central_differences_to_order_two(case: Case) -> None:
    check_gradients(lambda *xs: flat(case.build(*xs)), arrays_of(case), order=2)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_bad_use_raises_the_right_error_with_the_right_words(bad: BadCase) -> None:
    arrays = arrays_of(bad)
    placeholders = [fg.placeholder(fg.as_dtype(a.dtype)) for a in arrays]
    if bad.phase == "build":
        with pytest.raises(bad.error) as caught:
            bad.build(*placeholders)
    else:
        fetches = bad.build(*placeholders)
        with fg.Session() as session, pytest.raises(bad.error) as caught:
            session.run(fetches, dict(zip(placeholders, arrays, strict=True)))
    text = str(caught.value)
    for word in bad.words:
        assert word in text
    lines = re.findall(r"([\w.-]+\.py):[1-9]", text)
    assert TEST_FILES & set(lines), f"the message names no line of the user's: {text}"
    assert "('" not in text[:2], f"the message is a tuple: {text}"


def test_names_of_cases_are_unique() -> None:
    names = [case.name for case in CASES] + [bad.name for bad in BAD]
    assert sorted(names) == sorted(set(names))
