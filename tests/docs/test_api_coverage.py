"""docs/api_coverage.md: it says what is there now, and why each missing name is missing."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from flowgraph.core.api import REASONS, reason_for, tensorflow_names

MADE = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "api_coverage.py"))
WHOLE = ["tf", "tf.bitwise", "tf.debugging", "tf.dtypes", "tf.image", "tf.initializers", "tf.io",
         "tf.layers", "tf.linalg", "tf.lookup", "tf.losses", "tf.manip", "tf.math", "tf.metrics",
         "tf.nn", "tf.nn.rnn_cell", "tf.quantization", "tf.random", "tf.sets", "tf.signal",
         "tf.sparse", "tf.spectral", "tf.strings"]


def test_the_page_is_up_to_date() -> None:
    assert MADE["PAGE"].read_text(encoding="utf-8") == MADE["page"](), (
        "run python docs/api_coverage.py --write")


@pytest.mark.parametrize("space", WHOLE)
def test_each_name_is_offered_or_has_a_reason(space) -> None:
    _, missing = MADE["by_namespace"]()[space]
    assert [name for name in missing if reason_for(name) is None] == []


def test_every_reason_is_needed() -> None:
    """By a name of the list, or by a namespace of which the list has nothing."""
    missing = {name for _, names in MADE["by_namespace"]().values() for name in names}
    used = {reason_for(name) for name in missing} | {
        reason_for(space) for space in ("tf.contrib", "tf.distribute", "tf.flags")}
    listed = {name.rpartition(".")[0] for name in tensorflow_names()}
    unlisted = [reason for reason in REASONS if reason.pattern.rpartition(".")[0] not in listed]
    assert [reason.pattern for reason in REASONS
            if reason not in used and reason not in unlisted] == []


def test_the_list_of_names_is_tensorflows() -> None:
    assert len(tensorflow_names()) == 1991
    assert {"tf.nn.relu", "tf.Session", "tf.train.AdamOptimizer"} <= tensorflow_names()
