"""`tf.signal`: spectra of signals."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.fft import (
    fft,
    fft2d,
    fft3d,
    fftshift,
    ifft,
    ifft2d,
    ifft3d,
    ifftshift,
)
from flowgraph.ops.fft_real import irfft, irfft2d, irfft3d, rfft, rfft2d, rfft3d
from flowgraph.ops.signal_cosine import dct, idct
from flowgraph.ops.signal_frames import frame, overlap_and_add
from flowgraph.ops.signal_mel import linear_to_mel_weight_matrix, mfccs_from_log_mel_spectrograms
from flowgraph.ops.signal_spectrum import inverse_stft, inverse_stft_window_fn, stft
from flowgraph.ops.signal_windows import hamming_window, hann_window

__getattr__ = _lazy("tf.signal", globals())
