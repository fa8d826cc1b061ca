"""ln Gamma and digamma of float32 against the formulas with all digits, in every branch by size."""

from __future__ import annotations

import numpy as np
import pytest

from flowgraph.ops import gamma, gamma_single

PAIRS = [pytest.param(gamma_single.log_gamma, gamma.log_gamma, id="log_gamma"),
         pytest.param(gamma_single.digamma, gamma.digamma_of, id="digamma")]
EDGES = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, 1.0, 2.0, -3.5, 1e-45, 1e-38, 3e38,
                  1.4616321], np.float32)


def check(single, careful, x):
    with np.errstate(all="ignore"):
        got, want = single(np, x, careful), careful(np, x.astype(np.float64)).astype(x.dtype)
    assert got.dtype == x.dtype
    assert got.shape == x.shape
    np.testing.assert_array_max_ulp(got, want, 1)


@pytest.mark.parametrize(("single", "careful"), PAIRS)
@pytest.mark.parametrize("size", [0, 1, 100, 1023, 1024, 8192, 20_001])
def test_positive_numbers(single, careful, size) -> None:
    check(single, careful, np.linspace(1e-3, 60.0, size, dtype=np.float32))


@pytest.mark.parametrize(("single", "careful"), PAIRS)
@pytest.mark.parametrize("repeats", [1, 100, 2000])
def test_edges_among_few_and_many(single, careful, repeats) -> None:
    with np.errstate(all="ignore"):
        got = single(np, np.tile(EDGES, repeats), careful)
        want = careful(np, np.tile(EDGES, repeats).astype(np.float64)).astype(np.float32)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(("single", "careful"), PAIRS)
@pytest.mark.parametrize("root", [1.0, 1.4616321449683623, 2.0])
def test_next_to_the_roots(single, careful, root) -> None:
    away = np.ldexp(1.0, np.arange(-23, 0))
    x = np.concatenate([root - away, [root], root + away]).astype(np.float32)
    check(single, careful, x)
    check(single, careful, np.tile(x, 50))


@pytest.mark.parametrize(("single", "careful"), PAIRS)
def test_shapes_and_layouts(single, careful) -> None:
    x = np.linspace(-3.2, 5.1, 4000).astype(np.float32)
    check(single, careful, x.reshape(40, 100).T)
    check(single, careful, x[::2])
    check(single, careful, np.float32([[2.5]])[0, 0])
    half = x.astype(np.float16)
    check(single, careful, half)


@pytest.mark.parametrize("careful", [gamma.log_gamma, gamma.digamma_of])
def test_a_number_does_not_depend_on_those_beside_it(careful) -> None:
    x = np.linspace(-12.0, 30.0, 500)
    with np.errstate(all="ignore"):
        together = careful(np, x)
        alone = np.concatenate([careful(np, x[i:i + 1]) for i in range(len(x))])
    np.testing.assert_allclose(together, alone, rtol=1e-14, atol=1e-14)
