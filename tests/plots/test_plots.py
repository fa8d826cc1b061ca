"""Curves, confusion matrices and images: the numbers, the files, the errors."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core.tfrecord import RecordWriter, read_records
from flowgraph.errors import MissingDependencyError, NotFoundError
from flowgraph.plots import drawing, output, sheet
from flowgraph.viz.style import contrast

plots = fg.plots


def log(folder: Path, values: dict[str, list[float]], first: int = 0, start: bool = False,
        suffix: str = "") -> None:
    """Writes values by tag, one a step, into an event file of its own."""
    with fg.summary.FileWriter(str(folder), filename_suffix=suffix) as writer:
        if start:
            writer.add_session_log(fg.SessionLog(status=fg.SessionLog.START), first)
        for tag, numbers in values.items():
            for step, number in enumerate(numbers, first):
                value = fg.Summary.Value(tag=tag, simple_value=number)
                writer.add_summary(fg.Summary(value=[value]), step)


# ---- smoothing -----------------------------------------------------------------------------------


def debiased(values: list[float], weight: float) -> list[float]:
    """TensorBoard's formula: an average that starts at 0, divided by what that start takes away."""
    last, count, found = 0.0, 0, []
    for value in values:
        if np.isfinite(value):
            last = last * weight + (1 - weight) * value
            count += 1
            value = last / (1 - weight ** count)
        found.append(value)
    return found


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.6, 0.99])
@pytest.mark.parametrize("values", [[], [5.0], [1.0, 2.0, 4.0], [3.0] * 50,
                                    [1.0, np.nan, 2.0, np.inf, -np.inf, 7.0],
                                    list(np.random.RandomState(0).normal(size=200))])
def test_smoothing_is_tensorboards(weight, values) -> None:
    np.testing.assert_allclose(plots.smooth(values, weight), debiased(values, weight), rtol=1e-9)


def test_equal_values_stay_exactly_equal() -> None:
    assert set(plots.smooth([0.1] * 1000, 0.9).tolist()) == {0.1}


@pytest.mark.parametrize("weight", [1.0, -0.1, np.nan])
def test_a_wrong_smoothing_weight_is_refused(weight) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\)"):
        plots.smooth([1.0], weight)
    with pytest.raises(ValueError, match="smoothing"):
        plots.plot_curves({"loss": [1.0]}, smoothing=weight)


# ---- runs ----------------------------------------------------------------------------------------


def test_runs_are_named_by_their_folders(tmp_path) -> None:
    log(tmp_path / "one", {"loss": [1.0]})
    log(tmp_path / "one" / "eval", {"loss": [2.0]})
    log(tmp_path / "two", {"loss": [3.0]})

    def names(*given, **more) -> list[str]:
        return [run.name for run in plots.read_runs(*given, **more)]

    one, two = tmp_path / "one", tmp_path / "two"
    assert names(tmp_path) == ["one", "one/eval", "two"]
    assert names(str(one)) == ["eval", "one"]
    assert names([one, two]) == ["one", "one/eval", "two"]
    assert names([one, one]) == ["eval", "one"]
    assert names({"a": two}) == ["a"]
    file, = two.iterdir()
    assert names(file) == [file.name]
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "one").symlink_to(one)
    assert len(set(names([one, tmp_path / "x" / "one"]))) == 4


def test_values_of_all_kinds_of_scalars(tmp_path) -> None:
    with fg.summary.FileWriter(str(tmp_path)) as writer:
        for value in (fg.Summary.Value(tag="simple", simple_value=1.5),
                      fg.Summary.Value(tag="tensor", tensor=fg.make_tensor_proto(2.5)),
                      fg.Summary.Value(tag="int", tensor=fg.make_tensor_proto(np.int64(3))),
                      fg.Summary.Value(tag="text", tensor=fg.make_tensor_proto("hello")),
                      fg.Summary.Value(tag="vector", tensor=fg.make_tensor_proto([1.0, 2.0])),
                      fg.Summary.Value(tag="histogram", histo=fg.HistogramProto(min=1.0))):
            writer.add_summary(fg.Summary(value=[value]), 4)
    run, = plots.read_runs(tmp_path)
    assert {tag: curve.values.tolist() for tag, curve in run.curves.items()} == {
        "simple": [1.5], "tensor": [2.5], "int": [3.0]}
    assert run.curves["simple"].steps.tolist() == [4]
    assert run.curves["simple"].times[0] > 1e9


@pytest.mark.parametrize("start", [False, True])
def test_a_run_that_went_on_from_an_earlier_step_replaces_what_it_had_from_there(start, tmp_path
                                                                                ) -> None:
    log(tmp_path, {"loss": [0.0, 1.0, 2.0, 3.0]}, suffix=".a")
    log(tmp_path, {"loss": [20.0, 30.0, 40.0]}, first=2, start=start, suffix=".b")
    run, = plots.read_runs(tmp_path)
    assert run.curves["loss"].values.tolist() == [0, 1, 20, 30, 40]


def test_a_file_that_is_being_written_gives_what_stands_there(tmp_path) -> None:
    log(tmp_path, {"loss": [1.0, 2.0, 3.0]})
    file, = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-5])
    run, = plots.read_runs(tmp_path)
    assert run.curves["loss"].values.tolist() == [1, 2]
    assert "ends early" in run.problems[0]


def test_records_of_any_bytes_are_numbers_or_a_problem(tmp_path) -> None:
    random = np.random.RandomState(0)
    log(tmp_path, {"loss": [0.5]})
    record = list(read_records(next(tmp_path.iterdir())))[1]
    file = tmp_path / "odd.tfevents"
    found = 0
    for _ in range(300):
        damaged = bytearray(record)
        for _ in range(random.randint(0, 4)):
            damaged[random.randint(len(damaged))] = random.randint(256)
        with RecordWriter(str(file)) as writer:
            writer.write(bytes(damaged))
        try:
            run, = plots.read_runs(file)
            found += "loss" in run.curves
        except ValueError as error:
            assert "hold no scalars" in str(error)
    assert 50 < found < 290


@pytest.mark.parametrize(("prepare", "tags", "words"), [
    (lambda folder: None, None, "no event file"),
    (lambda folder: log(folder, {"loss": [1.0]}), "acc", "The tags are loss"),
    (lambda folder: log(folder, {}), None, "hold no scalars|no event file"),
    (lambda folder: (folder / "tfevents").write_bytes(b"no records, bytes"), None, "ends early"),
    (lambda folder: log(folder, {"loss": [1.0]}), "(", "regular expression"),
], ids=["nothing", "no-such-tag", "no-scalars", "damaged", "bad-regex"])
def test_where_there_is_nothing_to_read(prepare, tags, words, tmp_path) -> None:
    prepare(tmp_path)
    with pytest.raises(ValueError, match=words):
        plots.read_runs(tmp_path, tags)


def test_a_missing_folder_is_not_found(tmp_path) -> None:
    with pytest.raises(NotFoundError, match="no such folder"):
        plots.plot_runs(tmp_path / "no", tmp_path / "a.png")


# ---- pictures ------------------------------------------------------------------------------------

CURVES = {"loss": {"train": [3.0, 2.0, 1.0], "test": ([1, 3], [3.5, 2.5])}, "accuracy": [0.1, 0.5]}
DRAWINGS = [
    ("curves", lambda path: plots.plot_curves(CURVES, path, title="Both $x$")),
    ("matrix", lambda path: plots.plot_confusion_matrix([[3, 1], [0, 5]], path)),
    ("images", lambda path: plots.plot_images(np.eye(8)[None], path, titles=["eye"])),
]


@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"),
                                               ("pdf", b"%PDF")])
@pytest.mark.parametrize(("kind", "draw"), DRAWINGS, ids=[kind for kind, _ in DRAWINGS])
def test_the_same_numbers_give_the_same_file(kind, draw, suffix, start, tmp_path) -> None:
    first, second = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    assert draw(first) == str(first)
    draw(str(second))
    assert first.read_bytes().startswith(start)
    assert first.read_bytes() == second.read_bytes()
    assert [path.name for path in sorted(tmp_path.iterdir())] == [first.name, second.name]


@pytest.mark.parametrize(("kind", "draw"), DRAWINGS, ids=[kind for kind, _ in DRAWINGS])
def test_without_a_path_a_figure_is_given_back(kind, draw) -> None:
    figure = draw(None)
    assert figure.get_axes()
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules[
        "matplotlib.pyplot"].get_fignums()


def test_settings_of_the_program_are_neither_used_nor_changed(tmp_path) -> None:
    import matplotlib
    plain = tmp_path / "a.png"
    plots.plot_curves(CURVES, plain)
    with matplotlib.rc_context({"axes.facecolor": "black", "font.size": 30.0}):
        plots.plot_curves(CURVES, tmp_path / "b.png")
        assert matplotlib.rcParams["font.size"] == 30.0
    assert plain.read_bytes() == (tmp_path / "b.png").read_bytes()


def test_importing_the_room_does_not_load_matplotlib() -> None:
    code = ("import sys, flowgraph as fg; fg.plots.plot_curves; fg.plots.read_runs; "
            "print('matplotlib' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          cwd=Path(fg.__file__).parents[1])
    assert done.stdout == "False\n"


def test_a_page_needs_no_matplotlib_and_a_picture_says_that_it_does(monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    plots.plot_curves(CURVES, tmp_path / "a.html")
    with pytest.raises(MissingDependencyError, match="pip install"):
        plots.plot_curves(CURVES, tmp_path / "a.png")


def test_the_figure_shows_the_lines() -> None:
    figure = plots.plot_curves(CURVES, smoothing=0.5, xlabel="epoch")
    loss, accuracy = figure.get_axes()
    assert [axis.get_title() for axis in (loss, accuracy)] == ["loss", "accuracy"]
    assert loss.get_xlabel() == "epoch"
    raw, smoothed = loss.get_lines()[:2]
    np.testing.assert_array_equal(raw.get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(raw.get_ydata(), [3, 2, 1])
    np.testing.assert_allclose(smoothed.get_ydata(), plots.smooth([3, 2, 1], 0.5))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["train", "test"]


def test_nan_is_shown_and_counted() -> None:
    figure = plots.plot_curves({"loss": [1.0, np.nan, np.inf, 0.5]})
    axis, = figure.get_axes()
    assert [text.get_text() for text in axis.texts] == ["× NaN or infinite: 2 values, from step 2"]
    assert [line.get_marker() for line in axis.get_lines()] == ["o", "x"]


def test_what_has_no_logarithm_is_told() -> None:
    figure = plots.plot_curves({"loss": [1.0, 0.0, -2.0, 0.5]}, log=True)
    axis, = figure.get_axes()
    assert axis.get_yscale() == "log"
    assert axis.texts[0].get_text() == "2 values not above 0 left out"


@pytest.mark.parametrize("values", [[np.nan, np.nan], [], [0.0], [-1.0, -2.0], [1e300, -1e300],
                                    [5.0] * 5, list(range(9000))])
@pytest.mark.parametrize("log", [False, True])
def test_odd_values_are_drawn_without_a_warning(values, log, tmp_path) -> None:
    for name in ("a.png", "a.html"):
        plots.plot_curves({"odd": values}, tmp_path / name, log=log, smoothing=0.6)


def test_names_with_dollars_and_hidden_characters(tmp_path) -> None:
    name = "$x_1$ \u202e\u0000 </text> " + "long/" * 40
    plots.plot_curves({name: {name: [1.0]}}, tmp_path / "a.svg", title=name)
    assert "\u202e" not in drawing.label(name)
    assert drawing.label("a$b$").replace("\\", "") == "a$b$"
    assert drawing.label("two\nlines") == "two\nlines"
    assert max(map(len, drawing.label("x" * 500, 40).splitlines())) <= 40


def test_thinned_lines_keep_extremes_and_breaks() -> None:
    y = np.random.RandomState(0).normal(size=100_000)
    y[777], y[50_000] = 99.0, np.nan
    x, thin = sheet.thinned(np.arange(len(y), dtype=float), y, 1000)
    assert len(x) <= 1100
    assert thin[x == 777] == [99.0]
    assert np.nanmin(thin) == np.nanmin(y)


def test_colours_can_be_told_apart_on_white() -> None:
    assert len(set(sheet.COLOURS)) == len(sheet.MARKERS) == 8
    assert min(contrast(colour, "#ffffff") for colour in sheet.COLOURS) >= 3


WRONG = [
    (lambda: plots.plot_curves([1.0]), "dict of panels"),
    (lambda: plots.plot_curves({}), "no curves"),
    (lambda: plots.plot_curves({"a": {}}), "no curve in the panel 'a'"),
    (lambda: plots.plot_curves({"a": "text"}), "numbers"),
    (lambda: plots.plot_curves({"a": [[1.0]]}), r"shape \(n,\)"),
    (lambda: plots.plot_curves({"a": ([1, 2], [1.0])}), r"\(1,\) and \(2,\)"),
    (lambda: plots.plot_curves({str(i): [1.0] for i in range(99)}), "99 panels"),
    (lambda: plots.plot_curves({"a": [1.0]}, "a.gif"), "must end in .png, .svg, .pdf or .html"),
    (lambda: plots.plot_confusion_matrix([1, 2]), r"\(n, n\), got \(2,\)"),
    (lambda: plots.plot_confusion_matrix([[1, 2]]), r"got \(1, 2\)"),
    (lambda: plots.plot_confusion_matrix([[-1]]), "negative"),
    (lambda: plots.plot_confusion_matrix("ab"), "numbers"),
    (lambda: plots.plot_confusion_matrix([[1]], class_names="ab"), "1 class_names, got 2"),
    (lambda: plots.plot_confusion_matrix([[1]], what="all"), "'counts', 'rates' or 'both'"),
    (lambda: plots.plot_images(np.zeros((4, 4))), r"got \(4, 4\)"),
    (lambda: plots.plot_images(np.zeros((1, 4, 4, 2))), "channels"),
    (lambda: plots.plot_images(np.zeros((1, 4, 4), complex)), "complex"),
    (lambda: plots.plot_images(np.zeros((500, 1, 1))), "500 images"),
    (lambda: plots.plot_images(np.zeros((2, 4, 4)), titles=["a"]), "2 titles, got 1"),
    (lambda: plots.plot_images(np.zeros((2, 4, 4)), wrong=[True]), "2 wrong, got 1"),
    (lambda: plots.plot_images(np.zeros((2, 4, 4)), columns=0), "columns"),
    (lambda: plots.plot_images([np.zeros((2, 2)), np.zeros((3, 3))]), "one shape"),
]


@pytest.mark.parametrize(("call", "words"), WRONG, ids=[words for _, words in WRONG])
def test_wrong_arguments(call, words) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_a_file_that_cannot_be_written_is_an_op_error(tmp_path) -> None:
    with pytest.raises(NotFoundError):
        plots.plot_curves(CURVES, tmp_path / "no" / "a.png")
    assert output.format_of("x.PNG", ("png", "svg")) == "png"


# ---- confusion matrix, images --------------------------------------------------------------------


@pytest.mark.parametrize(("what", "cells"), [
    ("counts", ["3", "1", "5"]), ("rates", ["75%", "25%", "100%"]),
    ("both", ["3\n75%", "1\n25%", "5\n100%"])])
def test_cells_of_a_confusion_matrix(what, cells) -> None:
    figure = plots.plot_confusion_matrix([[3, 1], [0, 5]], class_names=["cat", "dog"], what=what)
    axis = figure.get_axes()[0]
    assert [text.get_text() for text in axis.texts] == cells
    assert [text.get_text() for text in axis.get_xticklabels()] == ["cat", "dog"]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("predicted class", "true class")
    assert axis.get_title() == "88.9% of 9 right"


@pytest.mark.parametrize(("matrix", "texts", "labels", "title"), [
    (np.zeros((3, 3)), 0, 3, ""), (np.ones((70, 70)), 0, 35, "1.4% of 4,900 right"),
    ([[0.5]], 1, 1, "100.0% right")])
def test_odd_confusion_matrices(matrix, texts, labels, title) -> None:
    axis = plots.plot_confusion_matrix(matrix).get_axes()[0]
    assert (len(axis.texts), len(axis.get_xticklabels())) == (texts, labels)
    assert axis.get_title() == title


def test_names_of_many_classes_stand_on_one_line_and_can_be_told_apart() -> None:
    names = [f"a name of more than one line, class {i}" for i in range(30)]
    axis = plots.plot_confusion_matrix(np.eye(30), class_names=names).get_axes()[0]
    shown = [text.get_text() for text in axis.get_yticklabels()]
    assert len(set(shown)) == 30 and not any("\n" in name for name in shown)


def test_wrong_images_have_a_frame_and_a_red_title() -> None:
    figure = plots.plot_images(np.zeros((3, 4, 4)), titles="abc", wrong=[False, True, False],
                               columns=3, title="Three")
    axes = figure.get_axes()
    assert [axis.spines["left"].get_visible() for axis in axes] == [False, True, False]
    assert [axis.title.get_color() for axis in axes] == ["black", "#b30000", "black"]
    assert len({round(axis.get_position().y0, 3) for axis in axes}) == 1, "one row"


@pytest.mark.parametrize(("images", "shown"), [
    (np.array([[[0, 255]]], np.uint8), [[0, 1]]), (np.array([[[0.0, 0.5]]]), [[0, 0.5]]),
    (np.array([[[-1.0, 3.0]]]), [[0, 1]]), (np.array([[[True, False]]]), [[1, 0]]),
    (np.array([[[np.nan, 1.0]]]), [[0, 1]]), (np.array([[[[7], [7]]]]), [[7 / 255] * 2])])
def test_brightness(images, shown) -> None:
    axis, = plots.plot_images(images).get_axes()
    np.testing.assert_allclose(axis.get_images()[0].get_array(), shown)


# ---- page ----------------------------------------------------------------------------------------


def data_of(page: str) -> dict:
    return json.loads(re.search(r'id="curves">(.*?)</script>', page, re.DOTALL)[1])


def test_the_page_holds_the_numbers(tmp_path) -> None:
    log(tmp_path / "a", {"loss": [1.0, float("nan"), 0.1234567891]})
    page = Path(plots.plot_runs(tmp_path, tmp_path / "c.html", smoothing=0.3)).read_text()
    data = data_of(page)
    assert data["names"] == ["a"]
    assert data["smoothing"] == 0.3
    line, = data["panels"][0]["lines"]
    assert line["x"] == [0, 1, 2]
    assert line["y"] == [1, "NaN", pytest.approx(0.1234567891, rel=1e-6)]
    assert len(line["t"]) == 3


def test_no_name_becomes_markup_and_nothing_comes_from_elsewhere(tmp_path) -> None:
    name = "</script><img src=x onerror=alert(1)>&\u2028"
    path = plots.plot_curves({name: {name: [1.0]}}, tmp_path / "a.html", title=name, xlabel=name)
    page = Path(path).read_text(encoding="utf-8")
    assert "<img" not in page
    assert page.count("</script>") == 2
    assert data_of(page)["panels"][0]["title"].startswith("</script><img")
    assert not re.search(r"@import|https?://(?!www\.w3\.org/2000/svg)", page)
    assert "default-src 'none'" in page


def test_png_has_the_size_that_panels_need(tmp_path) -> None:
    plots.plot_curves({str(i): [1.0, 2.0] for i in range(5)}, tmp_path / "a.png")
    width, height = struct.unpack(">II", (tmp_path / "a.png").read_bytes()[16:24])
    assert (width, height) == (1728, 852)
