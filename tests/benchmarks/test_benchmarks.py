"""The benchmarks: programs by hand give flowgraph's values, results are shown as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import flowgraph as fg

ROOT = Path(fg.__file__).parents[1]
FOLDER = ROOT / "benchmarks"
MODULES = ("busy", "compare", "measure", "results", "suite")
# Those whose step takes milliseconds; the others are compared when benchmarks run.
QUICK = ("scalar", "linreg", "softmax", "mlp_small", "towers", "gru_loop", "batch_norm", "kmeans",
         "newton", "momentum_many", "batched_products", "small_ops", "while_loop", "vae", "lenet",
         "policy",
         "char_rnn", "gru_static", "bidirectional", "scan", "map_fn", "conds", "word2vec",
         "sampled_softmax", "factorisation", "rmsprop_many", "clip_norm", "gamma_density",
         "hamiltonian", "gaussian_process", "augment", "distort", "graph_network", "pipeline")
# Those that train: a loss that goes down alike has gradients that are alike.
NETWORKS = ("deep_mlp", "transformer", "gradient_penalty", "text_conv", "resnet", "separable",
            "generator", "unet", "digits")


@pytest.fixture(scope="module")
def benchmarks(module) -> SimpleNamespace:
    """Those that most tests here ask something of."""
    return SimpleNamespace(**{name: module(name) for name in MODULES})


def programs_by_hand(benchmarks: SimpleNamespace) -> list[Any]:
    return [import_module(name) for name in benchmarks.measure.OWN_PROGRAMS["numpy"]]


def program_by_hand(name: str, benchmarks: SimpleNamespace) -> Any:
    return next(module.WORKLOADS[name] for module in programs_by_hand(benchmarks)
                if name in module.WORKLOADS)


def value_of_second_step(step: Any) -> float:
    step()
    fetched = step()
    return float(np.mean(np.abs(fetched[-1] if isinstance(fetched, (list, tuple)) else fetched)))


@pytest.mark.parametrize("name", QUICK)
def test_a_program_by_hand_gives_the_value_of_the_graph(name, benchmarks) -> None:
    by_hand = program_by_hand(name, benchmarks)
    np.testing.assert_allclose(value_of_second_step(by_hand()),
                               value_of_second_step(benchmarks.suite.WORKLOADS[name](fg)),
                               rtol=2e-4)


def graph_draws(seed: int) -> Any:
    """What draws the numbers of a graph's operation with this seed, run by run."""
    graph, known = fg.Graph(), {}

    def draw(shape: tuple[int, ...]) -> Any:
        if not known:
            with graph.as_default():
                known["numbers"] = fg.random_uniform(shape, seed=seed)
                known["session"] = fg.Session(graph=graph)
        return known["session"].run(known["numbers"])

    return draw


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_by_hand_learns_as_the_graph_does(name, benchmarks) -> None:
    by_hand = program_by_hand(name, benchmarks)
    drawn = name in benchmarks.measure.draws_its_own("numpy")
    step, run = by_hand(graph_draws) if drawn else by_hand(), benchmarks.suite.WORKLOADS[name](fg)
    losses, expected = (np.array([one()[-1] if one is run else one() for _ in range(3)], float)
                        for one in (step, run))
    np.testing.assert_allclose(losses, expected, rtol=2e-5)
    least = 5e-7 * expected[0]  # float32 tells no smaller change
    np.testing.assert_allclose(np.diff(losses), np.diff(expected), rtol=0.02, atol=least)
    assert np.abs(np.diff(expected)).min() > 10 * least
    if drawn:
        assert abs(value_of_second_step(by_hand()) - expected[1]) > 2e-4 * expected[1]


def test_every_program_by_hand_has_its_workload(benchmarks) -> None:
    by_hand = [name for module in programs_by_hand(benchmarks) for name in module.WORKLOADS]
    assert len(by_hand) == len(set(by_hand))
    assert set(by_hand) <= set(benchmarks.suite.WORKLOADS)
    for module in ("torch_workloads", "jax_workloads"):  # their packages need not be here
        text = (FOLDER / f"{module}.py").read_text(encoding="utf-8")
        names = text.partition("WORKLOADS = {")[2].partition("in (")[2].partition(")}")[0]
        assert {name.strip() for name in names.split(",")} <= set(benchmarks.suite.WORKLOADS)


def test_groups_share_no_name(benchmarks) -> None:
    groups = benchmarks.suite.GROUPS.values()
    assert sum(len(group.WORKLOADS) for group in groups) == len(benchmarks.suite.WORKLOADS)


def test_measure_prints_what_it_finds() -> None:
    ran = subprocess.run([sys.executable, str(FOLDER / "measure.py"), "flowgraph", "--seconds",
                          "0.01", "scalar", "--module", "suite"], capture_output=True, text=True,
                         check=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    found = json.loads(ran.stdout)
    assert found["scalar"].keys() == {"ms", "first_ms", "value"}
    assert found["scalar"]["value"] == 3.0
    assert found["versions"]["numpy"] == np.__version__
    assert found["import_ms"] > 0 and found["peak_mb"] > 1


def rounds(ms: list[float], value: float = 1.0) -> list[dict[str, Any]]:
    return [{"import_ms": 10.0, "peak_mb": 50.0, "versions": {"tensorflow": "2", "python": "3"},
             "mlp": {"ms": one, "first_ms": 2 * one, "value": value}} for one in ms]


def test_medians_are_kept_and_parts_do_not_forget_the_rest(benchmarks, tmp_path: Path) -> None:
    results = benchmarks.results.Results()
    results.add("tensorflow", "workloads", rounds([4.0, 8.0, 6.0]), whole=True)
    results.add("flowgraph", "workloads", rounds([3.0]), whole=True)
    assert results.ratio("tensorflow", "mlp") == 2.0
    results.save(tmp_path / "r.json")
    again = benchmarks.results.Results.read(tmp_path / "r.json")
    assert again.data == results.data
    again.add("flowgraph", "workloads", [{**rounds([1.0])[0], "lenet": {"error": "no"}}],
              whole=False)
    assert again.ratio("tensorflow", "mlp") == 6.0
    assert again.notes("lenet") == ["flowgraph: no"]
    assert again.data["engines"]["flowgraph"]["groups"]["workloads"]["peak_mb"] == 50.0


@pytest.mark.parametrize(("engine", "expected", "value", "same"), [
    ("tensorflow", 1.0, 1.0001, True), ("tensorflow", 1.0, 1.001, False),
    ("tensorflow", 1e-7, 1.1e-7, False), ("tensorflow", 0.0, 0.0, True),
    ("tensorflow", 1.0, float("nan"), False), ("torch", 1.0, 1.001, True)])
def test_values_that_differ_are_told(engine, expected, value, same, benchmarks) -> None:
    results = benchmarks.results.Results()
    results.add(engine, "workloads", rounds([1.0], expected), whole=False)
    results.add("flowgraph", "workloads", rounds([1.0], value), whole=False)
    assert bool(results.notes("mlp")) != same
    assert benchmarks.compare.below(results, ["mlp"], 2.0) == ["mlp"]


def test_values_that_are_not_compared_are_told_and_are_no_fault(benchmarks) -> None:
    results = benchmarks.results.Results()
    drawn = rounds([1.5])
    del drawn[0]["mlp"]["value"]
    for engine, found in (("tensorflow", rounds([6.0])), ("numpy", drawn),
                          ("flowgraph", rounds([3.0]))):
        results.add(engine, "workloads", found, whole=True)
    told = "NumPy by hand draws other random numbers: its value is not compared"
    assert told in benchmarks.results.table(results, ["mlp"])
    assert f"- `mlp`: {told}" in benchmarks.results.page(results, "")
    assert benchmarks.compare.below(results, ["mlp"], 2.0) == []


def test_the_table_and_the_page_show_ratios_and_notes(benchmarks) -> None:
    results = benchmarks.results.Results()
    results.data["machine"] = {"processor": "P"}
    for engine, ms, value in (("tensorflow", 6.0, 1.0), ("numpy", 1.5, 1.0),
                              ("flowgraph", 3.0, 2.0)):
        results.add(engine, "workloads", rounds([ms], value), whole=True)
    text = benchmarks.results.table(results, ["mlp"])
    assert "2.00" in text and "0.50" in text
    assert "TensorFlow gives 1, flowgraph 2" in text
    page = benchmarks.results.page(results, "# By hand\n<!-- from here on written by "
                                   "benchmarks/compare.py --write -->\nold\n")
    assert page.startswith("# By hand\n<!-- from")
    assert "old" not in page
    assert "| **2.00** | 0.50 |" in page
    assert "| processor | P |" in page
    assert "- `mlp`: TensorFlow gives 1, flowgraph 2" in page
    assert benchmarks.results.page(results, page) == page


def test_the_page_of_the_docs_shows_the_results_that_are_kept(benchmarks) -> None:
    results, shown = benchmarks.results, benchmarks.results.PAGE.read_text(encoding="utf-8")
    assert results.page(results.Results.read(results.FILE), shown) == shown, (
        "python benchmarks/compare.py --rounds 0 --write")


@pytest.mark.parametrize(("used", "cores", "busy", "slower"), [
    (1.0, 2, 0, 1.0),    # nobody else
    (1.0, 2, 1, 1.0),    # a core for each
    (1.0, 2, 2, 1.5),    # two cores for three
    (2.0, 2, 2, 2.0),    # half of the machine for each
    (4.0, 4, 2, 1.5), (0.5, 2, 2, 1.5)])
def test_the_share_that_neighbours_take(used, cores, busy, slower, benchmarks) -> None:
    assert benchmarks.busy.lost(used, cores, busy) == pytest.approx(slower)


def test_busy_neighbours_end_with_the_block(benchmarks, monkeypatch) -> None:
    started = []

    class Program(subprocess.Popen):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(benchmarks.busy.subprocess, "Popen", Program)
    monkeypatch.setattr(benchmarks.busy.time, "sleep", lambda seconds: None)
    with benchmarks.busy.others(2):
        assert [program.poll() for program in started] == [None, None]
    assert all(program.poll() is not None for program in started)


def test_an_unknown_workload_is_told() -> None:
    ran = subprocess.run([sys.executable, str(FOLDER / "compare.py"), "frob"], capture_output=True,
                         text=True, check=False, cwd=ROOT)
    assert ran.returncode == 1
    assert "there is no workload frob" in ran.stderr
