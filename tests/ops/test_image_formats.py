"""What happens where Pillow is missing."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import flowgraph as fg


def test_without_pillow_the_error_names_the_extra(monkeypatch) -> None:
    file = fg.Session().run(fg.image.encode_png(np.zeros((1, 1, 1), np.uint8)))
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(Exception, match="extra `images`"):
        fg.Session().run(fg.image.decode_png(file))


def test_bmp_and_writing_png_need_no_pillow(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert fg.Session().run(fg.image.encode_png(np.zeros((2, 2, 3), np.uint8))).startswith(b"\x89")
