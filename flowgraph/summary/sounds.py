"""`tf.summary.audio`: sounds as WAV files of 16 bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import wire
from flowgraph.core.message_scalar import FLOAT, INT
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, invalid, strings
from flowgraph.ops.wav import write_wav
from flowgraph.summary.names import collected, summary_scope
from flowgraph.summary.scalars import check_tag, one_tag, tag_field


class AudioSummaryV2(OpDef):
    """A Summary with up to `max_outputs` sounds of a batch."""

    dtypes = {"tag": dt.STRING, "tensor": dt.DTypeSet("float32", (dt.float32,)),
              "sample_rate": dt.DTypeSet("float32", (dt.float32,))}
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, tag: Spec, tensor: Spec, sample_rate: Spec, *, max_outputs=3):
        check_tag(tag)
        if max_outputs < 1:
            raise ShapeError(f"has max_outputs {max_outputs}, less than the minimum 1")
        if tensor.rank not in (None, 2, 3):
            raise ShapeError("needs sounds of shape [batch, frames] or [batch, frames, channels], "
                             f"got {shape_text(tensor.shape)}")
        shape_rules.require_rank(sample_rate, 0, "a sample rate")
        return Spec(dt.string, ())

    def kernel(self, xp, tag, tensor, sample_rate, *, max_outputs=3):
        tag, sounds = one_tag(tag), np.asarray(tensor)
        if sounds.ndim not in (2, 3):
            raise invalid(f"Tensor must be 3-D or 2-D, got: {shape_text(sounds.shape)}")
        rate = float(np.asarray(sample_rate).reshape(()))
        if not 0 < rate < float("inf"):
            raise invalid("sample_rate must be > 0")
        if sounds.ndim == 2:
            sounds = sounds[..., None]
        _, frames, channels = sounds.shape
        found = []
        for i, sound in enumerate(sounds[:max_outputs]):
            numbered = b"%s/audio/%d" % (tag, i) if max_outputs > 1 else tag + b"/audio"
            content = FLOAT.field(1, rate) + INT.field(2, channels)
            if frames:
                content += INT.field(3, frames)
            content += wire.field(4, write_wav(sound, max(1, round(rate))))
            content += wire.field(5, b"audio/wav")
            found.append(wire.field(1, tag_field(numbered) + wire.field(6, content)))
        return strings([b"".join(found)], ())


def audio(name: str, tensor: Any, sample_rate: Any, max_outputs: int = 3, collections: Any = None,
          family: str | None = None) -> Tensor:
    """A summary of sounds.

    Args:
        name: name of the node; the tags are `name/audio/0`, `name/audio/1`, …, or `name/audio` when
            `max_outputs` is 1.
        tensor: [batch, frames] or [batch, frames, channels], float32 in [-1, 1].
        sample_rate: frames a second.
        max_outputs: how many sounds of the batch are kept at most.
        collections: names of the collections that the summary is added to; default
            `[tf.GraphKeys.SUMMARIES]`.
        family: opens the tag; sounds of one family stand together.

    Returns:
        A string: the serialized `tf.Summary`.

    Raises:
        ValueError: the tensor has another rank.
        TypeError: it has another dtype.

    Example:
        >>> import flowgraph as fg
        >>> heard = fg.summary.audio("tone", fg.zeros([1, 100]), sample_rate=8000, max_outputs=1)
        >>> sound = fg.Summary.FromString(fg.Session().run(heard)).value[0].audio
        >>> sound.length_frames, sound.content_type, len(sound.encoded_audio_string)
        (100, 'audio/wav', 244)
    """
    with summary_scope(name, family, [tensor]) as (tag, scope):
        rate = convert_to_tensor(sample_rate, dt.float32, name="sample_rate")
        return collected(AudioSummaryV2.build(tag, tensor, rate, max_outputs=max_outputs,
                                              name=scope), collections)
