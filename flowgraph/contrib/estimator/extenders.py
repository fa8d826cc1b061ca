"""An optimizer that clips its gradients, and an Estimator that predicts its features too."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.estimator.estimator import Estimator
from flowgraph.estimator.export_output import PredictOutput
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.ops.clip import clip_by_global_norm
from flowgraph.ops.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from flowgraph.train.optimizer import Optimizer


def clip_gradients_by_norm(optimizer: Optimizer, clip_norm: Any) -> Optimizer:
    """An optimizer that clips gradients before it applies them.

    Args:
        optimizer: the optimizer that applies them.
        clip_norm: the largest global norm: that of all gradients together.

    Returns:
        The new optimizer.

    Example:
        >>> import flowgraph as fg
        >>> w = fg.Variable([3.0, 4.0])
        >>> sgd = fg.train.GradientDescentOptimizer(1.0)
        >>> clipped = fg.contrib.estimator.clip_gradients_by_norm(sgd, 1.0)
        >>> step = clipped.minimize(fg.reduce_sum(w * w))
        >>> with fg.Session() as sess:
        ...     sess.run(w.initializer)
        ...     sess.run(step)
        ...     sess.run(w)
        array([2.4, 3.2], dtype=float32)
    """
    return _ClipByNorm(optimizer, clip_norm)


class _ClipByNorm(Optimizer):
    """Clips, and leaves the rest to another optimizer."""

    def __init__(self, optimizer: Optimizer, clip_norm: Any) -> None:
        super().__init__(use_locking=False, name="ClipByNorm" + optimizer.get_name())
        self._optimizer, self._clip_norm = optimizer, clip_norm

    def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
        return self._optimizer.compute_gradients(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None,
                        name: str | None = None) -> Any:
        gradients, variables = zip(*grads_and_vars, strict=True)
        clipped, _ = clip_by_global_norm(list(gradients), self._clip_norm)
        return self._optimizer.apply_gradients(list(zip(clipped, variables, strict=True)),
                                               global_step, name)

    def get_slot(self, *args: Any, **kwargs: Any) -> Any:
        return self._optimizer.get_slot(*args, **kwargs)

    def get_slot_names(self, *args: Any, **kwargs: Any) -> list[str]:
        return self._optimizer.get_slot_names(*args, **kwargs)

    def variables(self) -> Any:
        return self._optimizer.variables()


def forward_features(estimator: Estimator, keys: Any = None,
                     sparse_default_values: dict[str, Any] | None = None) -> Estimator:
    """A new Estimator of the same model and folder whose predictions have features among them.

    Args:
        estimator: the Estimator.
        keys: name of a feature, or list of names; default all.
        sparse_default_values: dict from names of sparse features to the values with which they are
            made dense.

    Returns:
        The new Estimator. Its model function raises ValueError for a feature that is not there,
        that has the name of a prediction, or that is sparse and has no default value.

    Raises:
        TypeError: `keys` are no texts.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> model = fg.estimator.LinearRegressor([fg.feature_column.numeric_column("x")])
        >>> model = fg.contrib.estimator.forward_features(model, "id")
        >>> data = fg.estimator.inputs.numpy_input_fn(
        ...     {"x": np.zeros([2]), "id": np.array([7, 8])}, shuffle=False)
        >>> [int(prediction["id"]) for prediction in model.predict(data)]
        [7, 8]
    """
    wanted = [keys] if isinstance(keys, str) else keys
    if wanted is not None and not (isinstance(wanted, (list, tuple))
                                   and all(isinstance(key, str) for key in wanted)):
        raise TypeError(located(f"keys should be a string or a list of strings. Given: {keys!r}"))

    def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
        spec = estimator.model_fn(features, labels, mode, config)
        if not spec.predictions and mode != ModeKeys.PREDICT:
            return spec
        if not isinstance(spec.predictions, dict):
            raise ValueError(located("Predictions should be a dict to be able to forward "
                                     f"features. Given: {type(spec.predictions)}"))
        more = {key: _forwarded(key, features, spec.predictions, sparse_default_values or {})
                for key in (features if wanted is None else wanted)}
        outputs = {key: PredictOutput({**output.outputs, **more})
                   if key in ("predict", "serving_default") and isinstance(output, PredictOutput)
                   else output for key, output in (spec.export_outputs or {}).items()}
        return spec._replace(predictions={**spec.predictions, **more}, export_outputs=outputs)
    return Estimator(model_fn, estimator.model_dir, estimator.config,
                     warm_start_from=estimator._warm_start_settings)


def _forwarded(key: str, features: dict[str, Any], predictions: dict[str, Any],
               defaults: dict[str, Any]) -> Any:
    if key not in features:
        raise ValueError(located(f"Feature {key!r} should be among the features: "
                                 f"{sorted(features)}"))
    if key in predictions:
        raise ValueError(located(f"Cannot forward feature {key!r}: there is a prediction of that "
                                 "name."))
    value = convert_to_tensor_or_sparse_tensor(features[key])
    if isinstance(value, SparseTensor):
        from flowgraph.ops.sparse_dense import sparse_tensor_to_dense
        if key not in defaults:
            raise ValueError(located(f"Cannot forward the SparseTensor {key!r}.",
                                     "Give sparse_default_values a value for it."))
        return sparse_tensor_to_dense(value, default_value=defaults[key])
    return value
