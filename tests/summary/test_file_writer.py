"""FileWriter, FileWriterCache, and the event files they write."""

from __future__ import annotations

import gc
import os
import re
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

import flowgraph as fg
from flowgraph.summary.event_file import EventFile

ROOT = Path(fg.__file__).parent.parent


def scalar(tag="loss", value=0.5):
    return fg.Summary(value=[fg.Summary.Value(tag=tag, simple_value=value)])


def events(logdir):
    """The events of all files of a folder, in the files' order."""
    return [event for path in sorted(Path(logdir).iterdir())
            for event in fg.train.summary_iterator(path)]


def steps(logdir):
    return [event.step for event in events(logdir) if event.WhichOneof("what") == "summary"]


def test_a_file_has_tensorflows_name_and_opens_with_the_version(tmp_path) -> None:
    before = int(time.time())
    with fg.summary.FileWriter(tmp_path / "run", filename_suffix=".v2") as writer:
        writer.add_summary(scalar(), 7)
        assert writer.get_logdir() == str(tmp_path / "run")
    (path,) = (tmp_path / "run").iterdir()
    match = re.fullmatch(r"events\.out\.tfevents\.(\d{10})\.(.*)\.v2", path.name)
    assert before <= int(match[1]) <= time.time() and match[2] == socket.gethostname()
    version, event = fg.train.summary_iterator(path)
    assert version.file_version == "brain.Event:2"
    assert (event.step, event.summary.value[0].tag) == (7, "loss")
    assert before <= event.wall_time <= time.time()


def test_the_first_event_is_seen_at_once_and_others_when_enough_wait(tmp_path) -> None:
    writer = fg.summary.FileWriter(tmp_path, max_queue=3)
    seen = []
    for step in range(5):
        writer.add_summary(scalar(), step)
        seen.append(len(steps(tmp_path)))
    assert seen == [1, 1, 1, 4, 4]
    writer.flush()
    assert len(steps(tmp_path)) == 5
    writer.close()


def test_events_do_not_wait_longer_than_flush_secs(tmp_path) -> None:
    writer = fg.summary.FileWriter(tmp_path, max_queue=0, flush_secs=0.05)
    for step in range(20):
        writer.add_summary(scalar(), step)
    deadline = time.monotonic() + 60
    while len(steps(tmp_path)) < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(steps(tmp_path)) == 20
    writer.close()


def test_flush_secs_may_be_longer_than_systems_wait(tmp_path) -> None:
    before = set(threading.enumerate())
    writer = fg.summary.FileWriter(tmp_path, flush_secs=float("inf"))
    writer.add_summary(scalar(), 1)
    writer.add_summary(scalar(), 2)
    (thread,) = set(threading.enumerate()) - before
    thread.join(0.05)
    assert thread.is_alive()
    writer.close()


def test_the_empty_folder_is_that_of_the_program(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with fg.summary.FileWriter("") as writer:
        writer.add_summary(scalar(), 1)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_has_become_a_file_is_told(tmp_path) -> None:
    writer = fg.summary.FileWriter(tmp_path / "log")
    (tmp_path / "log").rmdir()
    (tmp_path / "log").touch()
    with pytest.raises(fg.errors.AlreadyExistsError, match="log"):
        writer.add_summary(scalar(), 1)


def test_a_folder_has_one_writer_however_it_is_named(tmp_path) -> None:
    get = fg.summary.FileWriterCache.get
    assert get(tmp_path) is get(str(tmp_path)) is get(str(tmp_path).encode())
    fg.summary.FileWriterCache.clear()


def test_metadata_is_written_with_the_first_value_of_a_tag_only(tmp_path) -> None:
    note = fg.summary.text("note", fg.constant("hello"))
    with fg.Session() as session, fg.summary.FileWriter(tmp_path) as writer:
        for step in range(2):
            writer.add_summary(session.run(note), step)
    first, second = [event.summary.value[0] for event in events(tmp_path)[1:]]
    assert first.metadata.plugin_data.plugin_name == "text"
    assert not second.HasField("metadata")
    assert second.tensor == first.tensor


def test_logs_and_own_events_are_written(tmp_path) -> None:
    with fg.summary.FileWriter(tmp_path) as writer:
        writer.add_session_log(fg.SessionLog(status=fg.SessionLog.START), 1)
        writer.add_event(fg.Event(wall_time=2.5, log_message=fg.LogMessage(message="m")))
        writer.add_run_metadata(fg.RunMetadata(), "first", 3)
        with pytest.raises(ValueError, match="already used"):
            writer.add_run_metadata(fg.RunMetadata(), "first", 4)
    _, start, own, run = events(tmp_path)
    assert (start.step, start.session_log.status) == (1, fg.SessionLog.START)
    assert (own.wall_time, own.log_message.message) == (2.5, "m")
    assert (run.step, run.tagged_run_metadata.tag) == (3, "first")


def test_a_closed_writer_warns_and_writes_nothing_until_it_is_reopened(tmp_path) -> None:
    writer = fg.summary.FileWriter(tmp_path)
    writer.add_summary(scalar(), 1)
    writer.close()
    writer.close()
    with pytest.warns(UserWarning, match="closed FileWriter") as caught:
        writer.add_summary(scalar(), 2)
    assert Path(caught[0].filename).name == "test_file_writer.py"
    writer.reopen()
    writer.add_summary(scalar(), 3)
    writer.close()
    assert sorted(steps(tmp_path)) == [1, 3]
    assert len(list(tmp_path.iterdir())) == 2


def test_writers_of_one_second_have_files_of_their_own(tmp_path) -> None:
    writers = [fg.summary.FileWriter(tmp_path) for _ in range(3)]
    for step, writer in enumerate(writers):
        writer.add_summary(scalar(), step)
        writer.close()
    assert sorted(steps(tmp_path)) == [0, 1, 2]
    assert all(".tfevents." in path.name for path in tmp_path.iterdir())


def test_writers_of_one_session_and_folder_share_a_file(tmp_path) -> None:
    session = fg.Session()
    for step in range(2):
        fg.summary.FileWriter(tmp_path, session=session).add_summary(scalar(), step)
    fg.summary.FileWriter(tmp_path, session=session).flush()
    assert len(list(tmp_path.iterdir())) == 1
    assert steps(tmp_path) == [0, 1]


def test_a_writer_that_is_not_used_any_more_leaves_all_in_the_file(tmp_path) -> None:
    writer = fg.summary.FileWriter(tmp_path)
    for step in range(3):
        writer.add_summary(scalar(), step)
    del writer
    gc.collect()
    assert steps(tmp_path) == [0, 1, 2]


def test_a_file_that_was_removed_is_followed_by_a_new_one(tmp_path, caplog) -> None:
    logdir = tmp_path / "logs"
    writer = fg.summary.FileWriter(logdir)
    writer.add_summary(scalar(), 1)
    next(logdir.iterdir()).unlink()
    logdir.rmdir()
    writer.add_summary(scalar(), 2)
    writer.flush()
    assert "disappeared" in caplog.text
    writer.add_summary(scalar(), 3)
    writer.close()
    assert steps(logdir) == [3]


PROGRAMS = {
    "a program that ends": """
        for step in range(3):
            writer.add_summary(loss, step)
        """,
    "a program that fails": """
        for step in range(3):
            writer.add_summary(loss, step)
        raise SystemExit(3)
        """,
    "a program that forks": """
        import os, warnings
        warnings.simplefilter("ignore")  # Python warns of threads
        writer.add_summary(loss, 0)
        writer.add_summary(loss, 1)
        child = os.fork()
        writer.add_summary(loss, 2 if child else 3)
        if child:
            os.waitpid(child, 0)
        """,
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_nothing_is_lost_and_nothing_written_twice_by(program, tmp_path) -> None:
    if "fork" in program and not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    head = """
        import sys
        import flowgraph as fg
        writer = fg.summary.FileWriter(sys.argv[1])
        loss = fg.Summary(value=[fg.Summary.Value(tag="loss", simple_value=0.5)])
        """
    code = textwrap.dedent(head) + textwrap.dedent(PROGRAMS[program])
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, timeout=60, check=False)
    assert sorted(steps(tmp_path)) == ([0, 1, 2, 3] if "fork" in program else [0, 1, 2])


def test_a_graph_is_written_for_tensorboard_and_with_its_collections(tmp_path) -> None:
    with fg.Graph().as_default() as graph:
        fg.square(fg.constant(2.0, name="x"), name="y")
    fg.summary.FileWriter(tmp_path, graph).close()
    _, drawn, meta = events(tmp_path)
    nodes = {node.name: node.op for node in fg.GraphDef.FromString(drawn.graph_def).node}
    assert nodes == {"x": "Const", "y": "Square"}
    assert fg.MetaGraphDef.FromString(meta.meta_graph_def).graph_def.node[0].name == "x"
    assert "_output_shapes" in fg.GraphDef.FromString(drawn.graph_def).node[0].attr


def test_the_cache_gives_one_writer_a_folder(tmp_path) -> None:
    cache = fg.summary.FileWriterCache
    one, other = cache.get(str(tmp_path / "a")), cache.get(str(tmp_path / "b"))
    assert cache.get(str(tmp_path / "a")) is one is not other
    one.add_summary(scalar(), 1)
    cache.clear()
    assert steps(tmp_path / "a") == [1]
    assert cache.get(str(tmp_path / "a")) is not one
    cache.clear()


WRONG = {
    "text": (lambda w: w.add_summary("loss"), TypeError, "summary must be a message or its bytes"),
    "damaged": (lambda w: w.add_summary(b"\x0a\xff"), ValueError, "no tf.Summary"),
    "graph": (lambda w: w.add_graph("graph"), TypeError, "instance of `Graph`"),
    "no graph": (lambda w: w.add_graph(None), TypeError, "instance of `Graph`"),
    "both": (lambda w: w.add_graph(fg.Graph(), graph_def=fg.GraphDef()), ValueError,
             "but not both"),
    "meta graph": (lambda w: w.add_meta_graph(fg.GraphDef()), TypeError, "saw type"),
    "event": (lambda w: w.add_event(None), TypeError, "event must be"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_event_is_refused(case, tmp_path) -> None:
    use, error, words = WRONG[case]
    with fg.summary.FileWriter(tmp_path) as writer, pytest.raises(error, match=words):
        use(writer)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error_at_once(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(fg.errors.OpError, match="file"):
        fg.summary.FileWriter(tmp_path / "file" / "logs")


def test_a_program_that_changes_its_folder_goes_on_with_the_same_file(tmp_path, monkeypatch,
                                                                      caplog) -> None:
    monkeypatch.chdir(tmp_path)
    writer = fg.summary.FileWriter("logs")
    monkeypatch.chdir("/")
    writer.add_summary(scalar(), 1)
    writer.close()
    assert writer.get_logdir() == "logs"
    assert len(list((tmp_path / "logs").iterdir())) == 1
    assert "disappeared" not in caplog.text


def test_threads_write_whole_events(tmp_path) -> None:
    import threading
    file = EventFile(str(tmp_path), max_queue=3)
    record = fg.Event(wall_time=1.0, summary=scalar()).SerializeToString()
    threads = [threading.Thread(target=lambda: [file.add(record) for _ in range(200)])
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file.close()
    assert len(steps(tmp_path)) == 800
