"""The book's settings: `make book` builds it into build/book.

Pages are Markdown (MyST). Pages under concepts/ are notebooks as text: their cells run while the
book is built, and it fails where one raises. Blocks of the other pages are run by the tests, which
compare what they print (`run_page.py`). The API pages are written into api/ at each build.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

project = "flowgraph"
copyright = "the flowgraph authors"
extensions = ["myst_nb", "api_pages", "mathml", "chinese_lines"]
html_math_renderer = "mathml"
exclude_patterns = ["_build", "results/*.txt"]
# Pages of ops and of the API are listed by a page of their own: hundreds of entries in the sidebar
# help no one, and building would take three times as long.
suppress_warnings = ["toc.not_included", "myst.xref_missing"]
html_theme = "furo"
html_title = "flowgraph"
html_static_path: list[str] = []
# Lines of 96 characters fit without scrolling.
html_theme_options = {"light_css_variables": {"code-font-size": "var(--font-size--small--3)"}}

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "auto"
nb_execution_raise_on_error = True
nb_execution_timeout = 60
nb_output_stderr = "remove"  # what Graphviz says of the machine that builds is no part of a page

