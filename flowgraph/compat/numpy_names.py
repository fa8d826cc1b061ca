"""Names that NumPy had when TensorFlow 1 was new, put back while an old program runs.

Only names that stood for something that is still there: `np.float` for `float`, `np.asscalar(a)`
for `a.item()`, `np.fromstring` of bytes, and `np.array` of ragged lists, which is an array of
objects where the program itself asks for it. What else NumPy does differently today (`np.load` of
pickled objects) stays as it is, and so do `np.bool` and `np.long`, which NumPy 2 has again as
scalar types of its own; methods of arrays are in `numpy_methods`.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from flowgraph.core.frames import is_library, user_frame

# From the old name to what to write today; what that means is the name's value.
SPELLINGS = {
    "Inf": "np.inf", "Infinity": "np.inf", "NAN": "np.nan", "NINF": "-np.inf", "NZERO": "-0.0",
    "NaN": "np.nan", "PINF": "np.inf", "PZERO": "0.0", "infty": "np.inf",
    "bool": "bool", "complex": "complex", "float": "float", "int": "int", "object": "object",
    "str": "str", "long": "int", "unicode": "str",
    "bool8": "np.bool_", "cfloat": "np.complex128", "clongfloat": "np.clongdouble",
    "complex_": "np.complex128", "float_": "np.float64", "int0": "np.intp",
    "longcomplex": "np.clongdouble", "longfloat": "np.longdouble", "object0": "np.object_",
    "singlecomplex": "np.complex64", "str0": "np.str_", "string_": "np.bytes_", "uint0": "np.uintp",
    "unicode_": "np.str_",
    "alltrue": "np.all", "cumproduct": "np.cumprod", "in1d": "np.isin", "mat": "np.asmatrix",
    "product": "np.prod", "rank": "np.ndim", "round_": "np.round", "row_stack": "np.vstack",
    "sometrue": "np.any", "trapz": "np.trapezoid",
    "alen": "lambda a: len(np.atleast_1d(a))",
    "asscalar": "lambda a: a.item()",
    "asfarray": "lambda a, dtype=np.float64: np.asarray(a, dtype=dtype)",
    "disp": "print",
    "issctype": "lambda a: isinstance(a, (type, np.dtype)) and np.dtype(a) != object",
    "issubclass_": "lambda a, b: isinstance(a, type) and issubclass(a, b)",
    "issubsctype": "np.issubdtype",
    "msort": "lambda a: np.sort(a, axis=0)",
    "obj2sctype": "lambda a: np.dtype(a).type",
    "sctype2char": "lambda a: np.dtype(a).char",
    "typeDict": "np.sctypeDict",
}
_OF_LISTS = ("array", "asarray")


@contextmanager
def old_numpy_names(tell: Callable[[str], None]) -> Iterator[None]:
    """Within it, `np.float` and its like mean what they did.

    Args:
        tell: called with a line of text when the program first uses such a name.

    Example:
        >>> import numpy as np
        >>> with old_numpy_names(lambda line: print("Note:", line)):
        ...     np.float("2.5")
        Note: ...: np.float is gone from NumPy; it means float here
        2.5
    """
    before: Any = np.__dict__.get("__getattr__")
    fromstring: Any = np.fromstring
    told: set[str] = set()

    def __getattr__(name: str) -> Any:
        spelling = SPELLINGS.get(name)
        if spelling is None:
            return before(name)
        frame = user_frame()
        if name not in told and not is_library(frame.filename):
            told.add(name)
            tell(f"{frame}: np.{name} is gone from NumPy; it means {spelling.split(': ')[-1]} here")
        return eval(spelling, {"np": np})  # of our own table

    @functools.wraps(fromstring)
    def of_bytes(string: Any, dtype: Any = float, count: int = -1, *args: Any, **kwargs: Any
                 ) -> Any:
        if args or kwargs.get("sep", "") != "":
            return fromstring(string, dtype, count, *args, **kwargs)
        frame = user_frame()
        if "fromstring" not in told and not is_library(frame.filename):
            told.add("fromstring")
            tell(f"{frame}: np.fromstring takes no bytes any more; it means np.frombuffer(s, "
                 "dtype).copy() here")
        data = string.encode("latin-1") if isinstance(string, str) else string
        return np.frombuffer(data, dtype, count).copy()

    def tell_ragged(name: str) -> None:
        if name not in told:
            told.add(name)
            tell(f"{user_frame()}: np.{name} makes no array of ragged lists any more; it means "
                 f"np.{name}(a, dtype=object) here")

    before_all = {name: np.__dict__[name] for name in ("__getattr__", "fromstring", *_OF_LISTS)}
    np.__dict__.update(__getattr__=__getattr__, fromstring=of_bytes, **{
        name: _of_ragged_lists(before_all[name], tell_ragged) for name in _OF_LISTS})
    try:
        yield
    finally:
        np.__dict__.update(before_all)


def _of_ragged_lists(make: Any, tell: Callable[[str], None]) -> Any:
    """`np.array` that makes an array of objects of what has no shape.

    Only where the program itself calls it, without a dtype: libraries count on the ValueError.
    """
    @functools.wraps(make)
    def made(*args: Any, **kwargs: Any) -> Any:
        try:
            return make(*args, **kwargs)
        except ValueError as error:
            if (len(args) != 1 or "dtype" in kwargs or "inhomogeneous" not in str(error)
                    or is_library(sys._getframe(1).f_code.co_filename)):
                raise
        tell(make.__name__)
        return make(*args, dtype=object, **kwargs)

    return made
