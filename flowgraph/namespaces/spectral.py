"""`tf.spectral`: Fourier and cosine transforms."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.fft import (
    fft,
    fft2d,
    fft3d,
    ifft,
    ifft2d,
    ifft3d,
)
from flowgraph.ops.fft_real import irfft, irfft2d, irfft3d, rfft, rfft2d, rfft3d
from flowgraph.ops.signal_cosine import dct, idct

__getattr__ = _lazy("tf.spectral", globals())
