"""Reading Snappy's compressed format, in which blocks of a table may be stored.

A varint says how long the whole is; then come pieces, each a byte whose two low bits tell its kind:

    00   so many bytes as they are
    01   a copy of 4 to 11 bytes from at most 2047 bytes back
    10   a copy of 1 to 64 bytes from at most 65535 bytes back
    11   a copy of 1 to 64 bytes from anywhere before

A copy may reach into what it writes itself: the bytes repeat then.
"""

from __future__ import annotations

from flowgraph.core.wire import read_varint

_MOST_PER_BYTE = 22  # a piece of three bytes writes 64 at most


class SnappyError(ValueError):
    """Bytes are not in Snappy's format: cut off, or damaged."""


def decompress(data: bytes) -> bytes:
    """The bytes that were compressed.

    Args:
        data: the compressed bytes.

    Raises:
        ValueError: they are cut off or damaged.
    """
    length, at = read_varint(data, 0)
    if length > _MOST_PER_BYTE * len(data):
        raise SnappyError("its length is more than its pieces can hold")
    result = bytearray()
    while at < len(data):
        tag = data[at]
        kind, size = tag & 3, tag >> 2
        at += 1
        if kind == 0:
            if size >= 60:
                more = size - 59
                size, at = _number(data, at, more), at + more
            size += 1
            if at + size > len(data):
                raise SnappyError("a piece is cut off")
            result += data[at:at + size]
            at += size
        else:
            more = (1, 2, 4)[kind - 1]
            back = _number(data, at, more)
            at += more
            if kind == 1:
                back |= (tag >> 5) << 8
                size = (tag >> 2 & 7) + 4
            else:
                size += 1
            _copy(result, back, size)
        if len(result) > length:
            raise SnappyError("its pieces are longer than it says")
    if len(result) != length:
        raise SnappyError("its pieces are shorter than it says")
    return bytes(result)


def _number(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise SnappyError("a piece is cut off")
    return int.from_bytes(data[at:at + size], "little")


def _copy(result: bytearray, back: int, size: int) -> None:
    if not 0 < back <= len(result):
        raise SnappyError("a copy begins before the data")
    start = len(result) - back
    repeated = result[start:start + size]
    result += (repeated * (size // len(repeated) + 1))[:size]
