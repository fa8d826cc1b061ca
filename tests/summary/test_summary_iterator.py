"""Reading event files: TensorFlow's own, and damaged ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core.tfrecord import RecordWriter

MADE_BY_TENSORFLOW = Path(__file__).parent / "data" / "tf.tfevents"


def test_every_kind_of_event_that_tensorflow_writes_is_read() -> None:
    found = list(fg.train.summary_iterator(MADE_BY_TENSORFLOW))
    assert [event.WhichOneof("what") for event in found] == [
        "file_version", "graph_def", "meta_graph_def", "session_log", "log_message", "summary",
        "summary", "summary", "tagged_run_metadata"]
    version, graph, meta, start, warning, *summaries, run = found
    assert version.file_version == "brain.Event:2"
    assert fg.GraphDef.FromString(graph.graph_def).node[0].name == "x"
    assert len(fg.MetaGraphDef.FromString(meta.meta_graph_def).graph_def.node) > 10
    assert start.session_log.status == fg.SessionLog.START
    assert (warning.step, warning.log_message.level) == (-1, fg.LogMessage.WARN)
    assert [event.step for event in summaries] == [0, 1, 2]
    for step, event in enumerate(summaries):
        mean, values, picture, sound, note = event.summary.value
        assert (mean.tag, mean.simple_value) == ("mean_1", 1.5 + step)
        assert (values.histo.min, values.histo.max, values.histo.num) == (step, step + 3, 4)
        assert (picture.tag, picture.image.width) == ("picture/image", 2)
        assert (sound.audio.sample_rate, sound.audio.length_frames) == (8000, 4)
        assert list(note.tensor.string_val) == [b"hello"]
        assert note.HasField("metadata") == (step == 0)
    metadata = fg.RunMetadata.FromString(run.tagged_run_metadata.run_metadata)
    names = [node.node_name for node in metadata.step_stats.dev_stats[0].node_stats]
    assert "mean_1" in names and "Merge/MergeSummary" in names


def test_summaries_are_written_as_tensorflow_writes_them() -> None:
    x = fg.placeholder(fg.float32, [None], name="x")
    fg.summary.scalar("mean_1", fg.reduce_mean(x))
    fg.summary.histogram("values", x)
    fg.summary.audio("sound", fg.reshape(x, [1, 4]), 8000.0)
    fg.summary.text("note", fg.constant("hello"))
    merged = fg.summary.merge_all()
    theirs = [event.summary for event in fg.train.summary_iterator(MADE_BY_TENSORFLOW)
              if event.WhichOneof("what") == "summary"]
    del theirs[0].value[2]  # the picture: other libraries pack the same pixels otherwise
    ours = fg.Session().run(merged, {x: np.arange(4)})
    assert ours == theirs[0].SerializeToString()


def test_events_and_run_metadata_are_written_with_the_bytes_that_were_read() -> None:
    from flowgraph.core.tfrecord import read_records
    for record in list(read_records(MADE_BY_TENSORFLOW))[1:]:  # later versions say who wrote first
        event = fg.Event.FromString(record)
        assert event.SerializeToString() == record
        if event.WhichOneof("what") == "tagged_run_metadata":
            content = event.tagged_run_metadata.run_metadata
            assert fg.RunMetadata.FromString(content).SerializeToString() == content


def test_a_file_that_is_cut_off_gives_what_is_whole_and_says_where(tmp_path) -> None:
    content = MADE_BY_TENSORFLOW.read_bytes()
    path = tmp_path / "events"
    path.write_bytes(content[:-5])
    events = []
    with pytest.raises(fg.errors.DataLossError, match=r"events: truncated record at \d+"):
        events.extend(fg.train.summary_iterator(path))
    reader = fg.train.summary_iterator(path)
    assert [next(reader).WhichOneof("what") for _ in range(8)][-1] == "summary"


def test_no_damage_gives_anything_but_data_loss(tmp_path) -> None:
    content = MADE_BY_TENSORFLOW.read_bytes()
    random = np.random.RandomState(0)
    path = tmp_path / "events"
    for _ in range(40):
        damaged = bytearray(content)
        for at in random.randint(0, len(content), 3):
            damaged[at] ^= 1 << random.randint(8)
        path.write_bytes(damaged)
        with pytest.raises(fg.errors.DataLossError):
            list(fg.train.summary_iterator(path))


def test_a_record_that_is_no_event_is_data_loss_with_its_place(tmp_path) -> None:
    random = np.random.RandomState(1)
    path = tmp_path / "records"
    for _ in range(100):
        with RecordWriter(path) as writer:
            writer.write(fg.Event(step=1).SerializeToString())
            writer.write(b"\xff" + random.bytes(30))
        with pytest.raises(fg.errors.DataLossError, match=r"the record at 18 is no tf\.Event"):
            list(fg.train.summary_iterator(path))


def test_a_missing_file_is_not_found(tmp_path) -> None:
    with pytest.raises(fg.errors.NotFoundError):
        list(fg.train.summary_iterator(str(tmp_path / "none")))
