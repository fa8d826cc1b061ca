"""Where in an image the features are: the spatial softmax; gradients scaled on their way back."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.variables import model_variable
from flowgraph.contrib.layers.outputs import get_variable_collections
from flowgraph.core.dtypes import float32
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.constant import lin_space
from flowgraph.ops.custom_gradient import custom_gradient
from flowgraph.ops.initializers import Constant, Ones
from flowgraph.ops.join import concat, meshgrid
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import reshape, transpose
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.softmax import softmax
from flowgraph.ops.variable_scope import variable_scope


def spatial_softmax(features: Any, temperature: Any = None, name: str | None = None,
                    variables_collections: Any = None, trainable: bool = True,
                    data_format: str = "NHWC") -> Any:
    """The mean place of each channel's activation in images, from -1 to 1.

    Args:
        features: [batch, height, width, channels] tensor, or as `data_format` says.
        temperature: first value of the variable that features are divided by; default 1.
        name: the scope; default "spatial_softmax", made unique.
        variables_collections: collections for that variable.
        trainable: whether it is trained.
        data_format: "NHWC" or "NCHW".

    Returns:
        A [batch, 2 * channels] tensor of places: down and across, channel by channel.

    Raises:
        ValueError: the number of channels is not known, or the data format is another.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> y = layers.spatial_softmax(100 * fg.one_hot([[[0], [1]], [[1], [1]]], 1))
        >>> layers.spatial_softmax(fg.zeros([2, 5, 5, 8])).shape.as_list()
        [2, 16]
    """
    if data_format not in ("NHWC", "NCHW"):
        raise ValueError(located("data_format has to be either NCHW or NHWC."))
    with variable_scope(name, "spatial_softmax"):
        features = convert_to_tensor(features)
        sizes, first = shape_of(features), data_format == "NCHW"
        height, width = (sizes[2], sizes[3]) if first else (sizes[1], sizes[2])
        channels = features.shape[1 if first else 3].value
        if channels is None:
            raise ValueError(located("The num_channels dimension of the inputs to "
                                     "`spatial_softmax` should be defined. Found `None`."))
        with name_scope("spatial_softmax_op", "spatial_softmax_op", [features]):
            places = [reshape(grid, [height * width]) for grid in meshgrid(
                lin_space(-1.0, 1.0, num=height), lin_space(-1.0, 1.0, num=width),
                indexing="ij")]
            warmth = model_variable(
                "temperature", (), float32,
                Ones() if temperature is None else Constant(temperature), trainable=trainable,
                collections=get_variable_collections(variables_collections, "temperature")
                if trainable else None)
            if not first:
                features = transpose(features, [0, 3, 1, 2])
            attention = softmax(reshape(features, [-1, height * width]) / warmth)
            expected = [reduce_sum(place * attention, [1], keepdims=True) for place in places]
            keypoints = reshape(concat(expected, 1), [-1, channels * 2])
            keypoints.set_shape([None, channels * 2])
    return keypoints


def scale_gradient(inputs: Any, gradient_multiplier: Any) -> Any:
    """The inputs, whose gradient is multiplied by a factor.

    Args:
        inputs: tensor.
        gradient_multiplier: the factor, a scalar.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> x = fg.constant(3.0)
        >>> fg.Session().run(fg.gradients(layers.scale_gradient(x, 0.5) * 4.0, x))
        [np.float32(2.0)]
    """
    factor = convert_to_tensor(gradient_multiplier)

    @custom_gradient
    def scaled(x: Any) -> Any:
        return x + 0, lambda dy: dy * factor

    return scaled(convert_to_tensor(inputs))
