"""TensorBoard reads and shows what FileWriter writes."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
import wave

import numpy as np
import pytest

import flowgraph as fg

pytestmark = pytest.mark.skipif(importlib.util.find_spec("tensorboard") is None,
                                reason="TensorBoard is not installed (extra `tensorboard`)")
STEPS = 3
LOSSES = [1.0, 0.5, 1 / 3]


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    """A run that shows something of every kind."""
    folder = tmp_path_factory.mktemp("logs") / "train"
    with fg.Graph().as_default() as graph, fg.Session() as session:
        x = fg.placeholder(fg.float32, [], name="x")
        with fg.name_scope("model"):
            loss = fg.divide(1.0, x, name="loss")
        fg.summary.scalar("loss", loss)
        fg.summary.histogram("weights", fg.constant([-1.0, 2.0, 2.0]) * x)
        fg.summary.image("picture", fg.reshape(fg.range(12.0), [1, 2, 6, 1]), max_outputs=1)
        fg.summary.audio("tone", fg.constant([[0.0, 0.5, -0.5, 1.0]]), 8000, max_outputs=1)
        fg.summary.text("note", fg.constant(["first **bold**", "second"]))
        merged = fg.summary.merge_all()
        writer = fg.summary.FileWriter(folder, graph)
        for step in range(STEPS):
            metadata = fg.RunMetadata()
            options = fg.RunOptions(trace_level=fg.RunOptions.FULL_TRACE)
            summary = session.run(merged, {x: step + 1.0}, options, metadata)
            writer.add_summary(summary, step)
        writer.add_run_metadata(metadata, "step 2", 2)
        writer.close()
    return folder


# ---- its reader ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def accumulator(logdir):
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages that TensorBoard imports
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        reader = EventAccumulator(str(logdir), size_guidance={"histograms": 0, "images": 0})
        reader.Reload()
    return reader


def test_its_reader_finds_every_kind_of_summary(accumulator) -> None:
    tags = accumulator.Tags()
    assert tags["scalars"] == ["loss"]
    assert tags["histograms"] == ["weights"]
    assert tags["images"] == ["picture/image"]
    assert tags["audio"] == ["tone/audio"]
    assert tags["tensors"] == ["note"]
    assert tags["graph"] and tags["meta_graph"]
    assert tags["run_metadata"] == ["step 2"]


def test_its_reader_reads_the_numbers(accumulator) -> None:
    scalars = accumulator.Scalars("loss")
    assert [event.step for event in scalars] == [0, 1, 2]
    np.testing.assert_allclose([event.value for event in scalars], LOSSES, rtol=1e-6)
    histogram = accumulator.Histograms("weights")[1].histogram_value
    assert (histogram.min, histogram.max, histogram.num, histogram.sum) == (-2, 4, 3, 6)
    counts = dict(zip(histogram.bucket_limit, histogram.bucket))
    assert [(round(limit, 2), count) for limit, count in counts.items() if count] == [
        (-1.97, 1), (4.21, 2)]


def test_its_reader_reads_pictures_sounds_and_text(accumulator) -> None:
    picture = accumulator.Images("picture/image")[0]
    assert (picture.width, picture.height) == (6, 2)
    from PIL import Image
    pixels = np.array(Image.open(io.BytesIO(picture.encoded_image_string)))
    expected = (np.arange(12, dtype=np.float32) * (np.float32(255) / np.float32(11))).astype(int)
    np.testing.assert_array_equal(pixels.ravel(), expected)
    sound = accumulator.Audio("tone/audio")[0]
    with wave.open(io.BytesIO(sound.encoded_audio_string)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (8000, 1, 4)
        assert struct.unpack("<4h", file.readframes(4)) == (0, 16384, -16384, 32767)
    (first, *_) = accumulator.Tensors("note")
    assert list(first.tensor_proto.string_val) == [b"first **bold**", b"second"]
    assert accumulator.SummaryMetadata("note").plugin_data.plugin_name == "text"


def test_its_reader_reads_the_graph_and_what_ran(accumulator) -> None:
    nodes = {node.name: node for node in accumulator.Graph().node}
    assert nodes["model/loss"].op == "RealDiv"
    assert list(nodes["model/loss"].input) == ["model/loss/x", "x"]
    stats = accumulator.RunMetadata("step 2").step_stats.dev_stats[0].node_stats
    assert "model/loss" in {step.node_name for step in stats}


# ---- its pages -----------------------------------------------------------------------------------


class Server:
    """TensorBoard on a port of this machine."""

    def __init__(self, logdir) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tensorboard.main", "--logdir", str(logdir),
             "--host", "127.0.0.1", "--port", str(self.port), "--load_fast", "false",
             "--reload_interval", "1"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def get(self, route: str) -> bytes:
        url = f"http://127.0.0.1:{self.port}/data/{route}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=30) as response:
            return response.read()

    def json(self, route: str):
        return json.loads(self.get(route))

    def wait(self) -> None:
        """Until it serves and has read the run."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                pytest.fail(f"TensorBoard ended: {self.process.stdout.read().decode()[-2000:]}")
            with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                if self.json("plugin/graphs/info"):
                    return
            time.sleep(0.5)
        pytest.fail("TensorBoard did not read the run within two minutes")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


@pytest.mark.slow
def test_its_pages_show_the_run(logdir) -> None:
    server = Server(logdir.parent)
    try:
        server.wait()
        curve = server.json("plugin/scalars/scalars?run=train&tag=loss")
        assert [step for _, step, _ in curve] == [0, 1, 2]
        np.testing.assert_allclose([value for _, _, value in curve], LOSSES, rtol=1e-6)
        assert "weights" in server.json("plugin/histograms/tags")["train"]
        assert len(server.json("plugin/histograms/histograms?run=train&tag=weights")) == STEPS
        assert "weights" in server.json("plugin/distributions/tags")["train"]
        pictures = server.json("plugin/images/images?run=train&tag=picture/image&sample=0")
        assert [picture["step"] for picture in pictures] == [0, 1, 2]
        assert server.get(f"plugin/images/individualImage?{pictures[0]['query']}").startswith(
            b"\x89PNG")
        sounds = server.json("plugin/audio/audio?run=train&tag=tone/audio&sample=0")
        assert server.get(f"plugin/audio/individualAudio?{sounds[0]['query']}").startswith(b"RIFF")
        notes = server.json("plugin/text/text?run=train&tag=note")
        assert "<strong>bold</strong>" in notes[0]["text"]
        graph = server.get("plugin/graphs/graph?run=train&conceptual=false").decode()
        assert 'name: "model/loss"' in graph and 'op: "RealDiv"' in graph
        ran = server.get("plugin/graphs/run_metadata?run=train&tag=step%202").decode()
        assert 'node_name: "model/loss"' in ran
    finally:
        server.stop()
