"""`tf.data.Options`: how a pipeline is to be run.

flowgraph keeps the order of elements always and chooses threads by itself, so most options change
nothing; they are accepted, checked and merged.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located


class _Settings:
    """Attributes with known names and types; None where nothing is said."""

    _types: dict[str, tuple[type, ...]] = {}

    def __init__(self) -> None:
        object.__setattr__(self, "_values", {})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in type(self)._types:
            raise AttributeError(f"{type(self).__name__} has no option {name!r}; it has "
                                 f"{', '.join(sorted(type(self)._types))}")
        values = self._values
        kinds = type(self)._types[name]
        if name not in values and issubclass(kinds[0], _Settings):
            values[name] = kinds[0]()
        return values.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        kinds = type(self)._types.get(name)
        if kinds is None:
            raise AttributeError(located(
                f"Cannot set the property {name} on {type(self).__name__}.",
                f"It has {', '.join(sorted(type(self)._types))}."))
        if value is not None and not isinstance(value, kinds):
            raise TypeError(located(f"Property \"{name}\" must be of type "
                                    f"{kinds[0].__name__}, got: {value!r} (type: "
                                    f"{type(value).__name__})"))
        self._values[name] = value

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(
            getattr(self, name) == getattr(other, name) for name in type(self)._types)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        said = {n: v for n, v in self._values.items() if v is not None}
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in said.items())})"


class ThreadingOptions(_Settings):
    """How many threads a pipeline has; without effect.

    Example:
        >>> import flowgraph as tf
        >>> options = tf.data.Options()
        >>> options.experimental_threading.private_threadpool_size = 4
    """

    _types = {"max_intra_op_parallelism": (int,), "private_threadpool_size": (int,)}


class DistributeOptions(_Settings):
    """How a pipeline is cut up for several machines; without effect.

    Example:
        >>> import flowgraph as tf
        >>> options = tf.data.Options()
        >>> options.experimental_distribute.auto_shard = False
    """

    _types = {"auto_shard": (bool,), "num_devices": (int,), "_make_stateless": (bool,)}


class MapVectorizationOptions(_Settings):
    """Whether functions of elements are rewritten for batches; without effect.

    Example:
        >>> import flowgraph as tf
        >>> options = tf.data.Options()
        >>> options.experimental_optimization.map_vectorization.enabled = True
    """

    _types = {"enabled": (bool,), "use_choose_fastest": (bool,)}


class OptimizationOptions(_Settings):
    """Which rewritings of a pipeline are wanted; without effect, the results are the same.

    Example:
        >>> import flowgraph as tf
        >>> options = tf.data.Options()
        >>> options.experimental_optimization.autotune = False
    """

    _types = dict.fromkeys((
        "apply_default_optimizations", "autotune", "filter_fusion",
        "filter_with_random_uniform_fusion", "hoist_random_uniform", "map_and_batch_fusion",
        "map_and_filter_fusion", "map_fusion", "map_parallelization", "noop_elimination",
        "parallel_batch", "shuffle_and_repeat_fusion", "autotune_buffers"), (bool,)) | {
        "autotune_cpu_budget": (int,), "autotune_algorithm": (int,),
        "map_vectorization": (MapVectorizationOptions,)}


class Options(_Settings):
    """How a pipeline is to be run, for `Dataset.with_options`.

    Example:
        >>> import flowgraph as tf
        >>> options = tf.data.Options()
        >>> options.experimental_deterministic = False
        >>> tf.data.Dataset.range(3).with_options(options).options()
        Options(experimental_deterministic=False)
    """

    _types = {"experimental_deterministic": (bool,), "experimental_slack": (bool,),
              "experimental_stateful_whitelist": (list,),
              "experimental_distribute": (DistributeOptions,),
              "experimental_optimization": (OptimizationOptions,),
              "experimental_threading": (ThreadingOptions,)}

    def merge(self, options: Options) -> Options:
        """These options and others together.

        Args:
            options: the others.

        Raises:
            ValueError: an option is set to two values.
        """
        return merged([self, options])


def merged(many: list[Options]) -> Options:
    """Several options together.

    Raises:
        ValueError: an option is set to two values.
    """
    result = Options()
    for one in many:
        _merge_into(result, one)
    return result


def _merge_into(result: Any, other: Any) -> None:
    for name, value in other._values.items():
        if isinstance(value, _Settings):
            _merge_into(getattr(result, name), value)
        elif value is not None:
            known = result._values.get(name)
            if known is not None and known != value:
                raise ValueError(located(f"Cannot merge incompatible values {known!r} and "
                                         f"{value!r} of option: {name}"))
            setattr(result, name, value)
