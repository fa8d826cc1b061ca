"""Names of TensorFlow 1.0 and 1.1: the error says of which version, and what came after."""

from __future__ import annotations

import re

import pytest

import flowgraph as fg
from flowgraph.core.api import is_of_tensorflow
from flowgraph.core.api.of_one import OF_ONE


@pytest.mark.parametrize("name", OF_ONE)
def test_a_name_of_one_is_said_to_be_of_that_version(name: str) -> None:
    version, new = OF_ONE[name]
    with pytest.raises(AttributeError) as caught:
        eval(name, {"tf": fg})
    assert f"of TensorFlow {version}" in str(caught.value) and new in str(caught.value)
    assert not is_of_tensorflow(name)


@pytest.mark.parametrize("name", OF_ONE)
def test_what_the_errors_name_is_there(name: str) -> None:
    words = re.findall(r"\b(?:[A-Z][a-z]+){2,}\b|\b[a-z]+_decode\b", OF_ONE[name][1])
    assert words and all(hasattr(fg.contrib.seq2seq, word) for word in words)
