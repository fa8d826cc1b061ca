"""What networks hear of a sound: spectrograms, and mel-frequency cepstral coefficients."""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef

_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))
_INT32 = dt.DTypeSet("int32", (dt.int32,))
_SOFTEST = 1e-12


class AudioSpectrogram(OpDef):
    """How strong each frequency is in windows of a sound: [channels, windows, frequencies]."""

    dtypes = {"input": _FLOAT32}
    grad = NotDifferentiable

    def infer(self, input: Spec, *, window_size, stride, magnitude_squared=False):
        shape_rules.require_rank(input, 2, "a sound [samples, channels]")
        if window_size < 2 or stride < 1:
            raise ShapeError(f"has window_size {window_size} and stride {stride}; they must be at "
                             "least 2 and 1")
        samples, channels = input.shape or (None, None)
        windows = None if samples is None else _windows(samples, window_size, stride)
        return Spec(input.dtype, (channels, windows, 1 + _power_of_two(window_size) // 2))

    def kernel(self, xp, input, *, window_size, stride, magnitude_squared=False):
        starts = stride * xp.arange(_windows(len(input), window_size, stride))
        places = starts[:, None] + xp.arange(window_size)
        hann = 0.5 - 0.5 * xp.cos(xp.arange(window_size) * (2 * math.pi / window_size))
        found = xp.fft.rfft(input.T[:, places] * hann, _power_of_two(window_size))
        squared = (found.real**2 + found.imag**2).astype(xp.float32)
        return squared if magnitude_squared else xp.sqrt(squared)


def _windows(samples: int, size: int, stride: int) -> int:
    return 0 if samples < size else 1 + (samples - size) // stride


def _power_of_two(size: int) -> int:
    return int(1 << (size - 1).bit_length())


def audio_spectrogram(input, window_size, stride, magnitude_squared=False, name=None):
    """Computes how strong each frequency is in windows of a sound, which Hann's function tapers.

    Args:
        input: float32 [samples, channels].
        window_size: int, samples in a window; filled up with zeros to a power of two.
        stride: int, samples from one window to the next.
        magnitude_squared: whether to give the squares.
        name: name of the node.

    Returns:
        float32 [channels, windows, frequencies].

    Raises:
        ValueError: the sound does not have two axes, or the window is shorter than 2.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.ops.audio import audio_spectrogram
        >>> audio_spectrogram(fg.ones([16000, 1]), window_size=480, stride=160)
        <tf.Tensor 'AudioSpectrogram:0' shape=(1, 98, 257) dtype=float32>
    """
    return AudioSpectrogram.build(input, name=name, window_size=window_size, stride=stride,
                                  magnitude_squared=magnitude_squared)


class Mfcc(OpDef):
    """Mel-frequency cepstral coefficients of squared spectrograms."""

    dtypes = {"spectrogram": _FLOAT32, "sample_rate": _INT32}
    host_inputs = ("sample_rate",)
    grad = NotDifferentiable

    def infer(self, spectrogram: Spec, sample_rate: Spec, *, upper_frequency_limit=4000.0,
              lower_frequency_limit=20.0, filterbank_channel_count=40, dct_coefficient_count=13):
        shape_rules.require_rank(spectrogram, 3, "spectrograms [channels, windows, frequencies]")
        shape_rules.require_rank(sample_rate, 0, "a sample rate")
        lead = (None, None) if spectrogram.shape is None else spectrogram.shape[:2]
        return Spec(spectrogram.dtype, (*lead, dct_coefficient_count))

    def kernel(self, xp, spectrogram, sample_rate, *, upper_frequency_limit=4000.0,
               lower_frequency_limit=20.0, filterbank_channel_count=40, dct_coefficient_count=13):
        frequencies, count = spectrogram.shape[2], dct_coefficient_count
        limits = lower_frequency_limit, upper_frequency_limit
        if (sample_rate <= 0 or frequencies < 2 or not 0 <= limits[0] < limits[1]
                or not 1 <= count <= filterbank_channel_count):
            raise InvalidArgumentError(
                None, None, f"Mfcc initialization failed for channel count {frequencies} and "
                f"sample rate {sample_rate}: the limits of frequency must be 0 or more and rise, "
                "and there must be no more coefficients than channels of the filter bank")
        bank = _filter_bank(xp, frequencies, sample_rate, *limits, filterbank_channel_count)
        if bank is None:  # the spectrogram ends below the upper limit
            return xp.zeros((*spectrogram.shape[:2], count), xp.float32)
        heard = xp.log(xp.maximum(xp.sqrt(spectrogram.astype(xp.float64)) @ bank, _SOFTEST))
        steps = xp.arange(filterbank_channel_count) + 0.5
        waves = xp.cos(xp.arange(count) * steps[:, None] * (math.pi / filterbank_channel_count))
        scale = math.sqrt(2 / filterbank_channel_count)
        return (heard @ (waves * scale)).astype(xp.float32)


def _filter_bank(xp, frequencies, sample_rate, lowest, highest, channels):
    """[frequencies, channels]: triangles of equal width on the mel scale, which overlap by half."""
    width = 0.5 * sample_rate / (frequencies - 1)
    first, last = int(1.5 + lowest / width), int(highest / width)
    if last >= frequencies:
        return None
    low, high = _mel(lowest), _mel(highest)
    mels = 1127.0 * xp.log1p(xp.arange(frequencies) * width / 700.0)
    place = (mels - low) * ((channels + 1) / (high - low))
    peaks = xp.arange(1, channels + 1)
    bank = xp.maximum(0.0, 1 - xp.abs(place[:, None] - peaks))
    number = xp.arange(frequencies)[:, None]
    return bank * ((number >= first) & (number <= last))


def _mel(frequency: float) -> float:
    return 1127.0 * math.log1p(frequency / 700.0)


def mfcc(spectrogram, sample_rate, upper_frequency_limit=4000, lower_frequency_limit=20,
         filterbank_channel_count=40, dct_coefficient_count=13, name=None):
    """Computes mel-frequency cepstral coefficients: the shape of what is heard, for speech.

    Args:
        spectrogram: float32 [channels, windows, frequencies], squared magnitudes, as
            `audio_spectrogram(..., magnitude_squared=True)` gives them.
        sample_rate: int32 scalar, of the sound, in hertz.
        upper_frequency_limit, lower_frequency_limit: floats in hertz; what lies outside does not
            count.
        filterbank_channel_count: int, how many parts the mel scale between them is cut into.
        dct_coefficient_count: int, how many coefficients to give.
        name: name of the node.

    Returns:
        float32 [channels, windows, dct_coefficient_count].

    Raises:
        ValueError: the spectrogram does not have three axes.
        InvalidArgumentError: when run, if the limits or counts do not go together.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.ops.audio import audio_spectrogram, mfcc
        >>> sound = audio_spectrogram(fg.ones([16000, 1]), 480, 160, magnitude_squared=True)
        >>> mfcc(sound, 16000)
        <tf.Tensor 'Mfcc:0' shape=(1, 98, 13) dtype=float32>
    """
    return Mfcc.build(spectrogram, sample_rate, name=name,
                      upper_frequency_limit=float(upper_frequency_limit),
                      lower_frequency_limit=float(lower_frequency_limit),
                      filterbank_channel_count=filterbank_channel_count,
                      dct_coefficient_count=dct_coefficient_count)
