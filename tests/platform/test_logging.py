"""`tf.logging` and `tf.resource_loader`."""

from __future__ import annotations

from pathlib import Path

import pytest

import flowgraph as fg

LEVELS = ["debug", "info", "warn", "warning", "error", "fatal"]


@pytest.fixture(autouse=True)
def verbosity():
    before = fg.get_logger().level
    yield
    fg.get_logger().setLevel(before)


@pytest.mark.parametrize(("name", "level"), [*zip(LEVELS, [10, 20, 30, 30, 40, 50])])
def test_each_level_is_written_from_its_verbosity_on(caplog, name, level) -> None:
    for threshold, lines in ((level, 1), (level + 1, 0)):
        caplog.clear()
        fg.logging.set_verbosity(threshold)
        getattr(fg.logging, name)("step %d", 3)
        assert [(r.levelno, r.getMessage()) for r in caplog.records] == [(level, "step 3")] * lines


def test_records_name_the_users_file(caplog) -> None:
    fg.logging.set_verbosity("DEBUG")
    fg.logging.log(fg.logging.INFO, "a")
    fg.logging.vlog(1, "not written")
    fg.logging.log_if(fg.logging.INFO, "b", True)
    fg.logging.log_if(fg.logging.INFO, "not written", False)
    fg.logging.TaskLevelStatusMessage("c")
    assert [(r.filename, r.getMessage()) for r in caplog.records] == [
        ("test_logging.py", text) for text in "abc"]


def test_counted_messages(caplog) -> None:
    fg.logging.set_verbosity(fg.logging.INFO)
    for step in range(7):
        fg.logging.log_every_n(fg.logging.INFO, "every %d", 3, step)
        fg.logging.log_first_n(fg.logging.INFO, "first %d", 2, step)
    assert [r.getMessage() for r in caplog.records] == [
        "every 0", "first 0", "first 1", "every 3", "every 6"]


def test_verbosity_is_a_level() -> None:
    fg.logging.set_verbosity(fg.logging.ERROR)
    assert fg.logging.get_verbosity() == 40
    fg.logging.flush()


def test_resources_lie_beside_the_program() -> None:
    here = Path(__file__)
    assert fg.resource_loader.get_data_files_path() == str(here.parent)
    assert fg.resource_loader.get_path_to_datafile("a") == str(here.parent / "a")
    assert fg.resource_loader.load_resource(here.name) == here.read_bytes()
    assert fg.resource_loader.readahead_file_path("a") == "a"
