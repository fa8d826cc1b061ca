"""Makes the pictures of docs/tensorboard.md: runs its program and looks at its log in TensorBoard.

    python docs/tensorboard_pictures.py

Needs the extra `test` (TensorBoard, selenium) and Chromium with chromedriver.
"""

import contextlib
import io
import os
import re
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402

from tests.chromium import browser  # noqa: E402
from tests.summary.test_tensorboard import Server  # noqa: E402

IMAGES = ROOT / "docs" / "images"


def write_log():
    """Runs the program of the page in the current folder."""
    page = (ROOT / "docs" / "tensorboard.md").read_text(encoding="utf-8")
    program = re.search(r"^```python\n(# digits\.py\n.*?)^```", page, re.MULTILINE | re.DOTALL)[1]
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(program, "digits.py", "exec"), {"__name__": "__main__"})


def keep(page, name):
    """Keeps what the window shows, in few colours so that the file is small."""
    time.sleep(1.5)  # nodes fade in
    shot = Image.open(io.BytesIO(page.driver.get_screenshot_as_png())).convert("RGB")
    shot.quantize(256).save(IMAGES / name, optimize=True)
    print(f"{name}: {(IMAGES / name).stat().st_size} bytes")


def main():
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        write_log()
        server = Server(os.path.join(folder, "logs"))
        try:
            server.wait({"digits"})
            with browser() as page:
                page.driver.set_window_size(1200, 900)
                page.open(f"http://127.0.0.1:{server.port}/#graphs&run=digits")
                page.until(lambda: page.each("g.node"))
                keep(page, "tensorboard_graph.png")
                page.click("paper-item", "step 40")
                page.until(lambda: page.each("g.node.faded"))
                page.click("paper-radio-button", "Compute time")
                keep(page, "tensorboard_time.png")
                if page.errors():
                    sys.exit("TensorBoard complains")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
