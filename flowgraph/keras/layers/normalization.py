"""Normalisation by the statistics of the batch, or of each element."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.keras.backend import learning_phase
from flowgraph.keras.layer import Layer
from flowgraph.layers import normalization
from flowgraph.ops.normalization import batch_normalization, moments
from flowgraph.ops.reshape import reshape


class BatchNormalization(normalization.BatchNormalization, Layer):
    """Normalises its inputs to mean 0 and variance 1, then scales and shifts them.

    The updates of the moving averages are in the layer's `updates`; a Model runs them when it is
    trained, a loop of your own must run them itself.

    Args:
        axis, momentum, epsilon, center, scale, beta_initializer, gamma_initializer,
            moving_mean_initializer, moving_variance_initializer, beta_regularizer,
            gamma_regularizer, beta_constraint, gamma_constraint, renorm, renorm_clipping,
            renorm_momentum, fused, trainable, virtual_batch_size, adjustment, name: as for
            `tf.layers.BatchNormalization`.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     layer = fg.keras.layers.BatchNormalization()
        ...     y = layer(fg.constant([[1.0], [3.0]]), training=True)
        ...     print(len(layer.updates), layer.gamma.name)
        2 batch_normalization/gamma:0
    """

    supports_masking = True

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Computes the outputs: by the batch if `training`, default the learning phase."""
        return super().call(inputs, learning_phase() if training is None else training)


class LayerNormalization(Layer):
    """Normalises each element of the batch to mean 0 and variance 1, then scales and shifts it.

    Args:
        axis: int, or list of ints: the axes to normalise over.
        epsilon: small number added to the variance.
        center, scale: whether to add `beta`, and to multiply by `gamma`.
        beta_initializer, gamma_initializer: first values.
        beta_regularizer, gamma_regularizer: function from the variable to a loss, or None.
        beta_constraint, gamma_constraint: function from a trained value to the one to keep.
        trainable: whether the variables are trained.
        name: name of the layer.
        kwargs: as for `tf.keras.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.keras.layers.LayerNormalization()
        >>> y = layer(fg.constant([[1.0, 3.0]]))
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     print(sess.run(y).round(2))
        [[-1.  1.]]
    """

    supports_masking = True

    def __init__(self, axis: Any = -1, epsilon: float = 1e-3, center: bool = True,
                 scale: bool = True, beta_initializer: Any = "zeros",
                 gamma_initializer: Any = "ones", beta_regularizer: Any = None,
                 gamma_regularizer: Any = None, beta_constraint: Any = None,
                 gamma_constraint: Any = None, trainable: bool = True, name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        self.axis, self.epsilon, self.center, self.scale = axis, epsilon, center, scale
        self.beta_initializer, self.gamma_initializer = beta_initializer, gamma_initializer
        self.beta_regularizer, self.gamma_regularizer = beta_regularizer, gamma_regularizer
        self.beta_constraint, self.gamma_constraint = beta_constraint, gamma_constraint
        self.gamma: Any = None
        self.beta: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes `gamma` and `beta`."""
        sizes = TensorShape(input_shape).as_list()
        given = [self.axis] if isinstance(self.axis, int) else list(self.axis)
        self._axes = [axis + len(sizes) if axis < 0 else axis for axis in given]
        if any(not 0 <= axis < len(sizes) for axis in self._axes):
            raise ValueError(located(f"Invalid axis: {self.axis}"))
        if len(set(self._axes)) != len(self._axes):
            raise ValueError(located(f"Duplicate axis: {tuple(given)}"))
        shape = [sizes[axis] for axis in self._axes]
        if self.scale:
            self.gamma = self.add_weight(
                "gamma", shape, initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer, constraint=self.gamma_constraint)
        if self.center:
            self.beta = self.add_weight(
                "beta", shape, initializer=self.beta_initializer,
                regularizer=self.beta_regularizer, constraint=self.beta_constraint)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        mean, variance = moments(inputs, self._axes, keep_dims=True)
        sizes = inputs.shape.as_list()
        aligned = [size if axis in self._axes else 1 for axis, size in enumerate(sizes)]

        def of_full_rank(v: Any) -> Any:
            last = self._axes == [len(sizes) - 1]
            return v if v is None or last else reshape(v, aligned)

        outputs = batch_normalization(inputs, mean, variance, of_full_rank(self.beta),
                                      of_full_rank(self.gamma), self.epsilon)
        outputs.set_shape(inputs.shape)
        return outputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The inputs' shape."""
        return TensorShape(input_shape)
