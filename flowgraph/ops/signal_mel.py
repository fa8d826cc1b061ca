"""The mel scale: frequencies as they are heard, and coefficients of spectra on it."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import shape_text
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.arithmetic import maximum, minimum
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import linspace
from flowgraph.ops.exponential import log
from flowgraph.ops.pad import pad
from flowgraph.ops.reshape import expand_dims
from flowgraph.ops.shape import shape
from flowgraph.ops.signal_cosine import dct
from flowgraph.ops.unary import rsqrt

_BREAK = 700.0  # hertz; the scale is linear well below, logarithmic well above
_HIGH = 1127.0


def linear_to_mel_weight_matrix(num_mel_bins=20, num_spectrogram_bins=129, sample_rate=8000,
                                lower_edge_hertz=125.0, upper_edge_hertz=3800.0, dtype=dt.float32,
                                name=None):
    """Makes the matrix that turns spectra into mel spectra: `spectra @ matrix`.

    Args:
        num_mel_bins: int, bands of the mel spectrum.
        num_spectrogram_bins: int or scalar integer tensor, bins of a spectrum,
            fft_length // 2 + 1.
        sample_rate: samples per second, a number or a constant tensor.
        lower_edge_hertz: where the lowest band starts.
        upper_edge_hertz: where the highest band ends.
        dtype: a floating dtype.
        name: name of the scope.

    Returns:
        A tensor [num_spectrogram_bins, num_mel_bins]: each column a triangle over its band.

    Raises:
        ValueError: a number is out of its range, or `sample_rate` is not constant.

    Example:
        >>> import flowgraph as fg
        >>> matrix = fg.signal.linear_to_mel_weight_matrix(2, 5, 8000)
        >>> print(fg.Session().run(matrix).round(2))
        [[0.   0.  ]
         [0.72 0.28]
         [0.   0.9 ]
         [0.   0.35]
         [0.   0.  ]]
    """
    dtype = dt.as_dtype(dtype)
    with name_scope(name, "linear_to_mel_weight_matrix", []) as scope:
        if isinstance(sample_rate, Tensor):
            sample_rate = known_value(sample_rate)
            if sample_rate is None:
                raise ValueError(located("linear_to_mel_weight_matrix needs a sample_rate that is "
                                         "known while the graph is built: a number or a constant "
                                         "tensor"))
        _check(num_mel_bins, sample_rate, lower_edge_hertz, upper_edge_hertz, dtype)
        zero = convert_to_tensor(0.0, dtype)
        top = convert_to_tensor(sample_rate, dtype) / 2.0
        bins = expand_dims(_mel(linspace(zero, top, num_spectrogram_bins)[1:]), 1)
        edges = linspace(_mel(convert_to_tensor(lower_edge_hertz, dtype)),
                         _mel(convert_to_tensor(upper_edge_hertz, dtype)), num_mel_bins + 2)
        lower, center, upper = edges[:-2], edges[1:-1], edges[2:]
        rising = (bins - lower) / (center - lower)
        falling = (upper - bins) / (upper - center)
        # the bin of frequency 0 belongs to no band
        return pad(maximum(zero, minimum(rising, falling)), [[1, 0], [0, 0]], name=scope)


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms, name=None):
    """Computes mel-frequency cepstral coefficients: a scaled cosine transform of log-mel spectra.

    Args:
        log_mel_spectrograms: float32 or float64 tensor [..., num_mel_bins], logarithms.
        name: name of the scope.

    Returns:
        A tensor [..., num_mel_bins]; often only the first 13 are kept.

    Raises:
        ValueError: there are no bins.

    Example:
        >>> import flowgraph as fg
        >>> mfccs = fg.signal.mfccs_from_log_mel_spectrograms([[1.0, 1.0]])
        >>> print(fg.Session().run(mfccs).round(4))
        [[2. 0.]]
    """
    with name_scope(name, "mfccs_from_log_mel_spectrograms", [log_mel_spectrograms]):
        x = log_mel_spectrograms
        if not isinstance(x, Tensor):
            x = convert_to_tensor(x, preferred_dtype=dt.float32)
        bins = x.spec.shape[-1] if x.spec.shape else None
        if bins == 0:
            raise ValueError(located("mfccs_from_log_mel_spectrograms needs mel bins, got "
                                     f"{shape_text(x.spec.shape)}"))
        bins = shape(x)[-1] if bins is None else bins
        return dct(x, type=2) * rsqrt(cast(bins, x.dtype.base_dtype) * 2.0)


def _mel(hertz):
    return _HIGH * log(1.0 + hertz / _BREAK)


def _check(num_mel_bins, sample_rate, lower, upper, dtype):
    if num_mel_bins <= 0:
        raise ValueError(located(f"num_mel_bins must be positive, not {num_mel_bins}"))
    if sample_rate <= 0:
        raise ValueError(located(f"sample_rate must be positive, not {sample_rate}"))
    if lower < 0:
        raise ValueError(located(f"lower_edge_hertz must not be negative, not {lower}"))
    if lower >= upper:
        raise ValueError(located(f"lower_edge_hertz {lower} must be below upper_edge_hertz "
                                 f"{upper}"))
    if upper > sample_rate / 2:
        raise ValueError(located(f"upper_edge_hertz {upper} must not be above half the sample_rate "
                                 f"{sample_rate}: a signal holds no higher frequency"))
    if not dtype.is_floating:
        raise ValueError(located("linear_to_mel_weight_matrix needs a floating dtype, not "
                                 f"{dtype.name}"))
