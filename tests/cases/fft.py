"""Cases of the Fourier transforms and the signal functions built on them; NumPy is the oracle."""

import numpy as np

import flowgraph as fg
from flowgraph.opdef.opdef import op_def
from flowgraph.testing import BadCase, Case

RNG = np.random.default_rng(3)
X = RNG.normal(size=(2, 3, 4))
ODD = RNG.normal(size=(3, 4, 5))
Z = X + 1j * RNG.normal(size=X.shape)
LARGE = np.random.default_rng(4).normal(size=(5, 130, 128)).astype(np.complex64)


def parts(y):
    return [fg.real(y), fg.imag(y)]


def of_parts(transform):
    """A complex transform as a function of two real tensors, so that gradients can be checked."""
    return lambda a, b: parts(transform(fg.complex(a, b)))


def oracle(transform):
    def expect(a, b):
        y = transform(a + 1j * b)
        return [y.real, y.imag]
    return expect


def half(transform):
    def expect(x):
        y = transform(x)
        return [y.real, y.imag]
    return expect


def cosine_2(x):
    n = x.shape[-1]
    k, m = np.arange(n)[:, None], np.arange(n)
    return 2 * x @ np.cos(np.pi * k * (2 * m + 1) / (2 * n)).T


def cosine_3(x):
    n = x.shape[-1]
    k, m = np.arange(n)[:, None], np.arange(n)
    return x @ (np.cos(np.pi * (2 * k + 1) * m / (2 * n)) * np.where(m == 0, 1, 2)).T


def cosine_4(x):
    n = x.shape[-1]
    k, m = np.arange(n)[:, None], np.arange(n)
    return 2 * x @ np.cos(np.pi * (2 * k + 1) * (2 * m + 1) / (4 * n)).T


def cosine_1(x):
    return np.fft.rfft(np.concatenate([x, x[..., -2:0:-1]], -1)).real


def added_up(x, step):
    total = np.zeros((*x.shape[:-2], (x.shape[-2] - 1) * step + x.shape[-1]))
    for i in range(x.shape[-2]):
        total[..., i * step:i * step + x.shape[-1]] += x[..., i, :]
    return total


def hann(n):
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)


def frames(x, length, step):
    return np.stack([x[..., i:i + length] for i in range(0, x.shape[-1] - length + 1, step)], -2)


def triangles(results):
    """Neighbouring bands share each bin between their first and last centre."""
    matrix = results[0]
    assert matrix.shape == (129, 20)
    first, last = matrix[:, 0].argmax() + 1, matrix[:, -1].argmax()
    np.testing.assert_allclose(matrix[first:last].sum(axis=1), 1, rtol=1e-12)


SIGNAL = RNG.normal(size=(2, 14))
SPECTRA = np.fft.rfft(frames(SIGNAL, 4, 2) * hann(4))
I32 = np.int32

CASES = [
    Case("FFT/parts", of_parts(fg.fft), (X, -X[::-1]), oracle(np.fft.fft), grad=True),
    Case("FFT/many", fg.fft, (LARGE,), lambda x: np.fft.fft(x).astype(np.complex64)),
    Case("IFFT2D/many", fg.ifft2d, (LARGE,), lambda x: np.fft.ifft2(x).astype(np.complex64)),
    Case("FFT2D/one_large", fg.fft2d, (LARGE[0],), lambda x: np.fft.fft2(x).astype(np.complex64)),
    Case("FFT/complex64", fg.fft, (Z.astype(np.complex64),), np.fft.fft),
    Case("FFT/array_of_complex128", lambda: fg.fft(Z), (), np.fft.fft(Z)),
    Case("FFT/empty_axis", fg.fft, (np.zeros((2, 0), np.complex64),),
         np.zeros((2, 0), np.complex64)),
    Case("FFT/list", lambda: fg.fft([1.0, 2.0]), (), np.array([3, -1], np.complex64)),
    Case("IFFT/parts", of_parts(fg.ifft), (X, X[::-1]), oracle(np.fft.ifft), grad=True),
    Case("FFT2D/parts", of_parts(fg.fft2d), (X, X[::-1]), oracle(np.fft.fft2), grad=True),
    Case("IFFT2D/parts", of_parts(fg.ifft2d), (X, X[::-1]), oracle(np.fft.ifft2), grad=True),
    Case("FFT3D/parts", of_parts(fg.fft3d), (X, X[::-1]), oracle(np.fft.fftn), grad=True),
    Case("IFFT3D/parts", of_parts(fg.ifft3d), (X, X[::-1]), oracle(np.fft.ifftn), grad=True),
    Case("RFFT/even", lambda x: parts(fg.signal.rfft(x)), (X,), half(np.fft.rfft), grad=True),
    Case("RFFT/odd", lambda x: parts(fg.signal.rfft(x)), (ODD,), half(np.fft.rfft), grad=True),
    Case("RFFT/cut", lambda x: parts(fg.signal.rfft(x, [3])), (ODD,),
         half(lambda x: np.fft.rfft(x, 3)), grad=True),
    Case("RFFT/filled_up", lambda x: parts(fg.signal.rfft(x, [8])), (ODD,),
         half(lambda x: np.fft.rfft(x, 8)), grad=True),
    Case("RFFT/fed_length", fg.signal.rfft, (ODD.astype(np.float32), np.array([6], I32)),
         lambda x, n: np.fft.rfft(x, n[0])),
    Case("RFFT/empty_axis", fg.signal.rfft, (np.zeros((2, 0), np.float32),),
         np.zeros((2, 0), np.complex64)),
    Case("RFFT2D/cut_and_filled_up", lambda x: parts(fg.signal.rfft2d(x, [2, 7])), (ODD,),
         half(lambda x: np.fft.rfft2(x, (2, 7))), grad=True),
    Case("RFFT3D/all", lambda x: parts(fg.signal.rfft3d(x)), (ODD,), half(np.fft.rfftn), grad=True),
    Case("IRFFT/even", lambda a, b: fg.signal.irfft(fg.complex(a, b)), (X, X[::-1]),
         lambda a, b: np.fft.irfft(a + 1j * b), grad=True),
    Case("IRFFT/odd", lambda a, b: fg.signal.irfft(fg.complex(a, b), [7]), (X, X[::-1]),
         lambda a, b: np.fft.irfft(a + 1j * b, 7), grad=True),
    Case("IRFFT/cut", lambda a, b: fg.signal.irfft(fg.complex(a, b), [4]), (X, X[::-1]),
         lambda a, b: np.fft.irfft(a + 1j * b, 4), grad=True),
    Case("IRFFT/complex64", fg.signal.irfft, (Z.astype(np.complex64),), np.fft.irfft),
    Case("IRFFT2D/filled_up", lambda a, b: fg.signal.irfft2d(fg.complex(a, b), [5, 9]),
         (X, X[::-1]), lambda a, b: np.fft.irfft2(a + 1j * b, (5, 9)), grad=True),
    Case("IRFFT3D/all", lambda a, b: fg.signal.irfft3d(fg.complex(a, b)), (X, X[::-1]),
         lambda a, b: np.fft.irfftn(a + 1j * b), grad=True),
    Case("fftshift/all", fg.signal.fftshift, (ODD,), np.fft.fftshift, grad=True),
    Case("ifftshift/one", lambda x: fg.signal.ifftshift(x, -1), (ODD,),
         lambda x: np.fft.ifftshift(x, -1), unknown_shapes=False),
    Case("ifftshift/two", lambda x: fg.signal.ifftshift(x, [0, 2]), (ODD,),
         lambda x: np.fft.ifftshift(x, (0, 2))),
    Case("dct/1", lambda x: fg.signal.dct(x, 1), (ODD,), cosine_1, grad=True),
    Case("dct/2", fg.signal.dct, (ODD,), cosine_2, grad=True),
    Case("dct/2_float32", fg.signal.dct, (ODD.astype(np.float32),), cosine_2),
    Case("dct/2_filled_up", lambda x: fg.signal.dct(x, n=7), (ODD,),
         lambda x: cosine_2(np.pad(x, [(0, 0), (0, 0), (0, 2)]))),
    Case("dct/3", lambda x: fg.signal.dct(x, 3), (ODD,), cosine_3, grad=True),
    Case("dct/3_cut", lambda x: fg.signal.dct(x, 3, n=4), (ODD,), lambda x: cosine_3(x[..., :4])),
    Case("dct/4", lambda x: fg.signal.dct(x, 4), (ODD,), cosine_4, grad=True),
    Case("idct/2_ortho", lambda x: fg.signal.idct(fg.signal.dct(x, norm="ortho"), norm="ortho"),
         (ODD,), lambda x: x, grad=True),
    Case("idct/4_ortho", lambda x: fg.signal.idct(fg.signal.dct(x, 4, norm="ortho"), 4,
                                                  norm="ortho"), (ODD,), lambda x: x),
    Case("idct/1", lambda x: fg.signal.idct(fg.signal.dct(x, 1), 1) / 8.0, (ODD,), lambda x: x),
    Case("hann_window/periodic", lambda: fg.signal.hann_window(6, dtype=fg.float64), (), hann(6)),
    Case("hann_window/symmetric", lambda: fg.signal.hann_window(6, False, fg.float64), (),
         np.hanning(6)),
    Case("hann_window/one", fg.signal.hann_window, (np.array(1, I32),), np.ones(1, np.float32)),
    Case("hamming_window/symmetric", lambda: fg.signal.hamming_window(5, False, fg.float64), (),
         np.hamming(5)),
    Case("frame/last_axis", lambda x: fg.signal.frame(x, 4, 2), (SIGNAL,),
         lambda x: frames(x, 4, 2), grad=True),
    Case("frame/padded", lambda x: fg.signal.frame(x, 3, 3, True, -1.0, axis=0),
         (np.arange(4.0).reshape(4, 1),),
         np.array([0.0, 1, 2, 3, -1, -1]).reshape(2, 3, 1)),
    Case("frame/fed_lengths", fg.signal.frame, (SIGNAL, np.array(5, I32), np.array(3, I32)),
         lambda x, length, step: frames(x, 5, 3)),
    Case("frame/too_short", lambda x: fg.signal.frame(x, 20, 2), (SIGNAL,), np.zeros((2, 0, 20))),
    Case("overlap_and_add/overlap", lambda x: fg.signal.overlap_and_add(x, 2), (ODD,),
         lambda x: added_up(x, 2), grad=True),
    Case("overlap_and_add/gaps", lambda x: fg.signal.overlap_and_add(x, 7), (ODD,),
         lambda x: added_up(x, 7)),
    Case("overlap_and_add/fed_step", fg.signal.overlap_and_add, (ODD, np.array(3, I32)),
         lambda x, step: added_up(x, 3)),
    Case("stft/default", lambda x: parts(fg.signal.stft(x, 4, 2)), (SIGNAL,),
         half(lambda x: np.fft.rfft(frames(x, 4, 2) * hann(4))), grad=True),
    Case("stft/no_window", lambda x: parts(fg.signal.stft(x, 5, 3, 8, window_fn=None)), (SIGNAL,),
         half(lambda x: np.fft.rfft(frames(x, 5, 3), 8))),
    Case("inverse_stft/round_trip",
         lambda a, b: fg.signal.inverse_stft(
             fg.complex(a, b), 4, 2, window_fn=fg.signal.inverse_stft_window_fn(2))[:, 2:-2],
         (SPECTRA.real, SPECTRA.imag), SIGNAL[:, 2:-2], grad=True),
    Case("inverse_stft/shorter_transform",
         lambda z: fg.signal.inverse_stft(z, 6, 3, 4, window_fn=None), (SPECTRA,),
         lambda z: added_up(np.pad(np.fft.irfft(z), [(0, 0), (0, 0), (0, 2)]), 3)),
    Case("mel/triangles", lambda: fg.signal.linear_to_mel_weight_matrix(dtype=fg.float64), (),
         check=triangles),
    Case("mfccs/scaled_dct", fg.signal.mfccs_from_log_mel_spectrograms, (ODD,),
         lambda x: cosine_2(x) / np.sqrt(10.0), grad=True),
]

BAD = [
    BadCase("FFT/real", fg.fft, TypeError, ("float32", "complex"), (np.ones(3, np.float32),)),
    BadCase("FFT2D/rank", lambda: fg.fft2d([1.0, 2.0]), ValueError, ("rank 2", "(2,)")),
    BadCase("FFT/fed_scalar", fg.fft, fg.errors.InvalidArgumentError, ("rank 1 or more",),
            (np.complex64(1),), "run"),
    BadCase("RFFT/complex", lambda: fg.signal.rfft(fg.constant([1j])), ValueError,
            ("float32", "complex128")),
    BadCase("IRFFT/real", lambda: fg.signal.irfft(fg.constant([1.0])), ValueError, ("complex",)),
    BadCase("RFFT2D/lengths", lambda: fg.signal.rfft2d([[1.0]], [3]), ValueError, ("(2,)", "(1,)")),
    BadCase("RFFT/negative", lambda: fg.signal.rfft([1.0], [-2]), fg.errors.InvalidArgumentError,
            ("fft_length[0]", "-2"), (), "run"),
    BadCase("dct/axis", lambda: fg.signal.dct([1.0], axis=0), NotImplementedError, ("axis",)),
    BadCase("dct/type", lambda: fg.signal.dct([1.0], type=5), ValueError, ("type 5",)),
    BadCase("dct/ortho_1", lambda: fg.signal.dct([1.0, 2.0], 1, norm="ortho"), ValueError,
            ("ortho",)),
    BadCase("hann_window/int", lambda: fg.signal.hann_window(3, dtype=fg.int32), ValueError,
            ("int32",)),
    BadCase("frame/vector", lambda: fg.signal.frame([1.0], [2], 1), ValueError, ("scalar", "(1,)")),
    BadCase("overlap_and_add/rank", lambda: fg.signal.overlap_and_add([1.0], 1), ValueError,
            ("rank 2",)),
    BadCase("mel/nyquist", lambda: fg.signal.linear_to_mel_weight_matrix(sample_rate=4000),
            ValueError, ("3800", "4000")),
    BadCase("IRFFT2D/vector", lambda: op_def("IRFFT2D").build(fg.zeros([2], fg.complex64), [2, 2]),
            ValueError, ("IRFFT2D '", "rank 2 or more", "(2,)")),
    BadCase("IRFFT2D/negative", lambda: fg.signal.irfft2d(fg.zeros([2, 2], fg.complex64), [-1, 2]),
            fg.errors.InvalidArgumentError, ("IRFFT2D '", "fft_length[0]", "-1"), phase="run"),
    BadCase("IRFFT3D/lengths",
            lambda: fg.signal.irfft3d(fg.zeros([2, 2, 2], fg.complex64), [2, 2]), ValueError,
            ("IRFFT3D '", "fft_length of shape (3,), got (2,)")),
    BadCase("RFFT3D/lengths", lambda: fg.signal.rfft3d(fg.zeros([2, 2, 2]), [2, 2]), ValueError,
            ("RFFT3D '", "fft_length of shape (3,), got (2,)")),
    BadCase("IRFFT/lengths", lambda: fg.signal.irfft(fg.zeros([2], fg.complex64), [2, 3]),
            ValueError, ("IRFFT '", "fft_length of shape (1,), got (2,)")),
]
