"""Summary and Event: what summaries and the records of event files are, as messages.

    Event           when, at which step, and one of: the version of the file, a GraphDef, a
      summary       Summary, ...
        value       tag, and one of: a number, a histogram, an image, a sound, a tensor
"""

from __future__ import annotations

from flowgraph.core.message import Message
from flowgraph.core.message_fields import Part, Parts
from flowgraph.core.message_scalar import (
    DOUBLE,
    FLOAT,
    INT,
    TEXT,
    Choice,
    Repeated,
    Scalar,
    enum,
)
from flowgraph.core.tensor_message import BYTES, TensorProto

# ---- summaries -----------------------------------------------------------------------------------


class SummaryDescription(Message):
    """What a `TensorSummary` op says of its values.

    Example:
        >>> import flowgraph as fg
        >>> fg.summary.SummaryDescription(type_hint="scalar").type_hint
        'scalar'
    """

    type_hint = Scalar(1, TEXT)


class HistogramProto(Message):
    """How many values fell between which limits; `bucket_limit` holds upper ends.

    Example:
        >>> import flowgraph as fg
        >>> histogram = fg.HistogramProto(min=1.0, max=3.0, num=2.0, sum=4.0, sum_squares=10.0,
        ...                               bucket_limit=[2.0, 4.0], bucket=[1.0, 1.0])
        >>> list(histogram.bucket)
        [1.0, 1.0]
    """

    min = Scalar(1, DOUBLE)
    max = Scalar(2, DOUBLE)
    num = Scalar(3, DOUBLE)
    sum = Scalar(4, DOUBLE)
    sum_squares = Scalar(5, DOUBLE)
    bucket_limit = Repeated(6, DOUBLE)
    bucket = Repeated(7, DOUBLE)


class PluginData(Message):
    """Which part of TensorBoard shows a value, and what that part wants to know."""

    plugin_name = Scalar(1, TEXT)
    content = Scalar(2, BYTES)


class SummaryMetadata(Message):
    """How the values of a tag are to be shown.

    Example:
        >>> import flowgraph as fg
        >>> plugin = fg.SummaryMetadata.PluginData(plugin_name="text")
        >>> fg.SummaryMetadata(plugin_data=plugin, display_name="notes").display_name
        'notes'
    """

    PluginData = PluginData
    plugin_data = Part(1, PluginData)
    display_name = Scalar(2, TEXT)
    summary_description = Scalar(3, TEXT)


class Image(Message):
    """A PNG file and its size; `colorspace` is the number of channels."""

    height = Scalar(1, INT)
    width = Scalar(2, INT)
    colorspace = Scalar(3, INT)
    encoded_image_string = Scalar(4, BYTES)


class Audio(Message):
    """A WAV file, its sample rate in hertz, its channels and its length."""

    sample_rate = Scalar(1, FLOAT)
    num_channels = Scalar(2, INT)
    length_frames = Scalar(3, INT)
    encoded_audio_string = Scalar(4, BYTES)
    content_type = Scalar(5, TEXT)


class Value(Message):
    """One value of a Summary, under a tag."""

    _one_of = "value"
    _one_of_fields = ("simple_value", "obsolete_old_style_histogram", "image", "histo", "audio",
                      "tensor")
    tag = Scalar(1, TEXT)
    simple_value = Choice(2, FLOAT)
    obsolete_old_style_histogram = Choice(3, BYTES)
    image = Part(4, Image)
    histo = Part(5, HistogramProto)
    audio = Part(6, Audio)
    node_name = Scalar(7, TEXT)
    tensor = Part(8, TensorProto)
    metadata = Part(9, SummaryMetadata)


class Summary(Message):
    """Values for TensorBoard: what a summary op gives, and what programs fill in themselves.

    Example:
        >>> import flowgraph as fg
        >>> summary = fg.Summary(value=[fg.Summary.Value(tag="loss", simple_value=0.5)])
        >>> fg.Summary.FromString(summary.SerializeToString()).value[0].simple_value
        0.5
    """

    Image = Image
    Audio = Audio
    Value = Value
    value = Parts(1, Value)


# ---- events --------------------------------------------------------------------------------------


class LogMessage(Message):
    """A line of a log.

    Example:
        >>> import flowgraph as fg
        >>> fg.LogMessage(level=fg.LogMessage.WARN, message="slow")
        level: WARN
        message: "slow"
        <BLANKLINE>
    """

    UNKNOWN, DEBUGGING, INFO, WARN, ERROR, FATAL = 0, 10, 20, 30, 40, 50
    level = Scalar(1, enum({"UNKNOWN": 0, "DEBUGGING": 10, "INFO": 20, "WARN": 30, "ERROR": 40,
                            "FATAL": 50}))
    message = Scalar(2, TEXT)


class SessionLog(Message):
    """That a session started, stopped, or saved a checkpoint.

    Example:
        >>> import flowgraph as fg
        >>> fg.SessionLog(status=fg.SessionLog.START)
        status: START
        <BLANKLINE>
    """

    STATUS_UNSPECIFIED, START, STOP, CHECKPOINT = 0, 1, 2, 3
    status = Scalar(1, enum({"STATUS_UNSPECIFIED": 0, "START": 1, "STOP": 2, "CHECKPOINT": 3}))
    checkpoint_path = Scalar(2, TEXT)
    msg = Scalar(3, TEXT)


class TaggedRunMetadata(Message):
    """A serialized RunMetadata under a tag.

    Example:
        >>> import flowgraph as fg
        >>> fg.summary.TaggedRunMetadata(tag="step 1").tag
        'step 1'
    """

    tag = Scalar(1, TEXT)
    run_metadata = Scalar(2, BYTES)


class Event(Message):
    """A record of an event file.

    Example:
        >>> import flowgraph as fg
        >>> event = fg.Event(wall_time=1.5, step=3, file_version="brain.Event:2")
        >>> event.WhichOneof("what"), event.step
        ('file_version', 3)
    """

    _one_of = "what"
    _one_of_fields = ("file_version", "graph_def", "summary", "log_message", "session_log",
                      "tagged_run_metadata", "meta_graph_def")
    wall_time = Scalar(1, DOUBLE)
    step = Scalar(2, INT)
    file_version = Choice(3, TEXT)
    graph_def = Choice(4, BYTES)
    summary = Part(5, Summary)
    log_message = Part(6, LogMessage)
    session_log = Part(7, SessionLog)
    tagged_run_metadata = Part(8, TaggedRunMetadata)
    meta_graph_def = Choice(9, BYTES)
