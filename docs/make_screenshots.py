"""Makes the pictures of docs/viewer.md: a small network is trained, its page opened in Chromium.

    python docs/make_screenshots.py              # writes docs/images/viewer_*.png
    python docs/make_screenshots.py folder       # writes them there

Needs the extra `test` (selenium, Pillow) and Chromium with chromedriver; takes half a minute.
"""

import io
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

import flowgraph as fg  # noqa: E402
from tests.chromium import browser  # noqa: E402

IMAGES = ROOT / "docs" / "images"
DESKTOP, PHONE = (1280, 800), (360, 720)

SHOW = "const f = window.flowgraph, show = (name) => f.app.view.show(f.model.find(name));"
SHOTS = {  # name: (size, address, what is done in the page)
    "overview": (DESKTOP, "", "show('hidden/MatMul')"),
    "search": (DESKTOP, "", "f.set({query: 'type:/^(MatMul|Relu)/'});"
               "document.getElementById('query').focus()"),
    "time": (DESKTOP, "color=time&theme=dark", "document.getElementById('tab-run').click()"),
    "step": (DESKTOP, "", "f.set({run: 1, step: arguments[0]});"
             "document.querySelector('#runs .quiet').click()"),
    "phone": (PHONE, "", "show('hidden/MatMul');"
              "document.querySelector('.sheet-handle').click()"),
}


def dense(x, size, name, activation=None):
    """A layer in a scope of its own."""
    with fg.name_scope(name):
        w = fg.Variable(fg.truncated_normal([x.shape[1].value, size], stddev=0.1, seed=1), name="w")
        b = fg.Variable(fg.zeros([size]), name="b")
        y = fg.matmul(x, w) + b
        return y if activation is None else activation(y)


def trained():
    """A network, what its training step fetches, and the record of three steps."""
    x = fg.placeholder(fg.float32, [None, 784], name="images")
    labels = fg.placeholder(fg.int64, [None], name="labels")
    logits = dense(dense(x, 256, "hidden", fg.nn.relu), 10, "output")
    with fg.name_scope("loss"):
        loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
            labels=labels, logits=logits))
    step = fg.train.AdamOptimizer(0.001).minimize(loss)
    random = np.random.RandomState(0)
    batch = {x: random.rand(64, 784), labels: random.randint(0, 10, 64)}
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        session.run([step, loss], batch)  # the first run plans, which is no part of a step
        with fg.profile(values=True) as profile:
            for _ in range(3):
                session.run([step, loss], batch)
    return [step, loss], profile


def shoot(chrome, page, shot, step):
    """A picture of the page, in few colours so that the file is small."""
    (width, height), address, action = shot
    driver = chrome.driver
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
    driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    chrome.open(f"{page.as_uri()}#{address}")
    chrome.until(lambda: chrome.each("html", "'ready' in e.dataset")[0])
    driver.execute_script(f"{SHOW}{action}", step)
    time.sleep(0.8)  # until nothing glides any more
    picture = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
    return picture.quantize(256)


def main(folder):
    """Writes all pictures."""
    fetches, profile = trained()
    names = [step.op.name for step in profile.recordings[0].steps]
    with tempfile.TemporaryDirectory() as temporary, browser() as chrome:
        page = Path(temporary) / "graph.html"
        fg.get_default_graph().to_html(page, fetches, name="digits", profile=profile)
        for name, shot in SHOTS.items():
            path = folder / f"viewer_{name}.png"
            shoot(chrome, page, shot, names.index("hidden/MatMul")).save(path, optimize=True)
            print(f"{path.name}: {path.stat().st_size} bytes")
        if chrome.errors():
            sys.exit("the page complains")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
