"""The public face: what is offered, and what is said of a name that is not."""

from __future__ import annotations

import pytest

import flowgraph as fg


@pytest.mark.parametrize(("name", "words"), [
    ("GradientTape", ["eager", "tf.gradients"]),
    ("reduce_summ", ["neither has TensorFlow 1.15", "Did you mean reduce_sum"]),
    ("keras.layers.Densee", ["neither has TensorFlow 1.15", "Did you mean Dense"]),
    ("keras.callbacks.EarlyStoping", ["on_epoch_end", "Did you mean EarlyStopping?"]),
    ("keras.optimizers.Adamm", ["a rarely used part of keras", "Did you mean Adam"]),
    ("keras.layers.ConvLSTM2D", ["does not offer", "a rarely used part of keras"]),
    ("contrib.leyers", ["Did you mean layers"]),
    ("contrib.layers.fully_conected", ["Did you mean fully_connected?"]),
    ("contrib.seq2seq.AttentionWraper", ["Did you mean AttentionWrapper"]),
    ("contrib.opt.AdamWOptimiser", ["tf.train", "Did you mean AdamWOptimizer"]),
])
def test_a_missing_name_is_said_to_be_missing(name, words) -> None:
    *path, last = name.split(".")
    place = fg
    for part in path:
        place = getattr(place, part)
    assert not hasattr(place, last)
    with pytest.raises(AttributeError) as caught:
        getattr(place, last)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("name", ["distribute", "eager"])
def test_a_part_that_tensorflow_has_is_no_slip_of_another(name) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(fg.contrib, name)
    assert "Did you mean" not in str(caught.value)


def test_columns_of_sequences_are_said_to_be_missing() -> None:
    for kind in ("numeric_column", "categorical_column_with_identity"):
        with pytest.raises(AttributeError, match=r"columns of sequences.*embedding_lookup"):
            getattr(fg.feature_column, f"sequence_{kind}")
    with pytest.raises(AttributeError) as caught:
        _ = fg.feature_column.numeric_colunm
    assert "neither" not in str(caught.value) and "Did you mean numeric" in str(caught.value)


@pytest.mark.parametrize("path", ["math.sin", "nn.relu", "train.AdamOptimizer", "random.uniform",
                                  "linalg.inv", "initializers.glorot_uniform", "errors.OpError",
                                  "data.load_mnist", "dtypes.float32", "debugging.Assert"])
def test_names_are_found_in_their_namespaces(path) -> None:
    found = fg
    for part in path.split("."):
        found = getattr(found, part)
    assert found is not None
