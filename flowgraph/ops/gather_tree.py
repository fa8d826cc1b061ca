"""Beam search: the sequences that a tree of beams stands for, as tf.contrib.seq2seq reads them."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.checks import raise_if
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef


class GatherTree(OpDef):
    """The words of each beam, from the last step back along the beams they came from."""

    T = dt.DTypeSet("int32", (dt.int32,))
    grad = NotDifferentiable
    checks_data = True

    def infer(self, step_ids: Spec, parent_ids: Spec, max_sequence_lengths: Spec,
              end_token: Spec):
        shape_rules.require_rank(step_ids, 3, "step_ids [time, batch, beams]")
        shape_rules.require_rank(max_sequence_lengths, 1, "max_sequence_lengths")
        shape_rules.require_rank(end_token, 0, "an end_token")
        return Spec(step_ids.dtype, shape_rules.merge("step_ids and parent_ids", step_ids,
                                                      parent_ids))

    def kernel(self, xp, step_ids, parent_ids, max_sequence_lengths, end_token):
        steps, batch, beams = step_ids.shape
        if parent_ids.shape != step_ids.shape or max_sequence_lengths.shape != (batch,):
            raise InvalidArgumentError(
                None, None, f"parent_ids {parent_ids.shape} must be of the shape {step_ids.shape} "
                f"of step_ids, and max_sequence_lengths {max_sequence_lengths.shape} of {(batch,)}")
        last = max_sequence_lengths[:, None] - 1
        own = xp.broadcast_to(xp.arange(beams), (batch, beams))
        words, beam = [], own
        for t in range(steps - 1, -1, -1):
            beam = xp.where((last <= t) | (t == steps - 1), own, beam)
            inside = last >= t
            raise_if(xp, inside & ((beam < 0) | (beam >= beams)), lambda: InvalidArgumentError(
                None, None, "Saw invalid parent id: parent_ids holds a number below 0 or not below "
                            f"{beams}"))
            words.append(xp.where(inside, xp.take_along_axis(step_ids[t], beam, 1), end_token))
            beam = xp.where(inside, xp.take_along_axis(parent_ids[t], beam, 1), own)
        found = xp.stack(words[::-1]) if words else step_ids
        ended = xp.cumsum(found == end_token, axis=0) > 0  # nothing follows an end
        return xp.where(ended, end_token, found).astype(step_ids.dtype)


def gather_tree(step_ids, parent_ids, max_sequence_lengths, end_token, name=None):
    """Reads the sequences that beams stand for, from the last step back.

    Args:
        step_ids: int32 [time, batch, beams], the word that each step put into each beam.
        parent_ids: int32 [time, batch, beams], the beam of the step before that it followed.
        max_sequence_lengths: int32 [batch], how many steps count.
        end_token: int32 scalar, the word behind which, and behind which steps, there is nothing
            but itself.
        name: name of the node.

    Returns:
        int32 [time, batch, beams]: each beam's sequence.

    Raises:
        ValueError: the shapes do not go together.
        InvalidArgumentError: when run, if parent_ids holds no number of a beam.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.ops.gather_tree import gather_tree
        >>> words, parents = [[[1, 2]], [[3, 4]]], [[[0, 0]], [[1, 0]]]
        >>> fg.Session().run(gather_tree(words, parents, [2], 9))[:, 0].tolist()
        [[2, 1], [3, 4]]
    """
    return GatherTree.build(step_ids, parent_ids, max_sequence_lengths, end_token, name=name)
