"""tf.ctc_loss_v2, the CTC op whose class 0 means "blank": labels and classes are one higher than in
`tf.nn.ctc_loss`, where the last class does.
"""

from __future__ import annotations

from collections import namedtuple

from flowgraph.core import dtypes as dt
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.ctc_loss import CTCLoss, CTCLossGradGrad
from flowgraph.ops.identity import PreventGradient
from flowgraph.ops.reshape import expand_dims
from flowgraph.ops.roll import roll

LossAndGradient = namedtuple("LossAndGradient", ("loss", "gradient"))


class CTCLossV2(OpDef):
    """The CTC loss of each row of the batch, and its derivative by the logits; class 0 is blank."""

    dtypes = CTCLoss.dtypes
    T = dt.DTypeSet("float32 or float64", (dt.float32, dt.float64))
    multiple = True
    waits_for_gpu = "the lengths of the labels shape what is computed"

    def infer(self, inputs, labels_indices, labels_values, sequence_length, *,
              preprocess_collapse_repeated=False, ctc_merge_repeated=True,
              ignore_longer_outputs_than_inputs=False):
        return op_def("CTCLoss").infer(inputs, labels_indices, labels_values, sequence_length)

    def kernel(self, xp, inputs, labels_indices, labels_values, sequence_length, *,
               preprocess_collapse_repeated=False, ctc_merge_repeated=True,
               ignore_longer_outputs_than_inputs=False):
        loss, gradient = op_def("CTCLoss").kernel(
            xp, xp.roll(inputs, -1, axis=2), labels_indices, labels_values - 1, sequence_length,
            preprocess_collapse_repeated=preprocess_collapse_repeated,
            ctc_merge_repeated=ctc_merge_repeated,
            ignore_longer_outputs_than_inputs=ignore_longer_outputs_than_inputs)
        return loss, xp.roll(gradient, 1, axis=2)

    def grad(self, op, dy, dy_gradient):
        dx = expand_dims(expand_dims(dy, 0), -1) * op.outputs[1]
        if dy_gradient.op.type != "ZerosLike":  # a second derivative is asked for
            inputs, indices, values, lengths = op.inputs
            second = CTCLossGradGrad.build(
                roll(inputs, -1, 2), indices, values - 1, lengths, roll(dy_gradient, -1, 2),
                **op.attrs)
            dx = dx + PreventGradient.build(
                roll(second, 1, 2), message="The third derivative of ctc_loss_v2 is not offered.")
        return dx, None, None, None


def ctc_loss_v2(inputs, labels_indices, labels_values, sequence_length,
                preprocess_collapse_repeated=False, ctc_merge_repeated=True,
                ignore_longer_outputs_than_inputs=False, name=None):
    """Computes the CTC loss and its gradient, with class 0 for "blank".

    `tf.nn.ctc_loss_v2` is another function, which takes labels as a tensor.

    Args:
        inputs: float32 or float64 logits [max_time, batch, classes].
        labels_indices: int64 [n, 2]: (row of the batch, place) of each label, sorted.
        labels_values: int32 [n], the labels, from 1 on.
        sequence_length: int32 [batch], how many time steps each row has.
        preprocess_collapse_repeated: whether runs of one label are merged beforehand.
        ctc_merge_repeated: whether runs of one class in a path are merged.
        ignore_longer_outputs_than_inputs: whether rows with more labels than time steps are left
            out, with loss 0, instead of being an error.
        name: name of the node.

    Returns:
        A named tuple (loss [batch], gradient of the loss by the logits).

    Raises:
        InvalidArgumentError: when run, if a label is not in [1, classes), a row has no labels or
            more than time steps, or the indices are not sorted.

    Example:
        >>> import flowgraph as fg
        >>> logits = fg.zeros([3, 1, 2])
        >>> loss, _ = fg.ctc_loss_v2(logits, [[0, 0]], [1], [3])
        >>> print(fg.Session().run(fg.exp(-loss)))  # six of the eight paths, all equally likely
        [0.75]
    """
    return LossAndGradient(*CTCLossV2.build(
        inputs, labels_indices, labels_values, sequence_length,
        preprocess_collapse_repeated=preprocess_collapse_repeated,
        ctc_merge_repeated=ctc_merge_repeated,
        ignore_longer_outputs_than_inputs=ignore_longer_outputs_than_inputs, name=name))
