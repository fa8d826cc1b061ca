"""Functions of many float32 numbers against NumPy's in double precision."""

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops import approximation
from flowgraph.ops.single_functions import of_many

INF, NAN = np.inf, np.nan
NAMES = ["tan", "arctan", "arcsin", "arccos", "sinh", "cosh", "arcsinh", "arccosh", "arctanh"]
ODD = np.float32([0, -0.0, 1, -1, INF, -INF, NAN, 1e-30, -1e-30, 2, -2, 3e38, -3e38, 88.9, -89.3,
                  0.5, -0.5, 0.9999999, 1.0000001, 1e19])
OPS = {"tan": fg.tan, "arctan": fg.atan, "arcsin": fg.asin, "arccos": fg.acos, "sinh": fg.sinh,
       "cosh": fg.cosh, "arcsinh": fg.asinh, "arccosh": fg.acosh, "arctanh": fg.atanh}


@pytest.fixture(autouse=True)
def any_processor(monkeypatch):
    monkeypatch.setattr(approximation, "_has_wide_functions", lambda: False)


def drawn(name: str) -> np.ndarray:
    """Numbers of every size, of which the function is told."""
    random = np.random.default_rng(0)
    x = np.exp(random.uniform(-69, 88, 20_000)) * random.choice([-1, 1], 20_000)
    near = random.normal(size=20_000)
    if name in ("arcsin", "arccos", "arctanh"):
        x, near = np.clip(x, -1, 1), random.uniform(-1, 1, 20_000)
    if name in ("sinh", "cosh"):
        x = np.clip(x, -89, 89)
    if name == "tan":
        x = np.clip(x, -1e4, 1e4)
    if name == "arccosh":
        x, near = np.abs(x) + 1, 1 + near ** 2
    return np.concatenate([x, near]).astype(np.float32)


def check(got, want) -> None:
    assert got.dtype == np.float32
    with np.errstate(over="ignore"):
        rounded = want.astype(np.float32)
    np.testing.assert_array_equal(np.isfinite(got), np.isfinite(rounded))
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(got[~finite], rounded[~finite])
    units = np.abs(got[finite] - want[finite]) / np.spacing(np.abs(rounded[finite]))
    assert units.max() <= 5


@pytest.mark.parametrize("name", NAMES)
def test_it_is_right_to_a_few_units(name) -> None:
    x = drawn(name)
    with np.errstate(all="ignore"):
        check(of_many(name, x), getattr(np, name)(x.astype(np.float64)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("repeats", [1, 1000])
def test_odd_numbers_among_few_and_many(name, repeats) -> None:
    x = np.tile(ODD, repeats)
    with np.errstate(all="ignore"):
        check(of_many(name, x), getattr(np, name)(x.astype(np.float64)))


def test_no_number_has_a_hyperbolic_cosine_below_one() -> None:
    x = 1 - np.exp(np.random.default_rng(0).uniform(-15, 88, 20_000)).astype(np.float32)
    with np.errstate(all="ignore"):
        assert np.isnan(of_many("arccosh", x[x < 1])).all()


def test_the_angle_of_every_pair() -> None:
    y, x = (part.ravel() for part in np.meshgrid(ODD, ODD))
    random = np.random.default_rng(0)
    y = np.concatenate([y, random.normal(size=20_000).astype(np.float32)])
    x = np.concatenate([x, random.normal(size=20_000).astype(np.float32)])
    want = np.arctan2(y.astype(np.float64), x.astype(np.float64))
    with np.errstate(all="ignore"):
        got = of_many("arctan2", y, x)
    check(got, want)
    np.testing.assert_array_equal(np.signbit(got), np.signbit(want))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layout", ["rows", "turned", "strided"])
def test_the_op_takes_it_of_many_and_of_few(name, layout) -> None:
    x = {"rows": lambda x: x.reshape(200, 200), "turned": lambda x: x.reshape(200, 200).T,
         "strided": lambda x: x[::3]}[layout](drawn(name))
    fed = fg.placeholder(fg.float32)
    y = OPS[name](fed)
    session = fg.Session()
    for given in (x, x[:1]):
        with np.errstate(all="ignore"):
            want = getattr(np, name)(given)
        np.testing.assert_allclose(session.run(y, {fed: given}), want, rtol=6e-7, atol=1e-37)


def test_angles_broadcast() -> None:
    y, x = drawn("arctan")[:9000].reshape(90, 100), drawn("arctan")[:100]
    fed = [fg.placeholder(fg.float32) for _ in range(2)]
    angles = fg.atan2(*fed)
    for b in (x, y[::-1]):
        np.testing.assert_allclose(fg.Session().run(angles, dict(zip(fed, (y, b), strict=True))),
                                   np.arctan2(y, b), rtol=6e-7)
