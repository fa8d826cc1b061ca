"""What beam search works on: the state between its steps, and what it puts out."""

from __future__ import annotations

from collections import namedtuple


class BeamSearchDecoderState(namedtuple("BeamSearchDecoderState", (
        "cell_state", "log_probs", "finished", "lengths", "accumulated_attention_probs"))):
    """The state of a BeamSearchDecoder.

    Args:
        cell_state: the cell's state, `[batch_size, beam_width, ...]`.
        log_probs: float `[batch_size, beam_width]`, the sequences' log probabilities.
        finished: bool `[batch_size, beam_width]`.
        lengths: int64 `[batch_size, beam_width]`.
        accumulated_attention_probs: how much each step of the memory was attended to; or ().

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.seq2seq.BeamSearchDecoderState._fields[:2]
        ('cell_state', 'log_probs')
    """


class BeamSearchDecoderOutput(namedtuple("BeamSearchDecoderOutput", (
        "scores", "predicted_ids", "parent_ids"))):
    """What one step of beam search puts out, each `[batch_size, beam_width]`.

    Args:
        scores: the sequences' scores.
        predicted_ids: their last words.
        parent_ids: the beams that they follow.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.seq2seq.BeamSearchDecoderOutput(1, 2, 3).parent_ids
        3
    """


class FinalBeamSearchDecoderOutput(namedtuple("FinalBeamDecoderOutput", (
        "predicted_ids", "beam_search_decoder_output"))):
    """What `dynamic_decode` gives of a BeamSearchDecoder.

    Args:
        predicted_ids: int32 `[batch_size, time, beam_width]`: the sequences, the best first.
        beam_search_decoder_output: what the steps put out.

    Example:
        >>> import flowgraph as fg
        >>> fg.contrib.seq2seq.FinalBeamSearchDecoderOutput(1, 2).predicted_ids
        1
    """
