"""API pages show what programs call: methods of bases, static methods, names of our own."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

MADE = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "api_pages.py"))
THINGS = MADE["public_names"]()


@pytest.mark.parametrize("name, method", [
    ("Session", "run"), ("data.Dataset", "from_tensor_slices"), ("data.Dataset", "map"),
    ("train.Saver", "restore"), ("train.AdamOptimizer", "minimize")])
def test_a_class_shows_its_methods_wherever_they_stand(name: str, method: str) -> None:
    assert method in {found for found, _, _ in MADE["methods"](THINGS[name], {})}


def test_a_method_of_a_public_base_leads_there() -> None:
    places = {THINGS["train.Optimizer"]: "train.Optimizer"}
    found = {method: base for method, _, base in MADE["methods"](THINGS["train.AdamOptimizer"],
                                                                 places)}
    assert found["minimize"] == "train.Optimizer"
    assert MADE["link"]("train.Optimizer") == "train.md#optimizer"


def test_a_function_that_a_class_keeps_is_no_method() -> None:
    found = {method for method, _, _ in MADE["methods"](THINGS["layers.AveragePooling1D"], {})}
    assert "op" not in found
    assert "call" in found


def test_what_a_base_of_a_public_base_has_is_told_there_too() -> None:
    places = {THINGS["layers.Layer"]: "layers.Layer"}
    found = {method: base for method, _, base in MADE["methods"](THINGS["layers.Dense"], places)}
    assert found["get_input_at"] == "layers.Layer"


@pytest.mark.parametrize("name", ["data.batches", "testing.check_gradients", "train.save_npz",
                                  "plots.plot_runs"])
def test_names_of_our_own_have_a_page(name: str) -> None:
    assert name in THINGS


def test_a_result_that_takes_two_lines_is_one_sentence() -> None:
    text = "Halves.\n\nReturns:\n    The first half; for a\n    list, a list of halves."
    assert "\nThe first half; for a\nlist, a list of halves." in list(MADE["described"](text))


def test_results_with_names_are_a_list() -> None:
    text = "Halves.\n\nReturns:\n    left: one half.\n    right: the\n        other."
    assert {"- `left`: one half.", "- `right`: the other."} <= set(MADE["described"](text))


def test_text_behind_a_section_is_text() -> None:
    text = "Runs.\n\nRaises:\n    ValueError: never.\n\nThe one that ends last wins."
    assert list(MADE["described"](text))[-1] == "\nThe one that ends last wins."
