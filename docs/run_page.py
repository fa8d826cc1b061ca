"""Runs the Python blocks of a Markdown page and compares what they print with what the page shows.

    python docs/run_page.py README.md                    # prints the differences; status 1 if any
    python docs/run_page.py --write docs/internals.md    # makes the page show what is printed now

A page's ```python blocks run one after another in one namespace. A ```text block right after one is
its output. A block that opens with a comment like `# line.py` runs under that file name, which then
stands in the program's messages. `--write` also keeps the pictures that the blocks make, in
docs/images; otherwise they go to a temporary folder.
"""

import argparse
import contextlib
import difflib
import io
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

IMAGES = Path(__file__).resolve().parent / "images"
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<shown>.*?)^```\n)?",
                   re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"# (\w+\.py)\n")


def rerun(text):
    """The page with the outputs that its blocks have now."""
    namespace = {"__name__": "__main__"}

    def run(block):
        code = block["code"]
        name = FILE_NAME.match(code)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(code, name[1] if name else "page.py", "exec"), namespace)
        printed = "".join(line.rstrip() + "\n" for line in output.getvalue().splitlines())
        page = f"```python\n{code}```\n"
        return page + f"\n```text\n{printed.rstrip()}\n```\n" if printed.strip() else page

    return BLOCK.sub(run, text)


def main():
    parser = argparse.ArgumentParser(description="Run the Python blocks of a Markdown page.")
    parser.add_argument("--write", action="store_true", help="put the present outputs in the page")
    parser.add_argument("page", type=Path)
    options = parser.parse_args()
    page = options.page.resolve()
    shown = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        printed = rerun(shown)
        if options.write:
            page.write_text(printed, encoding="utf-8")
            for picture in sorted(f for f in os.listdir(folder) if f.endswith((".png", ".svg"))):
                IMAGES.mkdir(exist_ok=True)
                shutil.copy(picture, IMAGES / picture)
    if options.write or printed == shown:
        return 0
    sys.stdout.writelines(difflib.unified_diff(
        shown.splitlines(keepends=True), printed.splitlines(keepends=True),
        f"{options.page.name} as it is", f"{options.page.name} as its blocks print"))
    return 1


if __name__ == "__main__":
    sys.exit(main())
