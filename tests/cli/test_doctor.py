"""`flowgraph doctor`: the report on this machine, and the advice on others."""

from __future__ import annotations

import json

import pytest

from flowgraph.cli import doctor, machine
from flowgraph.cli.machine import PACKAGES, Facts
from flowgraph.core import gpu
from flowgraph.core.processor import Processor

WIDE = frozenset({"avx2", "avx512f", "avx512dq", "avx512bw", "avx512vl"})
BLAS = {"name": "OpenBLAS", "version": "0.3.31", "kernels": "SkylakeX", "threads": 2,
        "path": "/lib/openblas.so"}
FINE = Facts(Processor("A", "GenuineIntel", 6, 0x55, WIDE), 2, 2, None, 2.0, "Linux", "3.11.7",
             "2.4.6", BLAS, 100.0, {}, {name: "1.0" for name, _, _ in PACKAGES}, "/bin/dot", False)


def test_the_report_on_this_machine(flowgraph) -> None:
    code, out, err = flowgraph("doctor")
    assert code in (0, 1)
    assert err == ""
    assert ("To change:" in out) == bool(code)
    for name in ("processor", "cores", "NumPy", "BLAS", "GFLOP/s", "cupy", "Graphviz"):
        assert name in out


def test_the_report_for_programs(flowgraph) -> None:
    code, out, _ = flowgraph("doctor --json")
    found = json.loads(out)
    assert found["ok"] == (code == 0)
    assert found["cores"] >= 1
    assert {"name", "version", "kernels", "threads", "path"} == set(found["blas"])
    assert all({"is_problem", "change", "why"} == set(item) for item in found["advice"])


def test_nothing_to_change() -> None:
    assert doctor.advice(FINE) == []
    assert doctor.lines(FINE, [])[-1] == "Nothing to change."


@pytest.mark.parametrize(("changes", "is_problem", "change", "why"), [
    ({"blas": BLAS | {"kernels": "Haswell"}}, True,
     "set OPENBLAS_CORETYPE=SKYLAKEX before Python", "has AVX-512, but OpenBLAS"),
    ({"blas": BLAS | {"kernels": "Zen"}, "settings": {"OPENBLAS_CORETYPE": "zen"}}, True,
     "unset OPENBLAS_CORETYPE", "since OPENBLAS_CORETYPE=zen is set"),
    ({"processor": FINE.processor._replace(features=frozenset({"avx2"})),
      "blas": BLAS | {"kernels": "Nehalem"}}, True, "set OPENBLAS_CORETYPE=HASWELL", "has AVX2"),
    ({"blas": BLAS | {"name": "none", "kernels": "", "threads": 0, "path": ""}}, True,
     "install NumPy from its wheel", "no BLAS library"),
    ({"blas": BLAS | {"threads": 1}, "settings": {"OMP_NUM_THREADS": "1"}}, False,
     "unset OMP_NUM_THREADS=1", "products use 1 of 2 cores"),
    ({"blas": BLAS | {"threads": 64}}, False, "set OPENBLAS_NUM_THREADS=2", "64 threads"),
    ({"cores": 1, "quota": 0.5, "free_cores": 1.0, "blas": BLAS | {"threads": 1}}, False,
     "at least one whole core", "0.5 cores"),
    ({"free_cores": 0.4}, False, "when nothing else runs", "1.6 of 2 cores"),
    ({"graphviz": "", "packages": FINE.packages | {"pygraphviz": ""}}, False,
     "install the system package graphviz", "only be .dot and .html"),
    ({"packages": FINE.packages | {"graphviz": ""}}, True, "pip install graphviz", "pictures"),
    ({"packages": FINE.packages | {"networkx": ""}}, True, "pip install networkx", "to_networkx"),
    ({"gpu": True, "packages": FINE.packages | {"cupy": ""}}, False, "cupy", "GPU"),
    ({"gpu": True, "packages": FINE.packages | {"cupy": "14.0"}, "no_gpu": "CuPy finds none"},
     False, "cupy.show_config()", "nothing can use: CuPy finds none"),
], ids=lambda value: "" if isinstance(value, (dict, bool)) else value.replace(" ", "-"))
def test_each_advice(changes, is_problem, change, why) -> None:
    found = FINE._replace(**changes)
    item, = doctor.advice(found)
    assert item.is_problem == is_problem
    assert change in item.change
    assert why in item.why
    text = "\n".join(doctor.lines(found, [item]))
    assert ("To change:" if is_problem else "Hints:") in text
    assert item.why in text


@pytest.mark.parametrize("changes", [
    {"processor": Processor(), "blas": BLAS | {"kernels": "armv8"}},           # not Linux on x86
    {"blas": BLAS | {"name": "accelerate", "kernels": "", "threads": 0, "path": ""}},
    {"blas": BLAS | {"kernels": "Cooperlake"}},
    {"processor": FINE.processor._replace(features=frozenset({"avx2"})),
     "blas": BLAS | {"kernels": "Zen"}},
], ids=["arm", "accelerate", "cooperlake", "zen"])
def test_what_is_fine_elsewhere(changes) -> None:
    assert doctor.advice(FINE._replace(**changes)) == []


def test_a_problem_is_the_exit_code_and_stands_first(monkeypatch, flowgraph) -> None:
    bad = FINE._replace(blas=BLAS | {"kernels": "Haswell"}, free_cores=0.0)
    monkeypatch.setattr(doctor, "facts", lambda: bad)
    code, out, _ = flowgraph("doctor")
    assert code == 1
    assert out.index("To change:") < out.index("Hints:")
    monkeypatch.setattr(doctor, "facts", lambda: FINE._replace(free_cores=0.0))
    assert flowgraph("doctor")[0] == 0  # hints alone


def test_gpus_are_listed_or_what_is_missing() -> None:
    info = gpu.GpuInfo(1, "NVIDIA H100", 80 << 30, (9, 0), "0000:65:00.0")
    line = machine.gpu_line(info)
    assert line == "/gpu:1  NVIDIA H100, 80 GiB, compute capability 9.0"
    found = FINE._replace(gpu=True, gpus=(line, line), packages=FINE.packages | {"cupy": "14.0"})
    told = doctor.lines(found, [])
    at = next(i for i, text in enumerate(told) if text.startswith("GPU"))
    assert told[at].endswith(line) and told[at + 1].strip() == line
    without = doctor.lines(FINE._replace(no_gpu="CuPy is not installed"), [])
    assert any(text.startswith("GPU") and text.endswith("none: CuPy is not installed")
               for text in without)


def test_it_takes_no_program(flowgraph) -> None:
    code, _, err = flowgraph("doctor -- x")
    assert code == 2
    assert "doctor takes no arguments of a program" in err
