"""Unicode text from one encoding to another, to code points and back.

Of many strings TensorFlow's decoders make a RaggedTensor; here they take one string.
"""

from __future__ import annotations

import codecs
from itertools import pairwise

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.constant import Range
from flowgraph.ops.reduce import Prod
from flowgraph.ops.reshape import Reshape
from flowgraph.ops.shape import Shape
from flowgraph.ops.string_elements import ON_HOST, invalid, mapped, strings

_OUTPUTS = {"UTF-8": "utf-8", "UTF-16-BE": "utf-16-be", "UTF-32-BE": "utf-32-be"}
_CONTROL = dict.fromkeys([*range(0x20)])


def _codec(name):
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise invalid(f"Could not create converter for input encoding: {name}") from None


def _text(encoded, encoding, errors, replacement_char, replace_control_characters):
    """The text of bytes, what is wrong in it replaced, left out, or refused."""
    wrong = ""
    if errors == "replace":
        wrong = chr(replacement_char)
    try:
        text = encoded.decode(_codec(encoding), "strict" if errors == "strict" else
                              _handler(wrong))
    except UnicodeDecodeError:
        raise invalid("Invalid formatting on input string") from None
    if replace_control_characters:
        if errors == "strict" and any(ord(c) < 0x20 for c in text):
            raise invalid("Invalid formatting on input string")
        text = text.translate(dict.fromkeys(_CONTROL, wrong))
    return text


def _handler(wrong):
    name = f"flowgraph-{ord(wrong) if wrong else 'ignore'}"
    codecs.register_error(name, lambda error: (wrong, error.end))
    return name


def _checked(errors, replacement_char, output_encoding="UTF-8"):
    if errors not in ("replace", "ignore", "strict"):
        raise ValueError(located(f"errors must be 'replace', 'ignore' or 'strict', got {errors!r}"))
    if output_encoding not in _OUTPUTS:
        raise ValueError(located(f"output_encoding must be one of {', '.join(_OUTPUTS)}, got "
                                 f"{output_encoding!r}"))
    if not 0 <= replacement_char <= 0x10ffff or 0xd800 <= replacement_char < 0xe000:
        raise ValueError(located(f"replacement_char must be a code point, got {replacement_char}"))


class UnicodeTranscode(OpDef):
    """Each string in another encoding."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, *, input_encoding, output_encoding, errors="replace",
              replacement_char=65533, replace_control_characters=False):
        return Spec(dt.string, input.shape)

    def kernel(self, xp, input, *, input_encoding, output_encoding, errors="replace",
               replacement_char=65533, replace_control_characters=False):
        return mapped(lambda text: _text(
            text, input_encoding, errors, replacement_char,
            replace_control_characters).encode(_OUTPUTS[output_encoding]), input)


def unicode_transcode(input, input_encoding, output_encoding, errors="replace",
                      replacement_char=65533, replace_control_characters=False, name=None):
    """Writes strings in another encoding.

    Args:
        input: string tensor.
        input_encoding: name of the encoding of `input`, as "UTF-8" or "ISO-8859-1".
        output_encoding: "UTF-8", "UTF-16-BE" or "UTF-32-BE".
        errors: what happens to bytes that are wrong: "replace", "ignore" (leave out) or "strict"
            (an error).
        replacement_char: code point that replaces them.
        replace_control_characters: whether the characters below U+0020 count as wrong.
        name: name of the node.

    Returns:
        A string tensor of the same shape.

    Raises:
        InvalidArgumentError: when run, if a string is wrong and `errors` is "strict".

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.strings.unicode_transcode(["a"], "UTF-8", "UTF-16-BE"))
        array([b'\\x00a'], dtype=object)
    """
    _checked(errors, replacement_char, output_encoding)
    return UnicodeTranscode.build(
        input, input_encoding=input_encoding, output_encoding=output_encoding, errors=errors,
        replacement_char=int(replacement_char),
        replace_control_characters=bool(replace_control_characters), name=name)


class UnicodeDecode(OpDef):
    """The code points of all strings, and where those of each begin and end."""

    T = dt.STRING
    multiple = True
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, *, input_encoding, errors="replace", replacement_char=65533,
              replace_control_characters=False, Tsplits=dt.int64):
        size = input.size
        return (Spec(Tsplits, (None if size is None else size + 1,)), Spec(dt.int32, (None,)))

    def kernel(self, xp, input, *, input_encoding, errors="replace", replacement_char=65533,
               replace_control_characters=False, Tsplits=dt.int64):
        rows = [[ord(c) for c in _text(text, input_encoding, errors, replacement_char,
                                       replace_control_characters)]
                for text in input.reshape(-1).tolist()]
        splits = np.cumsum([0, *map(len, rows)])
        return splits.astype(Tsplits.numpy), np.array([c for row in rows for c in row], np.int32)


def unicode_decode(input, input_encoding, errors="replace", replacement_char=65533,
                   replace_control_characters=False, name=None):
    """Reads the code points of a string.

    Args:
        input: scalar string.
        input_encoding: name of its encoding, as "UTF-8".
        errors: what happens to bytes that are wrong: "replace", "ignore" or "strict".
        replacement_char: code point that replaces them.
        replace_control_characters: whether the characters below U+0020 count as wrong.
        name: name of the scope.

    Returns:
        An int32 vector.

    Raises:
        ValueError: `input` is no scalar.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.strings.unicode_decode("h\\u00e9", "UTF-8"))
        array([104, 233], dtype=int32)
    """
    _checked(errors, replacement_char)
    with name_scope(name, "UnicodeDecode", [input]):
        input = convert_to_tensor(input, dt.string, "input")
        if input.spec.rank != 0:
            raise ShapeError(located("unicode_decode takes a scalar, got shape "
                                     f"{shape_text(input.spec.shape)}: TensorFlow gives a "
                                     "RaggedTensor for more strings, which flowgraph has not",
                                     section="shape-error"))
        return UnicodeDecode.build(
            input, input_encoding=input_encoding, errors=errors,
            replacement_char=int(replacement_char),
            replace_control_characters=bool(replace_control_characters))[1]


class UnicodeEncode(OpDef):
    """Strings of code points, cut at `input_splits`."""

    dtypes = {"input_values": dt.DTypeSet("int32", (dt.int32,)), "input_splits": "Tsplits"}
    Tsplits = dt.INDEX
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input_values, input_splits, *, output_encoding, errors="replace",
              replacement_char=65533):
        size = input_splits.size
        return Spec(dt.string, (None if size is None else size - 1,))

    def kernel(self, xp, input_values, input_splits, *, output_encoding, errors="replace",
               replacement_char=65533):
        codes, splits = input_values.tolist(), input_splits.tolist()
        if splits[0] != 0 or splits[-1] != len(codes) or any(np.diff(splits) < 0):
            raise invalid(f"input_splits must rise from 0 to {len(codes)}")
        text = [_character(code, errors, replacement_char) for code in codes]
        return strings(["".join(text[a:b]).encode(_OUTPUTS[output_encoding])
                        for a, b in pairwise(splits)], len(splits) - 1)


def _character(code, errors, replacement_char):
    if 0 <= code <= 0x10ffff and not 0xd800 <= code < 0xe000:
        return chr(code)
    if errors == "strict":
        raise invalid(f"Code point is out of range for Unicode, or a noncharacter: {code}")
    return chr(replacement_char) if errors == "replace" else ""


def unicode_encode(input, output_encoding, errors="replace", replacement_char=65533, name=None):
    """Writes code points as strings.

    Args:
        input: int32 tensor of rank 1 or more; its last axis holds the code points of a string.
        output_encoding: "UTF-8", "UTF-16-BE" or "UTF-32-BE".
        errors: what happens to numbers that are no code points: "replace", "ignore" or "strict".
        replacement_char: code point that replaces them.
        name: name of the scope.

    Returns:
        A string tensor without the last axis.

    Raises:
        ValueError: `input` is a scalar or of unknown shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.strings.unicode_encode([[104, 105], [106, 107]], "UTF-8"))
        array([b'hi', b'jk'], dtype=object)
    """
    _checked(errors, replacement_char, output_encoding)
    with name_scope(name, "UnicodeEncode", [input]):
        input = convert_to_tensor(input, dt.int32, "input")
        if not input.spec.rank:
            raise ShapeError(located("unicode_encode needs code points of known rank, 1 or more, "
                                     f"got shape {shape_text(input.spec.shape)}",
                                     section="shape-error"))
        sizes = Shape.build(input)
        last = input.spec.rank - 1
        count = Prod.build(sizes[:last], [0])
        splits = Range.build(0, count + 1, 1) * sizes[last]
        texts = UnicodeEncode.build(Reshape.build(input, [-1]), splits,
                                    output_encoding=output_encoding, errors=errors,
                                    replacement_char=int(replacement_char))
        return Reshape.build(texts, sizes[:last])
