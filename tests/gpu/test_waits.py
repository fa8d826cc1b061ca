"""The host does not wait for a GPU in the midst of a run, but for ops that say why they need it."""

from __future__ import annotations

import re

import pytest

import flowgraph as fg
from flowgraph.gradients.gradients import gradients
from flowgraph.opdef.opdef import REGISTRY
from flowgraph.program import placement
from flowgraph.testing import Case
from tests.cases.tables import CASES
from tests.gpu.simulated import gpus
from tests.gpu.test_kernels import MISTAKES, RESULTS, SLOPES, check_all, slopes_of
from tests.gpu.test_large import OTHERS, WITH_GRADIENTS
from tests.gpu.waits import watched
from tests.test_cases import arrays_of, run

OPTIONS = {"runner": "interpreter"}


@pytest.fixture(autouse=True)
def everything_on_the_gpu(monkeypatch):
    monkeypatch.setattr(placement, "SMALL", -1)


def watch_of(cases):
    with watched() as watch:
        for case in cases:
            with gpus():
                run(case, OPTIONS)
    return watch


@pytest.mark.parametrize("table", RESULTS)
def test_ops_wait_for_the_gpu_only_where_they_say_why(table: str) -> None:
    watch = watch_of(RESULTS[table])
    wait = {name: sorted(calls) for name, calls in watch.waits.items()
            if not REGISTRY[name].waits_for_gpu}
    assert not wait, f"write raise_if of core/checks.py, or set waits_for_gpu: {wait}"
    silent = {name for name, count in watch.checks.items()
              if count and not REGISTRY[name].checks_data}
    assert not silent


@pytest.mark.parametrize("table", SLOPES)
def test_gradients_do_the_same(table: str) -> None:
    with watched() as watch:
        for case in SLOPES[table]:
            slopes_of(case, gpus, OPTIONS)
    assert not {name for name in watch.waits if not REGISTRY[name].waits_for_gpu}


@pytest.mark.parametrize("name", [*OTHERS, *WITH_GRADIENTS])
def test_many_numbers_wait_no_more_than_few(name: str) -> None:
    with fg.Graph().as_default(), watched() as watch, gpus():
        if name in OTHERS:
            built = OTHERS[name]()
        else:
            function, array = WITH_GRADIENTS[name]
            x = fg.constant(array)
            ys = function(x)
            built = [ys, gradients(ys, [x])]
        with fg.Session(**OPTIONS) as sess:
            sess.run(built)
    assert not {op for op in watch.waits if not REGISTRY[op].waits_for_gpu}


ROWS: dict[str, list[Case]] = {}
for _case in CASES:
    _name = _case.name.partition("/")[0]
    if _name in REGISTRY and (REGISTRY[_name].waits_for_gpu or REGISTRY[_name].checks_data):
        ROWS.setdefault(_name, []).append(_case)


@pytest.mark.parametrize("name", [name for name in ROWS if REGISTRY[name].waits_for_gpu])
def test_ops_that_say_so_do_wait(name: str) -> None:
    assert watch_of(ROWS[name]).waits[name]


@pytest.mark.parametrize("name", [name for name in ROWS if not REGISTRY[name].waits_for_gpu])
def test_ops_that_check_their_data_do_so(name: str) -> None:
    if watch_of(ROWS[name]).checks[name]:
        return
    with watched() as watch:  # it is the gradient of what is in the rows
        for case in ROWS[name]:
            slopes_of(case, gpus, OPTIONS)
    assert watch.checks[name]


@pytest.mark.parametrize("table", MISTAKES)
def test_mistakes_are_told_as_on_the_host(table: str) -> None:
    def told(bad, count: int) -> str:
        arrays = arrays_of(bad)
        with fg.Graph().as_default(), gpus(count):
            xs = [fg.placeholder(fg.as_dtype(a.dtype)) for a in arrays]
            fetches = [bad.build(*xs), fg.ones([])]  # a run that fetches nothing tells it later
            with fg.Session(**OPTIONS) as session, pytest.raises(bad.error) as raised:
                session.run(fetches, dict(zip(xs, arrays, strict=True)))
            return re.sub("0x[0-9a-f]+", "", str(raised.value))

    def check(bad) -> None:
        assert told(bad, 1) == told(bad, 0)
    check_all(check, MISTAKES[table])
