"""`tf.summary.tensor_summary` and `tf.summary.text`: tensors as they are, for plugins to show."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import wire
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, strings
from flowgraph.ops.tensor_proto import WRITTEN, tensor_message
from flowgraph.summary.messages import SummaryDescription, SummaryMetadata
from flowgraph.summary.names import collected, summary_scope
from flowgraph.summary.scalars import check_tag, one_tag, tag_field


class TensorSummaryV2(OpDef):
    """A Summary with a tensor, and what shows it."""

    dtypes = {"tag": dt.STRING, "serialized_summary_metadata": dt.STRING}
    T = WRITTEN
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, tag: Spec, tensor: Spec, serialized_summary_metadata: Spec):
        check_tag(tag)
        shape_rules.require_rank(serialized_summary_metadata, 0, "metadata")
        return Spec(dt.string, ())

    def kernel(self, xp, tag, tensor, serialized_summary_metadata):
        metadata = SummaryMetadata()
        try:
            metadata.ParseFromString(one_tag(serialized_summary_metadata))
        except ValueError:
            metadata.Clear()  # damaged metadata is none: the tensor is written all the same
        return strings([wire.field(1, tag_field(one_tag(tag)) + wire.field(8, tensor_message(
            np.asarray(tensor))) + wire.field(9, metadata.SerializeToString()))], ())


def tensor_summary(name: str, tensor: Any, summary_description: str | None = None,
                   collections: Any = None, summary_metadata: SummaryMetadata | None = None,
                   family: str | None = None, display_name: str | None = None) -> Tensor:
    """A summary that holds a tensor as it is.

    Args:
        name: name of the node, and the tag.
        tensor: a tensor of any dtype and shape.
        summary_description: a description, as Markdown.
        collections: names of the collections that the summary is added to; default
            `[tf.GraphKeys.SUMMARIES]`.
        summary_metadata: a SummaryMetadata, which names the plugin that shows the tensor; it is
            given the description and the display name.
        family: opens the tag; summaries of one family stand together.
        display_name: what TensorBoard calls it; default the tag.

    Returns:
        A string: the serialized `tf.Summary`.

    Example:
        >>> import flowgraph as fg
        >>> summary = fg.summary.tensor_summary("t", fg.constant([1, 2]), display_name="pair")
        >>> value = fg.Summary.FromString(fg.Session().run(summary)).value[0]
        >>> value.metadata.display_name, fg.make_ndarray(value.tensor)
        ('pair', array([1, 2], dtype=int32))
    """
    metadata = SummaryMetadata() if summary_metadata is None else summary_metadata
    if summary_description is not None:
        metadata.summary_description = summary_description
    if display_name is not None:
        metadata.display_name = display_name
    with summary_scope(name, family, [tensor]) as (tag, scope):
        return collected(TensorSummaryV2.build(tag, tensor, metadata.SerializeToString(),
                                               name=scope), collections)


def text(name: str, tensor: Tensor, collections: Any = None) -> Tensor:
    """A summary of text, which TensorBoard shows as Markdown, in a table if there are several.

    Args:
        name: name of the node, and the tag.
        tensor: a string tensor.
        collections: names of the collections that the summary is added to; default
            `[tf.GraphKeys.SUMMARIES]`.

    Returns:
        A string: the serialized `tf.Summary`.

    Raises:
        ValueError: it is no string tensor.

    Example:
        >>> import flowgraph as fg
        >>> notes = fg.summary.text("notes", fg.constant("learning rate 0.1"))
        >>> value = fg.Summary.FromString(fg.Session().run(notes)).value[0]
        >>> value.metadata.plugin_data.plugin_name, list(value.tensor.string_val)
        ('text', [b'learning rate 0.1'])
    """
    dtype = getattr(tensor, "dtype", None)
    if dtype is not dt.string:
        raise ValueError(located(f"Expected tensor {getattr(tensor, 'name', tensor)!s:.60} to have "
                                 f"dtype string, got {getattr(dtype, 'name', type(tensor))}",
                                 "tf.as_string makes text of numbers; tf.constant makes a tensor "
                                 "of Python text."))
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    return tensor_summary(name, tensor, summary_metadata=metadata, collections=collections)


def get_summary_description(node_def: Any) -> SummaryDescription:
    """What the node of a TensorSummary says of its values.

    Args:
        node_def: the NodeDef of a `TensorSummary` op.

    Raises:
        ValueError: it is the node of another op, or its description is not JSON.

    Example:
        >>> import flowgraph as fg
        >>> node = fg.NodeDef(name="t", op="TensorSummary")
        >>> node.attr["description"].s = b'{"typeHint": "scalar"}'
        >>> fg.summary.get_summary_description(node).type_hint
        'scalar'
    """
    if node_def.op != "TensorSummary":
        raise ValueError(located(f"Can't get_summary_description on {node_def.op}: only the nodes "
                                 "of TensorSummary have one"))
    content = node_def.attr["description"].s
    try:
        held = json.loads(content)
        return SummaryDescription(type_hint=held.get("typeHint", held.get("type_hint")))
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(located(f"the description {content!r:.60} of node {node_def.name!r} is "
                                 f"no SummaryDescription as JSON: {error}")) from None
