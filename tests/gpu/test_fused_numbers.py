"""Fused groups give the numbers of their members, one by one."""

from __future__ import annotations

import importlib
import itertools
import pkgutil

import numpy as np
import pytest

import flowgraph as fg
import flowgraph.ops
from flowgraph.core import checks
from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef.opdef import REGISTRY
from flowgraph.plan import gpu_kernels
from flowgraph.plan.gpu_kernels import KernelFunction
from flowgraph.program import c_expressions as table
from flowgraph.program.ir import Instr, Value
from flowgraph.program.kernel_groups import KernelGroup
from tests.gpu import no_gpu
from tests.gpu.groups import in_kernel, kernels, one_by_one
from tests.gpu.no_gpu import DeviceArray, NotInCuPy, cupy
from tests.program.passes.test_gpu_kernels import CLEAN, OPTIMIZERS, trained

for _module in pkgutil.iter_modules(flowgraph.ops.__path__):  # some ops are there on demand
    importlib.import_module(f"flowgraph.ops.{_module.name}")

KINDS = sorted({*table._ALL, *table._NUMBERS, *table._FLOATS, *table._INTEGERS, "AddN", "Cast"})
TOLERANCE = {"float16": 4e-3, "float32": 3e-6, "float64": 1e-12}
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 6.0, 7.5, -1.5, 2.5, 1e-3, 20.0, -30.0,
           np.inf, -np.inf, np.nan]


def numbers(dtype: fg.DType) -> np.ndarray:
    """Numbers with which something may go wrong."""
    if dtype.kind == "f":
        found = np.array(SPECIAL).astype(dtype.numpy)
        # Halves are computed as float32: what only halves are too small for is left out.
        return found if dtype.size > 2 else found[~(np.abs(found) > 10) | np.isinf(found)]
    if dtype.kind == "b":
        return np.array([True, False])
    limits = np.iinfo(dtype.numpy)
    return np.array([0, 1, 2, 3, 5, 6, 7, 100, limits.max - 1, limits.max, *(
        [-1, -2, -3, -7, -100, limits.min + 1] if limits.min else [])], dtype.numpy)


def value(name: str, dtype: fg.DType, shape, const=None) -> Value:
    return Value(name, Spec(dtype, shape), const, device="" if const is not None else "gpu:0")


def instr_of(kind: str, dtype: fg.DType, attrs=None) -> tuple[Instr, dict] | None:
    """An instruction of an op, and what its inputs are: each pair of special numbers."""
    op_def = REGISTRY[kind]
    params = ["x0", "x1", "x2"] if op_def.lists else op_def.params
    arrays = []
    for param in params:
        known = op_def.dtypes["inputs" if op_def.lists else param]
        allowed = known if not isinstance(known, str) else getattr(op_def, known)
        own = dtype if isinstance(known, str) else fg.bool  # a condition
        if own not in allowed:
            return None
        arrays.append(numbers(own))
    grids = np.meshgrid(*arrays, indexing="ij")
    rows = [np.ascontiguousarray(g.reshape(-1)) for g in grids]
    inputs = [value(param, dt.of_numpy(a.dtype), a.shape)
              for param, a in zip(params, rows, strict=True)]
    given = dict(zip(inputs, rows, strict=True))
    if kind in table._DIVIDE and dtype.kind != "f":
        inputs[1] = value("y", dtype, (), np.array(3, dtype.numpy))
    if kind == "BiasAdd":
        given = {inputs[0]: rows[0].reshape(-1, len(arrays[1])), inputs[1]: arrays[1]}
        inputs = [value("value", dtype, given[inputs[0]].shape),
                  value("bias", dtype, arrays[1].shape)]
        given = dict(zip(inputs, given.values(), strict=True))
    attrs = {**op_def.attr_defaults, **(attrs or {})}
    specs = [v.spec for v in inputs]
    spec = op_def.infer(*op_def.group(specs), **attrs)
    out = value("out", spec.dtype, spec.shape)
    return Instr(op_def, tuple(inputs), (out,), attrs, (Origin(),), device="gpu:0"), given


class Origin:
    """A graph operation, as far as texts ask for it."""

    name, frame = "member", "model.py:1"


ATTRS = {"LeakyRelu": [{"alpha": 0.2}, {"alpha": 0.5}], "LeakyReluGrad": [{"alpha": 0.25}],
         "Cast": [{"DstT": dtype} for dtype in map(fg.as_dtype, table.C_TYPES)]}


def cases():
    for kind, dtype in itertools.product(KINDS, map(fg.as_dtype, table.C_TYPES)):
        for attrs in ATTRS.get(kind, [{}]):
            made = instr_of(kind, dtype, attrs)
            if made is not None and table.expression_of(made[0]) is not None:
                yield kind, dtype, attrs


def same(found: np.ndarray, wanted: np.ndarray, tolerance: float, what: str) -> None:
    assert found.dtype == wanted.dtype, what
    assert found.shape == wanted.shape, what
    if wanted.dtype.kind == "f":
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(found.astype(np.float64), wanted.astype(np.float64),
                                       tolerance, tolerance, err_msg=what)
    else:
        np.testing.assert_array_equal(found, wanted, err_msg=what)


@pytest.mark.parametrize("kind", KINDS)
def test_an_expression_is_the_ops_kernel(kind: str) -> None:
    tried = 0
    for _, dtype, attrs in (case for case in CASES if case[0] == kind):
        instr, given = instr_of(kind, dtype, attrs)
        group = KernelGroup((instr,), instr.outputs)
        if kind == "Cast" and attrs["DstT"].name == "uint32":  # NumPy's own loops differ there
            given = {v: np.nan_to_num(a, posinf=7, neginf=7) for v, a in given.items()}
        (found,), (wanted,) = in_kernel(group, given), one_by_one(group, given)
        same(found, wanted, TOLERANCE.get(instr.outputs[0].spec.dtype.name, 0),
             f"{kind} of {dtype.name} {attrs}")
        tried += 1
    assert tried


CASES = list(cases())


# ---- groups --------------------------------------------------------------------------------------


def fed(group: KernelGroup, seed: int = 0, sizes=None) -> dict:
    """Numbers for the inputs of a group; unknown sizes are 3."""
    random = np.random.default_rng(seed)
    given = {}
    for v in group.inputs:
        shape = (sizes or {}).get(v.name) or [3 if n is None else n for n in v.spec.shape]
        found = random.normal(0, 2, shape) if v.const is None else v.const
        given[v] = np.asarray(found).astype(v.spec.dtype.numpy)
    return given


def check_group(group: KernelGroup, arrays=None, tolerance=3e-6, out=None) -> None:
    arrays = arrays or fed(group)
    for found, wanted in zip(in_kernel(group, arrays, out), one_by_one(group, arrays), strict=True):
        same(found, wanted, tolerance, repr(group))


def placeholder(name, shape, dtype=fg.float32):
    return fg.placeholder(dtype, shape, name=name)


SHAPES = [((4, 6), (6,), (4, 1)), ((), (2, 3), (1, 1)), ((5,), (5,), (1,)), ((0, 6), (6,), (1, 6)),
          ((2, 1, 4), (3, 1), (1, 1, 1)), ((1, 6), (4, 1), ()), ((2, 0), (), (1, 0))]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_broadcasting(shapes, dtype: str) -> None:
    x, y, z = feeds = [placeholder(n, s, fg.as_dtype(dtype))
                       for n, s in zip("xyz", shapes, strict=True)]
    groups = kernels((x * y + z) * (x * y) - fg.maximum(x * y, z), feeds)
    assert groups
    for group in groups:
        check_group(group, tolerance=TOLERANCE.get(dtype, 0))


def test_numbers_of_the_host_go_by_value() -> None:
    x, rate = feeds = [placeholder("x", (3, 4)), placeholder("rate", ())]
    (group,) = kernels(fg.square(x * rate), feeds, host=[rate])
    check_group(group)


def test_a_kernel_of_numbers_of_the_host_alone() -> None:
    a, b = feeds = [placeholder("a", ()), placeholder("b", ())]
    (group,) = kernels(fg.square(a * b), feeds, host=feeds)
    check_group(group)


def test_unknown_sizes() -> None:
    x, y = feeds = [placeholder("x", (None, 6)), placeholder("y", (None, 6))]
    (group,) = kernels(fg.square(x + y) * y, feeds)
    for sizes in ({"x": (1, 6)}, {"y": (1, 6)}, {"x": (0, 6), "y": (0, 6)}, {}):
        check_group(group, fed(group, sizes=sizes))


def test_results_may_be_written_where_an_input_stands() -> None:
    x, y = feeds = [placeholder("x", (3, 4)), placeholder("y", (3, 4))]
    first = fg.exp(x) + y
    (group,) = kernels([first, fg.square(first) * x + y], feeds)
    arrays = fed(group)
    wanted = one_by_one(group, arrays)
    inputs = [DeviceArray(np.array(arrays[v])) for v in group.inputs]
    found = KernelFunction(group)(cupy, inputs, group=group, out=tuple(inputs))
    for array, want, given in zip(found, wanted, inputs, strict=True):
        assert array is given
        same(array.host, want, 1e-6, "in place")


def test_one_result_may_have_memory_and_the_other_none() -> None:
    x = placeholder("x", (3, 4))
    (group,) = kernels([fg.exp(x), fg.square(fg.exp(x))], [x], passes=["common_subexpressions"])
    check_group(group, out=(DeviceArray(np.empty((3, 4), np.float32)), None))


REDUCTIONS = {"sum": fg.reduce_sum, "mean": fg.reduce_mean, "max": fg.reduce_max,
              "min": fg.reduce_min}


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("axes", [None, 0, 1, -1, [0, 1], [0, 2], [1, 2]], ids=str)
@pytest.mark.parametrize("keep", [False, True])
def test_reductions(name: str, axes, keep: bool) -> None:
    x, y = feeds = [placeholder("x", (3, 4, 5)), placeholder("y", (5,))]
    for dtype in ("float16", "float32", "float64"):
        xs, ys = (fg.cast(v, fg.as_dtype(dtype)) for v in (x, y))
        (group,) = kernels(REDUCTIONS[name](fg.tanh(xs * ys), axes, keepdims=keep), feeds)
        assert group.kind == "reduction"
        check_group(group, tolerance=TOLERANCE[dtype] * 3)
    (group,) = kernels(REDUCTIONS[name](fg.square(x), axes, keepdims=keep), feeds)
    check_group(group)


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint8", "int64"])
def test_reductions_of_integers(dtype: str) -> None:
    x = placeholder("x", (3, 4), fg.as_dtype(dtype))
    for reduce in (fg.reduce_sum, fg.reduce_max, fg.reduce_min):
        (group,) = kernels(reduce(fg.square(x), 1), [x])
        check_group(group, {group.inputs[0]: np.arange(12, dtype=dtype).reshape(3, 4) % 9})


def test_reductions_of_nothing_and_of_nan() -> None:
    x = placeholder("x", (None, 4))
    for name, reduce in REDUCTIONS.items():
        (group,) = kernels(reduce(fg.square(x), 0), [x])
        check_group(group, {group.inputs[0]: np.array([[1, np.nan, 3, np.inf]] * 2, np.float32)})
        check_group(group, {group.inputs[0]: np.empty((0, 4), np.float32)})
        (group,) = kernels(reduce(fg.square(x), 1), [x])
        check_group(group, {group.inputs[0]: np.empty((0, 4), np.float32)})
        assert name


@pytest.mark.parametrize("rows", [5, 5000])
def test_what_would_be_too_long_for_one_thread_takes_two_steps(rows: int, monkeypatch) -> None:
    x, b, dy = feeds = [placeholder("x", (None, 6)), placeholder("b", (6,)),
                        placeholder("dy", (None, 6))]
    (db,) = fg.gradients(fg.tanh(fg.nn.bias_add(x, b)), [b], [dy])
    used: list[str] = []
    for fetch in (db, fg.reduce_sum(x * b), fg.reduce_sum(fg.square(x), 1)):
        group = kernels(fetch, feeds, passes=["simplify", "dead_code"])[-1]
        arrays = fed(group, sizes={"x": (rows, 6), "dy": (rows, 6), "Tanh": (rows, 6)})
        monkeypatch.setattr(no_gpu, "noted", used.append)
        (found,) = in_kernel(group, arrays)
        monkeypatch.undo()
        same(found, one_by_one(group, arrays)[0], 1e-3, repr(group))
    assert used.count("ReductionKernel.__call__") == (3 if rows == 5 else 1)
    assert used.count("ElementwiseKernel.__call__") == (0 if rows == 5 else 2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("columns", [1, 5, 33, 700])
def test_rows(dtype: str, columns: int) -> None:
    x = placeholder("x", (3, columns), fg.as_dtype(dtype))
    labels = placeholder("labels", (3,), fg.int64)
    soft = placeholder("soft", (3, columns), fg.as_dtype(dtype))
    fetches = [fg.nn.softmax(x), fg.nn.log_softmax(x),
               fg.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=x)]
    loss = fg.nn.softmax_cross_entropy_with_logits_v2(labels=fg.stop_gradient(soft), logits=x)
    groups = kernels([*fetches, loss], [x, labels, soft], passes=["simplify", "dead_code"])
    assert [group.kind for group in groups] == ["rows"] * 4
    for group in groups:
        arrays = fed(group)
        for v in arrays:
            if v.spec.dtype.kind == "i":
                arrays[v] = np.array([0, columns - 1, columns // 2])
        check_group(group, arrays, 1e-5 if dtype == "float32" else 1e-12)


def test_a_label_that_is_no_class_gives_nan_in_its_row_and_an_error_when_the_host_waits() -> None:
    x, labels = feeds = [placeholder("x", (3, 4)), placeholder("labels", (3,), fg.int32)]
    (group,) = kernels(fg.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=x),
                       feeds)
    arrays = {v: np.array([0, 4, -1], np.int32) if v.name == "labels" else np.ones((3, 4), "f")
              for v in group.inputs}
    with checks.run_of_this_thread() as kept:
        loss, slopes = checks.noting(None, "step", in_kernel)(group, arrays)
    assert np.isnan(loss).tolist() == [False, True, True]
    assert np.isnan(slopes).any(axis=1).tolist() == [False, True, True]
    (check,) = kept
    assert bool(check.failed), "what the host looks at once it waits"
    told = r"label value of 4 which is outside the valid range of \[0, 4\)"
    with pytest.raises(InvalidArgumentError, match=told):
        raise check.error()
    with pytest.raises(InvalidArgumentError, match=told):  # where nothing is kept: at once
        in_kernel(group, arrays)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_updates_of_several_variables(name: str) -> None:
    step, x = trained(OPTIMIZERS[name][0]())
    (group,) = [g for g in kernels(step, [x], passes=CLEAN) if g.kind == "tensors"]
    assert len(group.parts) == 4
    arrays = {v: np.abs(a) for v, a in fed(group).items()}
    found = in_kernel(group, arrays)
    wanted = [result for part in group.parts for result in one_by_one(part, arrays)]
    for a, b in zip(found, wanted, strict=True):
        same(a, b, 1e-6, name)
    fresh = tuple(DeviceArray(np.empty_like(a)) for a in found)
    for a, b in zip(in_kernel(group, arrays, fresh), wanted, strict=True):
        same(a, b, 1e-6, name)


def test_updates_by_a_rate_that_is_fed() -> None:
    variables = [fg.get_variable(f"v{i}", [size]) for i, size in enumerate((3, 2000, 1024))]
    rate, other = placeholder("rate", ()), placeholder("other", ())
    steps = [fg.assign_sub(v, rate * fg.sin(v) + other) for v in variables]
    (group,) = kernels(steps, [rate, other], host=[rate], passes=CLEAN)
    assert repr(group).startswith("3 of ")
    check_group_of_parts(group)


def check_group_of_parts(group: KernelGroup) -> None:
    arrays = fed(group)
    wanted = [result for part in group.parts for result in one_by_one(part, arrays)]
    for a, b in zip(in_kernel(group, arrays), wanted, strict=True):
        same(a, b, 1e-6, repr(group))


def test_an_error_names_the_members() -> None:
    x = placeholder("x", (3,))
    (group,) = kernels(fg.square(fg.exp(x, name="grown")), [x])
    with pytest.raises(NotInCuPy) as caught:
        KernelFunction(group)(cupy, [DeviceArray(np.ones(3))], group=group)
    assert "kernel exp_square of Exp 'grown' (test_fused_numbers.py:" in caught.value.__notes__[0]


def test_kernels_of_equal_text_are_made_once() -> None:
    x, y = placeholder("x", (3,)), placeholder("y", (2, 2))
    for group in kernels([fg.square(fg.exp(x) + 7), fg.square(fg.exp(y) + 7)], [x, y]):
        check_group(group)
    before = gpu_kernels._made.cache_info().misses
    for group in kernels([fg.square(fg.exp(x) + 7)], [x]):
        check_group(group)
    assert gpu_kernels._made.cache_info().misses == before
