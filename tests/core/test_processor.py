"""The processor, and NumPy loaded with the kernels that suit it: each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowgraph.core import processor
from flowgraph.core.processor import Processor, has_wide_kernels, is_recognised

WIDE = "fpu sse2 avx2 avx512f avx512dq avx512cd avx512bw avx512vl"


def cpuinfo(vendor: str, family: int, model: int, flags: str) -> str:
    """Two processors as Linux lists them."""
    one = (f"processor\t: 0\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}\n"
           f"model name\t: A Processor: 3 GHz\nflags\t\t: {flags}\nbugs\t\t:\n\n")
    return one + one.replace(flags, "none")


def test_the_first_processor_is_read() -> None:
    found = processor._parsed(cpuinfo("AuthenticAMD", 25, 17, "fpu avx2"))
    assert found == Processor("A Processor: 3 GHz", "AuthenticAMD", 25, 17,
                              frozenset({"fpu", "avx2"}))


@pytest.mark.parametrize("text", ["", "\n\n", "CPU implementer : 0x41\nFeatures : asimd\n",
                                  "flags", "model : x\ncpu family :"])
def test_what_the_system_does_not_tell_is_empty(text) -> None:
    found = processor._parsed(text)
    assert (found.family, found.model, found.features) == (-1, -1, frozenset())


def test_no_such_file_is_no_processor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processor, "_CPUINFO", os.fspath(tmp_path / "none"))
    assert processor.processor() == Processor()


@pytest.mark.parametrize(("vendor", "family", "model", "flags", "wide", "recognised"), [
    ("GenuineIntel", 6, 0x55, WIDE, True, True),          # Cascade Lake
    ("GenuineIntel", 6, 0xCF, WIDE, True, False),         # Emerald Rapids
    ("AuthenticAMD", 25, 17, WIDE, True, False),          # Zen 4
    ("GenuineIntel", 6, 0x57, "avx2 avx512f avx512cd", False, False),  # Knights Landing
    ("GenuineIntel", 6, 0x3F, "avx2", False, False),      # Haswell
])
def test_which_kernels_run_and_which_are_taken(vendor, family, model, flags, wide,
                                               recognised) -> None:
    which = processor._parsed(cpuinfo(vendor, family, model, flags))
    assert (has_wide_kernels(which), is_recognised(which)) == (wide, recognised)


# The module alone, on a processor of ours; a finder notes what the environment is as NumPy comes.
SCRIPT = """
import importlib.util, os, sys
spec = importlib.util.spec_from_file_location("processor", sys.argv[1])
processor = importlib.util.module_from_spec(spec)
spec.loader.exec_module(processor)
processor._CPUINFO = sys.argv[2]
if "numpy" in sys.argv[3:]:
    import numpy
seen = []
class Finder:
    def find_spec(self, name, *rest):
        if name == "numpy":
            seen.append(os.environ.get("OPENBLAS_CORETYPE"))
sys.meta_path.insert(0, Finder())
print(processor.load_numpy(), *seen, os.environ.get("OPENBLAS_CORETYPE"))
"""


@pytest.mark.parametrize(("model", "flags", "user", "more", "printed"), [
    (0xCF, WIDE, None, (), "True SKYLAKEX None"),
    (0xCF, WIDE, "Haswell", (), "False Haswell"),
    (0xCF, WIDE, "", (), "False "),
    (0xCF, WIDE, None, ("numpy",), "False None"),
    (0x55, WIDE, None, (), "False None"),
    (0x3F, "avx2", None, (), "False None"),
], ids=["applied", "user's", "user's-empty", "numpy-there", "recognised", "no-avx512"])
def test_numpy_is_loaded_with_kernels_that_suit(model, flags, user, more, printed,
                                                tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text(cpuinfo("GenuineIntel", 6, model, flags))
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    if user is not None:
        environment["OPENBLAS_CORETYPE"] = user
    run = subprocess.run([sys.executable, "-c", SCRIPT, processor.__file__, os.fspath(info), *more],
                         capture_output=True, text=True, check=True, env=environment)
    assert run.stdout == printed + "\n"


def test_importing_flowgraph_leaves_the_environment_as_it_was() -> None:
    code = ("import os; before = dict(os.environ); import flowgraph, sys; "
            "print('numpy' in sys.modules, dict(os.environ) == before)")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                         cwd=Path(__file__).parents[2])
    assert run.stdout == "True True\n"
