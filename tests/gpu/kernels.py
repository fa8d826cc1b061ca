"""CuPy's ElementwiseKernel, ReductionKernel and RawKernel without a GPU: they run the C they get.

What CuPy would refuse raises NotInCuPy: names it keeps for itself, arrays of another dtype than the
parameter's, arrays that do not broadcast. A RawKernel gets pointers, and here too it reads and
writes the memory that they point to.
"""

from __future__ import annotations

import ctypes
import re
from typing import Any

import numpy as np

from tests.gpu.c_text import TYPES, Text, convert
from tests.gpu.no_gpu import DeviceArray, NotInCuPy, note


class Parameter:
    """A parameter of a kernel: "float32 x"."""

    def __init__(self, text: str) -> None:
        parts = text.split()
        if len(parts) != 2:
            raise NotInCuPy(f"a parameter {text!r}")
        self.dtype, self.name = np.dtype(parts[0]), parts[1]
        if self.name.startswith("_") or self.name in ("i", "n"):
            raise NotInCuPy(f"CuPy keeps the name {self.name} for itself")


def _parameters(text: str) -> list[Parameter]:
    return [Parameter(part) for part in text.split(",")] if text.strip() else []


class _Kernel:
    """What the two kinds have in common."""

    def __init__(self, inputs: str, outputs: str, name: str, preamble: str) -> None:
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise NotInCuPy(f"a kernel cannot be called {name!r}")
        self.inputs, self.outputs = _parameters(inputs), _parameters(outputs)
        self.name = name
        self.functions = Text(preamble).define()
        names = [p.name for p in (*self.inputs, *self.outputs)]
        if len(set(names)) < len(names):
            raise NotInCuPy(f"two parameters of one name: {names}")

    def _taken(self, arrays: Any) -> dict[str, Any]:
        if not any(isinstance(a, DeviceArray) for a in arrays):
            raise NotInCuPy(f"{self.name}: loop size is undecided, there is no array")
        given = {}
        for parameter, array in zip(self.inputs, arrays, strict=True):
            if isinstance(array, DeviceArray):
                if array.host.dtype != parameter.dtype:
                    raise NotInCuPy(f"{self.name}: {parameter.name} is {array.host.dtype}, not "
                                    f"{parameter.dtype}")
                given[parameter.name] = array.host
            elif isinstance(array, np.generic | int | float | bool):
                given[parameter.name] = parameter.dtype.type(array)
            else:
                raise NotInCuPy(f"{self.name} gets a {type(array).__name__}")
        return given


class ElementwiseKernel(_Kernel):
    """See cupy.ElementwiseKernel."""

    def __init__(self, in_params: str, out_params: str, operation: str, name: str = "kernel",
                 reduce_dims: bool = True, preamble: str = "", no_return: bool = False,
                 return_tuple: bool = False, **kwargs: Any) -> None:
        if not set(kwargs) <= {"options", "loop_prep", "after_loop"}:
            raise NotInCuPy(f"ElementwiseKernel takes no {sorted(kwargs)}")
        super().__init__(in_params, out_params, name, preamble)
        self.operation, self.return_tuple = operation, return_tuple

    def __call__(self, *args: Any) -> Any:
        note("ElementwiseKernel.__call__", len(args))
        if len(args) not in (len(self.inputs), len(self.inputs) + len(self.outputs)):
            raise NotInCuPy(f"{self.name} gets {len(args)} arguments")
        arrays, outs = args[:len(self.inputs)], list(args[len(self.inputs):])
        given = self._taken(arrays) if not outs else {
            **(self._taken([*arrays]) if any(isinstance(a, DeviceArray) for a in arrays) else
               {p.name: p.dtype.type(a) for p, a in zip(self.inputs, arrays, strict=True)})}
        shape = np.broadcast_shapes(*(np.shape(x) for x in given.values()),
                                    *(out.shape for out in outs))
        if not outs:
            outs = [DeviceArray(np.empty(shape, p.dtype)) for p in self.outputs]
        for parameter, out in zip(self.outputs, outs, strict=True):
            if out.host.dtype != parameter.dtype or out.shape != shape:
                raise NotInCuPy(f"{self.name}: {parameter.name} is {out.dtype}{out.shape}, it "
                                f"should be {parameter.dtype}{shape}")
        if 0 not in shape:
            dtypes = {p.name: p.dtype for p in self.outputs}
            Text(self.operation, self.functions).run(given, dtypes)
            for parameter, out in zip(self.outputs, outs, strict=True):
                out.host[...] = given[parameter.name]
        return tuple(outs) if self.return_tuple or len(outs) > 1 else outs[0]


class ReductionKernel(_Kernel):
    """See cupy.ReductionKernel. It adds up from the first element to the last."""

    def __init__(self, in_params: str, out_params: str, map_expr: str, reduce_expr: str,
                 post_map_expr: str, identity: Any, name: str = "reduce_kernel",
                 reduce_type: Any = None, reduce_dims: bool = True, preamble: str = "",
                 options: tuple[str, ...] = ()) -> None:
        super().__init__(in_params, out_params, name, preamble)
        if len(self.inputs) == 1:  # CUB's kernel calls it in0, wherever these letters stand
            map_expr = map_expr.replace(self.inputs[0].name, "in0")
            post_map_expr = post_map_expr.replace(self.outputs[0].name, "out0")
            if "_in_ind" in post_map_expr and "mean" not in name:
                raise NotInCuPy("CUB's kernel knows _in_ind only where the name has mean in it")
        self.map, self.reduce, self.post = map_expr, reduce_expr, post_map_expr
        self.identity, self.reduce_type = identity, np.dtype(TYPES[reduce_type])

    def __call__(self, *args: Any, out: Any = None, axis: Any = None, keepdims: bool = False
                 ) -> Any:
        note("ReductionKernel.__call__", len(args))
        given = self._taken(args)
        shape = np.broadcast_shapes(*(np.shape(x) for x in given.values()))
        axes = range(len(shape)) if axis is None else [a % len(shape) for a in (
            axis if isinstance(axis, tuple) else (axis,))]
        if len(given) == 1:
            given["in0"] = next(iter(given.values()))
        mapped = convert(Text(self.map, self.functions).value(given), self.reduce_type)
        mapped = np.broadcast_to(mapped, shape)
        rest = [i for i in range(len(shape)) if i not in axes]
        rows = np.transpose(mapped, (*axes, *rest)).reshape(
            int(np.prod([shape[i] for i in axes], dtype=int)), *(shape[i] for i in rest))
        total = np.broadcast_to(convert(Text(self.identity).value({}), self.reduce_type),
                                rows.shape[1:])
        for row in rows:
            total = convert(Text(self.reduce).value({"a": total, "b": row}), self.reduce_type)
        target, _, expression = self.post.partition("=")
        if target.strip() not in ("out0", self.outputs[0].name):
            raise NotInCuPy(f"{self.name} makes {target}")
        count = max(1, int(np.prod([shape[i] for i in rest], dtype=int)))
        expression = expression.replace("_in_ind.size()", str(mapped.size)).replace(
            "_out_ind.size()", str(count))
        found = convert(Text(expression).value({"a": total}), self.outputs[0].dtype)
        if keepdims:
            found = np.reshape(found, [1 if i in axes else n for i, n in enumerate(shape)])
        if out is not None:
            out.host[...] = found
            return out
        return DeviceArray(np.array(found))


# -- raw kernels ----------------------------------------------------------------------------------


def _memory(pointer: int, dtype: Any, size: int) -> np.ndarray:
    """The memory that a pointer points to."""
    dtype = np.dtype(dtype)
    raw = (ctypes.c_char * (size * dtype.itemsize)).from_address(int(pointer))
    return np.frombuffer(raw, dtype)


class RawKernel:
    """See cupy.RawKernel. It knows the kernels of plan/gpu_source.py by what stands in them."""

    def __init__(self, code: str, name: str, options: tuple[str, ...] = (),
                 backend: str = "nvrtc") -> None:
        if f'extern "C" __global__ void {name}(' not in code:
            raise NotInCuPy(f"there is no kernel {name} in the text")
        self.code, self.name = code, name

    def __call__(self, grid: tuple[int, ...], block: tuple[int, ...], args: tuple[Any, ...], *,
                 shared_mem: int = 0) -> None:
        note("RawKernel.__call__", 3, ("shared_mem",) if shared_mem else ())
        if not (all(grid) and all(block)):
            raise NotInCuPy(f"{self.name} is launched with an empty grid {grid} of {block}")
        for argument in args:
            if isinstance(argument, np.ndarray) and argument.size != 1:
                raise NotInCuPy(f"an array of NumPy of shape {argument.shape} is passed by value")
            if not isinstance(argument, np.ndarray | np.generic | DeviceArray):
                raise NotInCuPy(f"{self.name} gets a {type(argument).__name__}")
        if self.name.endswith("_rows"):
            _rows(self.name, grid[0], [
                a.host.ctypes.data if isinstance(a, DeviceArray) else a for a in args], self.code)
        else:
            _tensors(self.code, grid[0], block[0], args)


def _tensors(code: str, blocks: int, threads: int, args: tuple[Any, ...]) -> None:
    """A kernel for several tensors: its lines, for the numbers that each block is for."""
    told = args[0]
    struct, _, rest = code.partition("};\n")
    above, _, kernel = rest.partition('extern "C"')
    fields = dict(reversed(match) for match in re.findall(
        r"^ *(?:const )?([\w ]+\*?) (\w+)\[\d+\];", struct, re.M))
    if list(fields) != list(told.dtype.names):
        raise NotInCuPy(f"the struct has {list(fields)}, it is given {told.dtype.names}")
    loops = re.search(r"j < (\d+); .*\n.*block \* (\d+) \+ j \* (\d+)", kernel)
    assert loops is not None
    per_thread, per_block, apart = map(int, loops.groups())
    assert apart == threads
    assert per_thread * threads == per_block
    assert told["end"][0, -1] == blocks
    names: dict[str, Any] = {}
    header = kernel[kernel.index("(") + 1:kernel.index(")")].split(", ")[1:]
    for parameter, argument in zip(header, args[1:], strict=True):
        c_type, name = re.fullmatch(r"const ([\w ]+\*?) (\w+)", parameter).groups()  # type: ignore[union-attr]
        if c_type.endswith("*"):
            names[name.removesuffix("_at")] = argument.host[()]
        elif argument.dtype != TYPES[c_type]:
            raise NotInCuPy(f"{name} is {argument.dtype}, not {c_type}")
        else:
            names[name] = argument
    body = re.search(r"if \(i < t\.size\[k\]\) \{\n(.*?)\n        \}", kernel, re.S)
    assert body is not None
    functions = Text(above).define()
    for k, size in enumerate(told["size"][0]):
        mine, outputs = dict(names), {}
        lines = re.sub(r"t\.(\w+)\[k\]\[i\] = (\w+);", r"to_\1 = \2;", body[1])
        for load in re.findall(r"const [\w ]+ (\w+) = t\.\w+\[k\]\[i\];\n", lines):
            mine[load] = _memory(told[load][0, k], TYPES[fields[load].rstrip("*")], size)
        lines = re.sub(r"const [\w ]+ \w+ = t\.\w+\[k\]\[i\];\n", "", lines)
        for name in set(re.findall(r"to_(\w+) =", lines)):
            outputs[f"to_{name}"] = np.dtype(TYPES[fields[name].rstrip("*")])
        Text(lines, functions).run(mine, outputs)
        for name, dtype in outputs.items():
            _memory(told[name.removeprefix("to_")][0, k], dtype, size)[...] = mine[name]


def _rows(name: str, rows: int, args: list[Any], code: str) -> None:
    """Kernels that work on rows: their numbers by formulas, from and into the memory told."""
    columns = int(args[-1])
    dtype = TYPES[re.search(r"typedef ([\w ]+) T;", code)[1]]  # type: ignore[index]
    x = _memory(args[0], dtype, rows * columns).reshape(rows, columns)
    with np.errstate(all="ignore"):
        shifted = x - x.max(axis=1, keepdims=True, initial=-np.inf)
        sums = np.exp(shifted).sum(axis=1, keepdims=True)
        y = np.exp(shifted) / sums
    if name in ("softmax_rows", "log_softmax_rows"):
        result = y if name == "softmax_rows" else shifted - np.log(sums)
        _memory(args[1], dtype, rows * columns)[...] = result.reshape(-1)
        return
    if name == "softmax_cross_entropy_rows":
        labels = _memory(args[1], dtype, rows * columns).reshape(rows, columns)
        loss = (labels * (np.log(sums) - shifted)).sum(axis=1)
    else:
        label_type = TYPES[re.search(r"typedef ([\w ]+) L;", code)[1]]  # type: ignore[index]
        numbers = _memory(args[1], label_type, rows)
        is_class = (numbers >= 0) & (numbers < columns)
        labels = np.eye(max(columns, 1), dtype=dtype)[np.where(is_class, numbers, 0)][:, :columns]
        with np.errstate(all="ignore"):
            picked = shifted[np.arange(rows), np.where(is_class, numbers, 0)] if columns else 0
            loss = np.where(is_class, np.log(sums[:, 0]) - picked, np.nan)
        labels = np.where(is_class[:, None], labels, np.nan)
    _memory(args[2], dtype, rows)[...] = loss
    _memory(args[3], dtype, rows * columns)[...] = (y - labels).reshape(-1)


KERNELS = {"ElementwiseKernel": ElementwiseKernel, "ReductionKernel": ReductionKernel,
           "RawKernel": RawKernel}
