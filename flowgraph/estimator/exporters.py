"""Exporters: which evaluated models `train_and_evaluate` writes as SavedModels, and keeps."""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from glob import glob
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.estimator.arguments import parameters_of


class Exporter(ABC):
    """Base of objects that may export a model after each of its evaluations.

    Example:
        >>> import flowgraph as fg
        >>> class Tell(fg.estimator.Exporter):
        ...     name = "tell"
        ...     def export(self, estimator, export_path, checkpoint_path, eval_result,
        ...                is_the_final_export):
        ...         return f"loss {eval_result['loss']}"
        >>> Tell().export(None, None, None, {"loss": 0.5}, True)
        'loss 0.5'
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name, that of the folder for its exports."""

    @abstractmethod
    def export(self, estimator: Any, export_path: str, checkpoint_path: str,
               eval_result: dict[str, Any], is_the_final_export: bool) -> Any:
        """Exports the model, or not.

        Args:
            estimator: the Estimator.
            export_path: folder for the exports.
            checkpoint_path: name of the checkpoint that was evaluated.
            eval_result: dict of its metrics.
            is_the_final_export: whether training has ended.

        Returns:
            The folder that was written, or None.
        """


class _SavedModelExporter(Exporter):
    """What the exporters share: each writes SavedModels and keeps the newest."""

    def __init__(self, name: str, serving_input_receiver_fn: Any, assets_extra: Any,
                 as_text: bool, exports_to_keep: int | None) -> None:
        if exports_to_keep is not None and exports_to_keep <= 0:
            raise ValueError(located("`exports_to_keep`, if provided, must be a positive number. "
                                     f"Got {exports_to_keep}"))
        self._name = name
        self._serving_input_receiver_fn = serving_input_receiver_fn
        self._assets_extra, self._as_text = assets_extra, as_text
        self._exports_to_keep = exports_to_keep

    @property
    def name(self) -> str:
        """Its name, that of the folder for its exports."""
        return self._name

    def _write(self, estimator: Any, export_path: str, checkpoint_path: str) -> bytes:
        folder = estimator.export_saved_model(
            export_path, self._serving_input_receiver_fn, assets_extra=self._assets_extra,
            as_text=self._as_text, checkpoint_path=checkpoint_path)
        if self._exports_to_keep is not None:
            stamps = [entry for entry in os.listdir(export_path)
                      if len(entry) == 10 and entry.isdigit()]
            for old in sorted(stamps)[:-self._exports_to_keep]:
                shutil.rmtree(os.path.join(export_path, old))
        return folder


class LatestExporter(_SavedModelExporter):
    """Exports after every evaluation.

    Args:
        name: its name, that of the folder for its exports.
        serving_input_receiver_fn: function that returns a ServingInputReceiver.
        assets_extra, as_text: as for `Estimator.export_saved_model`.
        exports_to_keep: how many exports to keep; None for all.

    Raises:
        ValueError: `exports_to_keep` is not positive.

    Example:
        >>> import flowgraph as fg
        >>> fg.estimator.LatestExporter("latest", lambda: None).name
        'latest'
    """

    def __init__(self, name: str, serving_input_receiver_fn: Any, assets_extra: Any = None,
                 as_text: bool = False, exports_to_keep: int | None = 5) -> None:
        super().__init__(name, serving_input_receiver_fn, assets_extra, as_text, exports_to_keep)

    def export(self, estimator: Any, export_path: str, checkpoint_path: str,
               eval_result: dict[str, Any], is_the_final_export: bool) -> Any:
        """Exports the model.

        Args:
            estimator, export_path, checkpoint_path, eval_result, is_the_final_export: as for
                `Exporter.export`.

        Returns:
            The folder that was written.
        """
        return self._write(estimator, export_path, checkpoint_path)


class FinalExporter(_SavedModelExporter):
    """Exports once, at the end of training.

    Args:
        name: its name, that of the folder for its exports.
        serving_input_receiver_fn: function that returns a ServingInputReceiver.
        assets_extra, as_text: as for `Estimator.export_saved_model`.

    Example:
        >>> import flowgraph as fg
        >>> fg.estimator.FinalExporter("final", lambda: None).name
        'final'
    """

    def __init__(self, name: str, serving_input_receiver_fn: Any, assets_extra: Any = None,
                 as_text: bool = False) -> None:
        super().__init__(name, serving_input_receiver_fn, assets_extra, as_text, None)

    def export(self, estimator: Any, export_path: str, checkpoint_path: str,
               eval_result: dict[str, Any], is_the_final_export: bool) -> Any:
        """Exports the model if this is the end.

        Args:
            estimator, export_path, checkpoint_path, eval_result, is_the_final_export: as for
                `Exporter.export`.

        Returns:
            The folder that was written, or None.
        """
        if not is_the_final_export:
            return None
        logger().info("Performing the final export in the end of training.")
        return self._write(estimator, export_path, checkpoint_path)


def _loss_smaller(best_eval_result: dict[str, Any], current_eval_result: dict[str, Any]) -> bool:
    """Whether the loss of an evaluation is smaller than the best so far."""
    for name, result in (("best_eval_result", best_eval_result),
                         ("current_eval_result", current_eval_result)):
        if not result or "loss" not in result:
            raise ValueError(located(f"{name} cannot be empty or no loss is found in it."))
    return best_eval_result["loss"] > current_eval_result["loss"]


class BestExporter(_SavedModelExporter):
    """Exports after an evaluation that is better than all before.

    Args:
        name: its name, that of the folder for its exports.
        serving_input_receiver_fn: function that returns a ServingInputReceiver.
        event_file_pattern: event files of earlier evaluations, under the model's folder.
        compare_fn: function of `best_eval_result` and `current_eval_result`, dicts of metrics, that
            tells whether the second is better; default: its loss is smaller.
        assets_extra, as_text: as for `Estimator.export_saved_model`.
        exports_to_keep: how many exports to keep; None for all.

    Raises:
        ValueError: `compare_fn` takes other arguments, or `exports_to_keep` is not positive.

    Example:
        >>> import flowgraph as fg
        >>> def more_accurate(best_eval_result, current_eval_result):
        ...     return current_eval_result["accuracy"] > best_eval_result["accuracy"]
        >>> fg.estimator.BestExporter("best", lambda: None, compare_fn=more_accurate).name
        'best'
    """

    def __init__(self, name: str = "best_exporter", serving_input_receiver_fn: Any = None,
                 event_file_pattern: str = "eval/*.tfevents.*",
                 compare_fn: Callable[..., Any] = _loss_smaller, assets_extra: Any = None,
                 as_text: bool = False, exports_to_keep: int | None = 5) -> None:
        if compare_fn is None:
            raise ValueError(located("`compare_fn` must not be None."))
        if set(parameters_of(compare_fn)) != {"best_eval_result", "current_eval_result"}:
            raise ValueError(located(
                f"compare_fn ({compare_fn}) must have the arguments best_eval_result and "
                f"current_eval_result, has {parameters_of(compare_fn)}"))
        super().__init__(name, serving_input_receiver_fn, assets_extra, as_text, exports_to_keep)
        self._compare_fn = compare_fn
        self._event_file_pattern = event_file_pattern
        self._model_dir: str | None = None
        self._best: dict[str, Any] | None = None
        self._has_exported = False

    def export(self, estimator: Any, export_path: str, checkpoint_path: str,
               eval_result: dict[str, Any], is_the_final_export: bool) -> Any:
        """Exports the model if it is the best, or the first since the program began.

        Args:
            estimator, export_path, checkpoint_path, eval_result, is_the_final_export: as for
                `Exporter.export`.

        Returns:
            The folder that was written, or None.
        """
        if self._model_dir != estimator.model_dir and self._event_file_pattern:
            logger().info("Loading best metric from event files.")
            self._model_dir = estimator.model_dir
            self._best = self._best_of_files(os.path.join(estimator.model_dir,
                                                          self._event_file_pattern))
        if self._best is not None and self._has_exported and not self._compare_fn(
                best_eval_result=self._best, current_eval_result=eval_result):
            return None
        logger().info("Performing best model export.")
        self._best = eval_result
        self._has_exported = True
        return self._write(estimator, export_path, checkpoint_path)

    def _best_of_files(self, pattern: str) -> dict[str, Any] | None:
        """The best metrics in event files."""
        from flowgraph.summary.event_file import summary_iterator
        best: dict[str, Any] | None = None
        for path in sorted(glob(pattern)):
            for event in summary_iterator(path):
                found = {value.tag: value.simple_value for value in event.summary.value
                         if value.HasField("simple_value")}
                if found and (best is None or self._compare_fn(best, found)):
                    best = found
        return best
