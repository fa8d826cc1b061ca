"""TensorFlow 1's dtypes, and the NumPy dtypes that carry them.

A `DType` is one of a fixed set of singletons: compare them with `is` or `==`. Strings are carried
by NumPy object arrays of `bytes`. `float32_ref` and its like are the dtypes of a variable's own
tensor; `base_dtype` drops the mark.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.frames import located

_BY_NAME: dict[str, DType] = {}
_BY_ENUM: dict[int, DType] = {}
_BY_NUMPY: dict[np.dtype, DType] = {}
_REF_OFFSET = 100  # as in TensorFlow's types.proto


class DType:
    """The type of a tensor's elements.

    Example:
        >>> import flowgraph as fg
        >>> fg.float32.name, fg.float32.is_floating, fg.as_dtype("int64").size
        ('float32', True, 8)
    """

    __slots__ = ("_base", "_enum", "_numpy", "_ref", "kind", "name")

    def __init__(self, name: str, enum: int, numpy_type: Any, kind: str,
                 base: DType | None = None) -> None:
        self.name = name
        self.kind = kind
        self._enum = enum
        self._numpy = np.dtype(numpy_type)
        self._base = base or self
        self._ref: DType | None = None
        _BY_NAME[name] = self
        _BY_ENUM[enum] = self
        if base is None:
            self._ref = DType(name + "_ref", enum + _REF_OFFSET, numpy_type, kind, self)

    @property
    def as_numpy_dtype(self) -> Any:
        """The NumPy scalar type, as `numpy.float32`."""
        return self._numpy.type

    @property
    def numpy(self) -> np.dtype:
        """The NumPy dtype of arrays that hold these elements."""
        return self._numpy

    @property
    def as_datatype_enum(self) -> int:
        """The number of this dtype in TensorFlow's types.proto."""
        return self._enum

    @property
    def base_dtype(self) -> DType:
        """The dtype without the reference mark."""
        return self._base

    @property
    def _as_ref(self) -> DType:
        return self._ref or self

    @property
    def _is_ref_dtype(self) -> bool:
        return self._base is not self

    @property
    def real_dtype(self) -> DType:
        """The dtype of the real part: float32 for complex64."""
        return {"complex64": float32, "complex128": float64}.get(self._base.name, self._base)

    @property
    def is_floating(self) -> bool:
        """Whether this is a real floating-point dtype."""
        return self.kind == "f"

    @property
    def is_complex(self) -> bool:
        """Whether this is a complex dtype."""
        return self.kind == "c"

    @property
    def is_integer(self) -> bool:
        """Whether this is a (signed or unsigned) integer dtype."""
        return self.kind in "iu"

    @property
    def is_unsigned(self) -> bool:
        """Whether this is an unsigned integer dtype."""
        return self.kind == "u"

    @property
    def is_bool(self) -> bool:
        """Whether this is the dtype of truth values."""
        return self.kind == "b"

    @property
    def is_quantized(self) -> bool:
        """Whether this is the dtype of quantized numbers, carried by plain NumPy integers."""
        return self.kind == "q"

    @property
    def is_numpy_compatible(self) -> bool:
        """Whether NumPy arrays carry this dtype."""
        return self.kind != "r"

    @property
    def min(self) -> Any:
        """The smallest finite value. Raises TypeError for dtypes without an order."""
        return self._limits()[0]

    @property
    def max(self) -> Any:
        """The largest finite value. Raises TypeError for dtypes without an order."""
        return self._limits()[1]

    @property
    def limits(self) -> tuple[Any, Any]:
        """(min, max) as used for images: floating dtypes have (0, 1)."""
        return (0, 1) if self.is_floating else self._limits()

    def _limits(self) -> tuple[Any, Any]:
        if self.is_bool:
            return 0, 1
        if self.is_integer:
            return int(np.iinfo(self._numpy).min), int(np.iinfo(self._numpy).max)
        if self.is_floating:
            return np.finfo(self._numpy).min, np.finfo(self._numpy).max
        raise TypeError(located(f"{self.name} has no minimum and maximum", section="dtype-error"))

    @property
    def size(self) -> int:
        """Bytes of one element; 1 for strings and resources, as in TensorFlow."""
        return 1 if self.kind in "sr" else self._numpy.itemsize

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a tensor of dtype `other` can stand where this one is asked for."""
        other = as_dtype(other)
        return self is other or self is other._base

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        if other is None or isinstance(other, DType):
            return False
        return _find(other) is self

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return self._enum

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __int__(self) -> int:
        return self._enum

    def __reduce__(self) -> tuple[Any, ...]:
        return as_dtype, (self.name,)


float32 = DType("float32", 1, np.float32, "f")
float64 = DType("float64", 2, np.float64, "f")
int32 = DType("int32", 3, np.int32, "i")
uint8 = DType("uint8", 4, np.uint8, "u")
int16 = DType("int16", 5, np.int16, "i")
int8 = DType("int8", 6, np.int8, "i")
string = DType("string", 7, object, "s")
complex64 = DType("complex64", 8, np.complex64, "c")
int64 = DType("int64", 9, np.int64, "i")
bool_ = DType("bool", 10, np.bool_, "b")
qint8 = DType("qint8", 11, np.int8, "q")
quint8 = DType("quint8", 12, np.uint8, "q")
qint32 = DType("qint32", 13, np.int32, "q")
qint16 = DType("qint16", 15, np.int16, "q")
quint16 = DType("quint16", 16, np.uint16, "q")
uint16 = DType("uint16", 17, np.uint16, "u")
complex128 = DType("complex128", 18, np.complex128, "c")
float16 = DType("float16", 19, np.float16, "f")
resource = DType("resource", 20, object, "r")
variant = DType("variant", 21, object, "r")
uint32 = DType("uint32", 22, np.uint32, "u")
uint64 = DType("uint64", 23, np.uint64, "u")

ALL = (float32, float64, int32, uint8, int16, int8, string, complex64, int64, bool_, uint16,
       complex128, float16, resource, variant, uint32, uint64, qint8, quint8, qint32, qint16,
       quint16)
QUANTIZED_DTYPES = frozenset(mark for d in ALL if d.kind == "q" for mark in (d, d._as_ref))

for _dtype in ALL:
    if _dtype.kind not in "srq":
        _BY_NUMPY[_dtype.numpy] = _dtype
_BY_NAME.update(half=float16, float=float32, double=float64)
_PYTHON = {float: float32, int: int32, bool: bool_, complex: complex128, str: string,
           bytes: string, object: string}


class DTypeSet:
    """A named set of dtypes that an op's inputs may have.

    Args:
        name: how error messages call the set.
        members: the dtypes, the preferred ones first.
    """

    __slots__ = ("members", "name")

    def __init__(self, name: str, members: tuple[DType, ...]) -> None:
        self.name = name
        self.members = members

    def __contains__(self, dtype: DType) -> bool:
        return dtype._base in self.members

    def __add__(self, other: DTypeSet) -> DTypeSet:
        return DTypeSet(f"{self.name} or {other.name}", self.members + other.members)

    def __repr__(self) -> str:
        return self.name


FLOAT = DTypeSet("a floating dtype", (float32, float64, float16))
COMPLEX = DTypeSet("a complex dtype", (complex64, complex128))
INT = DTypeSet("an integer dtype", (int32, int64, int8, int16, uint8, uint16, uint32, uint64))
INDEX = DTypeSet("int32 or int64", (int32, int64))
BOOL = DTypeSet("bool", (bool_,))
QUANTIZED = DTypeSet("a quantized dtype", (quint8, qint8, quint16, qint16, qint32))
STRING = DTypeSet("string", (string,))
REAL = DTypeSet("a real number dtype", FLOAT.members + INT.members)
NUMBER = DTypeSet("a number dtype", REAL.members + COMPLEX.members)
FLOAT_OR_COMPLEX = DTypeSet("a floating or complex dtype", FLOAT.members + COMPLEX.members)
ANY = DTypeSet("any dtype", ALL)


def as_dtype(type_value: Any) -> DType:
    """Converts a name, NumPy dtype, Python type or enum number to a `DType`.

    Args:
        type_value: as `"float32"`, `numpy.float32`, `float` or `1`.

    Raises:
        TypeError: no dtype is meant by `type_value`.

    Example:
        >>> import flowgraph as fg
        >>> fg.as_dtype(float)
        tf.float32
    """
    if isinstance(type_value, DType):
        return type_value
    found = _find(type_value)
    if found is None:
        raise TypeError(located(f"cannot convert {type_value!r} to a dtype; offered are "
                                f"{', '.join(d.name for d in ALL)}", section="dtype-error"))
    return found


def _find(type_value: Any) -> DType | None:
    """The dtype meant by a name, number, Python type or dtype of NumPy; None when none is."""
    try:
        if isinstance(type_value, str):
            return _BY_NAME[type_value]
        if isinstance(type_value, int) and not isinstance(type_value, bool):
            return _BY_ENUM[type_value]
        if type_value in _PYTHON:
            return _PYTHON[type_value]
        if type_value is None:
            return None  # NumPy's default dtype is not meant
        as_numpy = np.dtype(type_value)
        return string if as_numpy.kind in "OSU" else _BY_NUMPY[as_numpy]
    except (KeyError, TypeError):
        return None


def of_numpy(dtype: np.dtype) -> DType:
    """The DType of arrays with this NumPy dtype. Raises TypeError when there is none."""
    found = _BY_NUMPY.get(dtype)
    return as_dtype(dtype) if found is None else found
