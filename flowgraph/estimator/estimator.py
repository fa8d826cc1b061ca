"""Estimator: trains, evaluates and predicts with a model that is given as one function.

    train      graph, input_fn, model_fn(TRAIN) -> loop in a MonitoredTrainingSession, checkpoints
    evaluate   graph, input_fn, model_fn(EVAL)  -> metrics of a checkpoint, into an event file
    predict    graph, input_fn, model_fn(INFER) -> predictions, one example after the other
    export     graph, receiver, model_fn(INFER) -> a SavedModel

Each builds a graph of its own; what stays between them is the checkpoint in `model_dir`.
"""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowgraph.core.deprecation import deprecated
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.errors import OutOfRangeError
from flowgraph.estimator.arguments import parameters_of
from flowgraph.estimator.eval_results import write_checkpoint_path, write_results
from flowgraph.estimator.input_results import parse_input_fn_result
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.estimator.run_config import RunConfig
from flowgraph.estimator.spec import EstimatorSpec
from flowgraph.estimator.training_loop import train_model
from flowgraph.estimator.warm_start import warm_start_settings
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.metrics import mean as mean_metric
from flowgraph.ops.identity import group
from flowgraph.ops.random_ops import set_random_seed
from flowgraph.runtime.config import ConfigProto
from flowgraph.train.checkpoint_hooks import CheckpointSaverListener
from flowgraph.train.checkpoint_reader import NewCheckpointReader, list_variables, load_variable
from flowgraph.train.checkpoint_state import latest_checkpoint
from flowgraph.train.evaluation import StopAfterNEvalsHook, eval_step, evaluate_once
from flowgraph.train.global_step import create_global_step, get_global_step
from flowgraph.train.monitored_session import ChiefSessionCreator, MonitoredSession
from flowgraph.train.scaffold import Scaffold
from flowgraph.train.session_run_hook import SessionRunHook
from flowgraph.train.stop_hooks import StopAtStepHook
from flowgraph.train.warm_starting import warm_start

_MODEL_FN_PARAMETERS = {"features", "labels", "mode", "params", "self", "config"}


class Estimator:
    """Trains, evaluates and predicts with a model given as one function.

    Args:
        model_fn: function of `features`, and as far as it names them `labels`, `mode` (one of
            ModeKeys), `params` and `config`; returns an EstimatorSpec.
        model_dir: folder of the checkpoints and event files; with a checkpoint in it, training goes
            on from there. Default that of `config`, or else a new temporary folder.
        config: a RunConfig.
        params: dict that is given to `model_fn`.
        warm_start_from: folder of an earlier model's checkpoint, or WarmStartSettings.

    Raises:
        ValueError: `model_fn` takes other arguments, or two folders are given that differ.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> def model_fn(features, labels, mode):
        ...     w = fg.get_variable("w", [], initializer=fg.zeros_initializer())
        ...     y = w * features["x"]
        ...     if mode == fg.estimator.ModeKeys.PREDICT:
        ...         return fg.estimator.EstimatorSpec(mode, predictions={"y": y})
        ...     loss = fg.reduce_mean(fg.square(y - labels))
        ...     step = fg.train.get_global_step()
        ...     train = fg.train.GradientDescentOptimizer(0.1).minimize(loss, global_step=step)
        ...     return fg.estimator.EstimatorSpec(mode, loss=loss, train_op=train)
        >>> x = {"x": np.array([1.0, 2.0], np.float32)}
        >>> data = fg.estimator.inputs.numpy_input_fn(x, 3.0 * x["x"], num_epochs=None,
        ...                                           shuffle=False)
        >>> estimator = fg.estimator.Estimator(model_fn).train(data, steps=50)
        >>> new = fg.estimator.inputs.numpy_input_fn(x, shuffle=False)
        >>> [round(float(prediction["y"]), 3) for prediction in estimator.predict(new)]
        [3.0, 6.0]
    """

    def __init__(self, model_fn: Callable[..., Any], model_dir: Any = None,
                 config: RunConfig | None = None, params: Any = None,
                 warm_start_from: Any = None) -> None:
        _check_members(self)
        self._config = _with_folder(config, model_dir)
        self._model_dir: str = self._config.model_dir
        self._session_config = self._config.session_config
        logger().info("Using config: %s", vars(self._config))
        if model_fn is None:
            raise ValueError(located("model_fn must be provided to Estimator."))
        _check_model_fn(model_fn, params)
        self._model_fn = model_fn
        self._params = copy.deepcopy(params or {})
        self._warm_start_settings = warm_start_settings(warm_start_from)

    # ---- what it is ------------------------------------------------------------------------------

    @property
    def model_dir(self) -> str:
        """The folder of its checkpoints and event files."""
        return self._model_dir

    @property
    def config(self) -> RunConfig:
        """A copy of its RunConfig."""
        return copy.deepcopy(self._config)

    @property
    def params(self) -> Any:
        """A copy of its parameters."""
        return copy.deepcopy(self._params)

    @property
    def model_fn(self) -> Callable[..., EstimatorSpec]:
        """The model function, with `features`, `labels`, `mode` and `config`."""
        def public_model_fn(features: Any, labels: Any, mode: str, config: Any) -> EstimatorSpec:
            return self._call_model_fn(features, labels, mode, config)
        return public_model_fn

    def get_variable_names(self) -> list[str]:
        """The names of the variables in the latest checkpoint.

        Raises:
            ValueError: there is none.
        """
        return [name for name, _ in list_variables(self._trained())]

    def get_variable_value(self, name: str) -> np.ndarray[Any, Any]:
        """The value of a variable in the latest checkpoint.

        Args:
            name: its name.

        Raises:
            ValueError: there is no checkpoint.
        """
        return load_variable(self._trained(), name)

    def latest_checkpoint(self) -> str | None:
        """The name of the latest checkpoint; None when there is none."""
        return latest_checkpoint(self._model_dir)

    def eval_dir(self, name: str | None = None) -> str:
        """The folder for the event file of evaluations.

        Args:
            name: name of the evaluation, as for `evaluate`.
        """
        return os.path.join(self._model_dir, f"eval_{name}" if name else "eval")

    # ---- training --------------------------------------------------------------------------------

    def train(self, input_fn: Callable[..., Any], hooks: Any = None, steps: int | None = None,
              max_steps: int | None = None, saving_listeners: Any = None) -> Estimator:
        """Trains, from the latest checkpoint if there is one, and saves checkpoints.

        Args:
            input_fn: function without arguments, or with `mode`, `params` or `config`, that returns
                a Dataset, or features and labels.
            hooks: list of hooks.
            steps: how many steps to make; a further call makes further ones.
            max_steps: the global step to stop at; nothing is done if it is reached. Give one of the
                two, or none to train until the input ends.
            saving_listeners: list of CheckpointSaverListener.

        Returns:
            This Estimator.

        Raises:
            ValueError: both `steps` and `max_steps` are given, or one that is not positive.
        """
        if steps is not None and max_steps is not None:
            raise ValueError(located("Can not provide both steps and max_steps."))
        for name, value in (("steps", steps), ("max_steps", max_steps)):
            if value is not None and value <= 0:
                raise ValueError(located(f"Must specify {name} > 0, given: {value}"))
        if max_steps is not None and max_steps <= self._saved_step():
            logger().info("Skipping training since max_steps has already saved.")
            return self
        hooks = _checked_hooks(hooks)
        if steps is not None or max_steps is not None:
            hooks.append(StopAtStepHook(steps, max_steps))
        loss = train_model(self, input_fn, hooks, _checked_listeners(saving_listeners))
        logger().info("Loss for final step: %s.", loss)
        return self

    # ---- evaluation ------------------------------------------------------------------------------

    def evaluate(self, input_fn: Callable[..., Any], steps: int | None = None, hooks: Any = None,
                 checkpoint_path: Any = None, name: str | None = None) -> dict[str, Any]:
        """Computes the metrics of the model over an input.

        Args:
            input_fn: function that returns a Dataset, or features and labels.
            steps: how many batches; None for all.
            hooks: list of hooks.
            checkpoint_path: name of a checkpoint; default the latest, or without one the model as
                it is initialized.
            name: name of the evaluation, for several of one model: part of its event file's folder.

        Returns:
            Dict of the metrics by name, with "loss", the mean of the batches' losses, and
            "global_step".

        Raises:
            ValueError: `steps` is not positive, or a metric is named as one of those two.
        """
        hooks = _checked_hooks(hooks)
        if steps is not None:
            if steps <= 0:
                raise ValueError(located(f"Must specify steps > 0, given: {steps}"))
            hooks.append(StopAfterNEvalsHook(steps))
        checkpoint_path = self._checkpoint(checkpoint_path, "evaluate")
        with Graph().as_default():
            set_random_seed(self._config.tf_random_seed)
            self._create_global_step()
            features, labels, input_hooks = self._input(input_fn, ModeKeys.EVAL)
            spec = self._call_model_fn(features, labels, ModeKeys.EVAL, self.config)
            metrics = dict(spec.eval_metric_ops)
            if "loss" in metrics:
                raise ValueError(located(
                    'Metric with name "loss" is not allowed, because Estimator already defines a '
                    "default metric with the same name."))
            metrics["loss"] = mean_metric(spec.loss)
            update_op = group(*(pair[1] for _, pair in sorted(metrics.items())))
            values = {key: pair[0] for key, pair in sorted(metrics.items())}
            self._maybe_warm_start(checkpoint_path)
            if GraphKeys.GLOBAL_STEP in values:
                raise ValueError(located(
                    "Metric with name `global_step` is not allowed, because Estimator already "
                    "defines a default metric with the same name."))
            values[GraphKeys.GLOBAL_STEP] = get_global_step()
            scaffold = spec.scaffold
            if scaffold.local_init_op is not None:
                eval_step()  # before the operation that sets all local variables
                scaffold = Scaffold(local_init_op=group(scaffold.local_init_op,
                                                        Scaffold.default_local_init_op()),
                                    copy_from_scaffold=scaffold)
            results = evaluate_once(checkpoint_path, scaffold, update_op, values,
                                    [*input_hooks, *hooks, *spec.evaluation_hooks],
                                    self._session_config)
        write_results(self.eval_dir(name), results)
        if checkpoint_path:
            write_checkpoint_path(self.eval_dir(name), checkpoint_path,
                                  results[GraphKeys.GLOBAL_STEP])
        return results

    # ---- prediction ------------------------------------------------------------------------------

    def predict(self, input_fn: Callable[..., Any], predict_keys: Any = None, hooks: Any = None,
                checkpoint_path: Any = None, yield_single_examples: bool = True) -> Iterator[Any]:
        """Predicts, one example after the other, until the input ends.

        Args:
            input_fn: function that returns a Dataset, or features; labels are not looked at.
            predict_keys: list of the predictions to compute; default all.
            hooks: list of hooks.
            checkpoint_path: name of a checkpoint; default the latest, or without one the model as
                it is initialized.
            yield_single_examples: whether to give examples one by one, or batches.

        Yields:
            The predictions: dict of arrays by name, or an array.

        Raises:
            ValueError: there are no such predictions, or their batches have different lengths.
        """
        hooks = _checked_hooks(hooks)
        checkpoint_path = self._checkpoint(checkpoint_path, "predict")
        graph = Graph()
        with graph.as_default():
            set_random_seed(self._config.tf_random_seed)
            self._create_global_step()
            features, _, input_hooks = self._input(input_fn, ModeKeys.PREDICT)
            if not input_hooks and not _ends(features):
                logger().warning("Input graph does not use tf.data.Dataset or contain a "
                                 "QueueRunner. That means predict yields forever. This is probably "
                                 "a mistake.")
            spec = self._call_model_fn(features, None, ModeKeys.PREDICT, self.config)
            self._maybe_warm_start(checkpoint_path)
            predictions = _with_keys(spec.predictions, predict_keys)
            session = MonitoredSession(
                ChiefSessionCreator(spec.scaffold, checkpoint_filename_with_path=checkpoint_path,
                                    config=self._session_config),
                [*input_hooks, *hooks, *spec.prediction_hooks])
        # The graph is the default one only while this runs, not while the caller has the values.
        failed: tuple[Any, Any] = (None, None)
        try:
            while not session.should_stop():
                with graph.as_default():
                    try:
                        values = session.run(predictions)
                    except OutOfRangeError:
                        break
                if not yield_single_examples:
                    yield values
                elif not isinstance(predictions, dict):
                    yield from values
                else:
                    for i in range(_batch_length(values)):
                        yield {key: value[i] for key, value in values.items()}
        except Exception as error:
            failed = type(error), error
            raise
        finally:
            with graph.as_default():
                session.__exit__(*failed, None)

    # ---- export ----------------------------------------------------------------------------------

    def export_saved_model(self, export_dir_base: Any,
                           serving_input_receiver_fn: Any, assets_extra: Any = None,
                           as_text: bool = False, checkpoint_path: Any = None,
                           experimental_mode: str = ModeKeys.PREDICT) -> bytes:
        """Writes the model as a SavedModel, into a new folder named by the time.

        Args:
            export_dir_base: folder that gets the new one.
            serving_input_receiver_fn: function that returns a
                `tf.estimator.export.ServingInputReceiver`.
            assets_extra: dict from names of files in the new folder's `assets.extra` to files to
                copy there.
            as_text: whether to write text.
            checkpoint_path: name of a checkpoint; default the latest.
            experimental_mode: one of ModeKeys: the graph to write.

        Returns:
            The new folder, as bytes.

        Raises:
            ValueError: there is no function or no checkpoint.
        """
        from flowgraph.estimator.exporting import export_all
        if not serving_input_receiver_fn:
            raise ValueError(located("An input_receiver_fn must be defined."))
        return export_all(self, export_dir_base, {experimental_mode: serving_input_receiver_fn},
                          assets_extra, as_text, checkpoint_path, strip_default_attrs=True)

    def export_savedmodel(self, export_dir_base: Any,
                          serving_input_receiver_fn: Any, assets_extra: Any = None,
                          as_text: bool = False, checkpoint_path: Any = None,
                          strip_default_attrs: bool = False) -> bytes:
        """`export_saved_model` under its older name.

        Args:
            export_dir_base, serving_input_receiver_fn, assets_extra, as_text, checkpoint_path: as
                there.
            strip_default_attrs: whether to leave out attributes that have TensorFlow's default.

        Returns:
            The new folder, as bytes.

        Raises:
            ValueError: there is no function or no checkpoint.
        """
        from flowgraph.estimator.exporting import export_all
        deprecated("This function has been renamed, use `export_saved_model` instead.")
        if not serving_input_receiver_fn:
            raise ValueError(located("An input_receiver_fn must be defined."))
        return export_all(self, export_dir_base, {ModeKeys.PREDICT: serving_input_receiver_fn},
                          assets_extra, as_text, checkpoint_path, strip_default_attrs)

    def experimental_export_all_saved_models(
            self, export_dir_base: Any, input_receiver_fn_map: dict[str, Any],
            assets_extra: Any = None, as_text: bool = False,
            checkpoint_path: Any = None) -> bytes:
        """Writes a SavedModel with a graph for each of several modes.

        Args:
            export_dir_base, assets_extra, as_text, checkpoint_path: as for `export_saved_model`.
            input_receiver_fn_map: dict from ModeKeys to functions that return receivers.

        Returns:
            The new folder, as bytes.

        Raises:
            ValueError: there is no mode or no checkpoint.
        """
        from flowgraph.estimator.exporting import export_all
        return export_all(self, export_dir_base, input_receiver_fn_map, assets_extra, as_text,
                          checkpoint_path, strip_default_attrs=True)

    # ---- parts of these --------------------------------------------------------------------------

    def _trained(self) -> str:
        """The folder, if there is a checkpoint in it."""
        if not self.latest_checkpoint():
            raise ValueError(located(
                f"Could not find trained model in model_dir: {self._model_dir}.",
                "Call train first."))
        return self._model_dir

    def _saved_step(self) -> int:
        """The global step of the latest checkpoint; 0 without one."""
        path = self.latest_checkpoint()
        if not path:
            return 0
        reader = NewCheckpointReader(path)
        return (int(reader.get_tensor(GraphKeys.GLOBAL_STEP))
                if reader.has_tensor(GraphKeys.GLOBAL_STEP) else 0)

    def _checkpoint(self, asked: Any, purpose: str) -> Any:
        """The checkpoint to restore; None, said in the log, when there is none."""
        path = asked or self.latest_checkpoint()
        if not path:
            logger().info("Could not find trained model in model_dir: %s, running initialization "
                          "to %s.", self._model_dir, purpose)
        return path

    def _maybe_warm_start(self, checkpoint_path: Any) -> None:
        if not checkpoint_path and self._warm_start_settings:
            logger().info("Warm-starting with WarmStartSettings: %s", self._warm_start_settings)
            warm_start(*self._warm_start_settings)

    def _create_global_step(self) -> Any:
        return create_global_step(get_default_graph())

    def _input(self, input_fn: Callable[..., Any], mode: str) -> tuple[Any, Any, list[Any]]:
        """Features, labels and hooks of an input function."""
        takes = parameters_of(input_fn)
        given = {"mode": mode, "params": self.params, "config": self.config}
        with get_default_graph().device("/cpu:0"):
            result = input_fn(**{name: given[name] for name in given if name in takes})
        return parse_input_fn_result(result)

    def _call_model_fn(self, features: Any, labels: Any, mode: str, config: Any) -> EstimatorSpec:
        """The model function's EstimatorSpec."""
        takes = parameters_of(self._model_fn)
        given = {"labels": labels, "mode": mode, "params": self.params, "config": config}
        if labels is not None and "labels" not in takes:
            raise ValueError(located("model_fn does not take labels, but input_fn returns labels.",
                                     "Give it a parameter `labels`, or return only the features."))
        logger().info("Calling model_fn.")
        spec = self._model_fn(features=features,
                              **{name: given[name] for name in given if name in takes})
        logger().info("Done calling model_fn.")
        if not isinstance(spec, EstimatorSpec):
            raise ValueError(located("model_fn should return an EstimatorSpec.",
                                     f"It returned {spec!r:.200}"))
        return spec


# ---- checks --------------------------------------------------------------------------------------

def _check_members(estimator: Estimator) -> None:
    """Refuses a subclass with a method of its own where Estimator has one of that name."""
    allowed = {"model_fn", "latest_checkpoint"}
    own = {name for name in vars(Estimator) if not name.startswith("__")} - allowed
    changed = sorted(name for name in own
                     if getattr(type(estimator), name) is not getattr(Estimator, name))
    if changed:
        raise ValueError(located(f"Subclasses of Estimator cannot override members of Estimator. "
                                 f"{type(estimator)} does override {', '.join(changed)}"))


def _with_folder(config: Any, model_dir: Any) -> RunConfig:
    """The RunConfig with a folder and a ConfigProto."""
    if config is None:
        config = RunConfig()
        logger().info("Using default config.")
    if not isinstance(config, RunConfig):
        raise ValueError(located(f"config must be an instance of `RunConfig`, but provided "
                                 f"{config!r}."))
    if config.session_config is None:
        config = RunConfig.replace(config, session_config=ConfigProto(allow_soft_placement=True))
    model_dir = None if model_dir is None else os.fsdecode(model_dir)
    if model_dir is not None and config.model_dir not in (None, model_dir):
        raise ValueError(located(
            "`model_dir` are set both in constructor and `RunConfig`, but with different values. "
            f"In constructor: {model_dir!r}, in `RunConfig`: {config.model_dir!r} "))
    if not model_dir and config.model_dir is None:
        model_dir = tempfile.mkdtemp()
        logger().warning("Using temporary folder as model directory: %s", model_dir)
    return RunConfig.replace(config, model_dir=model_dir) if model_dir else config


def _check_model_fn(model_fn: Any, params: Any) -> None:
    takes = set(parameters_of(model_fn))
    if "features" not in takes:
        raise ValueError(located(f"model_fn ({model_fn!r}) must include features argument."))
    if params is not None and "params" not in takes:
        raise ValueError(located(f"model_fn ({model_fn!r}) does not include params argument, but "
                                 f"params ({params!r:.200}) is passed to Estimator."))
    if params is None and "params" in takes:
        logger().warning("Estimator's model_fn (%s) includes params argument, but params are not "
                         "passed to Estimator.", model_fn)
    unknown = sorted(takes - _MODEL_FN_PARAMETERS)
    if unknown:
        raise ValueError(located(f"model_fn ({model_fn!r}) has following not expected args: "
                                 f"{unknown}"))


def _checked_hooks(hooks: Any) -> list[SessionRunHook]:
    hooks = list(hooks or ())
    for hook in hooks:
        if not isinstance(hook, SessionRunHook):
            raise TypeError(located(f"Hooks must be a SessionRunHook, given: {hook!r}"))
    return hooks


def _checked_listeners(listeners: Any) -> list[CheckpointSaverListener]:
    listeners = list(listeners or ())
    for listener in listeners:
        if not isinstance(listener, CheckpointSaverListener):
            raise TypeError(located("saving_listeners must be a list of CheckpointSaverListener, "
                                    f"given: {listener!r}"))
    return listeners


# ---- predictions ---------------------------------------------------------------------------------

def _ends(features: Any) -> bool:
    """Whether features come from an input that can end."""
    tensors = features.values() if isinstance(features, dict) else (features,)
    return (any(getattr(getattr(tensor, "op", None), "type", "") == "IteratorGetNext"
                for tensor in tensors)
            or bool(get_default_graph().get_collection(GraphKeys.QUEUE_RUNNERS)))


def _with_keys(predictions: Any, keys: Any) -> Any:
    """The predictions that were asked for."""
    if not keys:
        return predictions
    if not isinstance(predictions, dict):
        raise ValueError(located(
            "predict_keys argument is not valid in case of non-dict predictions."))
    chosen = {key: value for key, value in predictions.items() if key in keys}
    if not chosen:
        raise ValueError(located(f"Expected to run at least one output from {list(predictions)}, "
                                 f"provided {keys}."))
    return chosen


def _batch_length(values: dict[str, Any]) -> int:
    """The number of examples in a batch of predictions."""
    lengths = {key: value.shape[0] if np.ndim(value) else None for key, value in values.items()}
    first: Any = next(iter(lengths.values()))
    for key, length in lengths.items():
        if length is None or length != first:
            raise ValueError(located(
                f"Batch length of predictions should be same. {key} has different batch length "
                f"than others: {lengths}", "Give predict yield_single_examples=False."))
    return first
