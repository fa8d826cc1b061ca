"""Beam search against a search in plain Python, and against all sequences."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.contrib import seq2seq as s2s

cells = fg.nn.rnn_cell
WORDS, END, BATCH = 4, 2, 2
RANDOM = np.random.RandomState(3)
FOLLOW = RANDOM.randn(WORDS, WORDS).astype(np.float32)  # logits of the next word after each
LATER = 0.1 * RANDOM.randn(WORDS).astype(np.float32)  # what each step adds to them


class Bigrams(cells.RNNCell):
    """Logits that depend on the last word and, a little, on the number of steps."""

    state_size, output_size = 1, WORDS

    def call(self, inputs, state):
        return fg.matmul(inputs, FOLLOW) + state * LATER, state + [[1.0]]


def log_softmax(x):
    return x - np.log(np.exp(x).sum())


def penalty(length, weight):
    return ((5 + length) / 6) ** weight


def searched(first, width, steps, weight):
    """[(words, score)] of one row, the best first."""
    beams = [([], 0.0, False)]
    for step in range(steps):
        found = []
        for place, (words, total, finished) in enumerate(beams):
            if finished:
                found.append((words, total, True, place))
                continue
            log_probs = log_softmax(FOLLOW[words[-1] if words else first] + step * LATER)
            for word in range(WORDS):
                found.append(([*words, word], total + log_probs[word], word == END, place))
        # At the step that puts it, the end does not count to the length; later it does.
        length = [len(words) - (words[-1] == END and len(words) == step + 1)
                  for words, *_ in found]
        order = sorted(range(len(found)), key=lambda i: -found[i][1] / penalty(length[i], weight))
        beams = [found[i][:3] for i in order[:width]]
        if all(finished for *_, finished in beams):
            break
    return [words for words, *_ in beams]


def decode(width, most, weight=0.0, start=(0, 1), **more):
    embedding = fg.constant(np.eye(WORDS, dtype=np.float32))
    state = s2s.tile_batch(fg.zeros([len(start), 1]), multiplier=width)
    decoder = s2s.BeamSearchDecoder(Bigrams(), embedding, list(start), END, state, width,
                                    length_penalty_weight=weight, **more)
    return s2s.dynamic_decode(decoder, maximum_iterations=most)


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("weight", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("most", [1, 4, 7])
def test_beams_are_those_of_a_search_in_plain_python(width, weight, most):
    outputs, state, _ = decode(width, most, weight)
    ids, lengths = fg.Session().run([outputs.predicted_ids, state.lengths])
    for row, first in enumerate((0, 1)):
        for beam, words in enumerate(searched(first, width, most, weight)):
            assert ids[row, :len(words), beam].tolist() == words
            assert (ids[row, len(words):, beam] == END).all()
            assert lengths[row, beam] == len(words)


def test_a_wide_beam_finds_the_best_of_all_sequences():
    steps, width = 3, WORDS ** 2
    outputs, state, _ = decode(width, steps)
    ids, log_probs = fg.Session().run([outputs.predicted_ids, state.log_probs])
    for row, first in enumerate((0, 1)):
        totals = {}
        for words in product(range(WORDS), repeat=steps):
            words = words[:words.index(END) + 1] if END in words else words
            last, total = first, 0.0
            for step, word in enumerate(words):
                total += log_softmax(FOLLOW[last] + step * LATER)[word]
                last = word
            totals[words] = total
        best = max(totals, key=totals.get)
        assert ids[row, :len(best), 0].tolist() == list(best)
        assert log_probs[row, 0] == pytest.approx(totals[best], abs=1e-5)


def test_shapes_and_dtypes_are_known():
    outputs, state, lengths = decode(3, 5)
    assert outputs.predicted_ids.shape.as_list() == [BATCH, None, 3]
    assert outputs.beam_search_decoder_output.scores.shape.as_list() == [BATCH, None, 3]
    assert state.cell_state.shape.as_list() == [BATCH, 3, 1]
    assert (state.lengths.dtype, lengths.shape.as_list()) == (fg.int64, [BATCH, 3])


def attending(width, batch=BATCH, fed=False, **more):
    """Fetches of a search with attention, from an encoder's outputs."""
    memory = np.random.RandomState(1).randn(batch, 6, 5).astype(np.float32)
    memory = fg.placeholder_with_default(memory, [None, None, 5] if fed else memory.shape)
    lengths = [6, 3]
    size = fg.shape(memory)[0] if fed else batch
    tiled, tiled_lengths = s2s.tile_batch((memory, fg.constant(lengths)), multiplier=width)
    mechanism = s2s.LuongAttention(5, tiled, memory_sequence_length=tiled_lengths)
    cell = s2s.AttentionWrapper(cells.GRUCell(5), mechanism, attention_layer_size=5,
                                alignment_history=True)
    decoder = s2s.BeamSearchDecoder(
        cell, fg.get_variable("embedding", [WORDS, 3]), fg.fill([size], 1), END,
        cell.zero_state(size * width, fg.float32), width, fg.layers.Dense(WORDS), **more)
    return s2s.dynamic_decode(decoder, maximum_iterations=5)


@pytest.mark.parametrize("fed", [False, True], ids=["known", "unknown"])
@pytest.mark.parametrize("coverage", [0.0, 0.5])
def test_attention_follows_the_beams(fed, coverage):
    with fg.Graph().as_default(), fg.Session() as session:
        fg.get_variable_scope().set_initializer(fg.random_normal_initializer(seed=5))
        outputs, state, _ = attending(3, fed=fed, coverage_penalty_weight=coverage)
        history, lengths = state.cell_state.alignment_history, state.lengths
        session.run(fg.global_variables_initializer())
        ids, history, lengths, time = session.run(
            [outputs.predicted_ids, history, lengths, state.cell_state.time])
    assert history.shape == (time, BATCH * 3, 6) and ids.shape == (BATCH, time, 3)
    np.testing.assert_allclose(history.sum(2), 1, rtol=1e-5)
    assert (history.reshape(time, BATCH, 3, 6)[:, 1, :, 3:] == 0).all()  # behind the row's end


def test_one_beam_is_the_greedy_search():
    with fg.Graph().as_default(), fg.Session() as session:
        fg.get_variable_scope().set_initializer(fg.random_normal_initializer(seed=7))
        cell, layer = cells.GRUCell(5), fg.layers.Dense(WORDS)
        embedding = fg.get_variable("embedding", [WORDS, 3])
        first = fg.constant(RANDOM.randn(BATCH, 5).astype(np.float32))
        with fg.variable_scope("decoder"):
            greedy = s2s.BasicDecoder(cell, s2s.GreedyEmbeddingHelper(embedding, [0, 1], END),
                                      first, layer)
        beam = s2s.BeamSearchDecoder(cell, embedding, [0, 1], END, first, 1, layer)
        want, _, lengths = s2s.dynamic_decode(greedy, maximum_iterations=6)
        got, state, _ = s2s.dynamic_decode(beam, maximum_iterations=6)
        session.run(fg.global_variables_initializer())
        want, got, lengths, found = session.run(
            [want.sample_id, got.predicted_ids, lengths, state.lengths])
    for row, length in enumerate(lengths):
        assert got[row, :length, 0].tolist() == want[row, :length].tolist()
    assert found[:, 0].tolist() == lengths.tolist()


def test_rows_are_repeated_for_their_beams():
    x = fg.placeholder(fg.float32, [None, 2])
    tiled = s2s.tile_batch({"x": x, "n": fg.constant([1, 2])}, 3)
    assert tiled["x"].shape.as_list() == [None, 2] and tiled["n"].shape.as_list() == [6]
    assert fg.Session().run(tiled["n"]).tolist() == [1, 1, 1, 2, 2, 2]
    with pytest.raises(ValueError, match="statically known rank"):
        s2s.tile_batch(fg.constant(3), 2)


def test_items_of_beams_are_put_in_the_sequences_order():
    parents = fg.constant([[[0, 0, 0]], [[0, 1, 1]], [[2, 1, 2]]])
    items = np.arange(9.0).reshape(3, 1, 3)
    got = fg.Session().run(s2s.gather_tree_from_array(items, parents, [[3, 3, 3]]))
    assert got[:, 0].tolist() == [[1, 1, 1], [5, 4, 5], [6, 7, 8]]


@pytest.mark.parametrize("build, error, words", [
    (lambda: decode(2, 3, output_layer=fg.nn.relu), TypeError, "must be a Layer"),
    (lambda: s2s.BeamSearchDecoder(Bigrams(), fg.eye(WORDS), 0, END, fg.zeros([2, 1]), 2),
     ValueError, "start_tokens must be a vector"),
    (lambda: s2s.BeamSearchDecoder(Bigrams(), fg.eye(WORDS), [0], [END], fg.zeros([2, 1]), 2),
     ValueError, "end_token must be a scalar"),
    (lambda: s2s.BeamSearchDecoder(Bigrams(), fg.eye(WORDS), [0], END, fg.zeros([3, 1]), 2),
     ValueError, "forgot to create a zero_state"),
    (lambda: decode(2, 3, coverage_penalty_weight=0.2), ValueError, "no cell is attentional"),
    (lambda: s2s.BeamSearchDecoder("cell", fg.eye(WORDS), [0], END, fg.zeros([3, 1]), 2),
     TypeError, "is not an RNNCell"),
], ids=["layer", "start", "end", "state", "coverage", "cell"])
def test_wrong_arguments_are_told_of(build, error, words):
    with pytest.raises(error, match=words):
        build()
