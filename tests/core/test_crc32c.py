"""The checksum of TensorFlow's files, against its definition bit by bit."""

from __future__ import annotations

import numpy as np
import pytest

from flowgraph.core.crc32c import LONGEST_PART, crc32c, crc32c_of_parts, masked_crc32c


def by_definition(data: bytes) -> int:
    state = 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


@pytest.mark.parametrize(("data", "expected"), [
    (b"", 0), (b"123456789", 0xE3069283), (b"\0" * 32, 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E)], ids=["nothing", "digits", "zeros", "ones", "rising"])
def test_the_published_checksums(data, expected) -> None:
    assert crc32c(data) == expected


@pytest.mark.parametrize("size", [1, 3, 255, 256, 257, 1023, 1024, 65535, 65536, 70001, 140000])
def test_long_data_is_folded_to_the_same_checksum(size) -> None:
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    assert crc32c(data) == by_definition(data)


@pytest.mark.parametrize("at", [0, 1, 1000, 69999, 70000])
def test_a_checksum_is_continued(at) -> None:
    data = np.random.default_rng(0).integers(0, 256, 70000, np.uint8).tobytes()
    assert crc32c(data[at:], crc32c(data[:at])) == crc32c(data)


def test_every_bit_counts() -> None:
    data = np.zeros(300_000, np.uint8)
    whole = crc32c(data)
    for at in (0, 5, 65536, 299_999):
        data[at] = 1
        assert crc32c(data) != whole
        data[at] = 0


def test_the_masked_checksum_is_that_of_tensorflow() -> None:
    assert masked_crc32c(b"123456789") == 0xC78AB0E5


def test_many_parts_at_once() -> None:
    rng = np.random.default_rng(3)
    data = rng.integers(0, 256, 20_000, np.uint8).tobytes()
    lengths = [0, 1, 3, 4, 5, 1024, 0, 17, *rng.integers(0, LONGEST_PART + 1, 30).tolist(), 0]
    starts = rng.integers(0, len(data) - LONGEST_PART, len(lengths)).tolist()
    assert crc32c_of_parts(data, starts, lengths).tolist() == [
        crc32c(data[start:start + length]) for start, length in zip(starts, lengths)]
    assert crc32c_of_parts(data, [], []).tolist() == []
    assert crc32c_of_parts(data, [5], [0]).tolist() == [0]
