"""TensorFloat-32: products of float32 on a GPU that keep 10 bits of each factor's fraction.

The tensor cores of NVIDIA's GPUs from Ampere on do them up to eight times as fast. TensorFlow 1.15
did not use them, and nor does flowgraph unless it is told to.
"""

from __future__ import annotations

from typing import Any

_enabled = False


def enable_tensor_float_32_execution(enabled: bool) -> None:
    """Says whether GPUs multiply float32 as TensorFloat-32: faster, with errors of about 1e-3.

    Args:
        enabled: whether they do, from the next session on that is made.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.experimental.enable_tensor_float_32_execution(True)
        >>> fg.config.experimental.tensor_float_32_execution_enabled()
        True
        >>> fg.config.experimental.enable_tensor_float_32_execution(False)
    """
    global _enabled
    _enabled = bool(enabled)


def tensor_float_32_execution_enabled() -> bool:
    """Whether GPUs multiply float32 as TensorFloat-32.

    Example:
        >>> import flowgraph as fg
        >>> fg.config.experimental.tensor_float_32_execution_enabled()
        False
    """
    return _enabled


def tell(cupy: Any) -> None:
    """Has CuPy multiply float32 as it was said; CuPy asks the current GPU whether it can.

    Args:
        cupy: the module.
    """
    ways = cupy._core._routines_linalg
    ways.set_compute_type("float32", ways.COMPUTE_TYPE_TF32 if _enabled
                          else ways.COMPUTE_TYPE_DEFAULT)
