"""`tf.io` has its names, also once the files of the room `flowgraph.io` were imported."""

from __future__ import annotations

import importlib

import pytest

import flowgraph as fg


def test_the_names_of_tf_io_stay_when_the_room_is_imported() -> None:
    room = importlib.import_module("flowgraph.io")
    importlib.import_module("flowgraph.io.checkpoints.bundle")
    for io in (fg.io, room):
        assert io.FixedLenFeature is fg.FixedLenFeature
        assert io.decode_raw is fg.decode_raw
        assert "decode_raw" in dir(io)
        with pytest.raises(AttributeError, match="decode_proto"):
            print(io.decode_proto)
