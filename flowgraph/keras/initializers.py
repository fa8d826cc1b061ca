"""`tf.keras.initializers`: those of flowgraph, with keras's defaults."""

from __future__ import annotations

from typing import Any

from flowgraph.core.dtypes import float32
from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.layers import named
from flowgraph.ops import initializers
from flowgraph.ops.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    Identity,
    Initializer,
    Ones,
    Orthogonal,
    VarianceScaling,
    Zeros,
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
)

__getattr__ = _lazy("tf.keras.initializers", globals())


class RandomNormal(initializers.RandomNormal):
    """Normal random numbers.

    Args:
        mean: mean.
        stddev: standard deviation.
        seed: Python int.
        dtype: default dtype of the values.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.initializers.RandomNormal()([3]).shape.as_list()
        [3]
    """

    def __init__(self, mean: Any = 0.0, stddev: Any = 0.05, seed: int | None = None,
                 dtype: Any = float32) -> None:
        super().__init__(mean, stddev, seed, dtype)


class RandomUniform(initializers.RandomUniform):
    """Random numbers, all in a range equally likely.

    Args:
        minval: lower bound.
        maxval: upper bound.
        seed: Python int.
        dtype: default dtype of the values.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.initializers.RandomUniform()([3]).shape.as_list()
        [3]
    """

    def __init__(self, minval: Any = -0.05, maxval: Any = 0.05, seed: int | None = None,
                 dtype: Any = float32) -> None:
        super().__init__(minval, maxval, seed, dtype)


class TruncatedNormal(initializers.TruncatedNormal):
    """Normal random numbers, those beyond two standard deviations drawn again.

    Args:
        mean: mean.
        stddev: standard deviation.
        seed: Python int.
        dtype: default dtype of the values.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.initializers.TruncatedNormal()([3]).shape.as_list()
        [3]
    """

    def __init__(self, mean: Any = 0.0, stddev: Any = 0.05, seed: int | None = None,
                 dtype: Any = float32) -> None:
        super().__init__(mean, stddev, seed, dtype)


constant, identity, ones, orthogonal, zeros = Constant, Identity, Ones, Orthogonal, Zeros
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
normal = random_normal = RandomNormal
uniform = random_uniform = RandomUniform
truncated_normal = TruncatedNormal

__all__ = ["Constant", "Identity", "Initializer", "Ones", "Orthogonal", "RandomNormal",
           "RandomUniform", "TruncatedNormal", "VarianceScaling", "Zeros", "constant",
           "deserialize", "get", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform",
           "identity", "lecun_normal", "lecun_uniform", "normal", "ones", "orthogonal",
           "random_normal", "random_uniform", "serialize", "truncated_normal", "uniform", "zeros"]


def get(identifier: Any) -> Any:
    """The initializer for a name, a class, a function, or None.

    Args:
        identifier: a name as "glorot_uniform" or "GlorotUniform", a callable, or None.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.keras.initializers.get("ones")([2]))
        array([1., 1.], dtype=float32)
    """
    if isinstance(identifier, type):
        return identifier()
    if identifier is None or callable(identifier):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        found = globals().get(identifier) if identifier in __all__ else None
        return found() if found is not None else named.initializer_called(identifier)
    raise ValueError(located(f"Could not interpret initializer identifier: {identifier!r}"))


def serialize(initializer: Any) -> dict[str, Any]:
    """An initializer as a dict.

    Args:
        initializer: an initializer.
    """
    return {"class_name": type(initializer).__name__, "config": initializer.get_config()}


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The initializer that `serialize` gave a dict of, or of a name.

    Args:
        config: the dict, or a name.
        custom_objects: dict from further names to classes.
    """
    if isinstance(config, str):
        return (custom_objects or {}).get(config) or get(config)
    known = {name: globals()[name] for name in __all__} | (custom_objects or {})
    if config["class_name"] not in known:
        raise ValueError(located(f"Unknown initializer: {config['class_name']}"))
    return known[config["class_name"]](**config["config"])
