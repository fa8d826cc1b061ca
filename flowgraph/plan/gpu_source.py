"""The text of a kernel for a GPU, from a KernelGroup: readable CUDA C, a line for each member.

    cupy.ElementwiseKernel(
        "float32 x, float32 b, float32 scale", "float32 mul", '''
        float add = x + b;            // add  model.py:12
        float tanh_1 = tanhf(add);    // tanh  model.py:12
        mul = tanh_1 * scale;         // mul  model.py:13
        ''', "add_tanh_mul", options=("--fmad=false",))

Each text is written twice: for people as above, and for the compiler with names that are the same
for all groups that compute the same, so that such groups are compiled once.

A product and a sum are not made one operation (`--fmad=false`): a group gives what its members give
one by one, to the last bit, and it waits for memory anyway.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from flowgraph.plan.gpu_row_source import row_kernel
from flowgraph.plan.inline import identifier
from flowgraph.program.c_expressions import (
    C_TYPES,
    computed_in,
    defines,
    expression_of,
    functions,
    literal,
    operands,
    spelled,
)
from flowgraph.program.ir import Instr, Value
from flowgraph.program.kernel_groups import KernelGroup, is_literal

OPTIONS = ("--fmad=false",)
THREADS = 256  # of a block of a kernel for several tensors
PER_THREAD = 4  # numbers that each of them computes
BLOCK = THREADS * PER_THREAD
_COMMENT_COLUMN = 52
_LONGEST_NAME = 60
# Words that are no names in C, or are taken: a blank on each side. Functions of CUDA: _FUNCTIONS.
_RESERVED = """
 alignas alignof and asm auto bitand bitor bool break case catch char class compl const constexpr
 continue decltype default delete do double else enum explicit export extern false float for
 friend goto if inline int long mutable namespace new noexcept not nullptr operator or private
 protected public register return short signed sizeof static struct switch template this throw
 true try typedef typeid typename union unsigned using virtual void volatile wchar_t while xor
 float16 bfloat16 half complex gridDim blockDim blockIdx threadIdx warpSize IndexT REDUCE POST_MAP
 CArray CIndexer INFINITY NAN nan result value_of Tensors i n a b t k j block end size main assert
 malloc free printf clock time memcpy memset """.replace("\n", " ")
_FUNCTIONS = """
 abs acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh cospi erf erfc erfcinv erfcx
 erfinv exp exp10 exp2 expm1 fabs fdim floor floor_mod fma fmax fmin fmod frexp gamma hypot ilogb
 isfinite isinf isnan j0 j1 jn ldexp lgamma log log10 log1p log2 logb lrint lround max min modf
 nearbyint nextafter norm normcdf normcdfinv pow rcbrt remainder remquo rhypot rint round rsqrt
 scalbn signbit sin sincos sinh sinpi sqrt tan tanh tgamma to_int to_long to_unsigned
 to_unsigned_long trunc y0 y1 yn """.replace("\n", " ")


class KernelText(NamedTuple):
    """What CuPy is given: equal texts are one kernel.

    Attributes:
        kind: "elementwise", "reduction", "rows" or "tensors".
        name: of the kernel.
        inputs, outputs: the parameters, as "float32 x0, float32 x1"; "" for a RawKernel.
        body: the operation; for a reduction, what is computed of each element.
        preamble: functions that stand above it.
        reduce, post, identity, reduce_type: of a reduction.
    """

    kind: str
    name: str
    inputs: str
    outputs: str
    body: str
    preamble: str = ""
    reduce: str = ""
    post: str = ""
    identity: str = ""
    reduce_type: str = ""

    def __str__(self) -> str:
        """The Python expression that makes the kernel."""
        above = self.preamble
        if self.kind == "elementwise":
            ending = f", preamble='''\n{above}'''" if above else ""
            return (f'cupy.ElementwiseKernel(\n    "{self.inputs}", "{self.outputs}", \'\'\'\n'
                    f"{_indented(self.body)}    ''', \"{self.name}\", options={OPTIONS!r}{ending})")
        if self.kind == "reduction":
            return (f'cupy.ReductionKernel(\n    "{self.inputs}", "{self.outputs}", "{self.body}", '
                    f'"{self.reduce}", "{self.post}",\n    "{self.identity}", "{self.name}", '
                    f'reduce_type="{self.reduce_type}", options={OPTIONS!r}, preamble=\'\'\'\n'
                    f"{_indented(above)}    ''')")
        return f"cupy.RawKernel('''\n{self.body}''', \"{self.name}\", options={OPTIONS!r})"


def kernel_text(group: KernelGroup, for_people: bool = False) -> KernelText:
    """The text of a group's kernel.

    Args:
        group: the group.
        for_people: with the names of values, and the user's lines as comments.
    """
    if group.kind == "rows":
        return row_kernel_text(group, for_people)
    if group.kind == "tensors":
        return _tensors(group, for_people)
    return _reduction(group, for_people) if group.end else _elementwise(group, for_people)


# ---- names ---------------------------------------------------------------------------------------


class Names:
    """What values are called in a text.

    Args:
        for_people: by their own names; else by kind and number.
    """

    def __init__(self, for_people: bool) -> None:
        self.for_people = for_people
        self._names: dict[Any, str] = {}
        self._used: set[str] = set()

    def of(self, value: Any) -> str:
        """The name that a value has got."""
        return self._names[value]

    def give(self, value: Any, short: str, wish: str = "") -> str:
        """Gives a name to a value.

        Args:
            value: the value, or another key.
            short: what kind of value it is, in a letter, for the compiler.
            wish: the name for people; default the value's own.
        """
        if self.for_people:
            wishes = [wish] if wish else _wishes(value.name, short == "v")
            bases = [identifier(name).lstrip("_") or "value" for name in wishes]
            bases = [f"v{name}" if name[0].isdigit() else name for name in bases]
            free = (name for name in bases if not (name in self._used or _is_reserved(name)))
            found, i = next(free, bases[0]), 1
            while found in self._used or _is_reserved(found):
                found, i = f"{bases[0]}_{i}", i + 1
        else:
            found = f"{short}{sum(name[0] == short for name in self._used)}"
        self._used.add(found)
        self._names[value] = found
        return found


def _wishes(name: str, is_local: bool) -> list[str]:
    """Names for a value, the best one first; what is local needs no long one."""
    name = name.removeprefix("gradients/").removesuffix("/read").partition("/gpu:")[0]
    parts = name.split("/")
    if is_local:
        return ["_".join(parts[-count:]) for count in (1, 2)]
    return [name if len(name) <= 32 else "/".join(parts[-2:])]


def _is_reserved(name: str) -> bool:
    return (f" {name} " in _RESERVED or f" {name} " in _FUNCTIONS
            or f" {name.removesuffix('f')} " in _FUNCTIONS)


def kernel_name(members: tuple[Instr, ...]) -> str:
    """The name that profilers show: the members' types, `bias_add_relu`."""
    words = [re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", m.op_def.type).lower() for m in members]
    name = "_".join(words)
    if len(name) > _LONGEST_NAME:
        name = "_".join([*words[:3], f"{len(words) - 4}_more", words[-1]])
    return name if not _is_reserved(name) else f"{name}_1"


def _comment(member: Instr) -> str:
    op = member.origins[0]
    text = "".join(c if c.isprintable() else "?" for c in f"{op.name}  {op.frame}")
    return text.replace("\\", "/").replace("'''", "?").replace("??/", "?")


def _with_comment(line: str, member: Instr, names: Names) -> str:
    if not names.for_people:
        return f"{line}\n"
    return f"{line:<{_COMMENT_COLUMN}}  // {_comment(member)}\n"


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


# ---- members -------------------------------------------------------------------------------------


def _c_type(value: Value) -> str:
    return C_TYPES[value.spec.dtype.name]


def _expression(member: Instr, names: Names) -> str:
    """What a member computes, as C."""
    text, dtype = expression_of(member), computed_in(member)
    assert text is not None
    holes = {}
    for word, value in zip(operands(member), member.inputs, strict=True):
        if value is None:
            continue
        if is_literal(value, member):
            holes[word] = literal(value.const.reshape(()), value.spec.dtype)  # type: ignore[union-attr]
        elif value.spec.dtype.name == "float16":
            holes[word] = f"float({names.of(value)})"
        else:
            holes[word] = names.of(value)
    if "alpha" in member.attrs:
        holes["alpha"] = literal(member.attrs["alpha"], dtype)
    holes["last_bit"] = str(8 * dtype.size - 1)
    return spelled(text, dtype, holes)


def _preamble(members: list[Instr], lines: str) -> str:
    """What stands above lines."""
    # CuPy includes it by itself only where a parameter is a half.
    above = "#include <cupy/float16.cuh>\n" if "float16" in lines else ""
    return above + defines(lines) + functions(lines, {
        computed_in(m) for m in members if computed_in(m).kind == "f"})


def _lines(members: list[Instr], names: Names) -> str:
    """Each member as a local variable."""
    text = ""
    for member in members:
        expression = _expression(member, names)
        out = member.outputs[0]
        line = f"{_c_type(out)} {names.give(out, 'v')} = {expression};"
        text += _with_comment(line, member, names)
    return text


def _elementwise(group: KernelGroup, for_people: bool) -> KernelText:
    names = Names(for_people)
    for value in group.inputs:
        names.give(value, "x")
    last = group.members[-1]
    members = list(group.members)
    if group.results == last.outputs:  # nothing is read after it is written
        lines = _lines(members[:-1], names)
        expression = _expression(last, names)
        lines += _with_comment(f"{names.give(last.outputs[0], 'y')} = {expression};", last, names)
        outputs = _parameters(group.results, names)
    else:
        lines = _lines(members, names)
        local = {value: names.of(value) for value in group.results}
        for value in group.results:  # only now: what is written may be where an input stood
            wish = f"{local[value]}_out"
            lines += f"{names.give(value, 'y', wish)} = {local[value]};\n"
        outputs = _parameters(group.results, names)
    return KernelText("elementwise", kernel_name(group.members),
                      _parameters(group.inputs, names), outputs, lines, _preamble(members, lines))


def _parameters(values: tuple[Value, ...], names: Names) -> str:
    return ", ".join(f"{v.spec.dtype.name} {names.of(v)}" for v in values)


_REDUCE = {"Sum": ("a + b", "0"), "Mean": ("a + b", "0"), "BiasAddGrad": ("a + b", "0"),
           "Max": ("a != a || a > b ? a : b", ""), "Min": ("a != a || a < b ? a : b", "")}


def _reduction(group: KernelGroup, for_people: bool) -> KernelText:
    end = group.end
    assert end is not None
    names = Names(for_people)
    taken = end.inputs[0]
    assert taken is not None
    for value in group.inputs:
        names.give(value, "x")
    members = list(group.members[:-1])
    lines = _lines(members, names)
    c_type = _c_type(taken)
    arguments = ", ".join(f"{_c_type(v)} {names.of(v)}" for v in group.inputs)
    function = (f"__device__ {c_type} value_of({arguments}) {{\n"
                + _indented(f"{lines}return {names.of(taken)};") + "}\n")
    dtype = end.outputs[0].spec.dtype
    reduce_type = "float" if dtype.name == "float16" else c_type
    reduce, identity = _REDUCE[end.op_def.type]
    if not identity:
        is_max = end.op_def.type == "Max"
        identity = ("-INFINITY" if is_max else "INFINITY") if dtype.kind == "f" else (
            literal(dtype.min if is_max else dtype.max, dtype))
    post = "result = a"
    if end.op_def.type == "Mean":  # CuPy knows these words in kernels that have "mean" in the name
        post += f" / {reduce_type}(_in_ind.size() / _out_ind.size())"
    if for_people:
        function += f"// and of these: {_comment(end)}\n"
    call = f"value_of({', '.join(names.of(v) for v in group.inputs)})"
    return KernelText("reduction", kernel_name(group.members), _parameters(group.inputs, names),
                      f"{dtype.name} result", call,
                      _preamble(members, lines + identity) + function, reduce, post, identity,
                      reduce_type)


# ---- several tensors -----------------------------------------------------------------------------


def tensor_arrays(group: KernelGroup) -> tuple[list[Value], list[Value]]:
    """The inputs of a part: those that are arrays, and those that are single numbers."""
    first = group.parts[0] if group.parts else group
    return ([v for v in first.inputs if v.spec.shape != ()],
            [v for v in first.inputs if v.spec.shape == ()])


def _tensors(group: KernelGroup, for_people: bool) -> KernelText:
    first, count = group.parts[0], len(group.parts)
    names = Names(for_people)
    arrays, numbers = tensor_arrays(group)
    for value in (*arrays, *numbers):
        names.give(value, "x")
    lines = _lines(list(first.members), names)
    local = {value: names.of(value) for value in first.results}
    loads, fields, stores = "", "", ""
    for value in arrays:
        fields += f"    const {_c_type(value)}* {names.of(value)}[{count}];\n"
        loads += f"const {_c_type(value)} {names.of(value)} = t.{names.of(value)}[k][i];\n"
    for value in first.results:
        name = names.give(value, "y", f"{local[value]}_out")
        fields += f"    {_c_type(value)}* {name}[{count}];\n"
        stores += f"t.{name}[k][i] = {local[value]};\n"
    parameters, number_loads = "", ""
    for value in numbers:
        if value.device:  # a number that the GPU has
            parameters += f", const {_c_type(value)}* {names.of(value)}_at"
            number_loads += (f"    const {_c_type(value)} {names.of(value)} = "
                             f"*{names.of(value)}_at;\n")
        else:
            parameters += f", const {_c_type(value)} {names.of(value)}"
    name = kernel_name(first.members)
    inside = _indented(_indented(_indented(loads + lines + stores)))
    body = (
        f"struct Tensors {{\n{fields}    long long size[{count}];\n"
        f"    int end[{count}];  // the first block of the next one\n}};\n\n"
        f"{_preamble(list(first.members), lines)}"
        f'extern "C" __global__ void {name}(const Tensors t{parameters}) {{\n'
        "    int k = 0;  // which one this block is for\n"
        "    while ((int)blockIdx.x >= t.end[k]) ++k;\n"
        "    const long long block = (int)blockIdx.x - (k ? t.end[k - 1] : 0);\n"
        f"{number_loads}"
        f"    for (int j = 0; j < {PER_THREAD}; ++j) {{\n"
        f"        const long long i = block * {BLOCK} + j * {THREADS} + threadIdx.x;\n"
        "        if (i < t.size[k]) {\n"
        f"{inside}"
        "        }\n    }\n}\n")
    return KernelText("tensors", name, "", "", body)


def row_kernel_text(group: KernelGroup, for_people: bool) -> KernelText:
    """The text of a kernel that works on rows."""
    member = group.members[0]
    name, body = row_kernel(member)
    return KernelText("rows", name, "", "",
                      f"// {_comment(member)}\n{body}" if for_people else body)
