"""TensorBoard reads and shows what FileWriter writes."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import re
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
from tests.chromium import browser

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

    def wait(self, runs: set[str]) -> None:
        """Until it serves and has read the runs."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                pytest.fail(f"TensorBoard ended: {self.process.stdout.read().decode()[-2000:]}")
            with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                if runs <= set(self.json("plugin/graphs/info")):
                    return
            time.sleep(0.2)
        pytest.fail("TensorBoard did not read the runs within two minutes")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


@pytest.fixture(scope="module")
def traced_logdir(logdir):
    """A loop, a choice and a variable in scopes, and a traced run of them."""
    folder = logdir.parent / "traced"
    with fg.Graph().as_default(), fg.Session() as session:
        x = fg.placeholder(fg.float32, [None, 4], name="x")
        hidden = x
        for name in ("first_layer", "second_layer"):
            hidden = fg.layers.dense(hidden, 4, fg.nn.relu, name=name)
        total = fg.reduce_sum(hidden, name="total")
        with fg.name_scope("control"):
            _, grown = fg.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, fg.tanh(y) + total),
                                     [0, total], name="loop")
            picked = fg.cond(grown > -1e9, lambda: fg.square(grown), lambda: fg.negative(grown))
        fg.negative(x, name="not_needed")
        session.run(fg.global_variables_initializer())
        fg.summary.write_graph_log(folder, session=session, fetches=picked,
                                   feed_dict={x: np.ones((2, 4))}, global_step=7)
    return folder


@pytest.fixture(scope="module")
def server(logdir, traced_logdir):
    started = Server(logdir.parent)
    try:
        started.wait({"train", "traced"})
        yield started
    finally:
        started.stop()


@pytest.mark.slow
def test_its_routes_give_the_run(server) -> None:
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


@pytest.fixture(scope="module")
def page():
    with browser() as opened:
        yield opened


def show(page, server, route: str, selector: str) -> None:
    """Goes to a page, without loading TensorBoard anew, and waits for what it draws."""
    address = f"http://127.0.0.1:{server.port}/"
    if page.driver.current_url.startswith(address):
        page.driver.execute_script("location.hash = arguments[0]", route)
    else:
        page.open(f"{address}#{route}")
    page.until(lambda: page.each(selector))


def toasts(page) -> list[str]:
    """What it complains of at the edge of the window."""
    return [text for text in page.each("paper-toast.paper-toast-open, mat-snack-bar-container",
                                       "e.textContent.trim()") if text]


@pytest.mark.slow
def test_its_graph_page_draws_scopes_functions_shapes_and_costs(server, page) -> None:
    show(page, server, "graphs", "g.node")
    page.click("paper-item", "traced")
    page.until(lambda: page.each("g.node[data-name=first_layer]"))
    names = page.each("g.node", "e.getAttribute('data-name')")
    assert {"x", "first_layer", "second_layer", "control", "total", "not_needed"} <= set(names)
    functions = [name for name in names if name.startswith("__function_library__")]
    assert sorted(name.rpartition("_")[2] for name in functions) == [
        "body", "cond", "else", "then"]
    texts = page.each("g.node text, g.edge textPath, g.edge text",
                      "e.firstChild?.textContent.trim()")  # behind it is a title
    assert {"first_layer", "second_layer", "control", "?\u00d74"} <= set(texts)

    page.click("paper-item", "step 7")
    page.until(lambda: page.each("g.node.faded"))  # what the run did not need
    page.click("paper-radio-button", "Compute time")
    (longest,) = page.until(lambda: page.each(".domainEnd", "e.textContent.trim()"))
    assert re.fullmatch(r"[0-9.]+ (\u00b5s|ms)", longest)
    page.click("paper-radio-button", "Memory")
    page.until(lambda: page.each(".domainEnd", "e.textContent.trim()")[0].endswith("B"))
    fills = dict(page.each("g.node .nodeshape > :first-child", "[e.closest('g.node').getAttribute("
                           "'data-name'), getComputedStyle(e).fill]"))
    assert fills["first_layer"].startswith("rgb(") and fills["not_needed"].startswith("url(")
    faded = page.each("g.node.faded", "e.getAttribute('data-name')")
    assert "not_needed" in faded and "else" in {name.rpartition("_")[2] for name in faded}
    assert not {"first_layer", "control", "total", "x", *(
        name for name in functions if not name.endswith("else"))} & set(faded)
    assert toasts(page) == [] and page.errors() == []


@pytest.mark.slow
@pytest.mark.parametrize("route, selector, value, drawn", [
    ("scalars", "path.line", "e.getAttribute('d').split('L').length", STEPS),
    ("timeseries", "line-chart canvas", "e.width > 0", True),
    ("images", "img", "e.naturalWidth", 6),
    ("histograms", "path.outline", "e.getAttribute('d').length > 10", True),
    ("distributions", "path.area", "e.getAttribute('d').length > 10", True),
    ("audio", "audio", "e.duration", 4 / 8000),
    ("text", "strong", "e.textContent", "bold"),
], ids=["scalars", "timeseries", "images", "histograms", "distributions", "audio", "text"])
def test_its_other_pages_draw(server, page, route, selector, value, drawn) -> None:
    show(page, server, route, selector)
    seen = f"e.getClientRects().length ? {value} : null"  # pages shown before are kept, hidden
    page.until(lambda: drawn in page.each(selector, seen))
    assert toasts(page) == [] and page.errors() == []
