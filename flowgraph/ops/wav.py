"""Sounds as WAV files of 16 bits a sample: the bytes, and the ops DecodeWav and EncodeWav.

A file is chunks, each a name of four bytes, a length, and so many bytes:

    "RIFF" length "WAVE"  "fmt " 16, how the samples stand  "data" length, the samples
"""

from __future__ import annotations

import struct

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, invalid, strings

FLOAT32 = dt.DTypeSet("float32", (dt.float32,))
INT32 = dt.DTypeSet("int32", (dt.int32,))
_MOST_BYTES = (1 << 32) - 1
_MOST_IN_A_CHUNK = (1 << 31) - 1


def write_wav(samples: np.ndarray, sample_rate: int) -> bytes:
    """A WAV file of 16 bits a sample.

    Args:
        samples: [frames, channels] in [-1, 1]; what lies outside is cut off.
        sample_rate: in hertz.

    Raises:
        InvalidArgumentError: the file would be too large, or there is no channel.
    """
    frames, channels = samples.shape
    if not 0 < channels < 1 << 16:
        raise invalid(f"num_channels must be in (0, 2^16), got: {channels}")
    if not 0 < sample_rate <= _MOST_BYTES:
        raise invalid(f"sample_rate must be in (0, 2^32), got: {sample_rate}")
    if frames * channels * 2 + 44 > _MOST_BYTES:
        raise invalid("Provided channels and frames cannot be encoded as a WAV.")
    loud = samples.astype(np.float32) * np.float32(1 << 15)
    rounded = np.trunc(loud + np.copysign(np.float32(0.5), loud))  # halves away from zero
    data = np.clip(np.nan_to_num(rounded, nan=-32768.0), -32768, 32767).astype("<i2").tobytes()
    head = struct.pack("<HHIIHH", 1, channels, sample_rate,
                       sample_rate * channels * 2 & _MOST_BYTES, channels * 2, 16)
    return (b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16)
            + head + b"data" + struct.pack("<I", len(data)) + data)


def read_wav(content: bytes) -> tuple[np.ndarray, int]:
    """([frames, channels] of int16, sample rate in hertz) of a WAV file.

    Args:
        content: the file.

    Raises:
        InvalidArgumentError: it is damaged, or not of 16 bits a sample.
    """
    def number(at: int, size: int) -> int:
        if at + size > len(content):
            raise invalid("Data too short when trying to read string")
        return int.from_bytes(content[at:at + size], "little")

    for at, text in ((0, b"RIFF"), (8, b"WAVE"), (12, b"fmt ")):
        if content[at:at + 4] != text:
            raise invalid(f"Header mismatch: Expected {text.decode()} but found "
                          f"{content[at:at + 4]!r}")
    size, form, channels = number(16, 4), number(20, 2), number(22, 2)
    rate, rate_of_bytes, width, bits = (number(24, 4), number(28, 4), number(32, 2), number(34, 2))
    for wrong, problem in (
            (size not in (16, 18), f"Bad file size for WAV: Expected 16 or 18, but got {size}"),
            (form != 1, f"Bad audio format for WAV: Expected 1 (PCM), but got {form}"),
            (channels < 1, "Bad number of channels for WAV: Expected at least 1, but got 0"),
            (bits != 16, f"Can only read 16-bit WAV files, but received {bits}"),
            (width != channels * 2, f"Bad bytes per sample in WAV header: Expected {channels * 2} "
                                    f"but got {width}"),
            (rate_of_bytes != width * rate & _MOST_BYTES,
             f"Bad bytes per second in WAV header: Expected {width * rate & _MOST_BYTES} but got "
             f"{rate_of_bytes} (sample_rate={rate}, bytes_per_sample={width})")):
        if wrong:
            raise invalid(problem)
    at, samples = 20 + size, None
    while at < len(content):
        name, length = content[at:at + 4], number(at + 4, 4)
        at += 8
        if length > _MOST_IN_A_CHUNK:
            raise invalid(f"WAV data chunk {name!r} is too large: {length} bytes, but the limit is "
                          f"{_MOST_IN_A_CHUNK}")
        if name == b"data":
            if samples is not None:
                raise invalid("More than one data chunk found in WAV")
            length -= length % width
            if at + length > len(content):
                raise invalid("Data too short when trying to read string")
            samples = np.frombuffer(content, "<i2", length // 2, at).reshape(-1, channels)
        at += length
    if samples is None:
        raise invalid("No data chunk found in WAV")
    return samples, rate


class DecodeWav(OpDef):
    """The samples of a WAV file in [-1, 1), and its sample rate in hertz."""

    dtypes = {"contents": dt.STRING}
    multiple = True
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, contents: Spec, *, desired_channels=-1, desired_samples=-1):
        shape_rules.require_rank(contents, 0, "a file")
        for name, count in (("channels", desired_channels), ("samples", desired_samples)):
            if count < -1:
                raise ShapeError(f"has desired_{name} {count}; it must be -1 for those of the file,"
                                 " or 0 or more")
        sizes = (None if n == -1 else n for n in (desired_samples, desired_channels))
        return Spec(dt.float32, tuple(sizes)), Spec(dt.int32, ())

    def kernel(self, xp, contents, *, desired_channels=-1, desired_samples=-1):
        samples, rate = read_wav(contents[()])
        frames, channels = samples.shape
        if desired_channels != -1:  # the last one again where the file has too few
            samples = samples[:, np.minimum(np.arange(desired_channels), channels - 1)]
        if desired_samples > frames:
            samples = np.pad(samples, ((0, desired_samples - frames), (0, 0)))
        elif desired_samples != -1:
            samples = samples[:desired_samples]
        return samples * np.float32(2**-15), np.array(rate, np.uint32).astype(np.int32)


def decode_wav(contents, desired_channels=-1, desired_samples=-1, name=None):
    """Reads a WAV file of 16 bits a sample.

    Args:
        contents: string scalar, the file.
        desired_channels: int, how many channels to give, the last one again where the file has too
            few; -1 for those that it has.
        desired_samples: int, how many samples to give, zeros where it has too few; -1 for all.
        name: name of the node.

    Returns:
        The samples, float32 [samples, channels] in [-1, 1), and the sample rate in hertz, an int32
        scalar.

    Raises:
        InvalidArgumentError: when run, if it is no WAV file of 16 bits a sample.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.ops.wav import decode_wav, encode_wav
        >>> sound, rate = decode_wav(encode_wav([[0.5], [-1.0]], 8000))
        >>> fg.Session().run(sound).tolist(), fg.Session().run(rate)
        ([[0.5], [-1.0]], np.int32(8000))
    """
    return DecodeWav.build(contents, name=name, desired_channels=desired_channels,
                           desired_samples=desired_samples)


class EncodeWav(OpDef):
    """A WAV file of 16 bits a sample from samples in [-1, 1]."""

    dtypes = {"audio": FLOAT32, "sample_rate": INT32}
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, audio: Spec, sample_rate: Spec):
        shape_rules.require_rank(audio, 2, "a sound [samples, channels]")
        shape_rules.require_rank(sample_rate, 0, "a sample rate")
        return Spec(dt.string, ())

    def kernel(self, xp, audio, sample_rate):
        if not len(audio):
            raise invalid("num_frames must be positive.")
        return strings([write_wav(audio, int(sample_rate))], ())


def encode_wav(audio, sample_rate, name=None):
    """Writes a WAV file of 16 bits a sample.

    Args:
        audio: float32 [samples, channels] in [-1, 1]; what lies outside is cut off.
        sample_rate: int32 scalar, in hertz.
        name: name of the node.

    Returns:
        A string scalar, the file.

    Raises:
        InvalidArgumentError: when run, if there are no samples or no channels, or too many.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.ops.wav import encode_wav
        >>> fg.Session().run(encode_wav([[0.5], [-1.0]], 8000))[:4]
        b'RIFF'
    """
    return EncodeWav.build(audio, sample_rate, name=name)
