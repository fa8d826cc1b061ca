"""`tf.train.Saver`: writes the values of variables to checkpoints, and reads them back.

A Saver of the variables a and b builds these nodes, as TensorFlow 1 does:

    save/filename, save/Const     the checkpoint's name; fed when it is saved or restored
    save/SaveV2                   writes the files
    save/control_dependency       the name, when they are written; what `save` runs
    save/RestoreV2                reads the files
    save/Assign, save/Assign_1    set the variables
    save/restore_all              when all are set; what `restore` runs
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.core.system_error import local_path
from flowgraph.errors import (
    FailedPreconditionError,
    FlowgraphError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    without_docs,
)
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import device, get_default_graph, name_scope
from flowgraph.graph.names import in_scope, without_scope
from flowgraph.io.checkpoints.save_restore import restore_v2, save_v2
from flowgraph.ops.identity import group, with_dependencies
from flowgraph.ops.placeholder import placeholder_with_default
from flowgraph.runtime.session import BaseSession
from flowgraph.train.checkpoint_objects import keys_of_objects
from flowgraph.train.checkpoint_state import (
    is_checkpoint,
    meta_graph_file,
    remove_files,
    times_of,
    write_checkpoint_state,
)
from flowgraph.train.global_step import global_step as number_of_steps
from flowgraph.train.saver_def import SaverDef
from flowgraph.train.saver_variables import saved_variables

_FOREVER = float("inf")


class Saver:
    """Saves variables to checkpoints and restores them; keeps the latest few.

    Checkpoints are in TensorFlow's own format (`PREFIX.index` and `PREFIX.data-00000-of-00001`):
    TensorFlow 1 and 2 read what is saved here, and theirs are restored here. A save is all or
    nothing: whoever kills the program in the middle finds the checkpoint before.

    Args:
        var_list: list of variables, or dict of variables by the names to save them under; default
            all global variables.
        reshape: whether a value of another shape is given the variable's shape when restored.
        sharded: accepted; there is one data file.
        max_to_keep: how many checkpoints are kept; older ones are removed. None or 0 for all, of
            which only the latest stands in the file "checkpoint" then.
        keep_checkpoint_every_n_hours: one checkpoint in so many hours is never removed.
        name: the scope of the nodes; default "save".
        restore_sequentially: accepted; variables are always restored one by one.
        saver_def: SaverDef that names the nodes, which are in the graph already then.
        builder: object with a method `build` like that of TensorFlow's savers, which makes the
            nodes and returns a SaverDef.
        defer_build: whether the nodes are built by a later call of `build`.
        allow_empty: whether there may be no variables; `save` and `restore` do nothing then.
        write_version: SaverDef.V2, the only format that is written.
        pad_step_number: whether step numbers in names get zeros in front, to eight digits.
        save_relative_paths: whether the file "checkpoint" holds paths relative to its folder.
        filename: the checkpoint's name that is in the graph; default "model".

    Raises:
        ValueError: there are no variables, or two with one name.
        TypeError: something in `var_list` is no variable.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0, name="v")
        >>> saver = fg.train.Saver()
        >>> with fg.Session() as sess:
        ...     sess.run(v.initializer)
        ...     path = saver.save(sess, tempfile.mkdtemp() + "/model", global_step=10)
        >>> with fg.Session() as sess:
        ...     saver.restore(sess, path)
        ...     sess.run(v)
        np.float32(1.0)
    """

    def __init__(self, var_list: Any = None, reshape: bool = False, sharded: bool = False,
                 max_to_keep: int | None = 5, keep_checkpoint_every_n_hours: float = 10000.0,
                 name: str | None = None, restore_sequentially: bool = False,
                 saver_def: SaverDef | None = None, builder: Any = None,
                 defer_build: bool = False, allow_empty: bool = False,
                 write_version: int = SaverDef.V2, pad_step_number: bool = False,
                 save_relative_paths: bool = False, filename: str | None = None) -> None:
        if defer_build and var_list:
            raise ValueError(located("If `var_list` is provided then build cannot be deferred. "
                                     "Either set defer_build=False or var_list=None."))
        if write_version != SaverDef.V2:
            raise NotImplementedError(located(f"write_version={write_version!r} is not offered: "
                                              "checkpoints are written in the format SaverDef.V2"))
        self._var_list = var_list
        self._reshape, self._sharded = reshape, sharded
        self._max_to_keep, self._every_n_hours = max_to_keep, keep_checkpoint_every_n_hours
        self._name = name
        self._restore_sequentially = restore_sequentially
        self.saver_def = saver_def
        self._builder = builder
        self._is_built = self._is_empty = False
        self._allow_empty = allow_empty
        self._pad_step_number = pad_step_number
        self._save_relative_paths = save_relative_paths
        self._filename = filename
        self._last_checkpoints: list[tuple[str, float]] = []
        self._to_delete: list[tuple[str, float]] = []
        self._next_kept = 0.0  # when a checkpoint is old enough to be kept for good
        self._saving = threading.Lock()
        self._object_saver: Saver | None = None
        # the graph written last: (its state, what is in its collections, what was written)
        self._written: tuple[Any, list[Any], bytes] | None = None
        if not defer_build:
            self.build()

    # ---- building --------------------------------------------------------------------------------

    def build(self) -> None:
        """Adds the nodes to the graph, unless that is done already."""
        if self._is_built:
            return
        self._is_built = True
        if self.saver_def is None:
            if self._var_list is None:
                graph = get_default_graph()
                self._var_list = (graph.get_collection(GraphKeys.GLOBAL_VARIABLES)
                                  + graph.get_collection(GraphKeys.SAVEABLE_OBJECTS))
            if not self._var_list:
                if not self._allow_empty:
                    raise ValueError(located(
                        "No variables to save", advice="Make the Saver after the variables, in "
                        "their graph; or pass allow_empty=True.", section="value-error"))
                self._is_empty = True
                return
            self.saver_def = self._built()
        elif self._name:
            prefixed = {field: in_scope(getattr(self.saver_def, field), self._name) for field in (
                "filename_tensor_name", "save_tensor_name", "restore_op_name")}
            for field, value in prefixed.items():
                setattr(self.saver_def, field, value)
        if not isinstance(self.saver_def, SaverDef):
            raise ValueError(located(f"saver_def must be a SaverDef: {self.saver_def!r:.100}"))
        for field in ("save_tensor_name", "restore_op_name"):
            if not getattr(self.saver_def, field):
                raise ValueError(located(f"saver_def must specify the {field}: {self.saver_def}"))
        self._next_kept = time.time() + self.saver_def.keep_checkpoint_every_n_hours * 3600

    def _built(self) -> SaverDef:
        options = {"max_to_keep": self._max_to_keep or 0, "sharded": self._sharded,
                   "keep_checkpoint_every_n_hours": self._every_n_hours}
        if self._builder is not None:
            return self._builder.build(
                self._var_list, reshape=self._reshape, name=self._name,
                restore_sequentially=self._restore_sequentially, filename=self._filename, **options)
        saved = saved_variables(self._var_list)
        names, parts = [s.name for s in saved], [s.part for s in saved]
        with name_scope(self._name, "save", [s.variable for s in saved]):
            name = placeholder_with_default(self._filename or "model", [], name="filename")
            name = placeholder_with_default(name, [], name="Const")
            save = save_v2(name, names, parts, [s.value for s in saved], name="SaveV2")
            done = with_dependencies([save], name)
            with device("cpu:0"):
                tensors = restore_v2(name, names, parts, [s.dtype for s in saved],
                                     name="RestoreV2")
            restored = [s.restore(tensor, self._reshape)
                        for s, tensor in zip(saved, tensors, strict=True)]
            restore = group(*restored, name="restore_all")
        return SaverDef(filename_tensor_name=name.name, save_tensor_name=done.name,
                        restore_op_name=restore.name, version=SaverDef.V2, **options)

    def as_saver_def(self) -> SaverDef | None:
        """The SaverDef that names the nodes."""
        return self.saver_def

    def to_proto(self, export_scope: str | None = None) -> SaverDef | None:
        """The SaverDef that names the nodes.

        Args:
            export_scope: a name scope to take off the names; None is returned if the nodes are not
                in it.
        """
        if export_scope is None or self.saver_def is None:
            return self.saver_def
        result = SaverDef()
        result.CopyFrom(self.saver_def)
        for field in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
            name = without_scope(getattr(result, field), export_scope)
            if name is None:
                return None
            setattr(result, field, name)
        return result

    @staticmethod
    def from_proto(saver_def: SaverDef, import_scope: str | None = None) -> Saver:
        """A Saver whose nodes are in the graph already.

        Args:
            saver_def: names them.
            import_scope: the name scope that they were put into.
        """
        return Saver(saver_def=saver_def, name=import_scope)

    # ---- the checkpoints that are kept -----------------------------------------------------------

    @property
    def last_checkpoints(self) -> list[str]:
        """The names of the checkpoints that are there, the oldest first."""
        return [name for name, _ in self._last_checkpoints]

    def set_last_checkpoints(self, last_checkpoints: list[str]) -> None:
        """Says which checkpoints are there; they are never removed.

        Args:
            last_checkpoints: list of names, the oldest first.
        """
        _need_list(last_checkpoints)
        self._last_checkpoints = [(name, _FOREVER) for name in last_checkpoints]

    def set_last_checkpoints_with_time(
            self, last_checkpoints_with_time: list[tuple[str, float]]) -> None:
        """Says which checkpoints are there.

        Args:
            last_checkpoints_with_time: list of (name, seconds since 1970), the oldest first.
        """
        _need_list(last_checkpoints_with_time)
        self._last_checkpoints = last_checkpoints_with_time

    def recover_last_checkpoints(self, checkpoint_paths: list[str]) -> None:
        """Says which checkpoints an earlier run of the program left; those not there are skipped.

        Args:
            checkpoint_paths: list of names, the oldest first, as the `all_model_checkpoint_paths`
                of `tf.train.get_checkpoint_state`.
        """
        times = [(path, times_of([path])) for path in checkpoint_paths]
        self._last_checkpoints = [(path, time[0]) for path, time in times if time]

    def _record(self, path: str) -> None:
        """Notes a new checkpoint; one too many is going to be removed."""
        assert self.saver_def is not None
        if not self.saver_def.max_to_keep:
            return
        self._last_checkpoints = [entry for entry in self._last_checkpoints if entry[0] != path]
        self._last_checkpoints.append((path, time.time()))
        if len(self._last_checkpoints) > self.saver_def.max_to_keep:
            self._to_delete.append(self._last_checkpoints.pop(0))

    def _remove_old(self, meta_graph_suffix: str) -> None:
        assert self.saver_def is not None
        if not self._to_delete:
            return
        path, written = self._to_delete.pop(0)
        if written > self._next_kept:
            self._next_kept += self.saver_def.keep_checkpoint_every_n_hours * 3600
            return
        try:
            remove_files(path, self.saver_def.version, meta_graph_suffix)
        except OSError as error:  # the new checkpoint is there, which is what counts
            logger().warning("Ignoring: %s", error)

    # ---- saving and restoring --------------------------------------------------------------------

    def save(self, sess: Any, save_path: Any, global_step: Any = None,
             latest_filename: str | None = None, meta_graph_suffix: str = "meta",
             write_meta_graph: bool = True, write_state: bool = True,
             strip_default_attrs: bool = False, save_debug_info: bool = False) -> str | None:
        """Saves the variables.

        Args:
            sess: the Session with their values.
            save_path: the checkpoint's name: what the names of its files begin with.
            global_step: number that is put behind the name: an int, or a tensor or variable (or
                the name of one) that holds it.
            latest_filename: another name of the file "checkpoint".
            meta_graph_suffix: the end of the name of the file with the graph.
            write_meta_graph: whether to write that file, which `tf.train.import_meta_graph` reads;
                a graph with an op that TensorFlow has not is not written, which is logged.
            write_state: whether the file "checkpoint" is written, and old checkpoints are removed.
            strip_default_attrs: whether attributes that have TensorFlow's default are left out of
                the graph.
            save_debug_info: accepted.

        Returns:
            The checkpoint's name, for `restore`; None if there are no variables.

        Raises:
            TypeError: `sess` is no Session.
            ValueError: the folder above that of the checkpoint is missing, or `latest_filename` is
                no mere name, or the checkpoint's own.
            FailedPreconditionError: a variable is not initialized.
            RuntimeError: `build` was deferred, and not called yet.
        """
        if not self._is_built:
            raise RuntimeError(located("`build()` should be called before save if "
                                       "defer_build==True"))
        save_path = local_path(save_path)
        latest_filename = latest_filename or "checkpoint"
        if os.path.split(latest_filename)[0]:
            raise ValueError(located("'latest_filename' must not contain path components"))
        with self._saving:  # threads save in turn: the latest checkpoint is that of the last step
            return self._save(sess, save_path, global_step, latest_filename, meta_graph_suffix,
                              write_meta_graph, write_state, strip_default_attrs)

    def _save(self, sess: Any, save_path: str, global_step: Any, latest_filename: str,
              meta_graph_suffix: str, write_meta_graph: bool, write_state: bool,
              strip_default_attrs: bool) -> str | None:
        path = save_path
        if global_step is not None:
            if not hasattr(global_step, "__index__") or hasattr(global_step, "graph"):
                global_step = number_of_steps(sess, global_step)
            digits = "08d" if self._pad_step_number else "d"
            path = f"{save_path}-{global_step.__index__():{digits}}"
        elif os.path.basename(save_path) == latest_filename:
            raise ValueError(located("'latest_filename' collides with 'save_path': "
                                     f"{latest_filename!r} and {save_path!r}"))
        if not os.path.basename(path):
            raise ValueError(located(f"save_path {save_path!r} has no name of a file at its end",
                                     f"Write {os.path.join(save_path, 'model.ckpt')!r}."))
        if not isinstance(sess, BaseSession):
            raise TypeError(located(f"'sess' must be a Session; {sess!r:.100}"))
        if self._is_empty:
            if write_meta_graph:
                self._write_graph(sess.graph, f"{path}.{meta_graph_suffix}", strip_default_attrs)
            return None
        assert self.saver_def is not None
        folder = os.path.dirname(save_path)
        try:
            path = sess.run(self.saver_def.save_tensor_name,
                            {self.saver_def.filename_tensor_name: path})
            path = os.fsdecode(path)
            if write_state:
                self._record(path)
                write_checkpoint_state(folder, path, self.last_checkpoints, latest_filename,
                                       save_relative_paths=self._save_relative_paths)
            if write_meta_graph:
                self._write_graph(sess.graph, meta_graph_file(path, meta_graph_suffix),
                                  strip_default_attrs)
            if write_state:
                self._remove_old(meta_graph_suffix)
        except (FailedPreconditionError, NotFoundError):
            if folder and not os.path.isdir(folder):
                raise ValueError(located(f"Parent directory of {save_path} doesn't exist, can't "
                                         "save.")) from None
            raise
        return path

    def export_meta_graph(self, filename: Any = None, collection_list: list[str] | None = None,
                          as_text: bool = False, export_scope: str | None = None,
                          clear_devices: bool = False, clear_extraneous_savers: bool = False,
                          strip_default_attrs: bool = False, save_debug_info: bool = False) -> Any:
        """The default graph as a MetaGraphDef with this Saver; see `tf.train.export_meta_graph`.

        Args:
            filename: the file to write; None for none.
            collection_list, as_text, export_scope, clear_devices, clear_extraneous_savers,
                strip_default_attrs, save_debug_info: as there.
        """
        from flowgraph.io.graphs.meta_graph import export_meta_graph
        return export_meta_graph(
            filename, saver_def=self.saver_def, collection_list=collection_list, as_text=as_text,
            export_scope=export_scope, clear_devices=clear_devices,
            clear_extraneous_savers=clear_extraneous_savers,
            strip_default_attrs=strip_default_attrs, save_debug_info=save_debug_info)

    def _write_graph(self, graph: Any, path: str, strip_default_attrs: bool) -> None:
        """Writes the graph to a file; if TensorFlow could not read it, says so instead."""
        from flowgraph.io.graphs.message_files import serialized, write_bytes
        from flowgraph.io.graphs.meta_graph import create_meta_graph_def
        state, items = _state_of(graph, strip_default_attrs)
        if (self._written is None or self._written[0] != state
                or any(a is not b for a, b in zip(self._written[1], items, strict=True))):
            try:
                content = serialized(create_meta_graph_def(
                    saver_def=self.saver_def, graph=graph,
                    strip_default_attrs=strip_default_attrs))
            except (FlowgraphError, ValueError, TypeError) as error:
                logger().warning("The graph is not written to %s: %s", path, error)
                return
            self._written = state, items, content
        write_bytes(path, self._written[2])

    def keep_graph(self, graph: Any, meta_graph: Any) -> None:
        """Takes a graph's MetaGraphDef that is there already, for the files beside checkpoints.

        Args:
            graph: the Graph.
            meta_graph: its MetaGraphDef, with this Saver.
        """
        from flowgraph.io.graphs.message_files import serialized
        try:
            self._written = *_state_of(graph, False), serialized(meta_graph)
        except ValueError:  # it is too large, which is said when the file is to be written
            self._written = None

    def restore(self, sess: Any, save_path: Any) -> None:
        """Gives the variables the values that they have in a checkpoint; all or nothing.

        Args:
            sess: the Session; its variables need not be initialized.
            save_path: the checkpoint's name, from `save` or `tf.train.latest_checkpoint`.

        Raises:
            ValueError: there is no such checkpoint.
            NotFoundError: a variable is not in it.
            InvalidArgumentError: a variable has another dtype or shape there.
            DataLossError: it is damaged.
        """
        if self._is_empty:
            return
        if save_path is None:
            raise ValueError(located("Can't load save_path when it is None."))
        save_path = local_path(save_path)
        if not is_checkpoint(save_path):
            raise ValueError(located("The passed save_path is not a valid checkpoint: "
                                     f"{save_path}"))
        if self.saver_def is None:
            raise RuntimeError(located("`build()` should be called before restore if "
                                       "defer_build==True"))
        logger().info("Restoring parameters from %s", save_path)
        try:
            sess.run(self.saver_def.restore_op_name,
                     {self.saver_def.filename_tensor_name: save_path})
        except NotFoundError as error:
            if not self._restore_objects(sess, save_path):
                raise _not_restored(error, "A variable's name, or a file, is not there. "
                                    "tf.train.list_variables tells what is; Saver({name: variable})"
                                    " says under which names to look.") from None
        except InvalidArgumentError as error:
            if error.message.startswith("Cannot assign a device"):
                raise  # that has nothing to do with the checkpoint
            raise _not_restored(error, "The graph's variables are not those of the checkpoint. "
                                "tf.train.list_variables tells what is there.") from None

    def _restore_objects(self, sess: Any, save_path: str) -> bool:
        """Restores what `tf.train.Checkpoint` saved, by the variables' names; whether it could."""
        keys = keys_of_objects(save_path)
        saved = saved_variables(self._var_list) if self._var_list else []
        if not saved or any(s.part or s.name not in keys for s in saved):
            return False
        variables = {keys[s.name]: s.variable for s in saved}
        if self._object_saver is None or self._object_saver._var_list != variables:
            with sess.graph.as_default():
                self._object_saver = Saver(variables)
        logger().warning("%s was saved by tf.train.Checkpoint; its variables are restored by their "
                         "names.", save_path)
        self._object_saver.restore(sess, save_path)
        return True


def _need_list(value: Any) -> None:
    if not isinstance(value, list):
        raise AssertionError(located(f"a list is needed, not {value!r:.100}"))


def _not_restored(error: OpError, advice: str) -> OpError:
    text = f"Restoring from checkpoint failed. {advice}\n\n{without_docs(error)}"
    return type(error)(error.node_def, error.op, text)


def _state_of(graph: Any, strip_default_attrs: bool) -> tuple[tuple[Any, ...], list[Any]]:
    """What a graph's file depends on: as long as it is the same, the file is."""
    items = [item for key in graph.get_all_collection_keys()
             for item in (key, *graph.get_collection(key))]
    return (graph, graph.version, graph.changes, strip_default_attrs, len(items)), items
