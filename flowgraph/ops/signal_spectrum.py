"""Short-time Fourier transforms: the spectrum of a signal as it changes with time."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.arithmetic import Pow
from flowgraph.ops.cast import cast
from flowgraph.ops.exponential import log
from flowgraph.ops.fft_real import irfft, rfft
from flowgraph.ops.join import stack, tile
from flowgraph.ops.pad import pad
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import reshape
from flowgraph.ops.rounding import ceil
from flowgraph.ops.signal_cosine import resized
from flowgraph.ops.signal_frames import frame, overlap_and_add
from flowgraph.ops.signal_windows import hann_window, scalar
from flowgraph.ops.unary import square


def stft(signals, frame_length, frame_step, fft_length=None, window_fn=hann_window, pad_end=False,
         name=None):
    """Computes the short-time Fourier transform of real signals.

    Args:
        signals: float32 or float64 tensor [..., samples].
        frame_length: int or scalar integer tensor, samples under one window.
        frame_step: int or scalar integer tensor, samples from one window to the next.
        fft_length: int or scalar integer tensor, the length of each transform. Default the power
            of 2 that holds `frame_length`.
        window_fn: function from (length, dtype=...) to a window; None for no window.
        pad_end: whether the end of the signals is filled up with zeros to whole frames.
        name: name of the scope.

    Returns:
        A complex tensor [..., frames, fft_length // 2 + 1].

    Raises:
        ValueError: the rank is below 1, or a length is not a scalar.

    Example:
        >>> import flowgraph as fg
        >>> fg.signal.stft(fg.ones([2, 100]), frame_length=25, frame_step=10).shape
        TensorShape([Dimension(2), Dimension(8), Dimension(17)])
    """
    with name_scope(name, "stft", [signals, frame_length, frame_step]):
        signals = convert_to_tensor(signals, name="signals")
        frame_length = scalar(convert_to_tensor(frame_length, name="frame_length"), "stft")
        frame_step = scalar(convert_to_tensor(frame_step, name="frame_step"), "stft")
        fft_length = _fft_length(fft_length, frame_length, "stft")
        frames = frame(signals, frame_length, frame_step, pad_end=pad_end)
        if window_fn is not None:
            frames = frames * window_fn(frame_length, dtype=frames.dtype)
        return rfft(frames, [fft_length])


def inverse_stft(stfts, frame_length, frame_step, fft_length=None, window_fn=hann_window,
                 name=None):
    """Makes signals of their short-time Fourier transforms.

    The signal comes back exactly with the window of `inverse_stft_window_fn(frame_step)`.

    Args:
        stfts: complex tensor [..., frames, fft_length // 2 + 1].
        frame_length: int or scalar integer tensor, as given to `stft`.
        frame_step: int or scalar integer tensor, as given to `stft`.
        fft_length: int or scalar integer tensor, as given to `stft`.
        window_fn: function from (length, dtype=...) to the window of the synthesis, or None.
        name: name of the scope.

    Returns:
        A real tensor [..., (frames - 1) * frame_step + frame_length].

    Raises:
        ValueError: the rank is below 2, or a length is not a scalar.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
        >>> y = fg.signal.stft(x, frame_length=4, frame_step=2)
        >>> window = fg.signal.inverse_stft_window_fn(2)
        >>> back = fg.signal.inverse_stft(y, 4, 2, window_fn=window)
        >>> print(fg.Session().run(back)[2:6].round(4))  # the ends were under one window only
        [3. 4. 5. 6.]
    """
    with name_scope(name, "inverse_stft", [stfts]):
        stfts = convert_to_tensor(stfts, name="stfts")
        if stfts.spec.rank is not None and stfts.spec.rank < 2:
            raise ShapeError(located("inverse_stft needs stfts of rank 2 or more, got "
                                     f"{shape_text(stfts.spec.shape)}", section="shape-error"))
        frame_length = scalar(convert_to_tensor(frame_length, name="frame_length"), "inverse_stft")
        frame_step = scalar(convert_to_tensor(frame_step, name="frame_step"), "inverse_stft")
        fft_length = _fft_length(fft_length, frame_length, "inverse_stft")
        frames = irfft(stfts, [fft_length])
        known = known_value(frame_length)
        frames = resized(frames, frame_length if known is None else known)
        if window_fn is not None:
            frames = frames * window_fn(frame_length, dtype=frames.dtype)
        return overlap_and_add(frames, frame_step)


def inverse_stft_window_fn(frame_step, forward_window_fn=hann_window, name=None):
    """Makes the window function with which `inverse_stft` gives the signal back.

    Args:
        frame_step: int or scalar integer tensor, as given to `stft`.
        forward_window_fn: the window function of `stft`.
        name: name of the scope.

    Returns:
        A function from (frame_length, dtype) to a tensor [frame_length]: the forward window over
        the sum of the squares of all windows at a sample.

    Example:
        >>> import flowgraph as fg
        >>> window_fn = fg.signal.inverse_stft_window_fn(frame_step=2)
        >>> print(fg.Session().run(window_fn(4, fg.float32)).round(4))
        [0. 1. 1. 1.]
    """
    with name_scope(name, "inverse_stft_window_fn", [frame_step]):
        frame_step = scalar(convert_to_tensor(frame_step, name="frame_step"),
                            "inverse_stft_window_fn")

    def window_fn(frame_length, dtype):
        with name_scope(name, "inverse_stft_window_fn", [frame_length]):
            length = scalar(convert_to_tensor(frame_length, name="frame_length"),
                            "inverse_stft_window_fn")
            window = forward_window_fn(length, dtype=dtype)
            frames = -(-length // frame_step)
            squares = pad(square(window), [[0, frames * frame_step - length]])
            squares = reshape(squares, stack([frames, frame_step]))
            total = tile(reduce_sum(squares, 0), stack([frames]))
            return window / total[:length]

    return window_fn


def _fft_length(fft_length, frame_length, what):
    if fft_length is not None:
        return scalar(convert_to_tensor(fft_length, name="fft_length"), what)
    known = known_value(frame_length)
    if known is not None:
        return 1 << (known - 1).bit_length() if known > 0 else 0
    double = cast(frame_length, dt.float64)  # exact logarithms of powers of 2
    power = ceil(log(double) / log(convert_to_tensor(2.0, dt.float64)))
    return cast(Pow.build(convert_to_tensor(2.0, dt.float64), power), dt.int32)
