"""What an exported model takes: placeholders, and the features made from them."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.ops.parse_example import parse_example
from flowgraph.ops.placeholder import placeholder
from flowgraph.ops.static import is_tensor

_SINGLE = {"feature": "feature", "label": "label", "receiver_tensor": "input",
           "receiver_tensors_alternative": "input"}


def _checked(tensors: Any, kind: str, ints: bool = False) -> dict[Any, Any]:
    """Tensors by name; a single one under the name that is usual for its kind."""
    if tensors is None:
        raise ValueError(located(f"{kind}s must be defined."))
    if not isinstance(tensors, dict):
        tensors = {_SINGLE[kind]: tensors}
    for name, tensor in tensors.items():
        if not isinstance(name, (str, int) if ints else str):
            raise ValueError(located(f"{kind} keys must be strings{' or ints' if ints else ''}: "
                                     f"{name!r}."))
        if not is_tensor(tensor):
            raise ValueError(located(f"{kind} {name} must be a Tensor or SparseTensor."))
    return tensors


class ServingInputReceiver(namedtuple("ServingInputReceiver", (
        "features", "receiver_tensors", "receiver_tensors_alternatives"))):
    """What a function for `export_saved_model` returns.

    Args:
        features: Tensor, or dict of them by name: what the model function gets; a single one is
            given as {"feature": it}.
        receiver_tensors: placeholder, or dict of them by name: what is fed to the exported model.
        receiver_tensors_alternatives: dict from names to other such dicts, for further signatures.

    Raises:
        ValueError: a key is no text, or a value no tensor.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [None])
        >>> fg.estimator.export.ServingInputReceiver({"double": 2 * x}, x).receiver_tensors.keys()
        dict_keys(['input'])
    """

    __slots__ = ()

    def __new__(cls, features: Any, receiver_tensors: Any,
                receiver_tensors_alternatives: Any = None) -> ServingInputReceiver:
        others = receiver_tensors_alternatives
        if others is not None:
            if not isinstance(others, dict):
                raise ValueError(located(f"receiver_tensors_alternatives must be a dict: "
                                         f"{others!r:.200}."))
            others = {name: _checked(tensors, "receiver_tensors_alternative")
                      for name, tensors in others.items()}
        return super().__new__(cls, _checked(features, "feature", ints=True),
                               _checked(receiver_tensors, "receiver_tensor"), others)


class TensorServingInputReceiver(namedtuple("TensorServingInputReceiver", (
        "features", "receiver_tensors", "receiver_tensors_alternatives"))):
    """As ServingInputReceiver, for a model function whose features are one tensor.

    Args:
        features: Tensor: what the model function gets, as it is.
        receiver_tensors: placeholder, or dict of them by name.
        receiver_tensors_alternatives: dict from names to other such dicts.

    Raises:
        ValueError: a key is no text, or a value no tensor.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [None])
        >>> fg.estimator.export.TensorServingInputReceiver(x, {"x": x}).features is x
        True
    """

    __slots__ = ()

    def __new__(cls, features: Any, receiver_tensors: Any,
                receiver_tensors_alternatives: Any = None) -> TensorServingInputReceiver:
        if isinstance(features, dict):
            raise ValueError(located("feature must be a Tensor or SparseTensor.",
                                     "For a dict of features use ServingInputReceiver."))
        receiver = ServingInputReceiver(features, receiver_tensors, receiver_tensors_alternatives)
        return super().__new__(cls, features, *receiver[1:])


class SupervisedInputReceiver(namedtuple("SupervisedInputReceiver", (
        "features", "labels", "receiver_tensors"))):
    """What a function for exporting a graph that trains or evaluates returns.

    Args:
        features: Tensor, or dict of them by name.
        labels: Tensor, or dict of them by name.
        receiver_tensors: placeholder, or dict of them by name.

    Raises:
        ValueError: a key is no text, or a value no tensor.
    """

    __slots__ = ()

    def __new__(cls, features: Any, labels: Any, receiver_tensors: Any) -> SupervisedInputReceiver:
        _checked(features, "feature", ints=True)
        _checked(labels, "label", ints=True)
        return super().__new__(cls, features, labels,
                               _checked(receiver_tensors, "receiver_tensor"))


def build_parsing_serving_input_receiver_fn(
        feature_spec: dict[str, Any],
        default_batch_size: int | None = None) -> Callable[[], ServingInputReceiver]:
    """A receiver of serialized Examples, which are parsed into features.

    Args:
        feature_spec: dict of features as for `tf.io.parse_example`.
        default_batch_size: how many Examples; None for any number.

    Returns:
        A function without arguments that returns a ServingInputReceiver.

    Example:
        >>> import flowgraph as fg
        >>> spec = {"x": fg.FixedLenFeature([2], fg.float32)}
        >>> receiver = fg.estimator.export.build_parsing_serving_input_receiver_fn(spec)()
        >>> receiver.receiver_tensors["examples"].name
        'input_example_tensor:0'
    """
    def serving_input_receiver_fn() -> ServingInputReceiver:
        examples = placeholder(dt.string, [default_batch_size], name="input_example_tensor")
        return ServingInputReceiver(parse_example(examples, feature_spec), {"examples": examples})
    return serving_input_receiver_fn


def build_raw_serving_input_receiver_fn(
        features: dict[str, Any],
        default_batch_size: int | None = None) -> Callable[[], ServingInputReceiver]:
    """A receiver of the features themselves.

    Args:
        features: dict of Tensors by name, of which dtype and shape are taken.
        default_batch_size: how many examples; None for any number.

    Returns:
        A function without arguments that returns a ServingInputReceiver.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [8, 3], name="x")
        >>> receive = fg.estimator.export.build_raw_serving_input_receiver_fn({"x": x})
        >>> with fg.Graph().as_default():
        ...     receive().features["x"].shape
        TensorShape([Dimension(None), Dimension(3)])
    """
    def serving_input_receiver_fn() -> ServingInputReceiver:
        tensors = _placeholders(features, default_batch_size)
        return ServingInputReceiver(tensors, tensors)
    return serving_input_receiver_fn


def build_raw_supervised_input_receiver_fn(
        features: Any, labels: Any,
        default_batch_size: int | None = None) -> Callable[[], SupervisedInputReceiver]:
    """A receiver of features and labels themselves, to export graphs that train or evaluate.

    Args:
        features: Tensor, or dict of them by name, of which dtype and shape are taken.
        labels: Tensor, or dict of them by name.
        default_batch_size: how many examples; None for any number.

    Returns:
        A function without arguments that returns features, labels and placeholders.

    Raises:
        ValueError: features and labels have a name in common.

    Example:
        >>> import flowgraph as fg
        >>> x, y = fg.placeholder(fg.float32, [8, 3]), fg.placeholder(fg.int64, [8])
        >>> receive = fg.estimator.experimental.build_raw_supervised_input_receiver_fn({"x": x}, y)
        >>> with fg.Graph().as_default():
        ...     sorted(receive().receiver_tensors)
        ['label', 'x']
    """
    given_x = features if isinstance(features, dict) else {"input": features}
    given_y = labels if isinstance(labels, dict) else {"label": labels}
    shared = given_x.keys() & given_y.keys()
    if shared:
        raise ValueError(located("Features and labels must have distinct keys. Found overlapping "
                                 f"keys: {shared}"))

    def supervised_input_receiver_fn() -> SupervisedInputReceiver:
        x, y = (_placeholders(given, default_batch_size) for given in (given_x, given_y))
        return SupervisedInputReceiver(x if isinstance(features, dict) else x["input"],
                                       y if isinstance(labels, dict) else y["label"], {**x, **y})
    return supervised_input_receiver_fn


def _placeholders(tensors: dict[str, Any], batch_size: int | None) -> dict[str, Any]:
    return {name: placeholder(tensor.dtype.base_dtype,
                              TensorShape([batch_size]).concatenate(tensor.shape[1:]),
                              name=tensor.op.name)
            for name, tensor in tensors.items()}
