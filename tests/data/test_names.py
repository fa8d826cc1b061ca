"""Names of TensorFlow's `tf.data` that are not there say so."""

import pytest

import flowgraph as fg


def test_a_missing_name_says_what_to_use() -> None:
    with pytest.raises(AttributeError, match=r"does not offer .*SqlDataset: .*from_generator"):
        _ = fg.data.experimental.SqlDataset
