"""`tf.saved_model.Builder`: writes graphs, variables and files as a SavedModel."""

from __future__ import annotations

import os
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import deprecated
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.core.system_error import system_error
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import add_to_collection, get_collection
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.io.graphs.message_files import serialized, write_bytes
from flowgraph.io.graphs.meta_messages import AnyMessage, AssetFileDef, MetaGraphDef, SavedModel
from flowgraph.io.graphs.meta_servable import leave_out_foreign, names_in
from flowgraph.saved_model import constants, files, tag_constants
from flowgraph.saved_model import signature_constants as names
from flowgraph.saved_model.signature_def_utils import predict_signature_def
from flowgraph.train.saver import Saver


class SavedModelBuilder:
    """Writes a SavedModel: graphs with tags, one set of variables, and files that nodes read.

    TensorFlow 1 and 2 and their model servers load what is written; ops that TensorFlow has not, in
    gradients of image patches, are left out where nothing served needs them. The file that makes
    the folder a SavedModel is written last, by `save`.

    Args:
        export_dir: the folder, which must be empty or not there yet.

    Raises:
        AssertionError: the folder is not empty.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> folder = os.path.join(tempfile.mkdtemp(), "model")
        >>> builder = fg.saved_model.Builder(folder)
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     x = fg.placeholder(fg.float32, name="x")
        ...     y = fg.multiply(x, fg.Variable(3.0), name="y")
        ...     sess.run(fg.global_variables_initializer())
        ...     builder.add_meta_graph_and_variables(sess, ["serve"], {
        ...         "serving_default": fg.saved_model.predict_signature_def({"x": x}, {"y": y})})
        >>> os.path.basename(builder.save())
        b'saved_model.pb'
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     meta_graph = fg.saved_model.load(sess, ["serve"], folder)
        ...     sess.run("y:0", {"x:0": 2.0})
        np.float32(6.0)
    """

    def __init__(self, export_dir: Any) -> None:
        self._saved_model = SavedModel(
            saved_model_schema_version=constants.SAVED_MODEL_SCHEMA_VERSION)
        self._export_dir = os.fsdecode(export_dir)
        self._has_saved_variables = False
        try:
            os.makedirs(self._export_dir, exist_ok=True)
            if os.listdir(self._export_dir):
                raise AssertionError(located(
                    "Export directory already exists, and isn't empty. Please choose a different "
                    "export directory, or delete all the contents of the specified directory: "
                    f"{self._export_dir}"))
        except OSError as error:
            raise system_error(self._export_dir, error) from None

    def add_meta_graph_and_variables(self, sess: Any, tags: Any, signature_def_map: Any = None,
                                     assets_collection: Any = None, legacy_init_op: Any = None,
                                     clear_devices: bool = False, main_op: Any = None,
                                     strip_default_attrs: bool = False, saver: Any = None) -> None:
        """Adds the default graph with the values of its variables; the first graph to add.

        Args:
            sess: the Session with the variables' values.
            tags: list of texts that tell the graph from others, as ["serve"].
            signature_def_map: dict of SignatureDefs by name.
            assets_collection: list of string constants, the names of files that nodes read; the
                files are copied, and the constants fed with the copies' names when the SavedModel
                is loaded.
            legacy_init_op: an older name of `main_op`.
            clear_devices: whether to leave out the nodes' devices.
            main_op: Operation to run when the SavedModel is loaded.
            strip_default_attrs: whether to leave out attributes that have TensorFlow's default.
            saver: the Saver that writes the variables; default one of all of them.

        Raises:
            AssertionError: variables were written already, or a signature is not complete.
            TypeError: `main_op` is no Operation.
            ValueError: the graph has a main op already.
            KeyError: the name of a signature is reserved.
        """
        if self._has_saved_variables:
            raise AssertionError(located(
                "Graph state including variables and assets has already been saved. Please invoke "
                "`add_meta_graph()` instead."))
        _check_signatures(signature_def_map or {})
        self._save_assets(assets_collection)
        _add_main_op(main_op if main_op is not None else legacy_init_op)
        path = files.variables_path(self._export_dir)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        except OSError as error:
            raise system_error(path, error) from None
        saver = saver or _saver_of_all()
        saver.save(sess, path, write_meta_graph=False, write_state=False)
        self._add(saver, tags, signature_def_map or {}, clear_devices, strip_default_attrs)
        self._has_saved_variables = True

    def add_meta_graph(self, tags: Any, signature_def_map: Any = None,
                       assets_collection: Any = None, legacy_init_op: Any = None,
                       clear_devices: bool = False, main_op: Any = None,
                       strip_default_attrs: bool = False, saver: Any = None) -> None:
        """Adds the default graph, whose variables are among those that were written already.

        Args:
            tags, signature_def_map, assets_collection, legacy_init_op, clear_devices, main_op,
                strip_default_attrs, saver: as for `add_meta_graph_and_variables`.

        Raises:
            AssertionError: no variables were written yet, or a signature is not complete.
        """
        if not self._has_saved_variables:
            raise AssertionError(located(
                "Graph state including variables and assets has not been saved yet. Please invoke "
                "`add_meta_graph_and_variables()` first."))
        _check_signatures(signature_def_map or {})
        self._save_assets(assets_collection)
        _add_main_op(main_op if main_op is not None else legacy_init_op)
        self._add(saver or _saver_of_all(), tags, signature_def_map or {}, clear_devices,
                  strip_default_attrs)

    def _add(self, saver: Any, tags: Any, signatures: Any, clear_devices: bool,
             strip_default_attrs: bool) -> None:
        meta_graph: MetaGraphDef = saver.export_meta_graph(
            clear_devices=clear_devices, strip_default_attrs=strip_default_attrs)
        meta_graph.meta_info_def.tags.extend(tags)
        for name in signatures:
            meta_graph.signature_def[name].CopyFrom(signatures[name])
        leave_out_foreign(meta_graph, names_in(meta_graph))
        self._saved_model.meta_graphs.adopt(meta_graph)

    def _save_assets(self, tensors: Any) -> None:
        sources: dict[str, str] = {}
        for tensor in tensors or ():
            source = _asset_source(tensor)
            name = files.unique_asset_name(source, sources)
            asset = AssetFileDef(filename=name)
            asset.tensor_info.name = tensor.name
            held = AnyMessage()
            held.Pack(asset)
            add_to_collection(constants.ASSETS_KEY, held)
            sources[name] = source
        if sources:
            files.copy_assets(sources, self._export_dir)
            logger().info("Assets written to: %s", os.path.join(self._export_dir,
                                                                constants.ASSETS_DIRECTORY))

    def save(self, as_text: bool = False) -> bytes:
        """Writes the graphs that were added; the folder is a SavedModel then.

        Args:
            as_text: whether to write them as text.

        Returns:
            The path of the file that was written, as bytes.
        """
        name = (constants.SAVED_MODEL_FILENAME_PBTXT if as_text
                else constants.SAVED_MODEL_FILENAME_PB)
        path = os.path.join(self._export_dir, name)
        content = serialized(self._saved_model)
        write_bytes(path, str(self._saved_model).encode() if as_text else content)
        logger().info("SavedModel written to: %s", path)
        return os.fsencode(path)


def _saver_of_all() -> Saver:
    """A Saver of all variables of the default graph."""
    return Saver(get_collection(GraphKeys.GLOBAL_VARIABLES)
                 + get_collection(GraphKeys.SAVEABLE_OBJECTS), sharded=True, allow_empty=True)


def _asset_source(tensor: Any) -> str:
    """The file whose name a constant holds."""
    if not isinstance(tensor, Tensor):
        raise TypeError(located("Asset path tensor must be a Tensor."))
    if tensor.op.type != "Const":
        raise TypeError(located("Asset path tensor must be of type constant."))
    if tensor.dtype.base_dtype != dt.string:
        raise TypeError(located("Asset path tensor must be of dtype string."))
    value = tensor.op.attrs["value"]
    if value.size != 1:
        raise TypeError(located("Asset path tensor must be a scalar."))
    path = os.fsdecode(value.reshape(())[()])
    if os.path.basename(path) in ("", ".", ".."):
        raise ValueError(located(f"Invalid asset filepath tensor {tensor.name!r}: {path!r} is no "
                                 "path of a file"))
    return path


def _add_main_op(main_op: Any) -> None:
    if main_op is None:
        return
    if not isinstance(main_op, Operation):
        raise TypeError(located(f"main_op needs to be an Operation: {main_op!r:.100}"))
    for key in (constants.MAIN_OP_KEY, constants.LEGACY_INIT_OP_KEY):
        if get_collection(key):
            raise ValueError(located("Graph already contains one or more main ops under the "
                                     f"collection {key}."))
    add_to_collection(constants.MAIN_OP_KEY, main_op)


def _check_signatures(signatures: Any) -> None:
    for signature in signatures.values():
        for infos in (signature.inputs, signature.outputs):
            for info in infos.values():
                _check_info(info)
    for key, use in ((constants.INIT_OP_SIGNATURE_KEY, "initialization"),
                     (constants.TRAIN_OP_SIGNATURE_KEY, "the train op")):
        if key in signatures:
            raise KeyError(located(f'SignatureDef map key "{key}" is reserved for {use}. Please '
                                   "use a different key."))


def _check_info(info: Any) -> None:
    encoding = info.WhichOneof("encoding")
    if encoding is None:
        raise AssertionError(located("All TensorInfo protos used in the SignatureDefs must have "
                                     "one of the 'encoding' fields (e.g., name or coo_sparse) set: "
                                     f"{info}"))
    if encoding == "composite_tensor":
        for component in info.composite_tensor.components:
            _check_info(component)
    elif not info.dtype:
        raise AssertionError(located("All TensorInfo protos used in the SignatureDefs must have "
                                     f"the dtype field set: {info}"))


def simple_save(session, export_dir, inputs, outputs, legacy_init_op=None):
    """Writes the default graph as a SavedModel with one signature, for serving.

    Args:
        session: the Session with the variables' values.
        export_dir: the folder, which must be empty or not there yet.
        inputs: dict of tensors by name.
        outputs: dict of tensors by name.
        legacy_init_op: Operation to run when the SavedModel is loaded.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> folder = os.path.join(tempfile.mkdtemp(), "model")
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     x = fg.placeholder(fg.float32, name="x")
        ...     fg.saved_model.simple_save(sess, folder, {"x": x}, {"y": 2.0 * x})
        >>> fg.saved_model.contains_saved_model(folder)
        True
    """
    deprecated("This function will only be available through the v1 compatibility library as "
               "tf.compat.v1.saved_model.simple_save.")
    builder = SavedModelBuilder(export_dir)
    builder.add_meta_graph_and_variables(
        session, [tag_constants.SERVING],
        {names.DEFAULT_SERVING_SIGNATURE_DEF_KEY: predict_signature_def(inputs, outputs)},
        assets_collection=get_collection(GraphKeys.ASSET_FILEPATHS), main_op=legacy_init_op,
        clear_devices=True)
    builder.save()
