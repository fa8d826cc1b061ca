"""What to do about errors of old programs that have nothing to do with TensorFlow.

Programs of 2016 may be written for Python 2, or for what NumPy, SciPy and others had then. Such an
error gets a line that says so, below its traceback.
"""

from __future__ import annotations

import re
import traceback

from flowgraph.compat import python_2

_FLOAT = "/ gives a float in Python 3: write // for a whole number"

# (what the error says, what to do)
_ADVICE = (
    (r"has no attribute '(iteritems|itervalues|iterkeys|has_key)'", python_2.ADVICE),
    (r"'dict_(keys|values|items)' object", python_2.ADVICE),
    (r"'(range|map|filter|zip)' object (does not support item assignment|is not subscriptable)",
     python_2.ADVICE),
    (r"'map' object .*|object of type '(map|filter|zip)' has no len", python_2.ADVICE),
    (r"a bytes-like object is required, not 'str'|write\(\) argument must be str, not bytes",
     "open the file in binary mode (\"rb\", \"wb\") for bytes, in text mode for text: Python 2 did "
     "not tell them apart"),
    (r"name 'get_ipython' is not defined", "the program was made from a notebook: leave out the "
     "lines with get_ipython(), which are for IPython alone"),
    (r"for >>: 'builtin_function_or_method'", python_2.ADVICE),  # print >>file, text
    (r"module 'time' has no attribute 'clock'", "time.clock is gone since Python 3.8: write "
     "time.perf_counter()"),
    (r"module 'collections' has no attribute", "write collections.abc: the abstract classes are "
     "there since Python 3.3, and only there since 3.10"),
    (r"module 'inspect' has no attribute 'getargspec'", "write inspect.getfullargspec"),
    (r"scipy\.misc", "scipy.misc is gone: read and write images with imageio or PIL, resize them "
     "with PIL's Image.resize"),
    (r"sklearn\.(cross_validation|grid_search)", "write sklearn.model_selection"),
    (r"No module named 'distutils'", "distutils is gone since Python 3.12: `pip install "
     "setuptools` brings it back"),
    (r"inhomogeneous shape|setting an array element with a sequence",
     "NumPy makes arrays of lists of different lengths only with np.array(..., dtype=object)"),
    (r"Object arrays cannot be loaded when allow_pickle=False",
     "if you trust the file, write np.load(..., allow_pickle=True)"),
    (r"'(numpy\.\w+|\w*[Aa]rray)' object has no attribute '(tostring|ptp|itemset|newbyteorder)'|"
     r"was removed from the ndarray class",
     "the method is gone from NumPy's arrays: write a.tobytes(), np.ptp(a), a[i] = x, or "
     "a.view(a.dtype.newbyteorder())"),
    (r"binary mode of fromstring is removed", "write np.frombuffer(data, dtype)"),
    (r"'numpy\.float64' object cannot be interpreted as an integer|"
     r"single integer, got|"
     r"'float' object cannot be interpreted as an integer",
     _FLOAT),
    (r"Cannot load backend '.*' which requires",
     "there is no display: leave matplotlib.use(...) out, and save with plt.savefig"),
    (r"^'(module|InnerModule|Face)' object is not callable$",
     "if it calls tf.nn.rnn, that is tf.nn.static_rnn since TensorFlow 1.0; "
     "`flowgraph run --legacy` runs programs of that time"),
    (r"No module named 'keras'", "write `from tensorflow import keras`: flowgraph has tf.keras"),
)


def advice_for(error: BaseException) -> str:
    """What to do about an error, "" where there is nothing to say.

    Args:
        error: what the program raised.

    Example:
        >>> advice_for(NameError("name 'xrange' is not defined", name="xrange"))[:39]
        'the program is written for Python 2; co'
    """
    text = str(error)
    if isinstance(error, SyntaxError):
        return python_2.ADVICE if python_2.is_python_2(error, error.text or "") else ""
    if isinstance(error, NameError) and getattr(error, "name", "") in python_2.NAMES:
        return python_2.ADVICE if error.name != "file" or "file(" in _line(error) else ""
    module = (error.name or "").partition(".")[0] if isinstance(error, ImportError) else ""
    if module in python_2.MODULES | python_2.MODULES_OR_OWN:
        return python_2.ADVICE
    if "only integers, slices" in text:
        return _FLOAT if "/" in _line(error) else ""
    return next((advice for pattern, advice in _ADVICE if re.search(pattern, text)), "")


def _line(error: BaseException) -> str:
    """The line that failed; "" where there is no file of it."""
    lines = traceback.extract_tb(error.__traceback__)
    return (lines[-1].line or "") if lines else ""
