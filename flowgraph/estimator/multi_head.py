"""MultiHead: several heads on one model, each with labels and metrics of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.core.frames import located
from flowgraph.estimator.export_output import PredictOutput
from flowgraph.estimator.head import Head, train_op_of
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.estimator.spec import EstimatorSpec
from flowgraph.graph.graph import name_scope
from flowgraph.metrics import mean as mean_metric
from flowgraph.ops.arithmetic import add_n
from flowgraph.ops.split import split


class MultiHead:
    """Several heads on one model.

    Labels are a dict from the heads' names to the labels of each. Logits are such a dict, too, or
    one Tensor with the logits of all heads side by side. The loss is the sum of the heads' losses;
    predictions are named by pairs (head, prediction), metrics as "accuracy/head".

    Args:
        heads: list of heads, each with a name of its own.
        head_weights: list of numbers by which the heads' losses are multiplied; default 1.

    Raises:
        ValueError: there are no heads, names are missing or not unique, or the weights are not one
            for each head.

    Example:
        >>> import flowgraph as fg
        >>> head = fg.estimator.MultiHead([fg.estimator.RegressionHead(name="age"),
        ...                                fg.estimator.MultiClassHead(3, name="kind")])
        >>> head.logits_dimension, head.name
        (4, 'age_kind')
        >>> spec = head.create_estimator_spec({}, "infer", fg.constant([[7.0, 0.0, 2.0, 1.0]]))
        >>> fg.Session().run([spec.predictions["age", "predictions"],
        ...                   spec.predictions["kind", "class_ids"]])
        [array([[7.]], dtype=float32), array([[1]])]
    """

    def __init__(self, heads: Any, head_weights: Any = None) -> None:
        heads = tuple(heads or ())
        if not heads:
            raise ValueError(located("Must specify heads. Given: []"))
        names = [head.name for head in heads]
        if None in names:
            raise ValueError(located(f"All given heads must have name specified. Given names: "
                                     f"{names}", "Give each head name=..."))
        if len(set(names)) != len(names):
            raise ValueError(located(f"All heads must have unique names. Given names: {names}"))
        if head_weights and len(head_weights) != len(heads):
            raise ValueError(located(
                f"heads and head_weights must have the same size. Given len(heads): {len(heads)}. "
                f"Given len(head_weights): {len(head_weights)}."))
        self._heads: dict[str, Any] = dict(zip(names, heads))
        self._weights = tuple(head_weights or (1.0,) * len(heads))

    @property
    def name(self) -> str:
        """The names of the heads, joined."""
        return "_".join(self._heads)

    @property
    def logits_dimension(self) -> int:
        """How many logits all heads have."""
        return sum(head.logits_dimension for head in self._heads.values())

    @property
    def loss_reduction(self) -> str:
        """How the losses of a batch's examples become one, in the first head."""
        return next(iter(self._heads.values())).loss_reduction

    def predictions(self, logits: Any) -> dict[tuple[str, str], Any]:
        """The predictions, named by pairs (head, prediction).

        Args:
            logits: dict from the heads' names to logits, or one Tensor.
        """
        parts = self._parts(logits)
        return {(name, key): value for name, head in self._heads.items()
                for key, value in head.predictions(parts[name]).items()}

    def loss(self, labels: Any, logits: Any, features: Any = None, mode: Any = None,
             regularization_losses: Any = None) -> Any:
        """The loss that training makes smaller.

        Args:
            labels: dict from the heads' names to labels.
            logits: dict from the heads' names to logits, or one Tensor.
            features: dict of the features, where the weights of the examples are one.
            mode: one of ModeKeys; it changes nothing.
            regularization_losses: list of losses to add.

        Returns:
            A scalar.

        Raises:
            ValueError: there are no labels of a head, or shapes do not go together.
        """
        parts = self._parts(logits)
        own = {name: head.loss(self._labels_of(labels, name), parts[name], features, mode)
               for name, head in self._heads.items()}
        return self._together(own, regularization_losses)

    def create_estimator_spec(self, features: Any, mode: str, logits: Any, labels: Any = None,
                              optimizer: Any = None, trainable_variables: Any = None,
                              train_op_fn: Callable[[Any], Any] | None = None,
                              update_ops: Any = None,
                              regularization_losses: Any = None) -> EstimatorSpec:
        """What a model function returns.

        Args:
            features, mode, optimizer, trainable_variables, train_op_fn, update_ops,
                regularization_losses: as for `tf.estimator.Head`.
            logits: dict from the heads' names to logits, or one Tensor.
            labels: dict from the heads' names to labels; None for predictions.

        Returns:
            An EstimatorSpec.

        Raises:
            ValueError: what the mode needs is missing, or shapes do not go together.
        """
        parts = self._parts(logits)
        if mode == ModeKeys.TRAIN:
            own = {name: head.loss(self._labels_of(labels, name), parts[name], features, mode)
                   for name, head in self._heads.items()}
            loss = self._together(own, regularization_losses)
            self._summarize(loss, own)
            return EstimatorSpec(mode, self.predictions(parts), loss, train_op_of(
                loss, optimizer, train_op_fn, trainable_variables, update_ops))
        specs = {name: head.create_estimator_spec(
            features, mode, parts[name],
            None if mode == ModeKeys.PREDICT else self._labels_of(labels, name))
            for name, head in self._heads.items()}
        predictions = {(name, key): value for name, spec in specs.items()
                       for key, value in spec.predictions.items()}
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(mode, predictions, export_outputs=_exported(specs))
        metrics = {key: pair for spec in specs.values()
                   for key, pair in spec.eval_metric_ops.items()}
        metrics |= {f"loss/{name}": mean_metric(spec.loss) for name, spec in specs.items()}
        if regularization_losses:
            metrics["regularization_loss"] = mean_metric(add_n(list(regularization_losses)))
        loss = self._together({name: spec.loss for name, spec in specs.items()},
                              regularization_losses)
        return EstimatorSpec(mode, predictions, loss, eval_metric_ops=metrics)

    def _parts(self, logits: Any) -> dict[str, Any]:
        """The logits of each head by its name."""
        if not isinstance(logits, dict):
            sizes = [head.logits_dimension for head in self._heads.values()]
            if logits.shape[-1].value not in (None, sum(sizes)):
                raise ValueError(located(
                    f"logits must have {sum(sizes)} columns, those of all heads side by side; "
                    f"their shape is {logits.shape}."))
            return dict(zip(self._heads, split(logits, sizes, axis=-1)))
        missing = [name for name in self._heads if name not in logits]
        if missing:
            raise ValueError(located(f"logits has missing values for head(s): {missing}"))
        return logits

    def _labels_of(self, labels: Any, name: str) -> Any:
        if not isinstance(labels, dict) or name not in labels:
            given = sorted(labels) if isinstance(labels, dict) else labels
            raise ValueError(located(
                f"labels must be a dict with those of the head {name!r}; given: {given!r:.200}",
                "Let input_fn return them as a dict: {" + ", ".join(
                    f"{head!r}: ..." for head in self._heads) + "}."))
        return labels[name]

    def _together(self, losses: dict[str, Any], more: Any) -> Any:
        with name_scope(None, "merge_losses"):
            return add_n([*(weight * loss for weight, loss in zip(self._weights, losses.values())),
                          *(more or ())])

    def _summarize(self, loss: Any, own: dict[str, Any]) -> None:
        from flowgraph.summary import scalar
        with name_scope(""):
            scalar("loss", loss)
            for name, part in own.items():
                scalar(f"loss/{name}", part)


Head.register(MultiHead)


def _exported(specs: dict[str, EstimatorSpec]) -> dict[str, Any]:
    """The outputs of an exported model: those of each head, the first one's, and all together."""
    first = next(iter(specs.values()))
    outputs: dict[str, Any] = {"serving_default": first.export_outputs["serving_default"]}
    together: dict[str, Any] = {}
    for name, spec in specs.items():
        for key, output in spec.export_outputs.items():
            outputs[name if key == "serving_default" else f"{name}/{key}"] = output
            if key == "predict":
                together |= {f"{name}/{part}": value for part, value in output.outputs.items()}
    return {**outputs, "predict": PredictOutput(together)}
