"""CSV records (RFC 4180) to one tensor per column."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, invalid, shown, strings
from flowgraph.ops.string_numbers import parsed
from flowgraph.ops.strings import as_bytes

_COLUMN = dt.DTypeSet("float32, float64, int32, int64 or string",
                      (dt.float32, dt.float64, dt.int32, dt.int64, dt.string))
_QUOTE, _ENDS = ord('"'), b"\r\n"


class DecodeCSV(OpDef):
    """One output per column, of the dtype of its default."""

    dtypes = {"records": dt.STRING, "record_defaults": _COLUMN}
    lists = ("record_defaults",)
    multiple = True
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, records, record_defaults, *, field_delim=b",", use_quote_delim=True,
              na_value=b"", select_cols=()):
        for default in record_defaults:
            if default.shape is not None and (len(default.shape) > 1 or (
                    default.shape and (default.shape[0] or 0) > 1)):
                raise ShapeError(f"has a default of shape {shape_text(default.shape)}",
                                 "Shape of a default must be a length-0 or length-1 vector, or a "
                                 "scalar.")
        return tuple(Spec(default.dtype, records.shape) for default in record_defaults)

    def kernel(self, xp, records, record_defaults, *, field_delim=b",", use_quote_delim=True,
               na_value=b"", select_cols=()):
        _check_options(field_delim, select_cols, len(record_defaults))
        rows = [_fields(record, field_delim[0], use_quote_delim, select_cols)
                for record in records.reshape(-1).tolist()]
        for i, row in enumerate(rows):
            if len(row) != len(record_defaults):
                raise invalid(f"Expect {len(record_defaults)} fields but have {len(row)} in record "
                              f"{i}")
        return tuple(_column(rows, f, default, na_value, records.shape)
                     for f, default in enumerate(record_defaults))


def _check_options(field_delim, select_cols, count):
    if select_cols and len(select_cols) != count:
        raise invalid("select_cols should match output size")
    if any(a >= b for a, b in pairwise(select_cols)):
        raise invalid("select_cols should be strictly increasing indices")
    if select_cols and select_cols[0] < 0:
        raise invalid("select_cols should be non-negative indices")
    if len(field_delim) != 1:
        raise invalid("field_delim should be only 1 char")


def _fields(record: bytes, delim: int, quotes: bool, columns: tuple[int, ...]) -> list[bytes]:
    """The fields of a record, those of `columns` alone if there are any."""
    found: list[bytes] = []
    at, number, size = 0, 0, len(record)
    while at < size:
        if record[at] in _ENDS:
            at += 1
            continue
        field, at = (_quoted_field(record, at + 1, delim) if quotes and record[at] == _QUOTE
                     else _plain_field(record, at, delim, quotes))
        if not columns or number in columns:
            found.append(field)
            if columns and len(found) == len(columns):
                return found
        number += 1
    if record and record[-1] == delim and (not columns or number in columns):
        found.append(b"")
    return found


def _plain_field(record, at, delim, quotes):
    end = record.find(delim, at)
    end = len(record) if end < 0 else end
    field = record[at:end]
    if (quotes and _QUOTE in field) or _ENDS[0] in field or _ENDS[1] in field:
        raise invalid("Unquoted fields cannot have quotes/CRLFs inside")
    return field, end + 1


def _quoted_field(record, at, delim):
    """A field up to the quote before a delimiter or the end; two quotes stand for one."""
    parts, last = [], len(record) - 1
    while at < last and not (record[at] == _QUOTE and record[at + 1] == delim):
        if record[at] != _QUOTE:
            parts.append(record[at])
            at += 1
        elif record[at + 1] == _QUOTE:
            parts.append(_QUOTE)
            at += 2
        else:
            raise invalid("Quote inside a string has to be escaped by another quote")
    if at > last or record[at] != _QUOTE:
        raise invalid("Quoted field has to end with quote followed by delim or end")
    return bytes(parts), at + 2


def _column(rows: list[list[bytes]], f: int, default: Any, na_value: bytes, shape: Any) -> Any:
    """The values of one column; a missing one takes the default."""
    dtype = dt.of_numpy(default.dtype)
    if default.ndim > 1:
        raise invalid("Each record default should be at most rank 1")
    if default.size > 1:
        raise invalid(f"There should only be 1 default per field but field {f} has {default.size}")
    values = []
    for i, row in enumerate(rows):
        text: Any = row[f]
        if not text or text == na_value:
            if not default.size:
                raise invalid(f"Field {f} is required but missing in record {i}!")
            values.append(default.reshape(-1)[0])
            continue
        value = text if dtype is dt.string else parsed(text, dtype)
        if value is None:
            raise invalid(f"Field {f} in record {i} is not a valid {dtype.name}: {shown(text)}")
        values.append(value)
    if dtype is dt.string:
        return strings(values, shape)
    with np.errstate(over="ignore"):
        return np.array(values, "f8" if dtype.is_floating else dtype.numpy).astype(
            dtype.numpy).reshape(shape)


def decode_csv(records, record_defaults, field_delim=",", use_quote_delim=True, name=None,
               na_value="", select_cols=None):
    """Reads CSV records into one tensor per column.

    Args:
        records: string tensor, each string a record.
        record_defaults: list of one value per column: a scalar or [scalar] that stands for a
            missing field, or an empty tensor where the field must be there. Its dtype (float32,
            float64, int32, int64 or string) is the column's.
        field_delim: the character between fields.
        use_quote_delim: whether fields may stand in double quotes; False keeps quotes as text.
        name: name of the node.
        na_value: another text, besides the empty one, for a missing field.
        select_cols: the columns to read, in increasing order; default all of them.

    Returns:
        A list of tensors of the shape of `records`.

    Raises:
        ValueError: `select_cols` does not fit `record_defaults`.
        InvalidArgumentError: when run, if a record has another number of fields, a field is no
            number of its dtype, or a field without default is missing.

    Example:
        >>> import flowgraph as fg
        >>> columns = fg.decode_csv(["1,a", ",b"], [[7], [""]])
        >>> fg.Session().run(columns)
        [array([1, 7], dtype=int32), array([b'a', b'b'], dtype=object)]
    """
    if not isinstance(record_defaults, (list, tuple)):
        raise TypeError(located("record_defaults must be a list with a default per column, got "
                                f"{record_defaults!r:.60}"))
    if not record_defaults:
        raise ValueError(located("record_defaults must hold a default for one column at least"))
    if select_cols is not None:
        select_cols = tuple(int(c) for c in select_cols)
        if any(a >= b for a, b in pairwise(select_cols)):
            raise ValueError(located("select_cols is not strictly increasing.",
                                     "List the columns in growing order, each of them once."))
        if select_cols and select_cols[0] < 0:
            raise ValueError(located("select_cols contains negative values."))
        if len(select_cols) != len(record_defaults):
            raise ValueError(located("Length of select_cols and record_defaults do not match.",
                                     "Give a default for each selected column."))
    return DecodeCSV.build(records, record_defaults, field_delim=as_bytes(field_delim),
                           use_quote_delim=bool(use_quote_delim), na_value=as_bytes(na_value),
                           select_cols=select_cols or (), name=name)
