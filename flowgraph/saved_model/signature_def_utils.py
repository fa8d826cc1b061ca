"""Signatures: what a saved graph computes, from which inputs to which outputs."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.tensor import Tensor
from flowgraph.io.graphs.meta_messages import SignatureDef
from flowgraph.saved_model import signature_constants as names
from flowgraph.saved_model.tensor_info import info_of

_STRING, _FLOAT = dt.string.as_datatype_enum, dt.float32.as_datatype_enum


def build_signature_def(inputs=None, outputs=None, method_name=None):
    """A signature of given inputs and outputs.

    Args:
        inputs: dict from names to TensorInfos.
        outputs: dict from names to TensorInfos.
        method_name: the kind of computation, as `signature_constants.PREDICT_METHOD_NAME`.

    Returns:
        A SignatureDef.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, name="x")
        >>> info = fg.saved_model.build_tensor_info(x)
        >>> fg.saved_model.build_signature_def({"x": info}, {"y": info}, "my/method").method_name
        'my/method'
    """
    signature = SignatureDef()
    for given, field in ((inputs, signature.inputs), (outputs, signature.outputs)):
        for name in given or ():
            field[name].CopyFrom(given[name])
    if method_name is not None:
        signature.method_name = method_name
    return signature


def predict_signature_def(inputs, outputs):
    """A signature for the predict method of model servers.

    Args:
        inputs: dict from names to tensors.
        outputs: dict from names to tensors.

    Returns:
        A SignatureDef.

    Raises:
        ValueError: there are no inputs, or no outputs.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, name="x")
        >>> signature = fg.saved_model.predict_signature_def({"x": x}, {"y": 2 * x})
        >>> signature.inputs["x"].name, signature.outputs["y"].name
        ('x:0', 'mul:0')
    """
    for given, what in ((inputs, "inputs"), (outputs, "outputs")):
        if not given:
            raise ValueError(located(f"Prediction {what} cannot be None or empty."))
    return build_signature_def({name: info_of(tensor) for name, tensor in inputs.items()},
                               {name: info_of(tensor) for name, tensor in outputs.items()},
                               names.PREDICT_METHOD_NAME)


def classification_signature_def(examples, classes, scores):
    """A signature for the classify method of model servers.

    Args:
        examples: string tensor of serialized Examples.
        classes: string tensor of names of classes, or None.
        scores: float32 tensor of their scores, or None.

    Returns:
        A SignatureDef.

    Raises:
        ValueError: a tensor has another dtype, or both results are None.

    Example:
        >>> import flowgraph as fg
        >>> examples = fg.placeholder(fg.string, [None])
        >>> scores = fg.constant([0.5])
        >>> signature = fg.saved_model.classification_signature_def(examples, None, scores)
        >>> list(signature.outputs), signature.method_name
        (['scores'], 'tensorflow/serving/classify')
    """
    inputs = {names.CLASSIFY_INPUTS: _examples(examples, "Classification")}
    if classes is None and scores is None:
        raise ValueError(located("Classification classes and scores cannot both be None."))
    outputs = {}
    if classes is not None:
        outputs[names.CLASSIFY_OUTPUT_CLASSES] = _info(classes, _STRING,
                                                       "Classification classes", "string")
    if scores is not None:
        outputs[names.CLASSIFY_OUTPUT_SCORES] = _info(scores, _FLOAT, "Classification scores",
                                                      "float")
    return build_signature_def(inputs, outputs, names.CLASSIFY_METHOD_NAME)


def regression_signature_def(examples, predictions):
    """A signature for the regress method of model servers.

    Args:
        examples: string tensor of serialized Examples.
        predictions: float32 tensor.

    Returns:
        A SignatureDef.

    Raises:
        ValueError: a tensor has another dtype, or is None.

    Example:
        >>> import flowgraph as fg
        >>> examples = fg.placeholder(fg.string, [None])
        >>> signature = fg.saved_model.regression_signature_def(examples, fg.constant([0.5]))
        >>> signature.method_name
        'tensorflow/serving/regress'
    """
    inputs = {names.REGRESS_INPUTS: _examples(examples, "Regression")}
    if predictions is None:
        raise ValueError(located("Regression predictions cannot be None."))
    outputs = {names.REGRESS_OUTPUTS: _info(predictions, _FLOAT, "Regression output", "float")}
    return build_signature_def(inputs, outputs, names.REGRESS_METHOD_NAME)


def _examples(examples: Any, kind: str) -> Any:
    if examples is None:
        raise ValueError(located(f"{kind} examples cannot be None."))
    if not isinstance(examples, Tensor):
        raise ValueError(located(f"{kind} examples must be a string Tensor."))
    return _info(examples, _STRING, f"{kind} examples", "string")


def _info(tensor: Any, dtype: int, what: str, kind: str) -> Any:
    info = info_of(tensor)
    if info.dtype != dtype:
        raise ValueError(located(f"{what} must be a {kind} Tensor."))
    return info


def is_valid_signature(signature_def):
    """Whether a model server can serve a signature.

    Args:
        signature_def: SignatureDef, or None.

    Returns:
        Whether it has the inputs and outputs that its method needs.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32)
        >>> fg.saved_model.is_valid_signature(
        ...     fg.saved_model.predict_signature_def({"x": x}, {"y": 2 * x}))
        True
    """
    if signature_def is None:
        return False
    inputs, outputs = signature_def.inputs, signature_def.outputs
    if signature_def.method_name == names.PREDICT_METHOD_NAME:
        return bool(inputs) and bool(outputs)
    if list(inputs) != [names.REGRESS_INPUTS] or inputs[names.REGRESS_INPUTS].dtype != _STRING:
        return False  # the name is the same for classification
    if signature_def.method_name == names.REGRESS_METHOD_NAME:
        return (list(outputs) == [names.REGRESS_OUTPUTS]
                and outputs[names.REGRESS_OUTPUTS].dtype == _FLOAT)
    wanted = {names.CLASSIFY_OUTPUT_CLASSES: _STRING, names.CLASSIFY_OUTPUT_SCORES: _FLOAT}
    return (signature_def.method_name == names.CLASSIFY_METHOD_NAME and bool(outputs)
            and all(outputs[name].dtype == wanted.get(name) for name in outputs))
