"""The export of an Estimator's model: a SavedModel with a graph for each mode."""

from __future__ import annotations

import os
import shutil
import time
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.errors import NotFoundError
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import Graph, get_collection
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.constant import constant
from flowgraph.ops.random_ops import set_random_seed
from flowgraph.runtime.session import Session
from flowgraph.saved_model.builder import SavedModelBuilder
from flowgraph.saved_model.signature_def_utils import build_signature_def, is_valid_signature
from flowgraph.saved_model.tensor_info import info_of
from flowgraph.train.checkpoint_state import latest_checkpoint
from flowgraph.train.saver import Saver
from flowgraph.train.scaffold import Scaffold

_TAGS = {ModeKeys.TRAIN: "train", ModeKeys.EVAL: "eval", ModeKeys.PREDICT: "serve"}
_MOST_TRIES = 10


def export_all(estimator: Any, export_dir_base: Any, receivers: dict[str, Any], assets_extra: Any,
               as_text: bool, checkpoint_path: Any, strip_default_attrs: bool) -> bytes:
    """Writes a SavedModel into a new folder named by the time.

    Args:
        estimator: the Estimator.
        export_dir_base: folder that gets the new one.
        receivers: dict from modes to functions that return receivers.
        assets_extra: dict from names under `assets.extra` to files.
        as_text: whether to write text.
        checkpoint_path: name of a checkpoint; default the latest.
        strip_default_attrs: whether to leave out attributes that have TensorFlow's default.

    Returns:
        The new folder, as bytes.

    Raises:
        ValueError: there is no checkpoint, or no mode.
    """
    checkpoint_path = checkpoint_path or estimator.latest_checkpoint()
    if not checkpoint_path and estimator._warm_start_settings:
        checkpoint_path = estimator._warm_start_settings.ckpt_to_initialize_from
        if os.path.isdir(checkpoint_path):
            checkpoint_path = latest_checkpoint(checkpoint_path)
    if not checkpoint_path:
        raise ValueError(located(f"Couldn't find trained model at {estimator.model_dir}.",
                                 "Call train first, or give checkpoint_path."))
    modes = [mode for mode in _TAGS if receivers.get(mode)]
    if not modes:
        raise ValueError(located(f"No valid modes for exporting found. Got {list(receivers)}."))
    folder = _new_folder(os.fsdecode(export_dir_base))
    unfinished = os.path.join(os.path.dirname(folder), "temp-" + os.path.basename(folder))
    builder = SavedModelBuilder(unfinished)
    for mode in modes:
        _add_graph(estimator, builder, receivers[mode], mode, checkpoint_path, mode == modes[0],
                   strip_default_attrs)
    builder.save(as_text)
    for name, source in (assets_extra or {}).items():
        target = os.path.join(unfinished, "assets.extra", os.fsdecode(name))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(source, target)
    os.rename(unfinished, folder)
    return os.fsencode(folder)


def _new_folder(base: str) -> str:
    """A folder that is not there yet, named by the time in seconds."""
    for attempt in range(1, _MOST_TRIES + 1):
        folder = os.path.join(base, str(int(time.time())))
        if not os.path.exists(folder):
            return folder
        time.sleep(1)
        logger().warning("Directory %s already exists; retrying (attempt %d/%d)", folder, attempt,
                         _MOST_TRIES)
    raise RuntimeError(located("Failed to obtain a unique export directory name after "
                               f"{_MOST_TRIES} attempts."))


def _add_graph(estimator: Any, builder: SavedModelBuilder, receiver_fn: Any, mode: str,
               checkpoint_path: Any, first: bool, strip_default_attrs: bool) -> None:
    """Adds the graph of one mode to the SavedModel; the first one with the variables."""
    with Graph().as_default():
        estimator._create_global_step()
        set_random_seed(estimator.config.tf_random_seed)
        receiver = receiver_fn()
        spec = estimator._call_model_fn(receiver.features, getattr(receiver, "labels", None), mode,
                                        estimator.config)
        signatures = _signatures(receiver, spec)
        with Session(config=estimator.config.session_config) as session:
            scaffold = spec.scaffold
            main_op = (scaffold.local_init_op if scaffold.local_init_op is not None
                       else Scaffold.default_local_init_op())
            saver = scaffold.saver or Saver(sharded=True)
            try:
                saver.restore(session, checkpoint_path)
            except NotFoundError as error:
                raise ValueError(located(
                    "Could not load all requested variables from checkpoint. Please make sure your "
                    "model_fn does not expect variables that were not saved in the checkpoint.\n"
                    f"Encountered error with mode `{mode}` while restoring checkpoint from: "
                    f"`{checkpoint_path}`: {error}")) from error
            add: Any = builder.add_meta_graph_and_variables if first else builder.add_meta_graph
            add(*([session] if first else []), tags=[_TAGS[mode]], signature_def_map=signatures,
                assets_collection=get_collection(GraphKeys.ASSET_FILEPATHS), main_op=main_op,
                saver=saver, strip_default_attrs=strip_default_attrs)


def _signatures(receiver: Any, spec: Any) -> dict[str, Any]:
    """The signatures of a model by name."""
    if spec.mode != ModeKeys.PREDICT:
        name = "train" if spec.mode == ModeKeys.TRAIN else "eval"
        return {name: _supervised_signature(receiver.receiver_tensors, spec, name)}
    inputs = {"": receiver.receiver_tensors}
    inputs |= {f"{name or 'None'}:": tensors for name, tensors in
               (getattr(receiver, "receiver_tensors_alternatives", None) or {}).items()}
    found, left_out = {}, {}
    for prefix, tensors in inputs.items():
        for key, output in spec.export_outputs.items():
            name = prefix + str(key or "None")
            try:
                signature = output.as_signature_def(tensors)
            except ValueError as error:  # as TensorFlow: what cannot be served so is left out
                left_out[name] = str(error)
            else:
                found[name] = signature
    _report(found, left_out)
    return {name: signature for name, signature in found.items() if is_valid_signature(signature)}


def _report(found: dict[str, Any], left_out: dict[str, str]) -> None:
    for method in ("Classify", "Regress", "Predict"):
        names = [name for name, signature in found.items()
                 if signature.method_name.endswith(method.lower())]
        logger().info("Signatures INCLUDED in export for %s: %s", method, names or "None")
    if left_out:
        logger().info("Signatures EXCLUDED from export because they cannot be be served via "
                      "TensorFlow Serving APIs:")
    for name, why in left_out.items():
        logger().info("'%s' : %s", name, why)
    if not found:
        logger().warning("Export includes no signatures!")
    elif "serving_default" not in found:
        logger().warning("Export includes no default signature!")


def _supervised_signature(inputs: dict[str, Any], spec: Any, name: str) -> Any:
    """The signature of a graph that trains or evaluates: its loss, predictions and metrics."""
    predictions = spec.predictions if isinstance(spec.predictions, dict) else {
        "predictions": spec.predictions}
    outputs = {"loss": spec.loss}
    for key, value in predictions.items():
        key = "/".join(key) if isinstance(key, tuple) else key
        outputs[key if key.startswith("predictions") else f"predictions/{key}"] = value
    for key, (value, update) in spec.eval_metric_ops.items():
        key = key if key.startswith("metrics") else f"metrics/{key}"
        outputs[f"{key}/value"] = value
        outputs[f"{key}/update_op"] = _as_tensor(update)
    return build_signature_def({key: info_of(tensor) for key, tensor in inputs.items()},
                               {key: info_of(tensor) for key, tensor in outputs.items()},
                               f"tensorflow/supervised/{'training' if name == 'train' else 'eval'}")


def _as_tensor(update: Any) -> Tensor:
    """A tensor whose run makes an update."""
    if not isinstance(update, Operation):
        return update
    with update.graph.control_dependencies([update]):
        return constant([], name="metric_op_wrapper")
