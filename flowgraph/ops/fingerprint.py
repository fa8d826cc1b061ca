"""tf.fingerprint: a 64-bit hash of the bytes of each row, bit for bit as TensorFlow's."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import invalid
from flowgraph.ops.string_hash import fingerprint64

_METHODS = ("farmhash64",)


class Fingerprint(OpDef):
    """FarmHash's fingerprint of each row's bytes; of strings, that of their fingerprints."""

    dtypes = {"method": dt.STRING}
    T = dt.ANY
    host_inputs = ("method",)
    host_only = "the hash is computed in Python"
    grad = NotDifferentiable

    def infer(self, data, method):
        if data.shape == ():
            raise ShapeError("needs data of rank 1 or more, got a scalar",
                             "Each row of the first axis gets a fingerprint.")
        shape_rules.require_rank(method, 0, "a method")
        if method.value is not None and _text(method.value) not in _METHODS:
            raise ShapeError(f"does not offer the method {_text(method.value)!r}",
                             "Write method='farmhash64'.")
        return Spec(dt.uint8, (None if data.shape is None else data.shape[0],
                               None if method.value is None else 8))

    def kernel(self, xp, data, method):
        if not data.ndim:
            raise invalid("`data` should have at least one dimension")
        if _text(method) not in _METHODS:
            raise invalid(f"Unsupported fingerprint method: {_text(method)}")
        hashed = [fingerprint64(_bytes(row)) for row in data.reshape(len(data), data[:1].size)]
        return np.array(hashed, "<u8").view(np.uint8).reshape(len(data), 8)


def _text(method):
    return method.decode() if isinstance(method, bytes) else method


def _bytes(row):
    if row.dtype != object:
        return row.astype(row.dtype.newbyteorder("<"), copy=False).tobytes()
    if len(row) == 1:
        return row[0]
    return b"".join(fingerprint64(text).to_bytes(8, "little") for text in row)


def fingerprint(data, method="farmhash64", name=None):
    """Gives each row of a tensor a fingerprint: 8 bytes that hardly ever agree for other contents.

    The shape and dtype of a row do not count, only its bytes.

    Args:
        data: tensor of rank 1 or more, of any dtype.
        method: scalar string tensor; "farmhash64" is the only one.
        name: name of the node.

    Returns:
        A uint8 tensor [rows, 8].

    Raises:
        ValueError: the data are a scalar, or the method is another.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.fingerprint([3]))
        array([[ 92,   8,   0, 238, 168, 146,  54,  37]], dtype=uint8)
    """
    return Fingerprint.build(data, method, name=name)
