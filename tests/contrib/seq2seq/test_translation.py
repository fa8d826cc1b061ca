"""A small translator as in tutorials: trained with attention, decoded by words and by beams."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.contrib import rnn
from flowgraph.contrib import seq2seq as s2s

WORDS, UNITS, START, END, BEAMS = 9, 24, 1, 2, 3


def decoded(mode, memory, lengths, state, embedding, projection, given=None, given_lengths=None):
    """What dynamic_decode gives; the variables are those of the scope, whatever the mode."""
    rows = fg.size(lengths)
    with fg.variable_scope("decoder", reuse=fg.AUTO_REUSE) as scope:
        if mode == "beams":
            memory, lengths, state = s2s.tile_batch((memory, lengths, state), multiplier=BEAMS)
        mechanism = s2s.LuongAttention(UNITS, memory, lengths, scale=True)
        cell = s2s.AttentionWrapper(rnn.GRUCell(UNITS), mechanism, attention_layer_size=UNITS)
        first = cell.zero_state(fg.size(lengths), fg.float32).clone(cell_state=state)
        starts = fg.fill([rows], START)
        if mode == "train":
            decoder = s2s.BasicDecoder(cell, s2s.TrainingHelper(given, given_lengths), first,
                                       projection)
        elif mode == "words":
            decoder = s2s.BasicDecoder(cell, s2s.GreedyEmbeddingHelper(embedding, starts, END),
                                       first, projection)
        else:
            decoder = s2s.BeamSearchDecoder(cell, embedding, starts, END, first, BEAMS, projection)
        return s2s.dynamic_decode(decoder, maximum_iterations=None if mode == "train" else 8,
                                  scope=scope)[0]


def test_sequences_are_learned_in_reverse():
    random = np.random.RandomState(0)
    lengths = random.randint(2, 5, 12).astype(np.int32)
    source, target = np.zeros((12, 4), np.int32), np.zeros((12, 5), np.int32)
    for row, length in enumerate(lengths):
        source[row, :length] = random.randint(3, WORDS, length)
        target[row, :length + 1] = [*source[row, :length][::-1], END]
    before = np.hstack([np.full((12, 1), START), target[:, :-1]])
    with fg.Graph().as_default(), fg.Session() as session:
        fg.set_random_seed(1)
        embedding = fg.get_variable("embedding", [WORDS, UNITS])
        projection = fg.layers.Dense(WORDS, use_bias=False, name="projection")
        x, n = fg.constant(source), fg.constant(lengths)
        outputs, states = fg.nn.bidirectional_dynamic_rnn(
            rnn.GRUCell(UNITS // 2), rnn.GRUCell(UNITS // 2),
            fg.nn.embedding_lookup(embedding, x), n, dtype=fg.float32)
        encoded = fg.concat(outputs, 2), n, fg.concat(states, 1), embedding, projection
        trained = decoded("train", *encoded, fg.nn.embedding_lookup(embedding, before), n + 1)
        loss = s2s.sequence_loss(trained.rnn_output, target,
                                 fg.sequence_mask(n + 1, 5, dtype=fg.float32))
        train = fg.train.AdamOptimizer(0.02).minimize(loss)
        count = len(fg.trainable_variables())
        by_words = decoded("words", *encoded).sample_id
        by_beams = decoded("beams", *encoded).predicted_ids
        assert len(fg.trainable_variables()) == count
        session.run(fg.global_variables_initializer())
        for _ in range(60):
            session.run(train)
        words, beams = session.run([by_words, by_beams])
    for row, length in enumerate(lengths):
        want = target[row, :length + 1].tolist()
        assert words[row, :length + 1].tolist() == want
        assert beams[row, :length + 1, 0].tolist() == want
