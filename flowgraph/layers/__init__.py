"""`tf.layers`: layers that make their variables, as functions and as classes."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.layers.base import Layer
from flowgraph.layers.convolution import Conv1D, Conv2D, Conv3D, conv1d, conv2d, conv3d
from flowgraph.layers.core import Dense, Dropout, Flatten, dense, dropout, flatten
from flowgraph.layers.input_spec import InputSpec
from flowgraph.layers.normalization import BatchNormalization, batch_normalization
from flowgraph.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
    average_pooling1d,
    average_pooling2d,
    average_pooling3d,
    max_pooling1d,
    max_pooling2d,
    max_pooling3d,
)
from flowgraph.layers.separable import (
    SeparableConv1D,
    SeparableConv2D,
    separable_conv1d,
    separable_conv2d,
)
from flowgraph.layers.transposed import (
    Conv2DTranspose,
    Conv3DTranspose,
    conv2d_transpose,
    conv3d_transpose,
)

__getattr__ = _lazy("tf.layers", globals())
