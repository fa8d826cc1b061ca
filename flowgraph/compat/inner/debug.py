"""`tensorflow.python.debug`: programs import it on top, and use it only when asked to debug."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.frames import located


def has_inf_or_nan(datum: Any, tensor: Any) -> bool:
    """Whether a value has an infinity or a NaN in it.

    Args:
        datum: says nothing here.
        tensor: the value; others than numbers have none.
    """
    return (isinstance(tensor, (np.ndarray, np.generic)) and tensor.dtype.kind in "fc"
            and not bool(np.isfinite(tensor).all()))


class LocalCLIDebugWrapperSession:
    """TensorFlow's debugger in a terminal, which flowgraph has not.

    Args:
        *args, **kwargs: whatever.

    Raises:
        NotImplementedError: always.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(located(
            "flowgraph does not offer tfdbg", "`flowgraph step program.py` prints a run step by "
            "step, with all values; Session.record does so in a program."))


TensorBoardDebugWrapperSession = LocalCLIDebugHook = LocalCLIDebugWrapperSession
DumpingDebugWrapperSession = TensorBoardDebugHook = LocalCLIDebugWrapperSession
