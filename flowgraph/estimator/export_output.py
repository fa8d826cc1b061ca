"""What an exported model gives for a signature: classes with scores, a regression, or tensors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.ops.static import is_tensor
from flowgraph.saved_model.signature_def_utils import (
    classification_signature_def,
    predict_signature_def,
    regression_signature_def,
)

_ONE_STRING = ("{} signatures need a single string Tensor as input, the serialized Examples, given "
               "{}.")


class ExportOutput(ABC):
    """Base of what an exported model gives for one signature.

    Example:
        >>> import flowgraph as fg
        >>> issubclass(fg.estimator.export.PredictOutput, fg.estimator.export.ExportOutput)
        True
    """

    @abstractmethod
    def as_signature_def(self, receiver_tensors: dict[str, Any]) -> Any:
        """The SignatureDef from the inputs to this.

        Args:
            receiver_tensors: dict of the placeholders by name.
        """


def _is_of(value: Any, check: Any) -> bool:
    return is_tensor(value) and check(value.dtype.base_dtype)


def _is_float(dtype: Any) -> bool:
    return dtype.is_floating


def _is_string(dtype: Any) -> bool:
    return dtype == dt.string


def _examples(receiver_tensors: dict[str, Any], kind: str) -> Any:
    tensors = list(receiver_tensors.values())
    if len(tensors) != 1 or not _is_of(tensors[0], _is_string):
        raise ValueError(_ONE_STRING.format(kind, receiver_tensors))
    return tensors[0]


class ClassificationOutput(ExportOutput):
    """Classes and their scores, for the method `classify` of model servers.

    Args:
        scores: float Tensor of shape (batch, classes), or None.
        classes: string Tensor of shape (batch, classes), or None; one of the two is needed.

    Raises:
        ValueError: a tensor is of another dtype, or both are None.

    Example:
        >>> import flowgraph as fg
        >>> output = fg.estimator.export.ClassificationOutput(scores=fg.constant([[0.1, 0.9]]))
        >>> output.classes is None
        True
    """

    def __init__(self, scores: Any = None, classes: Any = None) -> None:
        if scores is not None and not _is_of(scores, _is_float):
            raise ValueError(located("Classification scores must be a float32 Tensor; "
                                     f"got {scores!r}"))
        if classes is not None and not _is_of(classes, _is_string):
            raise ValueError(located("Classification classes must be a string Tensor; "
                                     f"got {classes!r}"))
        if scores is None and classes is None:
            raise ValueError(located("At least one of scores and classes must be set."))
        self._scores, self._classes = scores, classes

    @property
    def scores(self) -> Any:
        """The scores."""
        return self._scores

    @property
    def classes(self) -> Any:
        """The classes."""
        return self._classes

    def as_signature_def(self, receiver_tensors: dict[str, Any]) -> Any:
        """The SignatureDef of method `classify`.

        Args:
            receiver_tensors: dict with the placeholder of serialized Examples.

        Raises:
            ValueError: the inputs are something else.
        """
        return classification_signature_def(_examples(receiver_tensors, "Classification"),
                                            self.classes, self.scores)


class RegressionOutput(ExportOutput):
    """Predicted numbers, for the method `regress` of model servers.

    Args:
        value: float Tensor.

    Raises:
        ValueError: it is of another dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.estimator.export.RegressionOutput(fg.constant([0.5])).value.dtype
        tf.float32
    """

    def __init__(self, value: Any) -> None:
        if not _is_of(value, _is_float):
            raise ValueError(located(f"Regression output value must be a float32 Tensor; got "
                                     f"{value!r}"))
        self._value = value

    @property
    def value(self) -> Any:
        """The numbers."""
        return self._value

    def as_signature_def(self, receiver_tensors: dict[str, Any]) -> Any:
        """The SignatureDef of method `regress`.

        Args:
            receiver_tensors: dict with the placeholder of serialized Examples.

        Raises:
            ValueError: the inputs are something else.
        """
        return regression_signature_def(_examples(receiver_tensors, "Regression"), self.value)


class PredictOutput(ExportOutput):
    """Any tensors by name, for the method `predict` of model servers.

    Args:
        outputs: dict of Tensors by name, or one Tensor, which is called "output".

    Raises:
        ValueError: a name is no text, or a value is no Tensor.

    Example:
        >>> import flowgraph as fg
        >>> list(fg.estimator.export.PredictOutput(fg.constant(1.0)).outputs)
        ['output']
    """

    def __init__(self, outputs: Any) -> None:
        if not isinstance(outputs, dict):
            outputs = {"output": outputs}
        self._outputs = {}
        for key, value in outputs.items():
            if isinstance(key, tuple):  # of a model with several heads
                key = "/".join(key)
            if not isinstance(key, str):
                raise ValueError(located(f"Prediction output key must be a string; got {key!r}."))
            if not is_tensor(value):
                raise ValueError(located("Prediction output value must be a Tensor; got "
                                         f"{value!r:.200}."))
            self._outputs[key] = value

    @property
    def outputs(self) -> dict[str, Any]:
        """The tensors by name."""
        return self._outputs

    def as_signature_def(self, receiver_tensors: dict[str, Any]) -> Any:
        """The SignatureDef of method `predict`.

        Args:
            receiver_tensors: dict of the placeholders by name.
        """
        return predict_signature_def(receiver_tensors, self.outputs)
