"""What CuPy 14.2 computes otherwise than NumPy, as its source says: for the stand-in to do so too.

    remainder     of floats is x - floor(x / y) y; of integers by 0 it is 0
    fmod          of integers goes by double, and is 0 by 0
    casts         of floats to integers stop at the largest number of the 32 or 64 bits that the
                  GPU makes of them; NaN is 0, or the least of 64 bits
    linspace      of arrays asks whether the step is 0, and waits for the answer
    linalg        raises nothing about the matrices, unless errstate(linalg="raise"): then it waits
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


class _Errors(threading.local):
    """What this thread has told cupyx.errstate."""

    linalg = "ignore"


errors = _Errors()


@contextmanager
def errstate(*, linalg: str) -> Iterator[None]:
    """See cupyx.errstate."""
    before, errors.linalg = errors.linalg, linalg
    try:
        yield
    finally:
        errors.linalg = before


def _remainder(x: Any, y: Any) -> Any:
    found = np.remainder(x, y)
    if found.dtype.kind != "f":
        return found
    x, y = np.asarray(x, found.dtype), np.asarray(y, found.dtype)
    wide = np.floor(np.float32(x) / np.float32(y)).astype(found.dtype) if (
        found.dtype.itemsize == 2) else np.floor(x / y)
    return (x - wide * y).astype(found.dtype)


def _fmod(x: Any, y: Any) -> Any:
    dtype = np.result_type(x, y)
    if dtype.kind == "f":
        return np.fmod(x, y)
    x, y = (np.asarray(part, dtype) for part in (x, y))
    return cast(np.where(y == 0, 0, np.fmod(x.astype(float), y.astype(float))), dtype)


UFUNCS: dict[str, Callable[[Any, Any], Any]] = {"remainder": _remainder, "fmod": _fmod}


def cast(x: Any, dtype: Any) -> Any:
    """A floating array as integers, as a GPU converts it.

    Args:
        x: array, or number of NumPy, of any dtype.
        dtype: NumPy's.
    """
    x, dtype = np.asarray(x), np.dtype(dtype)
    if x.dtype.kind != "f" or dtype.kind not in "iu":
        return x.astype(dtype)
    wide = np.dtype(f"{dtype.kind}{max(4, dtype.itemsize)}")
    limits = np.iinfo(wide)
    whole = np.trunc(x.astype(np.longdouble))
    found = np.clip(np.where(np.isnan(x), limits.min if wide.itemsize == 8 else 0, whole),
                    np.longdouble(limits.min), np.longdouble(limits.max))
    return np.array([int(n) for n in found.reshape(-1)], wide).reshape(x.shape).astype(dtype)


def of_ufunc(name: str, host: Any) -> Any:
    """What computes a ufunc of CuPy.

    Args:
        name: as "remainder".
        host: NumPy's.
    """
    own = UFUNCS.get(name)
    if own is None:
        return host

    def compute(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        assert not kwargs, f"{name} is not known with {sorted(kwargs)}"
        with np.errstate(all="ignore"):
            found = own(*args[:2])
        target = args[2] if len(args) > 2 else out
        if target is None:
            return found
        target[...] = found
        return target
    return compute


def of_function(name: str, host: Any, waits: Callable[[str], None]) -> Any:
    """What computes a function of CuPy.

    Args:
        name: as "linalg.inv".
        host: NumPy's.
        waits: told of what the host waits for.
    """
    if name == "linspace":
        def linspace(start: Any, stop: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(start, np.ndarray) or isinstance(stop, np.ndarray):
                waits(name)
            return host(start, stop, *args, **kwargs)
        return linspace
    return _quiet(name, host, waits) if name in _RAISING else host


# Functions of CuPy that look at what cuSOLVER and cuBLAS have found out, if they are told to. For
# a determinant, which is 0 then, it is no mistake.
_RAISING = {"linalg.cholesky", "linalg.inv", "linalg.solve", "linalg.svd", "linalg.eigh",
            "linalg.eigvalsh", "linalg.qr", "linalg.pinv", "linalg.eig", "linalg.eigvals",
            "linalg.lstsq"}


def _quiet(name: str, host: Any, waits: Callable[[str], None]) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        if errors.linalg == "raise":
            waits(name)
            return host(*args, **kwargs)
        try:
            return host(*args, **kwargs)
        except np.linalg.LinAlgError:
            fine = np.broadcast_to(np.eye(args[0].shape[-1], dtype=args[0].dtype), args[0].shape)
            made = host(fine.copy(), *args[1:], **kwargs)
            for array in made if isinstance(made, tuple) else (made,):
                array[...] = np.nan
            return made
    return call
