"""Batch normalization: by the statistics of the batch in training, by moving averages after that.

The moving averages are updated by ops in the collection UPDATE_OPS, which a training step must run:

    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    with tf.control_dependencies(updates):
        train = optimizer.minimize(loss)

Where `training` is a tensor, the statistics are chosen in the run. An update then runs either way;
in inference it is by a difference of 0, so that it changes nothing.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core.dtypes import DType, as_dtype, float16, float32
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.layers.base import Layer
from flowgraph.layers.input_spec import InputSpec
from flowgraph.layers.named import ONES, ZEROS, initializer_called
from flowgraph.layers.smart_cond import known_truth, smart_cond
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.activation import relu
from flowgraph.ops.arithmetic import maximum, minimum
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import constant, ones_like, zeros_like
from flowgraph.ops.fused_batch_norm import fused_batch_norm
from flowgraph.ops.identity import identity, stop_gradient
from flowgraph.ops.normalization import batch_normalization as normalized_by
from flowgraph.ops.normalization import moments
from flowgraph.ops.reduce import reduce_mean
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.state import assign, assign_sub
from flowgraph.ops.unary import sqrt
from flowgraph.ops.variable import VariableAggregation, VariableSynchronization


class BatchNormalization(Layer):
    """Normalises its inputs to mean 0 and variance 1, then scales and shifts them.

    Args:
        axis: int, or list of ints: the axes that keep statistics of their own, as the channels.
        momentum: how much of a moving average stays at each update.
        epsilon: small number added to the variance.
        center, scale: whether to add `beta`, and to multiply by `gamma`.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer:
            first values of the variables.
        beta_regularizer, gamma_regularizer: function from the variable to a loss, or None.
        beta_constraint, gamma_constraint: function from a trained value to the one to keep.
        renorm: whether to correct the batch's statistics by moving ones in training, too.
        renorm_clipping: dict of "rmax", "rmin", "dmax", the limits of that correction.
        renorm_momentum: how much of the moving statistics for `renorm` stays at each update.
        fused: False keeps from using one op for it all where that is possible.
        trainable: whether the variables are trained.
        virtual_batch_size: number of elements that are normalised together; it divides the batch.
        adjustment: function from the inputs' shape, as a tensor, to a scale and an offset that are
            applied in training before `gamma` and `beta`.
        name: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.layers.BatchNormalization()
        >>> y = layer(fg.constant([[1.0], [3.0]]), training=True)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     print(sess.run(y).ravel().round(2))
        [-1.  1.]
    """

    def __init__(self, axis: Any = -1, momentum: float = 0.99, epsilon: float = 1e-3,
                 center: bool = True, scale: bool = True, beta_initializer: Any = ZEROS,
                 gamma_initializer: Any = ONES, moving_mean_initializer: Any = ZEROS,
                 moving_variance_initializer: Any = ONES, beta_regularizer: Any = None,
                 gamma_regularizer: Any = None, beta_constraint: Any = None,
                 gamma_constraint: Any = None, renorm: bool = False, renorm_clipping: Any = None,
                 renorm_momentum: float = 0.99, fused: bool | None = None, trainable: bool = True,
                 virtual_batch_size: int | None = None, adjustment: Any = None, name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        if not isinstance(axis, (int, list, tuple)):
            raise TypeError(located(f"axis must be int or list, type given: {type(axis)}"))
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.momentum, self.epsilon, self.center, self.scale = momentum, epsilon, center, scale
        self.beta_initializer = initializer_called(beta_initializer)
        self.gamma_initializer = initializer_called(gamma_initializer)
        self.moving_mean_initializer = initializer_called(moving_mean_initializer)
        self.moving_variance_initializer = initializer_called(moving_variance_initializer)
        self.beta_regularizer, self.gamma_regularizer = beta_regularizer, gamma_regularizer
        self.beta_constraint, self.gamma_constraint = beta_constraint, gamma_constraint
        self.renorm, self.renorm_momentum = renorm, renorm_momentum
        self.renorm_clipping = renorm_clipping or {}
        if renorm and set(self.renorm_clipping) - {"rmax", "rmin", "dmax"}:
            raise ValueError(located(f"renorm_clipping {renorm_clipping} contains keys not in "
                                     "['rmax', 'rmin', 'dmax']"))
        self.fused = True if fused is None else fused
        self.virtual_batch_size = virtual_batch_size
        self.adjustment = adjustment
        self.gamma: Any = None
        self.beta: Any = None

    # ---- variables -------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Makes `gamma`, `beta`, `moving_mean` and `moving_variance`."""
        shape = TensorShape(input_shape)
        rank = shape.ndims
        if not rank:
            raise ValueError(located(f"Input has undefined rank: {shape}",
                                     "Give the placeholder a shape, or call set_shape."))
        self._axes = self._checked_axes(rank)
        sizes = {axis: shape[axis].value for axis in self._axes}
        if None in sizes.values():
            raise ValueError(located(
                f"Input has undefined `axis` dimension. Input shape: {shape}",
                "Give the placeholder the size of that axis, or call set_shape."))
        self.input_spec = InputSpec(ndim=rank, axes=sizes)
        self.fused = bool(self.fused) and rank == 4 and self._axes[0] in (1, 3) and (
            len(self._axes) == 1 and not self.renorm and self.virtual_batch_size is None
            and self.adjustment is None)
        if len(sizes) == 1 and self.virtual_batch_size is None:
            vector = list(sizes.values())
        else:
            vector = [sizes.get(axis, 1) for axis in range(rank)]
        if self.virtual_batch_size is not None:  # the batch becomes two axes
            vector.insert(1, 1)
            self._axes = [axis + 1 for axis in self._axes]
        if self.scale:
            self.gamma = self.add_weight(
                "gamma", vector, self._vector_dtype, self.gamma_initializer,
                self.gamma_regularizer, constraint=self.gamma_constraint)
        elif self.fused:
            self._ones = constant(1.0, self._vector_dtype, vector)
        if self.center:
            self.beta = self.add_weight(
                "beta", vector, self._vector_dtype, self.beta_initializer, self.beta_regularizer,
                constraint=self.beta_constraint)
        elif self.fused:
            self._zeros = constant(0.0, self._vector_dtype, vector)
        self.moving_mean = self._statistic("moving_mean", vector, self.moving_mean_initializer)
        self.moving_variance = self._statistic("moving_variance", vector,
                                               self.moving_variance_initializer)
        if self.renorm:
            self.moving_stddev = self._statistic("moving_stddev", vector, self._first_stddev)
            self.renorm_mean = self._statistic("renorm_mean", vector, self.moving_mean_initializer)
            self.renorm_stddev = self._statistic("renorm_stddev", vector, self._first_stddev)
        self.built = True

    def _checked_axes(self, rank: int) -> list[int]:
        given = [self.axis] if isinstance(self.axis, int) else self.axis
        axes = [axis + rank if axis < 0 else axis for axis in given]
        for axis in axes:
            if not 0 <= axis < rank:
                raise ValueError(located(
                    f"Invalid axis: {axis}",
                    "It must be an axis of the inputs, as -1 for the last one."))
        if len(set(axes)) != len(axes):
            raise ValueError(located(f"Duplicate axis: {axes}"))
        if self.virtual_batch_size is not None:
            if self.virtual_batch_size <= 0:
                raise ValueError(located("virtual_batch_size must be a positive integer that "
                                         "divides the true batch size of the input Tensor"))
            if 0 in axes:
                raise ValueError(located("When using virtual_batch_size, the batch dimension must "
                                         "be 0 and thus axis cannot include 0"))
            if self.adjustment is not None:
                raise ValueError(located("When using virtual_batch_size, adjustment cannot be "
                                         "specified"))
        return axes

    @property
    def _vector_dtype(self) -> DType:
        dtype = as_dtype(self.dtype or float32)
        return float32 if dtype is float16 else dtype  # statistics of half floats need more digits

    def _statistic(self, name: str, shape: Any, initializer: Any) -> Any:
        self._set_scope(None)
        scope: Any = self._scope
        partitioner = scope.partitioner
        scope.set_partitioner(None)  # it is assigned to, which parts cannot be
        try:
            return self.add_weight(
                name, shape, self._vector_dtype, initializer, trainable=False,
                synchronization=VariableSynchronization.ON_READ,
                aggregation=VariableAggregation.MEAN)
        finally:
            scope.set_partitioner(partitioner)

    def _first_stddev(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        return sqrt(self.moving_variance_initializer(shape, dtype=dtype))

    # ---- computing -------------------------------------------------------------------------------

    def call(self, inputs: Any, training: Any = False) -> Any:
        """Computes the outputs, and makes the updates where `training` may be true."""
        training = False if training is None else training
        if self.fused:
            return self._fused(inputs, training)
        if self.virtual_batch_size is None:
            return self._normalized(inputs, training)
        shape = [-1, *inputs.shape.as_list()[1:]]
        if None in shape:
            shape = [-1, *[shape_of(inputs)[i + 1] if size is None else size
                           for i, size in enumerate(shape[1:])]]
        outputs = self._normalized(reshape(inputs, [self.virtual_batch_size, *shape]), training)
        outputs = reshape(outputs, shape)
        outputs.set_shape(inputs.shape)
        return outputs

    def _fused(self, inputs: Any, training: Any) -> Any:
        gamma = self.gamma if self.scale else self._ones
        beta = self.beta if self.center else self._zeros
        data_format = "NCHW" if self._axes == [1] else "NHWC"
        output, mean, variance = smart_cond(
            training,
            lambda: fused_batch_norm(inputs, gamma, beta, epsilon=self.epsilon,
                                     data_format=data_format),
            lambda: fused_batch_norm(inputs, gamma, beta, self.moving_mean, self.moving_variance,
                                     self.epsilon, data_format, is_training=False))
        if known_truth(training) is not False:
            momentum = self._momentum(self.momentum, training)
            self.add_update(self._update_average(self.moving_mean, mean, momentum))
            self.add_update(self._update_average(self.moving_variance, variance, momentum))
        return output

    def _normalized(self, inputs: Any, training: Any) -> Any:
        """The same with ordinary ops, for all that the fused op cannot do."""
        rank = inputs.shape.ndims
        axes = [axis for axis in range(rank) if axis not in self._axes]
        if self.virtual_batch_size is not None:
            del axes[1]
        column = [1] * rank
        column[self._axes[0]] = inputs.shape[self._axes[0]].value

        def broadcast(vector: Any) -> Any:
            if vector is None or vector.shape.ndims == rank or axes == list(range(rank - 1)):
                return vector
            return reshape(vector, column)

        scale, offset = broadcast(self.gamma), broadcast(self.beta)
        if known_truth(training) is False:
            mean, variance = self.moving_mean, self.moving_variance
        else:
            if self.adjustment:
                by, plus = self.adjustment(shape_of(inputs))
                by = smart_cond(training, lambda: by, lambda: ones_like(by))
                plus = smart_cond(training, lambda: plus, lambda: zeros_like(plus))
                scale, offset = _composed(by, plus, scale, offset)
            keep = self.virtual_batch_size is not None or len(self._axes) > 1
            batch_mean, batch_variance = moments(cast(inputs, self._vector_dtype), axes,
                                                 keep_dims=keep)
            mean = smart_cond(training, lambda: batch_mean,
                              lambda: convert_to_tensor(self.moving_mean))
            variance = smart_cond(training, lambda: batch_variance,
                                  lambda: convert_to_tensor(self.moving_variance))
            new_mean, new_variance = mean, variance
            if self.virtual_batch_size is not None:
                new_mean = reduce_mean(mean, 1, keepdims=True)
                new_variance = reduce_mean(variance, 1, keepdims=True)
            if self.renorm:
                r, d, new_mean, new_variance = self._renormalized(new_mean, new_variance, training)
                r = broadcast(stop_gradient(r, name="renorm_r"))
                d = broadcast(stop_gradient(d, name="renorm_d"))
                scale, offset = _composed(r, d, scale, offset)
            self._add_updates(new_mean, new_variance)
        dtype = inputs.dtype.base_dtype
        offset = None if offset is None else cast(offset, dtype)
        scale = None if scale is None else cast(scale, dtype)
        outputs = normalized_by(inputs, broadcast(cast(mean, dtype)),
                                broadcast(cast(variance, dtype)), offset, scale, self.epsilon)
        outputs.set_shape(inputs.shape)
        return outputs

    def _add_updates(self, mean: Any, variance: Any) -> None:
        self.add_update(self._update_average(self.moving_mean, mean, self.momentum))
        if not self.renorm:
            self.add_update(self._update_average(self.moving_variance, variance, self.momentum))
            return
        stddev = self._update_average(self.moving_stddev, sqrt(variance + self.epsilon),
                                      self.momentum)
        new_variance = relu(stddev * stddev - self.epsilon)  # rounding may make it negative
        with name_scope("AssignNewValue") as scope:
            self.add_update(assign(self.moving_variance, new_variance, name=scope))

    def _update_average(self, variable: Any, value: Any, momentum: Any) -> Any:
        """variable -= (variable - value) * (1 - momentum)"""
        with name_scope("AssignMovingAvg") as scope:
            decay = convert_to_tensor(1.0 - momentum, name="decay")
            decay = cast(decay, variable.dtype.base_dtype)
            return assign_sub(variable, (variable - cast(value, variable.dtype.base_dtype)) * decay,
                              name=scope)

    def _momentum(self, momentum: float, training: Any) -> Any:
        """`momentum` as a tensor, 1 unless `training`: an average moves by nothing then."""
        return smart_cond(training, lambda: constant(momentum, self._vector_dtype),
                          lambda: constant(1.0, self._vector_dtype))

    def _renormalized(self, mean: Any, variance: Any, training: Any) -> tuple[Any, ...]:
        """(factor and offset that correct the batch's statistics, those statistics for updates)."""
        stddev = sqrt(variance + self.epsilon)
        moving = maximum(self.renorm_stddev, sqrt(constant(self.epsilon, self._vector_dtype)))
        r = stddev / moving
        d = (mean - self.renorm_mean) / moving
        with control_dependencies([r, d]):  # they need the averages from before the updates
            mean, stddev = identity(mean), identity(stddev)
        limits = self.renorm_clipping
        if limits.get("rmin") is not None:
            r = maximum(r, limits["rmin"])
        if limits.get("rmax") is not None:
            r = minimum(r, limits["rmax"])
        if limits.get("dmax") is not None:
            d = minimum(maximum(d, -limits["dmax"]), limits["dmax"])
        factor, shift = r, d
        r = smart_cond(training, lambda: factor, lambda: ones_like(factor))
        d = smart_cond(training, lambda: shift, lambda: zeros_like(shift))
        momentum: Any = self.renorm_momentum
        if not known_truth(training):
            momentum = self._momentum(momentum, training)
        updates = [self._update_average(self.renorm_mean, identity(mean), momentum),
                   self._update_average(self.renorm_stddev, identity(stddev), momentum)]
        with control_dependencies(updates):
            return r, d, identity(mean), identity(variance)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The inputs' shape."""
        return TensorShape(input_shape)


def _composed(scale: Any, offset: Any, then_scale: Any, then_offset: Any) -> tuple[Any, Any]:
    """One scale and offset that do what two in a row do."""
    if then_scale is not None:
        scale, offset = scale * then_scale, offset * then_scale
    return scale, offset if then_offset is None else offset + then_offset


def batch_normalization(inputs: Any, axis: Any = -1, momentum: float = 0.99, epsilon: float = 1e-3,
                        center: bool = True, scale: bool = True, beta_initializer: Any = ZEROS,
                        gamma_initializer: Any = ONES, moving_mean_initializer: Any = ZEROS,
                        moving_variance_initializer: Any = ONES, beta_regularizer: Any = None,
                        gamma_regularizer: Any = None, beta_constraint: Any = None,
                        gamma_constraint: Any = None, training: Any = False,
                        trainable: bool = True, name: Any = None, reuse: Any = None,
                        renorm: bool = False, renorm_clipping: Any = None,
                        renorm_momentum: float = 0.99, fused: bool | None = None,
                        virtual_batch_size: int | None = None, adjustment: Any = None) -> Any:
    """Normalises inputs to mean 0 and variance 1, then scales and shifts them.

    The ops that update the moving averages are in the collection UPDATE_OPS; a training step must
    run them, too.

    Args:
        inputs: tensor of a floating dtype.
        axis, momentum, epsilon, center, scale, beta_initializer, gamma_initializer,
            moving_mean_initializer, moving_variance_initializer, beta_regularizer,
            gamma_regularizer, beta_constraint, gamma_constraint, trainable, renorm,
            renorm_clipping, renorm_momentum, fused, virtual_batch_size, adjustment: as for
            `tf.layers.BatchNormalization`.
        training: bool, or scalar bool tensor: True normalises by the batch, False by the moving
            averages.
        name: name of the layer and of its variable scope.
        reuse: whether to find the variables of an earlier layer of this name.

    Returns:
        A tensor like `inputs`.

    Raises:
        ValueError: the rank, or the size of `axis`, is not known.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant([[1.0], [3.0]])
        >>> y = fg.layers.batch_normalization(x, training=True, momentum=0.5, name="bn")
        >>> updates = fg.get_collection(fg.GraphKeys.UPDATE_OPS, scope="bn/")
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     _ = sess.run(updates)
        ...     print(sess.run(fg.global_variables("bn/moving_mean")))
        [array([1.], dtype=float32)]
    """
    return BatchNormalization(
        axis, momentum, epsilon, center, scale, beta_initializer, gamma_initializer,
        moving_mean_initializer, moving_variance_initializer, beta_regularizer, gamma_regularizer,
        beta_constraint, gamma_constraint, renorm, renorm_clipping, renorm_momentum, fused,
        trainable, virtual_batch_size, adjustment, name, _scope=name, _reuse=reuse)(
            inputs, training=training)
