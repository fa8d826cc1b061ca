"""Layers without matrices of weights: shapes, biases, dropout, layers one after another."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.argument_scope import add_arg_scope
from flowgraph.contrib.framework.variables import model_variable
from flowgraph.contrib.layers.outputs import (
    IMAGES,
    channels_place,
    collect_named_outputs,
    get_variable_collections,
    last_dimension,
    layer_outputs,
    variable_getter,
)
from flowgraph.core.dtypes import int32, int64
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.layers.core import Dropout
from flowgraph.layers.core import flatten as flatten_layer
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.bias import bias_add as bias_add_op
from flowgraph.ops.cast import to_int64
from flowgraph.ops.compare import not_equal
from flowgraph.ops.constant import constant
from flowgraph.ops.gather import gather_nd
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.reduce import reduce_max
from flowgraph.ops.reshape import reshape, transpose
from flowgraph.ops.select import one_hot, where
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.softmax import softmax as softmax_op
from flowgraph.ops.sparse_tensor import SparseTensor
from flowgraph.ops.variable_scope import variable_scope

_ZEROS = Zeros()


@add_arg_scope
def bias_add(inputs: Any, activation_fn: Any = None, initializer: Any = _ZEROS,
             regularizer: Any = None, reuse: Any = None, variables_collections: Any = None,
             outputs_collections: Any = None, trainable: bool = True, data_format: str = "NHWC",
             scope: Any = None) -> Any:
    """Adds a bias to each channel.

    Args:
        inputs: tensor of rank 2 or more, whose number of channels is known.
        activation_fn: function applied to the outputs, or None.
        initializer: first value of the biases.
        regularizer: function from the biases to a loss, or None.
        reuse, variables_collections, outputs_collections, trainable: as for `fully_connected`.
        data_format: "NHWC" or "NCHW".
        scope: the variable scope; default "BiasAdd", made unique.

    Returns:
        A tensor like `inputs`.

    Raises:
        ValueError: the rank or the number of channels is not known.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> y = layers.bias_add(fg.zeros([2, 3]))
        >>> [v.name for v in fg.trainable_variables()]
        ['BiasAdd/biases:0']
    """
    place = channels_place(data_format, IMAGES)
    with variable_scope(scope, "BiasAdd", [inputs], reuse=reuse) as opened:
        inputs = convert_to_tensor(inputs)
        rank = inputs.shape.ndims
        if rank is None:
            raise ValueError(located("Dims of shape must be known but is None"))
        if rank != 4 and data_format == "NCHW":
            raise ValueError(located("Data format NCHW only supports 4D Tensor"))
        size = inputs.shape[1 if place == "channels_first" else -1].value
        if size is None:
            raise ValueError(located("`C` dimension must be known but is None"))
        biases = model_variable(
            "biases", [size], inputs.dtype.base_dtype, initializer, regularizer, trainable,
            get_variable_collections(variables_collections, "biases"))
        outputs = bias_add_op(inputs, biases, data_format=data_format)
        return layer_outputs(outputs, opened.name, None, None, activation_fn, outputs_collections)


@add_arg_scope
def dropout(inputs: Any, keep_prob: Any = 0.5, noise_shape: Any = None, is_training: Any = True,
            outputs_collections: Any = None, scope: Any = None, seed: int | None = None) -> Any:
    """In training, keeps a fraction of the inputs and scales it by `1 / keep_prob`.

    Args:
        inputs: tensor of a floating dtype.
        keep_prob: the fraction that is kept, a float or a scalar tensor.
        noise_shape: shape of the random decisions, as for `tf.nn.dropout`.
        is_training: bool, or scalar bool tensor: False returns the inputs.
        outputs_collections: collections for the outputs, under the scope's name.
        scope: the scope; default "Dropout", made unique.
        seed: int, for the same decisions in every session.

    Returns:
        A tensor like `inputs`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> fg.Session().run(layers.dropout(fg.ones([4]), 0.5, seed=1))
        array([0., 2., 0., 0.], dtype=float32)
    """
    with variable_scope(scope, "Dropout", [inputs], custom_getter=variable_getter()) as opened:
        inputs = convert_to_tensor(inputs)
        layer = Dropout(1 - keep_prob, noise_shape, seed, opened.name, _scope=opened)
        outputs = layer(inputs, training=is_training)
        return collect_named_outputs(outputs_collections, opened.name, outputs)


@add_arg_scope
def flatten(inputs: Any, outputs_collections: Any = None, scope: Any = None) -> Any:
    """Makes a matrix of the inputs: one row for each element of the batch.

    Args:
        inputs: tensor of rank 1 or more.
        outputs_collections: collections for the outputs, under the scope's name.
        scope: name of the op; default "Flatten".

    Returns:
        A [batch, product of the other sizes] tensor.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.flatten(fg.zeros([2, 3, 4])).shape.as_list()
        [2, 12]
    """
    with name_scope(scope, "Flatten", [inputs]) as opened:
        outputs = flatten_layer(convert_to_tensor(inputs))
        return collect_named_outputs(outputs_collections, opened, outputs)


@add_arg_scope
def one_hot_encoding(labels: Any, num_classes: int, on_value: Any = 1.0, off_value: Any = 0.0,
                     outputs_collections: Any = None, scope: Any = None) -> Any:
    """Vectors that are `on_value` at the label and `off_value` elsewhere.

    Args:
        labels: integer tensor.
        num_classes: length of the vectors.
        on_value, off_value: the two values.
        outputs_collections: collections for the outputs, under the scope's name.
        scope: name of the op; default "OneHotEncoding".

    Returns:
        A tensor of one axis more than `labels`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> fg.Session().run(layers.one_hot_encoding([2, 0], 3))
        array([[0., 0., 1.],
               [1., 0., 0.]], dtype=float32)
    """
    with name_scope(scope, "OneHotEncoding", [labels, num_classes]) as opened:
        labels = convert_to_tensor(labels)
        if labels.dtype is int32:
            labels = to_int64(labels)
        outputs = one_hot(labels, num_classes, on_value=on_value, off_value=off_value)
        return collect_named_outputs(outputs_collections, opened, outputs)


@add_arg_scope
def softmax(logits: Any, scope: Any = None) -> Any:
    """Softmax over the last axis.

    Args:
        logits: tensor of rank 2 or more.
        scope: the scope; default "softmax", made unique.

    Returns:
        A tensor like `logits`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> fg.Session().run(layers.softmax(fg.zeros([1, 4])))
        array([[0.25, 0.25, 0.25, 0.25]], dtype=float32)
    """
    with variable_scope(scope, "softmax", [logits]):
        size = last_dimension(logits.shape, min_rank=2)
        predictions = softmax_op(reshape(logits, [-1, size]))
        predictions = reshape(predictions, shape_of(logits))
        predictions.set_shape(logits.shape)
        return predictions


@add_arg_scope
def maxout(inputs: Any, num_units: int, axis: int = -1, scope: Any = None) -> Any:
    """The largest of each group of features.

    Args:
        inputs: tensor.
        num_units: number of groups; it divides the size of the axis.
        axis: the axis of the features.
        scope: the scope; default "MaxOut", made unique.

    Returns:
        A tensor like `inputs` with `num_units` features.

    Raises:
        ValueError: `num_units` does not divide the number of features.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> fg.Session().run(layers.maxout(fg.constant([[1.0, 5.0, 3.0, 2.0]]), 2))
        array([[5., 3.]], dtype=float32)
    """
    with variable_scope(scope, "MaxOut", [inputs]):
        inputs = convert_to_tensor(inputs)
        sizes: list[Any] = inputs.shape.as_list()
        features = sizes[axis]
        if features % num_units:
            raise ValueError(located(f"number of features({features}) is not a multiple of "
                                     f"num_units({num_units})"))
        sizes[axis] = num_units
        sizes = [shape_of(inputs)[i] if size is None else size for i, size in enumerate(sizes)]
        return reduce_max(reshape(inputs, [*sizes, features // num_units]), -1)


@add_arg_scope
def dense_to_sparse(tensor: Any, eos_token: Any = 0, outputs_collections: Any = None,
                    scope: Any = None) -> Any:
    """A SparseTensor of the elements that differ from a token.

    Args:
        tensor: tensor.
        eos_token: the value that is left out.
        outputs_collections: collections for the outputs, under the scope's name.
        scope: the scope; default "dense_to_sparse", made unique.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> fg.Session().run(layers.dense_to_sparse(fg.constant([[0, 7], [8, 0]])).values)
        array([7, 8], dtype=int32)
    """
    with variable_scope(scope, "dense_to_sparse", [tensor]) as opened:
        tensor = convert_to_tensor(tensor)
        indices = where(not_equal(tensor, constant(eos_token, tensor.dtype)))
        values = gather_nd(tensor, indices)
        outputs = SparseTensor(indices, values, shape_of(tensor, out_type=int64))
        return collect_named_outputs(outputs_collections, opened.name, outputs)


@add_arg_scope
def images_to_sequence(inputs: Any, data_format: str = "NHWC", outputs_collections: Any = None,
                       scope: Any = None) -> Any:
    """Images as series of columns, each row of an image a series of its own.

    Args:
        inputs: [batch, height, width, channels] tensor, or as `data_format` says.
        data_format: "NHWC" or "NCHW".
        outputs_collections: collections for the outputs, under the scope's name.
        scope: name of the op; default "ImagesToSequence".

    Returns:
        A [width, batch * height, channels] tensor.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.images_to_sequence(fg.zeros([2, 4, 5, 3])).shape.as_list()
        [5, 8, 3]
    """
    place = channels_place(data_format, IMAGES)
    with name_scope(scope, "ImagesToSequence", [inputs]) as opened:
        inputs = convert_to_tensor(inputs)
        if place == "channels_first":
            inputs = transpose(inputs, [0, 2, 3, 1])
        width, depth = inputs.shape.as_list()[2:]
        sizes = shape_of(inputs)
        outputs = reshape(transpose(inputs, [2, 0, 1, 3]), [width, sizes[0] * sizes[1], depth])
        return collect_named_outputs(outputs_collections, opened, outputs)


@add_arg_scope
def sequence_to_images(inputs: Any, height: int, output_data_format: str = "channels_last",
                       outputs_collections: Any = None, scope: Any = None) -> Any:
    """Undoes `images_to_sequence`.

    Args:
        inputs: [width, batch * height, channels] tensor.
        height: height of the images.
        output_data_format: "channels_last" or "channels_first".
        outputs_collections: collections for the outputs, under the scope's name.
        scope: name of the op; default "SequenceToImages".

    Returns:
        A tensor of images.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.sequence_to_images(fg.zeros([5, 8, 3]), 4).shape.as_list()
        [2, 4, 5, 3]
    """
    with name_scope(scope, "SequenceToImages", [inputs]) as opened:
        inputs = convert_to_tensor(inputs)
        width, rows, depth = inputs.shape.as_list()
        batch = -1 if rows is None else rows // height
        order = [1, 3, 2, 0] if output_data_format == "channels_first" else [1, 2, 0, 3]
        outputs = transpose(reshape(inputs, [width, batch, height, depth]), order)
        return collect_named_outputs(outputs_collections, opened, outputs)


# ---- layers one after another --------------------------------------------------------------------


def repeat(inputs: Any, repetitions: int, layer: Any, *args: Any, **kwargs: Any) -> Any:
    """Applies a layer several times, each time with variables of its own.

    Args:
        inputs: tensor.
        repetitions: how often.
        layer: function from a tensor to a tensor that takes `scope`, as `conv2d`.
        *args: further arguments of the layer.
        kwargs: its keywords; `scope` is the scope around all, default "Repeat", and the scopes
            inside are called scope_1, scope_2 and so on.

    Returns:
        The last output.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> y = layers.repeat(fg.zeros([1, 3]), 2, layers.fully_connected, 4, scope="fc")
        >>> [v.name for v in fg.trainable_variables()][::2]
        ['fc/fc_1/weights:0', 'fc/fc_2/weights:0']
    """
    return _chain(inputs, layer, [args] * repetitions, "Repeat", kwargs)


def stack(inputs: Any, layer: Any, stack_args: Any, **kwargs: Any) -> Any:
    """Applies a layer several times with different arguments.

    Args:
        inputs: tensor.
        layer: function from a tensor to a tensor that takes `scope`, as `fully_connected`.
        stack_args: list of the arguments of each call: one value, or a list of values.
        kwargs: keywords of every call; `scope` as for `repeat`, default "Stack".

    Returns:
        The last output.

    Raises:
        ValueError: `stack_args` is neither a list nor a tuple.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> y = layers.stack(fg.zeros([1, 3]), layers.fully_connected, [32, 64])
        >>> [v.name for v in fg.trainable_variables()][::2]
        ['Stack/fully_connected_1/weights:0', 'Stack/fully_connected_2/weights:0']
    """
    if not isinstance(stack_args, (list, tuple)):
        raise ValueError(located("stack_args need to be a list or tuple"))
    calls = [one if isinstance(one, (list, tuple)) else [one] for one in stack_args]
    return _chain(inputs, layer, calls, "Stack", kwargs)


def _chain(inputs: Any, layer: Any, calls: Any, default_name: str, kwargs: dict[str, Any]) -> Any:
    scope = kwargs.pop("scope", None)
    with variable_scope(scope, default_name, [inputs]):
        outputs = convert_to_tensor(inputs)
        if scope is None:
            named = layer if hasattr(layer, "__name__") else getattr(layer, "func", None)
            scope = getattr(named, "__name__", default_name.lower())
        for i, args in enumerate(calls):
            outputs = layer(outputs, *args, **{**kwargs, "scope": f"{scope}_{i + 1}"})
        return outputs
