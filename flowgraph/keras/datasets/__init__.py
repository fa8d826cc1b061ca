"""`tf.keras.datasets`: data sets from files on this machine, as flowgraph.datasets finds them.

`mnist`, `fashion_mnist` and `boston_housing` come with flowgraph, the images as a subset of 5,000;
the others need their files. Nothing is ever downloaded.
"""

from flowgraph.core.lazy import lazy as _lazy

_HERE = "flowgraph.keras.datasets."
__getattr__ = _lazy("tf.keras.datasets", globals(), {name: _HERE + name for name in (
    "boston_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist", "reuters")})
