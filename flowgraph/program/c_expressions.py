"""What elementwise ops compute, as expressions of C: the kernels of GPUs are written from it.

    expression_of(instr)        "x < 0.0 ? 0.0 : x" for a Relu of float64

Operands are called as the op's parameters are, attributes by their own names. The expressions do
what the ops' kernels do with NumPy, also to NaN and infinity. They are written for float64;
`spelled` puts an f behind numbers and functions for float32. Halves are computed as float32: each
operand is widened, and each result rounded.

Ops that work element by element and are not here stand in NOT_IN_C, with the reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from flowgraph.core.dtypes import DType
from flowgraph.ops.activation import SELU_ABOVE, SELU_BELOW
from flowgraph.program.ir import Instr, Value

C_TYPES = {"float16": "float16", "float32": "float", "float64": "double", "bool": "bool",
           "int8": "signed char", "int16": "short", "int32": "int", "int64": "long long",
           "uint8": "unsigned char", "uint16": "unsigned short", "uint32": "unsigned int",
           "uint64": "unsigned long long"}  # float16 is a class of CuPy's

_ALL = {  # of any dtype
    "Equal": "x == y", "NotEqual": "x != y",
    "Less": "x < y", "LessEqual": "x <= y", "Greater": "x > y", "GreaterEqual": "x >= y",
    "LogicalAnd": "x && y", "LogicalOr": "x || y", "LogicalNot": "!x",
    "SelectV2": "condition ? t : e", "Select": "condition ? t : e",
    "ZerosLike": "0", "OnesLike": "1", "Assign": "value",
}
_NUMBERS = {
    "Add": "x + y", "AddV2": "x + y", "Sub": "x - y", "Mul": "x * y", "Neg": "-x",
    "AssignAdd": "ref + value", "AssignSub": "ref - value", "BiasAdd": "value + bias",
    "Square": "x * x", "SquaredDifference": "(x - y) * (x - y)",
}
_FLOATS = {
    "RealDiv": "x / y", "FloorDiv": "floor(x / y)",
    "FloorMod": "floor_mod(x, y)", "TruncateMod": "fmod(x, y)",
    "DivNoNan": "y == 0.0 ? 0.0 : x / y", "MulNoNan": "y == 0.0 ? 0.0 : x * y",
    "Xdivy": "x == 0.0 ? 0.0 : x / y", "Xlogy": "x == 0.0 ? 0.0 : x * log(y)",
    "Xlog1py": "x == 0.0 ? 0.0 : x * log1p(y)",
    "Reciprocal": "1.0 / x", "ReciprocalGrad": "-dy * y * y",
    "Sqrt": "sqrt(x)", "SqrtGrad": "dy * 0.5 / y",
    "Rsqrt": "1.0 / sqrt(x)", "RsqrtGrad": "dy * -0.5 * y * (y * y)",
    "Pow": "pow(x, y)", "Abs": "fabs(x)", "NextAfter": "nextafter(x1, x2)",
    "Sign": "x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x == 0.0 ? 0.0 : x",
    "Floor": "floor(x)", "Ceil": "ceil(x)", "Rint": "rint(x)", "Round": "rint(x)",
    "Maximum": "x != x || x > y ? x : y", "Minimum": "x != x || x < y ? x : y",
    "Exp": "exp(x)", "Expm1": "expm1(x)", "Log": "log(x)", "Log1p": "log1p(x)",
    "Sin": "sin(x)", "Cos": "cos(x)", "Tan": "tan(x)",
    "Asin": "asin(x)", "Acos": "acos(x)", "Atan": "atan(x)", "Atan2": "atan2(y, x)",
    "Sinh": "sinh(x)", "Cosh": "cosh(x)", "Tanh": "tanh(x)", "TanhGrad": "dy * (1.0 - y * y)",
    "Asinh": "asinh(x)", "Acosh": "acosh(x)", "Atanh": "atanh(x)",
    "Erf": "erf(x)", "Erfc": "erfc(x)", "Erfinv": "erfinv(x)", "Ndtri": "normcdfinv(x)",
    "Lgamma": "lgamma(x)",
    "IsNan": "isnan(x)", "IsInf": "isinf(x)", "IsFinite": "isfinite(x)",
    "Sigmoid": "1.0 / (1.0 + exp(-x))", "SigmoidGrad": "dy * y * (1.0 - y)",
    "Softplus": "log1p(exp(-fabs(x))) + (x < 0.0 ? 0.0 : x)",
    "SoftplusGrad": "gradients / (exp(-features) + 1.0)",
    "Softsign": "x / (fabs(x) + 1.0)",
    "SoftsignGrad": "gradients / ((fabs(features) + 1.0) * (fabs(features) + 1.0))",
    "Relu": "x < 0.0 ? 0.0 : x", "ReluGrad": "gradients * (features > 0.0 ? 1.0 : 0.0)",
    "Relu6": "x < 0.0 ? 0.0 : x > 6.0 ? 6.0 : x",
    "Relu6Grad": "gradients * (features > 0.0 && features < 6.0 ? 1.0 : 0.0)",
    "LeakyRelu": "x > 0.0 ? x : x * alpha",
    "LeakyReluGrad": "features > 0.0 ? gradients : gradients * alpha",
    "Elu": "x > 0.0 ? x : expm1(x)",
    "EluGrad": "gradients * ((outputs < 0.0 ? outputs : 0.0) + 1.0)",
    "Selu": f"x < 0.0 ? expm1(x) * {SELU_BELOW} : x * {SELU_ABOVE}",
    "SeluGrad": f"gradients * (outputs < 0.0 ? outputs + {SELU_BELOW} : {SELU_ABOVE})",
}
_INTEGERS = {  # signed or not; C makes an int of what is smaller, and cuts the result again
    "Abs": "x < 0 ? -x : x", "Sign": "(x > 0) - (x < 0)",
    "Maximum": "x > y ? x : y", "Minimum": "x < y ? x : y",
    "FloorDiv": "x / y - (x % y != 0 && (x < 0) != (y < 0))",
    "FloorMod": "x % y + (x % y != 0 && (x < 0) != (y < 0) ? y : 0)",
    "TruncateDiv": "x / y", "TruncateMod": "x % y",
    "Relu": "x < 0 ? 0 : x", "ReluGrad": "gradients * (features > 0)",
    "Relu6": "x < 0 ? 0 : x > 6 ? 6 : x",
    "Relu6Grad": "gradients * (features > 0 && features < 6)",
    "BitwiseAnd": "x & y", "BitwiseOr": "x | y", "BitwiseXor": "x ^ y", "Invert": "~x",
    "LeftShift": "x << (y < 0 ? 0 : y > last_bit ? last_bit : y)",
    "RightShift": "x >> (y < 0 ? 0 : y > last_bit ? last_bit : y)",
}
_DIVIDE = {"FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod"}  # integers fail at 0

NOT_IN_C = {
    **dict.fromkeys(("Angle", "Complex", "ComplexAbs", "Conj", "Imag", "Real"),
                    "complex numbers are left to CuPy's own functions"),
    **dict.fromkeys(("BesselI0e", "BesselI1e", "Digamma", "Igamma", "IgammaGradA", "Igammac",
                     "Polygamma", "RandomGammaGrad", "Zeta"),
                    "CUDA has no such function, or one that overflows; ours is a series"),
    "CountUpTo": "it fails at its limit, which the host has to see",
    "FakeQuantWithMinMaxArgs": "it rounds its bounds first",
}

_SINGLE = {word: f"{word}f" for word in (
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "copysign", "cos",
    "cosh", "erf", "erfc", "erfinv", "exp", "expm1", "fabs", "floor", "fmod", "lgamma", "log",
    "log1p", "nextafter", "normcdfinv", "pow", "rint", "sin", "sinh", "sqrt", "tan", "tanh")}
# Functions that C has not; T is the type.
FUNCTIONS = {
    "floor_mod": "__device__ T floor_mod(T x, T y) {\n"
                 "    T r = fmod(x, y);\n"
                 "    return r == 0.0 ? copysign(0.0, y) : (r < 0.0) != (y < 0.0) ? r + y : r;\n"
                 "}\n",
    # Casts of what does not fit, as processors of the x86 kind make them: C leaves it open, and a
    # GPU stops at the largest number.
    "to_int": "__device__ int to_int(T x) {\n"
              "    return x >= -2147483648.0 && x < 2147483648.0 ? (int)x : -2147483647 - 1;\n"
              "}\n",
    "to_unsigned": "__device__ unsigned int to_unsigned(T x) {\n"
                   "    return x >= 2147483648.0 ? to_int(x - 2147483648.0) + 2147483648u\n"
                   "                             : (unsigned int)to_int(x);\n"
                   "}\n",
    "to_long": "__device__ long long to_long(T x) {\n"
               "    return x >= -9223372036854775808.0 && x < 9223372036854775808.0\n"
               "               ? (long long)x : -9223372036854775807ll - 1ll;\n"
               "}\n",
    "to_unsigned_long": "__device__ unsigned long long to_unsigned_long(T x) {\n"
                        "    return x >= 9223372036854775808.0\n"
                        "               ? to_long(x - 9223372036854775808.0)\n"
                        "                     + 9223372036854775808ull\n"
                        "               : (unsigned long long)to_long(x);\n"
                        "}\n",
}
_ALSO = {"to_unsigned": "to_int", "to_unsigned_long": "to_long"}  # what functions of ours call
_CASTS = {"int64": "to_long(x)", "uint64": "to_unsigned_long(x)", "int32": "to_int(x)",
          "uint32": "to_unsigned(x)"}
# Numbers that have a name in C, but not where kernels are compiled.
DEFINED = {"INFINITY": "__int_as_float(0x7f800000)", "NAN": "__int_as_float(0x7fc00000)"}
_TOKEN = re.compile(r"\d+\.\d*(?:e[-+]?\d+)?|\w+")


def expression_of(instr: Instr) -> str | None:
    """What an instruction computes for each element; None if there is no expression for it."""
    kind = instr.op_def.type
    inputs = instr.inputs[1:] if kind == "Assign" else instr.inputs  # the old value is not needed
    if len(instr.outputs) != 1 or any(v is None or v.spec.dtype.name not in C_TYPES
                                      for v in (*inputs, *instr.outputs)):
        return None
    dtype = computed_in(instr)
    if kind == "Cast":
        return _cast(dtype, instr.outputs[0].spec.dtype)
    if kind == "BiasAdd" and instr.attrs["data_format"] != "NHWC":
        return None  # the bias is not along the last axis
    if kind == "AddN":
        return None if dtype.kind == "b" else " + ".join(operands(instr))
    found = _ALL.get(kind)
    if found is None and dtype.kind in "fiu":
        found = _NUMBERS.get(kind) or (_FLOATS if dtype.kind == "f" else _INTEGERS).get(kind)
        if found is not None and kind in _DIVIDE and dtype.kind != "f" and not _never_zero(instr):
            return None
    return found


def computed_in(instr: Instr) -> DType:
    """The dtype in which an instruction computes: that of its operands."""
    value = instr.inputs[-1]
    assert value is not None
    return value.spec.dtype


def operands(instr: Instr) -> list[str]:
    """What an expression calls the inputs of an instruction."""
    if instr.op_def.lists:
        return [f"x{i}" for i in range(len(instr.inputs))]
    return list(instr.op_def.params)


def spelled(expression: str, dtype: DType, names: dict[str, str]) -> str:
    """An expression with other names in it, and numbers and functions for a dtype.

    Args:
        expression: as in the tables.
        dtype: in which it is computed.
        names: what stands in the place of operands and attributes.

    Example:
        >>> from flowgraph.core.dtypes import as_dtype
        >>> spelled("x > 0.0 ? x : expm1(x)", as_dtype("float32"), {"x": "add"})
        'add > 0.0f ? add : expm1f(add)'
    """
    is_single = dtype.kind == "f" and dtype.size <= 4

    def spell(found: re.Match[str]) -> str:
        word = found[0]
        if word in names:
            return names[word]
        if not is_single:
            return word
        return f"{word}f" if word[0].isdigit() and "." in word else _SINGLE.get(word, word)

    return _TOKEN.sub(spell, expression)


def literal(number: Any, dtype: DType) -> str:
    """A number as C writes it.

    Example:
        >>> from flowgraph.core.dtypes import as_dtype
        >>> literal(-0.5, as_dtype("float32")), literal(7, as_dtype("int64"))
        ('(-0.5f)', '7ll')
    """
    number = np.asarray(number).astype(dtype.numpy)[()]
    if dtype.kind == "b":
        return "true" if number else "false"
    if dtype.kind == "f":
        end = "" if dtype.size == 8 else "f"
        wide = float(number) if dtype.size == 8 else np.float32(number)
        if math.isnan(number):
            return "NAN"
        if math.isinf(number):
            return "INFINITY" if number > 0 else "(-INFINITY)"
        text = str(wide)
        text = text if "." in text or "e" in text else f"{text}.0"
        return f"({text}{end})" if text[0] == "-" else f"{text}{end}"
    whole = int(number)
    end = {"int64": "ll", "uint64": "ull", "uint32": "u"}.get(dtype.name, "")
    if whole < 0:
        return f"(-{-whole - 1}{end} - 1)" if whole == np.iinfo(dtype.numpy).min else (
            f"(-{-whole}{end})")
    return f"{whole}{end}"


def functions(lines: str, dtypes: Iterable[DType]) -> str:
    """The functions of ours that lines call, for floats of some dtypes.

    Args:
        lines: C.
        dtypes: those that members compute in.
    """
    called = {name for name in FUNCTIONS if f"{name}(" in lines}
    called |= {_ALSO[name] for name in called & _ALSO.keys()}
    made = []
    for name, text in FUNCTIONS.items():
        if name in called:
            for dtype in sorted(dtypes, key=lambda d: d.name):
                c_type = "double" if dtype.size == 8 else "float"
                made.append(spelled(text, dtype, {"T": c_type}))
    return "".join(dict.fromkeys(made))


def defines(text: str) -> str:
    """Lines that define the numbers with a name that a text uses."""
    return "".join(f"#ifndef {name}\n#define {name} {value}\n#endif\n"
                   for name, value in DEFINED.items() if name in text)


def _cast(source: DType, target: DType) -> str:
    if target.kind == "b":
        return "x != 0"
    c_type = C_TYPES[target.name]
    if source.kind == "f" and target.kind in "iu":  # small ones keep the low bits of an int
        return _CASTS.get(target.name, f"({c_type})to_int(x)")
    return f"({c_type})x"


def _never_zero(instr: Instr) -> bool:
    """Whether the divisor is known, and nowhere 0: else the host would have to look for it."""
    divisor: Value | None = instr.inputs[1]
    return divisor is not None and divisor.const is not None and bool(divisor.const.all())
