"""The data of the examples: what is in the files, that they are small, and whose they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg

ROOT = Path(__file__).parents[2]
DATA = ROOT / "examples" / "data"


def test_all_data_of_the_project_are_small() -> None:
    package = ROOT / "flowgraph"
    files = [*DATA.iterdir(), *(package / "data" / "files").iterdir(),
             *(package / "datasets" / "files").iterdir()]
    assert sum(path.stat().st_size for path in files) < 8_000_000


def test_each_file_has_its_licence() -> None:
    text = (DATA / "LICENSES.txt").read_text(encoding="utf-8")
    names = {path.name for path in DATA.iterdir() if path.is_file()}
    assert [name for name in names - {"LICENSES.txt", "make_data.py"} if name not in text] == []


def test_the_poems_are_those_of_the_anthology() -> None:
    poems = (DATA / "tang300.txt").read_text(encoding="utf-8").rstrip("\n").split("\n\n")
    assert len(poems) == 320 and all(len(poem.splitlines()) > 1 for poem in poems)
    assert any("床前明月光" in poem or "牀前明月光" in poem for poem in poems)  # Li Bai


def test_the_play_has_its_famous_line() -> None:
    play = (DATA / "romeo_and_juliet.txt").read_text(encoding="utf-8")
    assert "O Romeo, Romeo! wherefore art thou Romeo?" in play
    assert "\nJULIET:\n" in play and "**" not in play and "#" not in play


@pytest.mark.parametrize(("name", "header", "shape"), [
    ("diabetes.csv", 1, (442, 11)), ("breast_cancer.csv", 1, (569, 31)),
    ("wine.csv", 1, (178, 14)), ("sunspots.csv", 1, (309, 2)), ("co2.csv", 1, (2284, 2))])
def test_tables_have_their_rows(name, header, shape) -> None:
    table = np.genfromtxt(DATA / name, delimiter=",", skip_header=header)
    assert table.shape == shape
    assert np.isnan(table).any() == (name == "co2.csv")


@pytest.mark.parametrize("name", ["china.jpg", "flower.jpg"])
def test_photos_are_in_colour(name) -> None:
    with fg.Session() as session:
        image = session.run(fg.image.decode_jpeg(fg.read_file(str(DATA / name))))
    assert image.shape == (427, 640, 3) and image.std() > 30


def test_the_script_reads_what_the_packages_hold(tmp_path) -> None:
    import runpy

    script = runpy.run_path(str(DATA / "make_data.py"))
    (tmp_path / "poems.json").write_text(json.dumps({"content": [{"content": [
        {"chapter": "A", "subchapter": None, "author": "B", "paragraphs": ["c", "d"]},
        {"chapter": "E", "subchapter": "F", "author": "G", "paragraphs": ["h"]}]}]}))
    assert script["poems"](tmp_path / "poems.json") == "A B\nc\nd\n\nE F G\nh\n"
    (tmp_path / "play.md").write_text("# Title\n\n_Enter\nX_\n\n**X**  \nWords _aside_,  \nmore.\n")
    assert script["play"](tmp_path / "play.md") == (
        "Title\n\n[Enter\nX]\n\nX:\nWords [aside],\nmore.\n")
