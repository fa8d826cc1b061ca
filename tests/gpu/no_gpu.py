"""CuPy without a GPU: NumPy behind CuPy's names, parameters and manners.

`cupy` stands in the place of the array module that kernels get, and DeviceArray in the place of
cupy.ndarray. What a kernel asks for is looked up in data/cupy_names.json, which lists what CuPy
has; then NumPy computes it. What CuPy would refuse raises NotInCuPy:

- names that it has not, and parameters that it does not take;
- arrays of NumPy, lists and tuples where it wants an array of its own;
- a ufunc on dtypes for which it has no loop, or whose loop gives another dtype than NumPy's;
- an array of the device handed to NumPy, and arrays of text.

What CuPy computes, but otherwise than NumPy, is in `manners`.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.gpu import manners
from tests.gpu.cupy_names import NAMES, VERSION, instead, misfit, signature, spelled
from tests.gpu.pool import check_mapped, placed, without_lease


class NotInCuPy(Exception):
    """A kernel asks for what CuPy has not."""


# The dtypes for which a GPU adds without a lock, and CuPy lets ufunc.at: as its errors say.
_ORDERED = "ilqILQfd"
_AT = {"add.at": _ORDERED + "e", "maximum.at": _ORDERED, "minimum.at": _ORDERED,
       "subtract.at": "iI", **{f"bitwise_{word}.at": "ilqILQ" for word in ("and", "or", "xor")}}

# Functions that make an array of what is on the host.
_FROM_HOST = {"array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray"}
# Parameters that are not arrays: shapes, axes, numbers, dtypes.
_PLAIN = {"shape", "axis", "axes", "dtype", "repeats", "reps", "shift", "newshape", "pad_width",
          "size", "source", "destination", "indices_or_sections", "order", "mode", "start", "stop",
          "fill_value", "N", "M", "n", "k", "num", "dimensions", "dims", "offset", "axis1", "axis2",
          "constant_values", "window_shape", "strides", "subscripts", "shape_tuple", "s", "block",
          "decimals", "x_min", "x_max", "args", "bins", "range", "indices_or_section", "seed",
          "minlength", "kth", "ord", "a_min", "a_max", "arrays_or_dtypes"}
_LISTS_OF_ARRAYS = {"concatenate", "stack", "hstack", "vstack", "dstack", "column_stack", "block",
                    "meshgrid", "broadcast_arrays", "choose", "select", "ix_", "piecewise",
                    "einsum"}
_GIVE_ARRAYS = {"count_nonzero", "allclose", "array_equal", "array_equiv"}  # NumPy's give numbers
_OF_SHAPES = {"broadcast_shapes", "result_type", "can_cast", "promote_types", "unravel_index",
              "indices", "dtype", "iinfo", "finfo", "issubdtype", "min_scalar_type", "ndindex",
              "isscalar", "shape", "ndim", "size"}


# -- arrays --------------------------------------------------------------------------------------


class _Thread(threading.local):
    """What this thread has done while a graph is recorded, and what gives its arrays memory.

    Attributes:
        tape: of what was done; None while no graph is recorded.
        allocators: functions that lease so many bytes; the last one counts, None is the host's.
    """

    def __init__(self) -> None:
        self.tape: list[tuple[Callable[[], Any], Any]] | None = None
        self.allocators: list[Callable[[int], Any] | None] = [None]


recording = _Thread()


def done(work: Callable[[], Any], result: Any) -> Any:
    """Notes that something was computed, and how to compute it again, if a graph is recorded.

    Args:
        work: gives NumPy's arrays, or writes them where they belong.
        result: the arrays of the device that it gave.
    """
    if recording.tape is not None:
        recording.tape.append((work, by_address(result)))
    return result


def by_address(value: Any) -> Any:
    """What a graph knows of arrays while it is recorded: their addresses. It keeps none of them."""
    if recording.tape is None:
        return value
    if isinstance(value, DeviceArray):
        return _at_address(value)
    if isinstance(value, np.ndarray):
        return without_lease(value)
    if type(value) in (list, tuple):
        return type(value)([by_address(one) for one in value])
    if type(value) is dict:
        return {key: by_address(one) for key, one in value.items()}
    return value


def _at_address(array: DeviceArray) -> DeviceArray:
    made = DeviceArray.__new__(DeviceArray)
    made.host, made.gpu = without_lease(array.host), array.gpu
    return made


def wants_host(what: str) -> None:
    """Refuses what the host would have to wait for, or send, while a graph is recorded."""
    if recording.tape is not None:
        raise RuntimeError(f"{what}: the current stream is capturing, so synchronous API calls "
                           "are disallowed")


current = [0]  # numbers of GPUs; the last one is the current one
page_locked: set[int] = set()  # ids of arrays of the host that CUDA copies from later


class DeviceArray:
    """An array that only CuPy's functions, and its own methods, can look into.

    Attributes:
        host: the NumPy array behind it.
        gpu: the number of the GPU that was the current one when it was made.
    """

    __slots__ = ("__weakref__", "gpu", "host")
    __hash__ = None  # type: ignore[assignment]
    __array_ufunc__ = None

    def __init__(self, host: np.ndarray) -> None:
        malloc = recording.allocators[-1]
        self.host = host if malloc is None else placed(host, malloc)
        self.gpu = current[-1]

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return self.host.__array_interface__

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotInCuPy("an array of the device goes to NumPy: CuPy refuses to convert it; write "
                        "xp's function, or set host_only")

    def __array_function__(self, function: Any, *args: Any) -> Any:
        raise NotInCuPy(f"np.{function.__name__} gets an array of the device; write "
                        f"xp.{function.__name__}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if f"ndarray.{name}" not in NAMES:
            raise NotInCuPy(f"CuPy {VERSION} has no ndarray.{name}{instead(name)}")
        value = _method(self.host, name)
        if NAMES[f"ndarray.{name}"] is None:
            note(f"ndarray.{name}")
            if name == "data":
                return SimpleNamespace(ptr=self.host.ctypes.data)
            return _Flags(value) if name == "flags" else _on_device(value)
        again = None if recording.tape is None else _method(by_address(self.host), name)
        return _checked(f"ndarray.{name}", value, again)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("host", "gpu"):
            object.__setattr__(self, name, value)
        elif name in ("shape", "real", "imag"):
            setattr(self.host, name, _on_host(value, f"ndarray.{name}"))
        else:
            raise NotInCuPy(f"x.{name} = ... is not for arrays of CuPy")

    def __getitem__(self, key: Any) -> Any:
        key = _on_host(key, "an index")
        key = key if type(key) is tuple else (key,)
        if any(isinstance(part, np.ndarray) and part.dtype == bool for part in key):
            note("x[mask]")
            wants_host("x[mask]")
        if not any(part is Ellipsis for part in key):
            key = (*key, ...)  # so that a single element is a view too, as CuPy's
        try:
            host, place = by_address(self.host), by_address(key)
            return done(lambda: host[place], _on_device(self.host[key]))
        except IndexError as error:
            raise _unseen(key, error) from None

    def __setitem__(self, key: Any, value: Any) -> None:
        given = _on_host(value, "x[...] = value")
        if isinstance(value, DeviceArray) and np.may_share_memory(self.host, given):
            target = self[key].host
            if np.may_share_memory(target, given) and not _is_same_view(target, given):
                raise NotInCuPy("x[...] = value with a value that overlaps it: the GPU copies in "
                                "no order; write value.copy()")
        try:
            place = _on_host(key, "an index")
            self.host[place] = given
            host, place, given = by_address(self.host), by_address(place), by_address(given)
            done(lambda: _set(host, place, given), None)
        except IndexError as error:
            raise _unseen(key, error) from None

    def __iter__(self) -> Any:
        return (_on_device(row) for row in self.host)

    def __len__(self) -> int:
        return len(self.host)

    def __bool__(self) -> bool:
        note("ndarray.item")
        wants_host("ndarray.item")
        return bool(self.host)

    def __int__(self) -> int:
        note("ndarray.item")
        wants_host("ndarray.item")
        return int(self.host)

    def __float__(self) -> float:
        note("ndarray.item")
        wants_host("ndarray.item")
        return float(self.host)

    def __complex__(self) -> complex:
        note("ndarray.item")
        wants_host("ndarray.item")
        return complex(self.host)

    def __repr__(self) -> str:
        return f"device {self.host!r}"


def _method(array: np.ndarray, name: str) -> Any:
    return _cast_of(array) if name == "astype" else getattr(array, name)


def _cast_of(array: np.ndarray) -> Callable[..., np.ndarray]:
    """An array's `astype`, which makes integers as a GPU does."""
    def astype(dtype: Any, *args: Any, **kwargs: Any) -> np.ndarray:
        if array.dtype.kind == "f" and np.dtype(dtype).kind in "iu":
            return manners.cast(array, dtype)
        return array.astype(dtype, *args, **kwargs)
    return astype


def _set(host: np.ndarray, place: Any, given: Any) -> None:
    check_mapped(host)
    host[place] = given


def _unseen(key: Any, error: IndexError) -> Exception:
    """The error about an index: CuPy raises none about the contents of arrays."""
    is_about_contents = type(error) is IndexError and any(
        isinstance(k, DeviceArray | np.ndarray)
        for k in (key if isinstance(key, tuple) else (key,)))
    if is_about_contents:
        return NotInCuPy("an array of indices goes out of range, and CuPy does not see it: it "
                         "wraps them; ask in the kernel before")
    return error


def _is_same_view(a: np.ndarray, b: np.ndarray) -> bool:
    return a.__array_interface__["data"] == b.__array_interface__["data"] and (
        a.shape == b.shape and a.strides == b.strides)


class _Flags:
    """What CuPy tells of an array's memory."""

    def __init__(self, flags: Any) -> None:
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if f"flags.{name}" not in NAMES:
            raise NotInCuPy(f"CuPy {VERSION} has no x.flags.{name}")
        return getattr(self._flags, name)


_UFUNC_OF = {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide",
             "floordiv": "floor_divide", "mod": "remainder", "pow": "power", "and": "bitwise_and",
             "or": "bitwise_or", "xor": "bitwise_xor", "lshift": "left_shift",
             "rshift": "right_shift", "neg": "negative", "pos": "positive", "abs": "absolute",
             "invert": "invert", "lt": "less", "le": "less_equal", "eq": "equal",
             "ne": "not_equal", "gt": "greater", "ge": "greater_equal", "matmul": "matmul"}


def _add_operator(name: str, ufunc: str) -> None:
    def operator(self: Any, *other: Any) -> Any:
        return getattr(cupy, ufunc)(self, *other)

    def reflected(self: Any, other: Any) -> Any:
        return getattr(cupy, ufunc)(other, self)

    def in_place(self: Any, other: Any) -> Any:
        return getattr(cupy, ufunc)(self, other, out=self)

    for prefix, method in (("", operator), ("r", reflected), ("i", in_place)):
        if f"ndarray.__{prefix}{name}__" in NAMES:
            setattr(DeviceArray, f"__{prefix}{name}__", method)


for _name, _ufunc in _UFUNC_OF.items():
    _add_operator(_name, _ufunc)


# -- the module ----------------------------------------------------------------------------------

called: set[tuple[str, int, tuple[str, ...]]] = set()  # what kernels asked for so far
noted: Callable[[str], None] | None = None  # told of each name


def note(name: str, positional: int = 0, keywords: tuple[str, ...] = ()) -> None:
    """Remembers a call that CuPy takes."""
    called.add((name, positional, keywords))
    if noted is not None:
        noted(name)


class _Module:
    """A module of CuPy, name by name as they are asked for."""

    def __init__(self, path: str, host: Any) -> None:
        self._path, self._host = path, host
        self.__name__ = f"cupy.{path}".rstrip(".")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        path = self._path + name
        if path in NAMES:
            found = self._entry(path, name)
        elif any(other.startswith(f"{path}.") for other in NAMES):
            found = _Module(f"{path}.", getattr(self._host, name))
        else:
            raise NotInCuPy(f"CuPy {VERSION} has no {spelled(path)}{instead(name)}")
        setattr(self, name, found)
        return found

    def _entry(self, path: str, name: str) -> Any:
        if path == "ndarray":
            return DeviceArray
        if path == "from_dlpack":
            return _from_dlpack
        if path in ("ElementwiseKernel", "ReductionKernel", "RawKernel"):
            return _kernel(path)
        value = getattr(self._host, name)
        if path == "broadcast":
            return lambda *arrays: value(*[_on_host(a, name) for a in arrays])
        if isinstance(NAMES[path], dict):
            return _Ufunc(path, value)
        if NAMES[path] is None:
            return value
        return _checked(path, manners.of_function(path, value, _waited_for))


def _waited_for(name: str) -> None:
    """Notes that a function looks at contents of its arrays, which the host waits for."""
    note("ndarray.item")
    wants_host(spelled(name))


def _from_dlpack(array: Any) -> DeviceArray:
    """An array in the memory of another library's; that is told the current stream."""
    class OfHost:
        def __dlpack__(self, **kwargs: Any) -> Any:
            return array.__dlpack__(stream=current[-1])

        def __dlpack_device__(self) -> tuple[int, int]:
            return 1, 0

    note("from_dlpack", 1)
    recording.allocators.append(None)
    try:
        return DeviceArray(np.from_dlpack(OfHost()))
    finally:
        recording.allocators.pop()


def _kernel(name: str) -> Any:
    """One of CuPy's classes of kernels that are given as text."""
    def make(*args: Any, **kwargs: Any) -> Any:
        from tests.gpu.kernels import KERNELS
        wrong = misfit(name, len(args), tuple(sorted(kwargs)))
        if wrong:
            raise NotInCuPy(wrong)
        note(name, len(args), tuple(sorted(kwargs)))
        return _recorded(KERNELS[name](*args, **kwargs))

    return make


def _recorded(kernel: Any) -> Any:
    """A kernel whose calls are noted."""
    def call(*args: Any, **kwargs: Any) -> Any:
        given, words = by_address(args), by_address(kwargs)
        return done(lambda: kernel(*given, **words), kernel(*args, **kwargs))
    return call


def _checked(name: str, function: Any, again: Any = None) -> Any:
    """A function of NumPy that is called as CuPy's may be; `again` is called by graphs instead."""
    bound = signature(name)
    is_method = name.startswith("ndarray.")

    def call(*args: Any, **kwargs: Any) -> Any:
        words = tuple(sorted(kwargs))
        key = (name, len(args), words)
        if key not in called:
            wrong = misfit(name, len(args), words)
            if wrong:
                raise NotInCuPy(wrong)
        note(*key)
        if not is_method and name not in _FROM_HOST and name not in _OF_SHAPES and bound:
            _want_arrays(name, bound, args, kwargs)
        if recording.tape is not None:
            _check_recorded(name, args)
        result = _computed(name, function, args, kwargs)
        if name in ("ndarray.item", "ndarray.tolist", "ndarray.get") or name in _OF_SHAPES:
            return result if not isinstance(result, np.ndarray) else DeviceArray(result)
        out = kwargs.get("out")
        if name in _GIVE_ARRAYS:
            result = np.asarray(result)
        given, words = by_address(args), by_address(kwargs)
        compute = again or function  # the other one would keep the array
        return done(lambda: _computed(name, compute, given, words),
                    out if isinstance(out, DeviceArray) else _on_device(result))

    call.__name__ = name
    return call


# What CuPy computes by libraries for which it refuses to record calls.
_OF_LIBRARIES = {"matmul", "dot", "vdot", "inner", "tensordot", "einsum", "ndarray.dot"}
_WAIT = {"ndarray.item", "ndarray.tolist", "ndarray.get", "ndarray.nonzero", "nonzero", "argwhere",
         "flatnonzero", "unique", "bincount", "compress", "extract", "ndarray.compress"}


def _check_recorded(name: str, args: tuple[Any, ...]) -> None:
    """Refuses what CuPy refuses while a stream is recorded."""
    if (name in _OF_LIBRARIES and args[0].dtype.kind in "fc") or name.startswith(
            ("linalg.", "fft.", "random.")):
        raise NotImplementedError(f"{spelled(name)}: calling cuBLAS API during stream capture is "
                                  "currently unsupported")
    if name in _FROM_HOST and not isinstance(args[0], DeviceArray) and np.ndim(args[0]):
        wants_host(spelled(name))
    if name in _WAIT:
        wants_host(spelled(name))


def _computed(name: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What NumPy's function gives for arguments of the device."""
    if name in _FROM_HOST and isinstance(args[0], list | tuple) and _is_mixed(args[0]):
        raise NotInCuPy(f"{spelled(name)} gets a list of arrays and numbers; write xp.stack of "
                        "arrays")
    if name == "arange" and any(isinstance(a, DeviceArray) for a in args):
        raise NotInCuPy("cupy.arange gets an array; write int(...) or float(...) around it")
    convert = _plain if name in _FROM_HOST else lambda value: _on_host(value, name)
    if name.endswith(".at") and args[0].dtype.char not in _AT[name]:
        raise NotInCuPy(f"{spelled(name)} has no {args[0].dtype.name}; write update_at(xp, ...) "
                        "of ops/row_sums.py, or sort the indices")
    try:
        return function(*[convert(a) for a in args], **{k: convert(v) for k, v in kwargs.items()})
    except IndexError as error:
        raise _unseen((*args, *kwargs.values()), error) from None


def _is_mixed(values: Any) -> bool:
    """Whether a list, or one inside it, has arrays of the device and other things."""
    kinds = {isinstance(value, DeviceArray) for value in values}
    return len(kinds) > 1 or any(_is_mixed(value) for value in values
                                 if isinstance(value, list | tuple))


def _want_arrays(name: str, bound: inspect.Signature, args: tuple[Any, ...],
                 kwargs: dict[str, Any]) -> None:
    """Refuses lists, tuples and NumPy's arrays in the place of an array."""
    if name in _LISTS_OF_ARRAYS or name.endswith(".at"):
        return
    for param, value in bound.bind(*args, **kwargs).arguments.items():
        if param not in _PLAIN and isinstance(value, list | tuple) and value:
            raise NotInCuPy(f"{spelled(name)} gets a {type(value).__name__} for {param}; write "
                            "xp.asarray(...) around it, or work it out in Python")


class _Ufunc:
    """A ufunc as CuPy calls it."""

    def __init__(self, name: str, host: np.ufunc) -> None:
        self.__name__, self._host = name, host
        noted = NAMES[name]
        self.nin, self.nout = noted["nin"], noted["nout"]
        self._loops = [loop.split("->") for loop in noted["types"]]
        self._known: dict[Any, str] = {}
        self._compute = manners.of_ufunc(name, host)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        words = tuple(sorted(kwargs))
        wrong = misfit(self.__name__, len(args), words)
        if wrong:
            raise NotInCuPy(wrong)
        note(self.__name__, len(args), words)
        for value in args[:self.nin]:
            if isinstance(value, list | tuple):
                raise NotInCuPy(f"{spelled(self.__name__)} gets a {type(value).__name__}")
        given = [_on_host(a, self.__name__) for a in args]
        self._check_loop(given[:self.nin], kwargs)
        if recording.tape is not None:
            _check_recorded(self.__name__, args)
        words_on_host = {k: _on_host(v, self.__name__) for k, v in kwargs.items()}
        try:
            result = self._compute(*given, **words_on_host)
        except ValueError as error:
            if "negative integer powers" in str(error):
                raise NotInCuPy("CuPy raises nothing about negative integer powers; ask in the "
                                "kernel before") from None
            raise
        out = kwargs.get("out", args[self.nin] if len(args) > self.nin else None)
        again, words = by_address(given), by_address(words_on_host)
        return done(lambda: self._compute(*again, **words),
                    out if isinstance(out, DeviceArray) else _on_device(result))

    def __getattr__(self, name: str) -> Any:
        path = f"{self.__name__}.{name}"
        if path in NAMES:
            return _checked(path, getattr(self._host, name))
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotInCuPy(f"CuPy {VERSION} has no {spelled(path)}{instead('ufunc.' + name)}")

    def _check_loop(self, inputs: list[Any], kwargs: dict[str, Any]) -> None:
        """Whether CuPy has a loop for the inputs' dtypes that gives NumPy's dtype."""
        if kwargs.get("dtype") is not None:
            return
        key = tuple(a.dtype if isinstance(a, np.ndarray | np.generic) else type(a) for a in inputs)
        if key not in self._known:
            self._known[key] = self._wrong_loop(key)
        if self._known[key]:
            raise NotInCuPy(self._known[key])

    def _wrong_loop(self, key: tuple[Any, ...]) -> str:
        weak = {bool: np.dtype(bool), int: int, float: float, complex: complex}
        kinds = tuple(weak.get(k, k) for k in key)
        said = ", ".join(getattr(k, "name", str(k)) for k in key)
        try:
            theirs = self._host.resolve_dtypes((*kinds, *(None,) * self._host.nout))
        except TypeError:
            return ""  # NumPy will say it
        taken = [k if isinstance(k, np.dtype) else t
                 for k, t in zip(kinds, theirs, strict=False)]
        for loop_in, loop_out in self._loops:
            if all(np.can_cast(t, c) for t, c in zip(taken, loop_in, strict=True)):
                found = [np.dtype(c) for c in loop_out]
                if found != list(theirs[self._host.nin:]):
                    return (f"{spelled(self.__name__)} of {said} gives {found[0]}, NumPy's gives "
                            f"{theirs[self._host.nin]}; write x.astype(...) before or after it")
                return ""
        return f"{spelled(self.__name__)} has no loop for {said}; write x.astype(...) before it"


def _on_host(value: Any, what: str) -> Any:
    """What NumPy gets for an argument."""
    if isinstance(value, DeviceArray):
        if value.gpu != current[-1]:
            raise NotInCuPy(f"{what} gets an array of GPU {value.gpu}, and GPU {current[-1]} is "
                            "the current one")
        return value.host
    if isinstance(value, np.ndarray):
        raise NotInCuPy(f"{what} gets an array of NumPy; write xp.asarray(...) around it")
    if isinstance(value, tuple):
        return tuple([_on_host(v, what) for v in value])
    if isinstance(value, list):
        return [_on_host(v, what) for v in value]
    if isinstance(value, slice) and any(
            isinstance(v, DeviceArray) for v in (value.start, value.stop, value.step)):
        raise NotInCuPy("a slice gets an array of the device; write int(...) around it")
    if isinstance(value, _Ufunc):
        raise NotInCuPy(f"{what} gets a ufunc")
    return value


def _plain(value: Any) -> Any:
    """The same for functions that take what is on the host too."""
    if isinstance(value, DeviceArray):
        return value.host
    if isinstance(value, list | tuple):
        return type(value)([_plain(v) for v in value])
    return value


def _on_device(value: Any) -> Any:
    """What CuPy would return where NumPy returned `value`."""
    if isinstance(value, np.ndarray | np.generic):
        return DeviceArray(np.asarray(value))
    if type(value) is tuple:
        return tuple([_on_device(v) for v in value])
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[_on_device(v) for v in value])
    if type(value) is list:
        return [_on_device(v) for v in value]
    return value


cupy = _Module("", np)
cupy.__name__ = "tests.gpu.cupy"  # CuPy's other package is tests.gpu.cupyx
