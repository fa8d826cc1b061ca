"""Signatures and TensorInfos."""

from __future__ import annotations

import pytest

import flowgraph as tf
from flowgraph.io.graphs.meta_messages import SignatureDef

model = tf.saved_model


def test_signatures_of_each_method_are_valid() -> None:
    examples = tf.placeholder(tf.string, [None], name="examples")
    scores, classes = tf.constant([0.5], name="scores"), tf.constant(["a"], name="classes")
    for signature, outputs in (
            (model.predict_signature_def({"x": scores}, {"y": classes}), ["y"]),
            (model.regression_signature_def(examples, scores), ["outputs"]),
            (model.classification_signature_def(examples, classes, scores), ["classes", "scores"]),
            (model.classification_signature_def(examples, None, scores), ["scores"])):
        assert model.is_valid_signature(signature)
        assert list(signature.outputs) == outputs
        signature.method_name = "other"
        assert not model.is_valid_signature(signature)


def test_signatures_that_lack_something_are_not_valid() -> None:
    examples, scores = tf.placeholder(tf.string, [None]), tf.constant([0.5])
    assert not model.is_valid_signature(None)
    assert not model.is_valid_signature(SignatureDef(method_name=model.PREDICT_METHOD_NAME))
    for signature in (model.regression_signature_def(examples, scores),
                      model.classification_signature_def(examples, None, scores)):
        signature.outputs["more"].dtype = tf.float32.as_datatype_enum
        assert not model.is_valid_signature(signature)
        del signature.outputs["more"]
        signature.inputs["inputs"].dtype = tf.int32.as_datatype_enum
        assert not model.is_valid_signature(signature)


@pytest.mark.parametrize(("make", "words"), [
    (lambda s, f: model.predict_signature_def({}, {"y": f}), "inputs cannot be None or empty"),
    (lambda s, f: model.predict_signature_def({"x": f}, None), "outputs cannot be None or empty"),
    (lambda s, f: model.regression_signature_def(None, f), "examples cannot be None"),
    (lambda s, f: model.regression_signature_def("a", f), "must be a string Tensor"),
    (lambda s, f: model.regression_signature_def(f, f), "must be a string Tensor"),
    (lambda s, f: model.regression_signature_def(s, None), "predictions cannot be None"),
    (lambda s, f: model.regression_signature_def(s, s), "must be a float Tensor"),
    (lambda s, f: model.classification_signature_def(s, None, None), "cannot both be None"),
    (lambda s, f: model.classification_signature_def(s, f, None), "must be a string Tensor"),
    (lambda s, f: model.classification_signature_def(s, None, s), "must be a float Tensor"),
])
def test_wrong_tensors_are_refused(make, words) -> None:
    with pytest.raises(ValueError, match=words):
        make(tf.placeholder(tf.string, [None]), tf.constant([0.5]))


def test_a_sparse_tensor_is_three_names() -> None:
    sparse = tf.sparse_placeholder(tf.float32, [3, 4], name="s")
    info = model.utils.build_tensor_info(sparse)
    assert info.WhichOneof("encoding") == "coo_sparse"
    assert info.coo_sparse.values_tensor_name == sparse.values.name
    found = model.utils.get_tensor_from_tensor_info(info)
    assert (found.indices, found.values) == (sparse.indices, sparse.values)
    assert found.dense_shape is sparse.dense_shape


def test_shapes_and_scopes_of_tensor_infos() -> None:
    x = tf.placeholder(tf.int64, name="a/x")
    info = model.build_tensor_info(x)
    assert info.tensor_shape.unknown_rank and info.dtype == 9
    info.name = "x:0"
    assert model.get_tensor_from_tensor_info(info, import_scope="a") is x
    with pytest.raises(KeyError, match="b/x"):
        model.get_tensor_from_tensor_info(info, import_scope="b")
    with pytest.raises(ValueError, match="encoding"):
        model.get_tensor_from_tensor_info(tf.TensorInfo())
    info.composite_tensor.components.add(name="a/x:0")
    with pytest.raises(NotImplementedError, match="components"):
        model.get_tensor_from_tensor_info(info)
    with pytest.raises(TypeError, match="a tensor is needed"):
        model.build_tensor_info(3)


def test_constants_are_those_of_tensorflow() -> None:
    assert model.signature_constants.PREDICT_METHOD_NAME == "tensorflow/serving/predict"
    assert model.tag_constants.SERVING == model.SERVING == "serve"
    assert model.constants.VARIABLES_FILENAME == "variables"
    assert model.main_op.main_op().type == "NoOp"
