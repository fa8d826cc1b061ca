"""TensorFloat-32: products of float32 on a GPU that keep 10 bits of each factor's fraction.

The tensor cores of NVIDIA's GPUs from Ampere on do them up to eight times as fast. TensorFlow 1.15
did not use them, and nor does flowgraph unless it is told to. CuPy knows one way for all of a
process, which nobody changes who is not asked to.
"""

from __future__ import annotations

from typing import Any

_enabled: bool | None = None  # None until somebody says it


def enable_tensor_float_32_execution(enabled: bool) -> None:
    """Says whether GPUs multiply float32 as TensorFloat-32: faster, with errors of about 1e-3.

    It is of the process: when the next session is made, products of those before change too, and
    so do those of other programs of CuPy. Without it CuPy does what `CUPY_TF32` says.

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
    return bool(_enabled)


def tell(cupy: Any) -> None:
    """Has CuPy multiply float32 as it was said, if it was; it asks the current GPU whether it can.

    Args:
        cupy: the module.
    """
    if _enabled is None:
        return
    ways = cupy._core._routines_linalg
    ways.set_compute_type("float32", ways.COMPUTE_TYPE_TF32 if _enabled
                          else ways.COMPUTE_TYPE_DEFAULT)
