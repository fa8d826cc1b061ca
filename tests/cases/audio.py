"""Cases of ops/wav.py and ops/audio.py; tests/io/test_old_graphs.py compares with TensorFlow."""

from __future__ import annotations

import io
import wave

import numpy as np

from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.ops.audio import audio_spectrogram, mfcc
from flowgraph.ops.wav import decode_wav, encode_wav
from flowgraph.testing import BadCase, Case
from tests.cases.strings import text

SAMPLES = np.array([[0, 1], [-32768, 32767], [100, -100]], "<i2")
SOUND = np.random.default_rng(4).normal(size=(70, 2)).astype(np.float32)
STRONG = np.abs(np.random.default_rng(5).normal(size=(2, 3, 65))).astype(np.float32)


def wav(samples=SAMPLES, rate=8000):
    """A file as Python's standard library writes it."""
    file = io.BytesIO()
    with wave.open(file, "wb") as opened:
        opened.setparams((samples.shape[1], 2, rate, 0, "NONE", ""))
        opened.writeframes(samples.tobytes())
    return file.getvalue()


FILE = wav()
AS_FLOATS = SAMPLES.astype(np.float32) / 32768


def scalar(content):
    array = np.empty((), object)
    array[()] = content
    return array


def changed(at, value, content=FILE):
    return text(content[:at] + bytes([value]) + content[at + 1:])[0]


def spectrum(sound, size, stride, squared):
    """Window by window, by the definition of the Fourier transform."""
    length = 1 << (size - 1).bit_length()
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    turns = np.exp(-2j * np.pi * np.outer(np.arange(size), np.arange(length // 2 + 1)) / length)
    parts = [[np.abs((hann * sound[start:start + size, channel]) @ turns) ** 2
              for start in range(0, len(sound) - size + 1, stride)]
             for channel in range(sound.shape[1])]
    parts = np.array(parts).reshape(sound.shape[1], -1, length // 2 + 1)
    return (parts if squared else np.sqrt(parts)).astype(np.float32)


def coefficients(strong, rate, channels, count, high, low=20.0):
    """Triangles between neighbouring centers on the mel scale, logarithm, cosines."""
    bins = np.arange(strong.shape[2]) * 0.5 * rate / (strong.shape[2] - 1)
    ends = 1127 * np.log1p(np.array([low, high]) / 700)
    centers = np.linspace(*ends, channels + 2)
    heights = [np.interp(1127 * np.log1p(bins / 700), centers[i:i + 3], [0, 1, 0])
               for i in range(channels)]
    width = bins[1]
    used = (np.arange(len(bins)) >= int(1.5 + low / width)) & (bins <= high)
    heard = np.log(np.maximum(np.sqrt(strong.astype(float)) @ (np.array(heights) * used).T, 1e-12))
    waves = np.cos(np.pi * np.outer(np.arange(count), np.arange(channels) + 0.5) / channels)
    return (np.sqrt(2 / channels) * heard @ waves.T).astype(np.float32)


CASES = [
    Case("DecodeWav/file", lambda x: list(decode_wav(x)), (scalar(FILE),),
         [AS_FLOATS, np.int32(8000)]),
    Case("DecodeWav/channels_and_samples", lambda x: decode_wav(x, 3, 4)[0], (scalar(FILE),),
         np.pad(AS_FLOATS, ((0, 1), (0, 0)))[:, [0, 1, 1]]),
    Case("DecodeWav/fewer", lambda x: decode_wav(x, 1, 2)[0], (scalar(FILE),), AS_FLOATS[:2, :1]),
    Case("DecodeWav/other_chunks", lambda x: decode_wav(x)[0],
         (scalar(FILE[:36] + b"LIST\2\0\0\0ab" + FILE[36:]),), AS_FLOATS),
    Case("EncodeWav/file", lambda x: encode_wav(x, 8000), (AS_FLOATS,), scalar(FILE)),
    Case("EncodeWav/too_loud", lambda x: encode_wav(x, 44100), (np.float32([[2.0], [-1.5]]),),
         scalar(wav(np.array([[32767], [-32768]], "<i2"), 44100))),
    Case("AudioSpectrogram/magnitudes", lambda x: audio_spectrogram(x, 20, 7), (SOUND,),
         lambda x: spectrum(x, 20, 7, False), rtol=1e-4, atol=1e-5),
    Case("AudioSpectrogram/squares", lambda x: audio_spectrogram(x, 16, 16, True), (SOUND,),
         lambda x: spectrum(x, 16, 16, True), rtol=1e-4, atol=1e-5),
    Case("AudioSpectrogram/too_short", lambda x: audio_spectrogram(x, 100, 5), (SOUND,),
         np.zeros((2, 0, 65), np.float32)),
    Case("Mfcc/defaults", lambda x: mfcc(x, 16000), (STRONG,),
         lambda x: coefficients(x, 16000, 40, 13, 4000.0), rtol=1e-4, atol=1e-4),
    Case("Mfcc/few_channels", lambda x: mfcc(x, 4000, 1900, 100, 10, 10), (STRONG,),
         lambda x: coefficients(x, 4000, 10, 10, 1900.0, 100.0), rtol=1e-4, atol=1e-4),
    Case("Mfcc/beyond_the_spectrum", lambda x: mfcc(x, 4000), (STRONG,),
         np.zeros((2, 3, 13), np.float32)),
]

BAD = [
    BadCase("DecodeWav/rank", lambda: decode_wav(["a", "b"]), ShapeError, ("(2,)",)),
    BadCase("DecodeWav/channels", lambda: decode_wav("", -2), ShapeError, ("-2",)),
    *(BadCase(f"DecodeWav/{name}", decode_wav, InvalidArgumentError, words, (scalar(content),),
              "run") for name, content, words in (
        ("text", b"hello, world", ("RIFF",)), ("cut_off", FILE[:30], ("too short",)),
        ("no_data", FILE[:36], ("No data chunk",)), ("samples", FILE[:-2], ("too short",)),
        ("twice", FILE + FILE[36:], ("More than one",)),
        ("format", changed(20, 3), ("PCM",)), ("bits", changed(34, 8), ("16-bit", "8")),
        ("size", changed(16, 20), ("16 or 18",)), ("channels_in_file", changed(22, 0), ("got 0",)),
        ("width", changed(32, 7), ("got 7",)), ("rate", changed(28, 7), ("bytes per second",)))),
    BadCase("EncodeWav/rank", lambda: encode_wav([1.0], 8000), ShapeError, ("(1,)",)),
    BadCase("EncodeWav/rate", lambda x: encode_wav(x, 0), InvalidArgumentError, ("sample_rate",),
            (AS_FLOATS,), "run"),
    BadCase("EncodeWav/empty", lambda x: encode_wav(x, 8000), InvalidArgumentError,
            ("num_frames",), (np.zeros((0, 1), np.float32),), "run"),
    BadCase("EncodeWav/channels", lambda x: encode_wav(x, 8000), InvalidArgumentError,
            ("num_channels",), (np.zeros((2, 0), np.float32),), "run"),
    BadCase("AudioSpectrogram/rank", lambda: audio_spectrogram([1.0], 4, 2), ShapeError, ("(1,)",)),
    BadCase("AudioSpectrogram/window", lambda: audio_spectrogram([[1.0]], 1, 2), ShapeError,
            ("window_size 1",)),
    BadCase("Mfcc/rank", lambda: mfcc([1.0], 16000), ShapeError, ("(1,)",)),
    BadCase("Mfcc/coefficients", lambda x: mfcc(x, 16000, 4000, 20, 5, 6), InvalidArgumentError,
            ("65", "16000", "coefficients"), (STRONG,), "run"),
]
