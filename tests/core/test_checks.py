"""Checks on the host, and of a run inside of a run."""

from __future__ import annotations

import numpy as np
import pytest

from flowgraph.core.checks import Check, may_have, raise_if, run_of_this_thread, taken


def wrong() -> Exception:
    return ValueError("wrong")


@pytest.mark.parametrize("failed", [True, np.True_, np.array(True), np.array([False, True])])
def test_the_host_raises_at_once(failed) -> None:
    with pytest.raises(ValueError, match="wrong"):
        raise_if(np, failed, wrong)


@pytest.mark.parametrize("failed", [False, np.False_, np.array(False), np.zeros((0, 2), bool)])
def test_the_host_goes_on_if_nothing_is_wrong(failed) -> None:
    assert raise_if(np, failed, wrong) is None


def test_the_host_looks_into_its_arrays() -> None:
    assert may_have(np, np.array([False, True]))
    assert not may_have(np, np.array([False]))


def test_a_run_inside_of_a_run_has_checks_of_its_own() -> None:
    gpu, other = object(), object()
    with run_of_this_thread() as outer:
        outer.append(Check(True, wrong, None, gpu))
        with run_of_this_thread() as inner:
            inner.append(Check(True, wrong, None, other))
            assert not taken(gpu)
            assert len(inner) == 1
        assert [found.is_earlier for found in taken(gpu)] == [False]
        assert not outer
