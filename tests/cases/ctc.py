"""Cases of connectionist temporal classification; the oracle adds up all paths, one by one."""

from itertools import product

import numpy as np

import flowgraph as fg
from flowgraph.ops.ctc_blank_first import ctc_loss_v2 as blank_first
from flowgraph.ops.ctc_decoder import (
    ctc_beam_search_decoder,
    ctc_beam_search_decoder_v2,
    ctc_greedy_decoder,
)
from flowgraph.ops.ctc_labels import collapse_repeated, ctc_unique_labels
from flowgraph.ops.ctc_loss import ctc_loss, ctc_loss_v2
from flowgraph.testing import BadCase, Case

RANDOM = np.random.RandomState(3)
LOGITS = RANDOM.randn(5, 3, 3)  # 5 time steps, 3 examples, labels 0 and 1, blank 2
LABELS = [[0, 1], [1, 1], [0]]
FRAMES = np.array([5, 4, 2], np.int32)


def sparse(rows):
    """Lists of labels as a SparseTensor."""
    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    return fg.SparseTensor(np.array(places, np.int64).reshape(-1, 2),
                           np.array([label for row in rows for label in row], np.int32),
                           [len(rows), max(len(row) for row in rows)])


def first_parts(rows):
    """The indices and values of lists of labels."""
    labels = sparse(rows)
    return labels.indices, labels.values


def labels_of(path, blank, merge=True):
    """The labels that a path of classes stands for."""
    merged = [c for i, c in enumerate(path) if not merge or i == 0 or c != path[i - 1]]
    return [c for c in merged if c != blank]


def all_sequences(logits, merge=True, blank=None):
    """The probability of every label sequence, from all paths."""
    blank = logits.shape[1] - 1 if blank is None else blank
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = {}
    for path in product(range(logits.shape[1]), repeat=len(logits)):
        key = tuple(labels_of(path, blank, merge))
        found[key] = found.get(key, 0) + np.prod(probability[range(len(path)), path])
    return found


def loss_of(rows, merge=True, blank=None):
    def oracle(logits, frames):
        return np.array([-np.log(all_sequences(logits[:n, i], merge, blank)[tuple(rows[i])])
                         for i, n in enumerate(frames)])
    return oracle


def loss(rows, **options):
    return lambda logits, frames: ctc_loss(sparse(rows), logits, frames, **options)


def parts(decoded):
    found, score = decoded
    return [*(part for one in found for part in (one.indices, one.values, one.dense_shape)), score]


def best(logits, frames, count):
    """The oracle of an endless beam: the likeliest label sequences."""
    tops = [sorted(((p, key) for key, p in all_sequences(logits[:n, i]).items()), reverse=True)
            for i, n in enumerate(frames)]
    results = []
    for k in range(count):
        rows = [top[k][1] for top in tops]
        results += [np.array([(i, j) for i, row in enumerate(rows) for j in range(len(row))]),
                    np.array([label for row in rows for label in row]),
                    np.array([len(rows), max(len(row) for row in rows)])]
    return [*results, np.log([[top[k][0] for k in range(count)] for top in tops])]


def path_logits(path, classes=3):
    """Logits [time, 1, classes] whose likeliest path is the given one."""
    return 4.0 * np.eye(classes)[np.array(path)][:, None]


CASES = [
    Case("CTCLoss/classic", loss(LABELS), (LOGITS, FRAMES), loss_of(LABELS), grad=True),
    Case("CTCLoss/float32", loss(LABELS), (LOGITS.astype(np.float32), FRAMES), loss_of(LABELS)),
    Case("CTCLoss/no_merge", loss([[0, 0, 1], [1, 1], [0]], ctc_merge_repeated=False),
         (LOGITS, FRAMES), loss_of([[0, 0, 1], [1, 1], [0]], merge=False), grad=True),
    Case("CTCLoss/collapse", loss([[0, 0, 1, 1], [1, 1], [0]], preprocess_collapse_repeated=True),
         (LOGITS, FRAMES), loss_of([[0, 1], [1], [0]])),
    Case("CTCLoss/null_labels_end_a_sequence", loss([[0, 1, 2, 7], [1, 2], [0]]), (LOGITS, FRAMES),
         loss_of([[0, 1], [1], [0]])),
    Case("CTCLoss/batch_major", loss(LABELS, time_major=False),
         (LOGITS.transpose(1, 0, 2), FRAMES),
         lambda logits, frames: loss_of(LABELS)(logits.transpose(1, 0, 2), frames)),
    Case("CTCLoss/longer_than_the_input", loss([[0, 1], [0, 1, 0], [1]],
                                               ignore_longer_outputs_than_inputs=True),
         (LOGITS, np.int32([5, 2, 0])),
         lambda logits, frames: [loss_of([[0, 1]])(logits, frames[:1])[0], 0, 0]),
    Case("CTCLoss/no_path", loss([[0, 1], [1, 1], [0]]), (LOGITS, np.int32([5, 2, 2])),
         lambda logits, frames: np.array([
             loss_of([[0, 1]])(logits, frames[:1])[0], np.inf,
             loss_of([[0, 1], [1], [0]])(logits, frames)[2]])),
    Case("CTCLoss/gradient_of_what_has_no_path_is_the_softmax",
         lambda x: fg.gradients(loss([[1, 1]])(x, [2]), x), (np.log([[[1.0, 2, 1]], [[1, 2, 1]]]),),
         np.array([[[0.25, 0.5, 0.25]], [[0.25, 0.5, 0.25]]])),
    Case("CTCLoss/float16", loss([[0]]), (np.zeros((1, 1, 2), np.float16), np.int32([1])),
         np.log([2.0])),
    Case("CTCLoss/large_logits", loss([[0]]), (np.float32([[[0, 1000, 0]]]), np.int32([1])),
         np.array([1000.0])),
    Case("ctc_loss_v2/dense", lambda x, frames: ctc_loss_v2(
        [[1, 2], [2, 2], [1, 0]], x, [2, 2, 1], frames), (LOGITS, FRAMES),
         loss_of([[1, 2], [2, 2], [1]], blank=0), grad=True),
    Case("ctc_loss_v2/blank_in_the_middle", lambda x, frames: ctc_loss_v2(
        [[0, 2], [2, 2], [0, 0]], x, [2, 2, 1], frames, blank_index=1), (LOGITS, FRAMES),
         loss_of([[0, 2], [2, 2], [0]], blank=1)),
    Case("ctc_loss_v2/without_labels", lambda x, frames: ctc_loss_v2(
        [[1, 2], [2, 2], [1, 0]], x, [2, 0, 0], frames), (LOGITS, FRAMES),
         loss_of([[1, 2], [], []], blank=0)),
    Case("ctc_loss_v2/impossible", lambda x, frames: ctc_loss_v2(
        [[1, 2, 0], [1, 2, 1], [1, 1, 0]], x, [0, 3, 2], frames, logits_time_major=False),
         (LOGITS.transpose(1, 0, 2), np.int32([0, 2, 2])), np.array([0, np.inf, np.inf])),
    Case("ctc_loss_v2/sparse", lambda x, frames: ctc_loss_v2(
        sparse([[0, 2], [2, 2], [0]]), x, None, frames, blank_index=-2), (LOGITS, FRAMES),
         loss_of([[0, 2], [2, 2], [0]], blank=1), grad=True),
    Case("CTCLossV2/blank_first", lambda x, frames: blank_first(
        x, *first_parts([[1, 2], [2, 2], [1]]), frames).loss, (LOGITS, FRAMES),
         loss_of([[1, 2], [2, 2], [1]], blank=0), grad=True),
    Case("CTCLossV2/no_merge", lambda x, frames: blank_first(
        x, *first_parts([[1, 1, 2], [2, 2], [1]]), frames, ctc_merge_repeated=False).loss,
         (LOGITS, FRAMES), loss_of([[1, 1, 2], [2, 2], [1]], merge=False, blank=0), grad=True),
    Case("CTCLossV2/gradient_output", lambda x, frames: fg.gradients(
        blank_first(x, *first_parts([[1, 2], [2, 2], [1]]), frames).loss, x)[0] - blank_first(
            x, *first_parts([[1, 2], [2, 2], [1]]), frames).gradient, (LOGITS, FRAMES),
         np.zeros_like(LOGITS)),
    Case("CTCGreedyDecoder/merged", lambda x, n: parts(ctc_greedy_decoder(x, n)),
         (path_logits([0, 0, 2, 0, 1, 1]), np.int32([6])),
         [np.array([[0, 0], [0, 1], [0, 2]]), np.array([0, 0, 1]), np.array([1, 3]),
          np.array([[-24.0]])]),
    Case("CTCGreedyDecoder/not_merged",
         lambda x, n: parts(ctc_greedy_decoder(x, n, merge_repeated=False)),
         (np.concatenate([path_logits([0, 0, 2]), path_logits([1, 2, 1])], 1), np.int32([3, 1])),
         [np.array([[0, 0], [0, 1], [1, 0]]), np.array([0, 0, 1]), np.array([2, 2]),
          np.array([[-12.0], [-4.0]])]),
    Case("CTCGreedyDecoder/nothing", lambda x, n: parts(ctc_greedy_decoder(x, n)),
         (path_logits([2, 2]), np.int32([2])),
         [np.zeros((0, 2)), np.zeros(0), np.array([1, 0]), np.array([[-8.0]])]),
    Case("CTCBeamSearchDecoder/endless_beam",
         lambda x, n: parts(ctc_beam_search_decoder_v2(x, n, beam_width=1000, top_paths=2)),
         (LOGITS, FRAMES), lambda x, n: best(x, n, 2)),
    Case("CTCBeamSearchDecoder/narrow_beam",  # keeps "4, 1", as TensorFlow does
         lambda x, n: parts(ctc_beam_search_decoder(x, n, beam_width=3, top_paths=2)),
         (np.float32([[[-3.495, -1.674, -3.567, -1.48, -1.459, -3.862, -1.299]],
                      [[-3.255, -1.13, -2.019, -4.266, -0.943, -2.86, -3.103]],
                      [[-4.829, -2.269, -1.581, -2.204, -2.38, -1.89, -1.112]]]), np.int32([3])),
         [np.array([[0, 0]]), np.array([4]), np.array([1, 1]),
          np.array([[0, 0], [0, 1]]), np.array([4, 1]), np.array([1, 2]),
          np.array([[-2.449323, -2.920842]])], rtol=1e-3),
    Case("CTCBeamSearchDecoder/merge_repeated",
         lambda x, n: parts(ctc_beam_search_decoder(x, n))[:3],
         (path_logits([0, 2, 0, 1]), np.int32([4])),
         [np.array([[0, 0], [0, 1]]), np.array([0, 1]), np.array([1, 2])]),
    Case("CTCBeamSearchDecoder/no_time", lambda x, n: parts(ctc_beam_search_decoder(x, n)),
         (path_logits([0, 1]), np.int32([0])),
         [np.zeros((0, 2)), np.zeros(0), np.array([1, 0]), np.zeros((1, 1))]),
    Case("collapse_repeated", collapse_repeated,
         (np.int32([[1, 1, 2, 2, 1], [1, 2, 3, 4, 5], [7, 7, 7, 7, 7]]), np.int64([5, 3, 4])),
         [np.array([[1, 2, 1], [1, 2, 3], [7, 0, 0]]), np.array([3, 3, 1])]),
    Case("ctc_unique_labels", ctc_unique_labels, (np.int32([[3, 4, 4, 3], [1, 1, 2, 0]]),),
         [np.array([[3, 4, 0, 0], [1, 2, 0, 0]]), np.array([[0, 1, 1, 0], [0, 0, 1, 2]])]),
]

ARGUMENT, PRECONDITION = fg.errors.InvalidArgumentError, fg.errors.FailedPreconditionError
BAD = [
    BadCase("CTCLossV2/blank_label", lambda x: blank_first(x, [[0, 0]], [0], [5])[0],
            ARGUMENT, ("nonnegative",), (LOGITS[:, :1],), "run"),
    BadCase("CTCLossV2/rank", lambda: blank_first(LOGITS[0], [[0, 0]], [1], [5]), ValueError,
            ("rank 3",)),
    BadCase("CTCLoss/dense_labels", lambda: ctc_loss([[0]], np.zeros((2, 1, 3)), [2]), TypeError,
            ("SparseTensor",)),
    BadCase("CTCLoss/batch", lambda: ctc_loss(sparse(LABELS), LOGITS, [5, 4]), ValueError,
            ("batch of 3", "2 sequence lengths", "time_major")),
    BadCase("CTCLoss/matrix", lambda: ctc_loss(sparse(LABELS), LOGITS[0], [5, 4]), ValueError,
            ("rank 3",)),
    BadCase("CTCLoss/integers", lambda: ctc_loss(sparse([[0]]), [[[1, 2]]], [1]), TypeError,
            ("int32",)),
    BadCase("CTCLoss/no_labels", loss([[0], [], [1]]), ARGUMENT, ("Labels length is zero", "1"),
            (LOGITS, FRAMES), "run"),
    BadCase("CTCLoss/not_enough_time", loss(LABELS), ARGUMENT,
            ("Not enough time", "required: 2, available: 1", "ignore_longer"),
            (LOGITS, np.int32([5, 1, 1])), "run"),
    BadCase("CTCLoss/label_after_null", loss([[0, 2, 1], [1], [1]]), ARGUMENT, ("null label",),
            (LOGITS, FRAMES), "run"),
    BadCase("CTCLoss/negative_label", loss([[0, -1], [1], [1]]), ARGUMENT, ("nonnegative",),
            (LOGITS, FRAMES), "run"),
    BadCase("CTCLoss/too_many_frames", loss(LABELS), ARGUMENT, ("[0, 5]",),
            (LOGITS, np.int32([6, 4, 2])), "run"),
    BadCase("CTCLoss/label_row", loss([[0], [1], [1], [1]]), ARGUMENT, ("batch index",),
            (LOGITS, FRAMES), "run"),
    BadCase("ctc_loss_v2/sparse_without_blank",
            lambda: ctc_loss_v2(sparse(LABELS), LOGITS, None, [5, 4, 2]), ValueError,
            ("blank_index",)),
    BadCase("CTCGreedyDecoder/frames", lambda x, n: parts(ctc_greedy_decoder(x, n)), PRECONDITION,
            ("sequence_length(0) is 6",), (LOGITS, np.int32([6, 4, 2])), "run"),
    BadCase("CTCBeamSearchDecoder/beam_width",
            lambda: ctc_beam_search_decoder(LOGITS, [5, 4, 2], beam_width=0), ValueError,
            ("beam_width >= 1",)),
    BadCase("CTCBeamSearchDecoder/more_paths_than_beam",
            lambda x, n: parts(ctc_beam_search_decoder(x, n, beam_width=2, top_paths=3)), ARGUMENT,
            ("beam width",), (LOGITS, FRAMES), "run"),
    BadCase("CTCBeamSearchDecoder/few_paths",
            lambda x, n: parts(ctc_beam_search_decoder(x, n, top_paths=3)), ARGUMENT,
            ("Less leaves",), (LOGITS, np.int32([5, 4, 0])), "run"),
]
