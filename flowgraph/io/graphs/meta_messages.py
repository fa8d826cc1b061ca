"""MetaGraphDef and SavedModel: graphs with what programs know about them, as messages.

    SavedModel
      meta_graphs         MetaGraphDef, one for each set of tags
        meta_info_def     tags, the version that made it, the op types that are used
        graph_def         the nodes
        saver_def         which of them save and restore the variables
        collection_def    CollectionDef by name: the graph's collections
        signature_def     SignatureDef by name: inputs and outputs, each a TensorInfo
        asset_file_def    files that nodes read
"""

from __future__ import annotations

from typing import Any, ClassVar

from flowgraph.core.frames import located
from flowgraph.core.message import Message
from flowgraph.core.message_fields import Map, Part, Parts, Skipped
from flowgraph.core.message_scalar import BOOL, FLOAT, INT, TEXT, Choice, Repeated, Scalar
from flowgraph.core.tensor_message import BYTES, DATA_TYPE, TensorShapeProto
from flowgraph.io.graphs.graph_messages import GraphDef
from flowgraph.io.graphs.op_messages import OpList
from flowgraph.train.saver_def import SaverDef

# ---- collections ---------------------------------------------------------------------------------


class AnyMessage(Message):
    """`google.protobuf.Any`: a message of any class, with the name of the class."""

    kinds: ClassVar[dict[str, Any]] = {}  # the classes whose text can stand in it

    type_url = Scalar(1, TEXT)
    value = Scalar(2, BYTES)

    def Pack(self, msg: Message) -> None:
        """Holds a message from now on.

        Args:
            msg: the message, of a class of TensorFlow's.
        """
        self.type_url = f"type.googleapis.com/tensorflow.{type(msg).__name__}"
        self.value = msg.SerializeToString()

    def Unpack(self, msg: Message) -> bool:
        """Reads the message that is held.

        Args:
            msg: message that becomes it.

        Returns:
            Whether the message that is held is of that class.
        """
        if self.type_url.rpartition(".")[2] != type(msg).__name__:
            return False
        msg.ParseFromString(self.value)
        return True


class NodeList(Message):
    """Names of nodes or tensors."""

    value = Repeated(1, TEXT)


class BytesList(Message):
    """Texts, or messages as bytes."""

    value = Repeated(1, BYTES)


class Int64List(Message):
    """Integers."""

    value = Repeated(1, INT)


class FloatList(Message):
    """Floats."""

    value = Repeated(1, FLOAT)


class AnyList(Message):
    """Messages of any class."""

    value = Parts(1, AnyMessage)


class CollectionDef(Message):
    """A collection of a graph; `WhichOneof("kind")` says what is in it."""

    NodeList, BytesList, Int64List = NodeList, BytesList, Int64List
    FloatList, AnyList = FloatList, AnyList
    _one_of = "kind"
    node_list = Part(1, NodeList)
    bytes_list = Part(2, BytesList)
    int64_list = Part(3, Int64List)
    float_list = Part(4, FloatList)
    any_list = Part(5, AnyList)


# ---- signatures ----------------------------------------------------------------------------------


class CooSparse(Message):
    """The three tensors of a SparseTensor."""

    values_tensor_name = Scalar(1, TEXT)
    indices_tensor_name = Scalar(2, TEXT)
    dense_shape_tensor_name = Scalar(3, TEXT)


class CompositeTensor(Message):
    """The tensors of a structure of a later version's API; what binds them is not read."""

    type_spec = Skipped(1)
    components = Parts(2, None)


class TensorInfo(Message):
    """A tensor of a graph: its name, dtype and shape.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [None, 3], name="x")
        >>> info = fg.saved_model.build_tensor_info(x)
        >>> info.WhichOneof("encoding"), info.name, [d.size for d in info.tensor_shape.dim]
        ('name', 'x:0', [-1, 3])
    """

    CooSparse, CompositeTensor = CooSparse, CompositeTensor
    _one_of = "encoding"
    _one_of_fields = ("name", "coo_sparse", "composite_tensor")
    name = Choice(1, TEXT)
    dtype = Scalar(2, DATA_TYPE)
    tensor_shape = Part(3, TensorShapeProto)
    coo_sparse = Part(4, CooSparse)
    composite_tensor = Part(5, CompositeTensor)


CompositeTensor._fields["components"].message_class = TensorInfo


class SignatureDef(Message):
    """What a graph computes: inputs and outputs by name, and the kind of computation."""

    inputs = Map(1, TensorInfo)
    outputs = Map(2, TensorInfo)
    method_name = Scalar(3, TEXT)
    defaults = Skipped(4)


class AssetFileDef(Message):
    """A file that a graph reads, and the tensor that holds its name."""

    tensor_info = Part(1, TensorInfo)
    filename = Scalar(2, TEXT)


AnyMessage.kinds["AssetFileDef"] = AssetFileDef


# ---- the whole -----------------------------------------------------------------------------------


class MetaInfoDef(Message):
    """What is known of a graph besides its nodes: tags, and the version that made it."""

    meta_graph_version = Scalar(1, TEXT)
    stripped_op_list = Part(2, OpList)
    any_info = Part(3, AnyMessage)
    tags = Repeated(4, TEXT)
    tensorflow_version = Scalar(5, TEXT)
    tensorflow_git_version = Scalar(6, TEXT)
    stripped_default_attrs = Scalar(7, BOOL)
    function_aliases = Skipped(8)


class MetaGraphDef(Message):
    """A graph with its collections, signatures, and the names of its Saver's nodes.

    Example:
        >>> import flowgraph as fg
        >>> v = fg.Variable(1.0, name="v")
        >>> meta = fg.train.export_meta_graph()
        >>> [node.name for node in meta.graph_def.node][:2], meta.collection_def["variables"
        ...     ].WhichOneof("kind")
        (['v/initial_value', 'v'], 'bytes_list')
    """

    MetaInfoDef = MetaInfoDef
    meta_info_def = Part(1, MetaInfoDef)
    graph_def = Part(2, GraphDef)
    saver_def = Part(3, SaverDef)
    collection_def = Map(4, CollectionDef)
    signature_def = Map(5, SignatureDef)
    asset_file_def = Parts(6, AssetFileDef)
    object_graph_def = Skipped(7)  # Python objects of a later version's API


class SavedModel(Message):
    """The graphs of a folder that a SavedModelBuilder wrote, each with its tags."""

    saved_model_schema_version = Scalar(1, INT)
    meta_graphs = Parts(2, MetaGraphDef)


def checked(value: Any, kind: type[Message], what: str) -> Any:
    """`value`, which must be a message of a class.

    Args:
        value: what was given.
        kind: the class.
        what: the parameter's name.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(value, kind):
        raise TypeError(located(f"{what} must be of type {kind.__name__}, not "
                                f"{type(value).__name__}"))
    return value
