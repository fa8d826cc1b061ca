"""Activations that are layers: ReLU and its kin, softmax."""

from __future__ import annotations

from typing import Any

from flowgraph.core.shapes import TensorShape
from flowgraph.keras import activations
from flowgraph.keras.layer import Layer
from flowgraph.layers.input_spec import InputSpec
from flowgraph.ops.activation import leaky_relu
from flowgraph.ops.activation import relu as plain_relu
from flowgraph.ops.cast import cast
from flowgraph.ops.softmax import softmax


class _Activation(Layer):
    supports_masking = True

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The inputs' shape."""
        return TensorShape(input_shape)


class LeakyReLU(_Activation):
    """`x` where that is positive, else `alpha x`.

    Args:
        alpha: the slope below 0.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.LeakyReLU(0.5)(fg.constant([-1.0, 1.0]))))
        [-0.5  1. ]
    """

    def __init__(self, alpha: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        return leaky_relu(inputs, self.alpha)


class PReLU(_Activation):
    """`x` where that is positive, else `alpha x` with an `alpha` that is learned.

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: as for a kernel.
        shared_axes: axes along which there is one `alpha`, counted with the batch.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.keras.layers.PReLU(shared_axes=[1, 2])
        >>> layer(fg.ones([1, 4, 4, 3])).shape.as_list(), layer.alpha.shape.as_list()
        ([1, 4, 4, 3], [1, 1, 3])
    """

    def __init__(self, alpha_initializer: Any = "zeros", alpha_regularizer: Any = None,
                 alpha_constraint: Any = None, shared_axes: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer, self.alpha_regularizer = alpha_initializer, alpha_regularizer
        self.alpha_constraint = alpha_constraint
        self.shared_axes = [shared_axes] if isinstance(shared_axes, int) else shared_axes

    def build(self, input_shape: Any) -> None:
        """Makes `alpha`."""
        sizes = TensorShape(input_shape).as_list()[1:]
        for axis in self.shared_axes or []:
            sizes[axis - 1] = 1
        self.alpha = self.add_weight("alpha", sizes, initializer=self.alpha_initializer,
                                     regularizer=self.alpha_regularizer,
                                     constraint=self.alpha_constraint)
        self.input_spec = InputSpec(ndim=len(sizes) + 1)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        return plain_relu(inputs) + -self.alpha * plain_relu(-inputs)


class ELU(_Activation):
    """`x` where that is positive, else `alpha (exp(x) - 1)`.

    Args:
        alpha: slope at 0 from below.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.ELU()(fg.constant([0.0, 1.0]))))
        [0. 1.]
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        return activations.elu(inputs, self.alpha)


class ThresholdedReLU(_Activation):
    """`x` where that is above `theta`, else 0.

    Args:
        theta: the threshold.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.ThresholdedReLU()(fg.constant([0.5, 2.0]))))
        [0. 2.]
    """

    def __init__(self, theta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.theta = theta

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        return inputs * cast(inputs > self.theta, inputs.dtype.base_dtype)


class ReLU(_Activation):
    """`x` where that is above a threshold, up to a largest value.

    Args:
        max_value: the largest value; default none.
        negative_slope: slope below the threshold.
        threshold: what is not above it is `negative_slope * (x - threshold)`.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.ReLU(6.0)(fg.constant([-1.0, 8.0]))))
        [0. 6.]
    """

    def __init__(self, max_value: float | None = None, negative_slope: float = 0,
                 threshold: float = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class Softmax(_Activation):
    """Exponentials that add up to 1.

    Args:
        axis: along which axis.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.Softmax()(fg.constant([[1.0, 1.0]]))))
        [[0.5 0.5]]
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        return softmax(inputs, self.axis)
