"""Every conformance vector: TensorFlow's values, static shapes, dtypes, gradients and errors."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest

import flowgraph as fg
from tests.conformance.replay import problems
from tests.conformance.vectors import DATA, FAMILIES, cases, ops

# Cases in which flowgraph does something else on purpose: id, and why.
DIFFERENT = {
    "control/gradients#14.f64": "the name of a class of late TensorFlow; in 1.15 it is Tensor",
    "control/gradients#14.f32": "the name of a class of late TensorFlow; in 1.15 it is Tensor",
    "linalg/linalg.diag#2.u0": "its static shape (0, 0) contradicts its own result of (3, 3)",
}


@pytest.fixture(autouse=True)
def quiet():
    """Deprecated names are called on purpose here."""
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("family", "op"),
                         [(family, op) for family in FAMILIES for op in ops(family)])
def test_an_op_does_what_tensorflow_does(family, op) -> None:
    found = {}
    for case in cases(family, op):
        try:
            bad = problems(case)
        except Exception as error:
            bad = [f"{type(error).__name__}: {error}"]
        if bool(bad) != (case["id"] in DIFFERENT):
            found[case["id"]] = bad or "agrees; take it out of DIFFERENT"
    assert found == {}


SEEDED = json.loads((DATA / "seeded_random.json").read_text())


def _first(case):
    """The first argument of a seeded op: what is shuffled, the logits, or the shape."""
    size = np.prod(case["shape"], dtype=np.int64)
    if case["op"] == "random_shuffle":
        return np.arange(size, dtype=np.int32)
    if case["op"] == "multinomial":
        return np.log(np.arange(1, size + 1, dtype=np.float32)).reshape(case["shape"])
    return case["shape"]


@pytest.mark.parametrize("case", SEEDED, ids=[case["id"] for case in SEEDED])
def test_a_seeded_op_draws_tensorflows_numbers_run_after_run(case) -> None:
    with np.load(DATA / "seeded_random.npz", allow_pickle=False) as file:
        wanted = [file[name] for name in case["runs"]]
    kwargs = {key: getattr(fg, value) if key == "dtype" else value
              for key, value in case["kwargs"].items()}
    with fg.Graph().as_default():
        if case["graph_seed"] is not None:
            fg.set_random_seed(case["graph_seed"])
        drawn = getattr(fg, case["op"])(_first(case), seed=case["op_seed"], **kwargs)
        with fg.Session() as session:
            for want in wanted:
                got = session.run(drawn)
                assert got.dtype == want.dtype
                if "normal" in case["op"]:  # the rest of TensorFlow's arithmetic rounds differently
                    np.testing.assert_array_max_ulp(got, want, 2)
                else:
                    np.testing.assert_array_equal(got, want)
