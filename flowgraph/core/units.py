"""Seconds and bytes for people."""

from __future__ import annotations


def seconds_text(seconds: float) -> str:
    """Seconds with a unit: `3.25 ms`.

    Args:
        seconds: how many.
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if abs(seconds) >= size * 0.9995:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def bytes_text(count: float) -> str:
    """Bytes with a unit: `1.5 MB`.

    Args:
        count: how many.
    """
    for unit in ("bytes", "KB", "MB"):
        if abs(count) < 1000:
            return f"{count:.4g} {unit}"
        count /= 1000
    return f"{count:.4g} GB"
