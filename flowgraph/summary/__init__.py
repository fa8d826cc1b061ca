"""`tf.summary`: what TensorBoard shows, and the files that it reads.

    loss   tf.summary.scalar     -> a string tensor: a serialized Summary
           tf.summary.merge_all  -> one such string for all
           Session.run           -> bytes
           FileWriter.add_summary(bytes, step) -> a record of the event file
"""

from flowgraph.core.lazy import lazy as _lazy

__getattr__ = _lazy("tf.summary", globals(), {
    "Event": "flowgraph.summary.messages:Event",
    "FileWriter": "flowgraph.summary.file_writer:FileWriter",
    "FileWriterCache": "flowgraph.summary.file_writer:FileWriterCache",
    "SessionLog": "flowgraph.summary.messages:SessionLog",
    "Summary": "flowgraph.summary.messages:Summary",
    "SummaryDescription": "flowgraph.summary.messages:SummaryDescription",
    "TaggedRunMetadata": "flowgraph.summary.messages:TaggedRunMetadata",
    "audio": "flowgraph.summary.sounds:audio",
    "get_summary_description": "flowgraph.summary.tensors:get_summary_description",
    "histogram": "flowgraph.summary.histograms:histogram",
    "image": "flowgraph.summary.images:image",
    "merge": "flowgraph.summary.merging:merge",
    "merge_all": "flowgraph.summary.merging:merge_all",
    "scalar": "flowgraph.summary.scalars:scalar",
    "tensor_summary": "flowgraph.summary.tensors:tensor_summary",
    "text": "flowgraph.summary.tensors:text",
    "write_graph_log": "flowgraph.summary.logs:write_graph_log",
})
