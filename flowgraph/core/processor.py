"""Which processor this is, and which kernels OpenBLAS should use on it.

OpenBLAS chooses its kernels when NumPy loads it, by the number of the processor's model. Versions
that know a model with AVX-512 only as "newer than Haswell" take kernels with half of the width: a
product of 1024×1024×1024 went from 250 to 410 GFLOP/s with `OPENBLAS_CORETYPE=SKYLAKEX`. So
`import flowgraph` loads NumPy with that setting on such a processor (`load_numpy`), unless NumPy is
there already or the user has chosen. `flowgraph doctor` tells what came of it.

Nothing of flowgraph is imported here: this runs before everything else.
"""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

CORE_TYPE = "OPENBLAS_CORETYPE"
WIDE = "SKYLAKEX"  # kernels with AVX-512
_CPUINFO = "/proc/cpuinfo"
_ENOUGH = 8192  # bytes: the first processor's part is shorter
_NEEDS = {"avx512f", "avx512dq", "avx512bw", "avx512vl"}  # instructions in those kernels

# Intel's models of family 6 for which every OpenBLAS since 2021 takes them by itself: Skylake-X,
# Cascade and Cooper Lake; Ice Lake; Tiger Lake; Rocket Lake; Sapphire Rapids.
_KNOWN_MODELS = {0x55, 0x6A, 0x6C, 0x7D, 0x7E, 0x8C, 0x8D, 0xA7, 0x8F}


class Processor(NamedTuple):
    """A processor, as the system describes it; empty where it does not.

    Attributes:
        name: as its maker calls it.
        vendor: "GenuineIntel", "AuthenticAMD", ...
        family: number of its family, -1 if unknown.
        model: number of its model within the family, -1 if unknown.
        features: sets of instructions, as Linux names them: "avx2", "avx512f", ...
    """

    name: str = ""
    vendor: str = ""
    family: int = -1
    model: int = -1
    features: frozenset[str] = frozenset()


def processor() -> Processor:
    """The first processor of this machine.

    Example:
        >>> isinstance(processor().features, frozenset)
        True
    """
    try:
        with open(_CPUINFO, "rb", buffering=0) as file:  # all of it is long on a large machine
            text = file.read(_ENOUGH).decode("utf-8", "replace")
    except OSError:  # no Linux
        return Processor()
    return _parsed(text)


def _parsed(text: str) -> Processor:
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if not line.strip() and found:  # the end of the first processor's part
            break
        found.setdefault(key.strip(), value.strip())

    def number(key: str) -> int:
        told = found.get(key, "")
        return int(told) if told.isdecimal() else -1

    return Processor(found.get("model name", ""), found.get("vendor_id", ""), number("cpu family"),
                     number("model"), frozenset(found.get("flags", "").split()))


def has_wide_kernels(which: Processor) -> bool:
    """Whether OpenBLAS's kernels with AVX-512 run on a processor.

    Args:
        which: the processor.
    """
    return which.features >= _NEEDS


def is_recognised(which: Processor) -> bool:
    """Whether every OpenBLAS of today takes the kernels with AVX-512 on a processor by itself.

    Args:
        which: a processor that has AVX-512.
    """
    return (which.vendor == "GenuineIntel" and which.family == 6
            and which.model in _KNOWN_MODELS)


def load_numpy() -> bool:
    """Imports NumPy so that its OpenBLAS takes kernels with AVX-512 where the processor has that.

    The environment is left as it was: programs that this one starts decide for themselves.

    Returns:
        Whether OpenBLAS was told which kernels to take. It is not where the user has set
        OPENBLAS_CORETYPE, where NumPy is loaded already, where the processor has no AVX-512, or
        where OpenBLAS knows it.
    """
    if "numpy" in sys.modules or CORE_TYPE in os.environ:
        return False
    which = processor()
    if not has_wide_kernels(which) or is_recognised(which):
        return False
    os.environ[CORE_TYPE] = WIDE
    try:
        import numpy as np  # noqa: F401 loads OpenBLAS
    finally:
        os.environ.pop(CORE_TYPE, None)
    return True
