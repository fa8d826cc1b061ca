"""The arguments of each command."""

from __future__ import annotations

import argparse
import math
import re


def _positive(text: str) -> int:
    number = _whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {text}")
    return number


def _whole(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, not {text!r}") from None
    if number < 0:
        raise argparse.ArgumentTypeError(f"must not be negative: {text}")
    return number


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, not {text!r}")
    return number


def _weight(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to below 1, not {text!r}")
    return number


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"must be a regular expression: {error}") from None
    return text


def _input(parser: argparse.ArgumentParser, files: bool) -> None:
    """What a command is about, and how a program is run."""
    what = ("a program (.py, .ipynb), or a graph: .pb, .pbtxt, .meta, a SavedModel's folder, a "
            "checkpoint with .meta") if files else "a program (.py, .ipynb)"
    parser.add_argument("input", metavar="script.py", help=what)
    parser.usage = "%(prog)s script.py [options] [-- arguments of the program]"
    running = parser.add_argument_group("running the program")
    running.add_argument("--run-all", action="store_true",
                         help="run it to its end; default until it repeats a step")
    running.add_argument("--timeout", type=_seconds, metavar="SECONDS",
                         help="stop it after so long")
    running.add_argument("--graph", type=_positive, metavar="N",
                         help="which graph, counted from 1, if it has several")
    running.add_argument("--keep-going", action="store_true",
                         help="when it fails, go on with what was seen up to there")
    _old(running)


def _old(parser: argparse._ArgumentGroup) -> None:
    """How old the program is."""
    parser.add_argument("--legacy", action="store_true",
                        help="it was written before TensorFlow 1.0: tf.mul, tf.concat(1, values)")
    parser.add_argument("--new-numpy", action="store_true",
                        help="do not put np.float and other removed names of NumPy back")


def _device(text: str) -> str:
    found = re.fullmatch(r"/?(?:device:)?(cpu|gpu)(?::(\d+))?", text, re.IGNORECASE)
    if found is None or (found[1].lower() == "cpu" and found[2] not in (None, "0")):
        raise argparse.ArgumentTypeError(f"must be cpu, gpu or gpu:N, not {text!r}")
    return "cpu" if found[1].lower() == "cpu" else f"gpu:{found[2]}" if found[2] else "gpu"


def run(parser: argparse.ArgumentParser) -> None:
    """Arguments of `flowgraph run`."""
    parser.add_argument("input", metavar="script.py", help="a program (.py, .ipynb)")
    parser.add_argument("-m", dest="is_module", action="store_true",
                        help="script.py is the name of a module, as package.train: run it as "
                             "python -m does")
    rest = parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="arguments",
                               help="all that follows is the program's")
    rest.required = False
    parser.usage = "%(prog)s [options] script.py [arguments of the program]"
    parser.add_argument("--device", type=_device, metavar="DEVICE",
                        help="cpu: no GPU is seen; gpu: there must be one; gpu:N: only this one")
    parser.add_argument("--seed", type=_whole, metavar="N",
                        help="seed of all graphs, of NumPy and of Python's random")
    parser.add_argument("--trace", metavar="FILE",
                        help="write a timeline of its last runs in Chrome's format")
    parser.add_argument("--render", metavar="FILE",
                        help="draw its graph at the end (svg, png, pdf, dot, html)")
    _old(parser.add_argument_group("old programs"))


def _fetch(parser: argparse.ArgumentParser, meaning: str) -> None:
    parser.add_argument("--fetch", action="append", metavar="NAME",
                        help=f"{meaning}; a name of an operation or tensor, several with commas")


def render(parser: argparse.ArgumentParser) -> None:
    """Arguments of `flowgraph render`."""
    _input(parser, files=True)
    parser.add_argument("-o", "--output", metavar="FILE",
                        help="where to write, - for standard output; default script.svg")
    parser.add_argument("--format", choices=("svg", "png", "pdf", "dot", "html"), default="",
                        help="default what the suffix of FILE says")
    _fetch(parser, "draw only what these need")
    parser.add_argument("--depth", type=_whole, metavar="N",
                        help="how many levels of scopes are open")
    parser.add_argument("--gradients", action="store_true",
                        help="draw gradients and optimizers op by op")
    parser.add_argument("--color", choices=("structure", "device", "time", "memory"),
                        default="structure", help="what colours tell; time and memory need runs")
    parser.add_argument("--direction", choices=("up", "down", "right", "left"), default="up",
                        help="where data flows")
    parser.add_argument("--no-legend", action="store_true", help="leave the legend out")
    parser.add_argument("--title", default="", help="above the picture")


def view(parser: argparse.ArgumentParser) -> None:
    """Arguments of `flowgraph view`."""
    _input(parser, files=True)
    parser.add_argument("-o", "--output", metavar="FILE",
                        help="where to write, - for standard output; default script.html")
    _fetch(parser, "mark what these need")
    parser.add_argument("--values", action="store_true",
                        help="record a run: times, and statistics of all that it made")
    parser.add_argument("--no-open", action="store_true", help="open no browser")
    parser.add_argument("--title", default="", help="of the page")


def profile(parser: argparse.ArgumentParser) -> None:
    """Arguments of `flowgraph profile`."""
    _input(parser, files=False)
    parser.add_argument("--by", choices=("op", "type", "scope", "line"), default="type",
                        help="what the rows of the table are; default type")
    parser.add_argument("--top", type=_positive, metavar="N", help="only the first N rows")
    parser.add_argument("--runs", type=_positive, metavar="N", default=10,
                        help="how many runs of the same fetches to wait for; default 10")
    _fetch(parser, "only runs that fetch these")
    parser.add_argument("--trace", metavar="FILE",
                        help="write a timeline in Chrome's format; - for standard output")
    parser.add_argument("--render", metavar="FILE",
                        help="draw the graph coloured by time (svg, png, pdf, dot, html)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")


def step(parser: argparse.ArgumentParser) -> None:
    """Arguments of `flowgraph step`."""
    _input(parser, files=False)
    _fetch(parser, "the run of these; default what the program runs most often")
    parser.add_argument("--from", dest="start", metavar="STEP",
                        help="first step to print: a number from 0, or the name of an operation")
    parser.add_argument("--to", dest="stop", metavar="STEP", help="last step to print")


def explain(parser: argparse.ArgumentParser) -> None:
    """Arguments of `flowgraph explain`."""
    _input(parser, files=False)
    _fetch(parser, "the run of these; default what the program runs most often")


def tensorboard(parser: argparse.ArgumentParser) -> None:
    """Arguments of `flowgraph tensorboard`."""
    _input(parser, files=False)
    parser.add_argument("--logdir", required=True, metavar="FOLDER",
                        help="where the log goes; made if it is not there")
    parser.add_argument("--runs", type=_positive, metavar="N", default=3,
                        help="how many runs of the same fetches to wait for; default 3")


def plot(parser: argparse.ArgumentParser) -> None:
    """Arguments of `flowgraph plot`."""
    parser.add_argument("logdirs", nargs="+", metavar="logdir",
                        help="a folder with event files in it or below it, or an event file")
    parser.add_argument("-o", "--output", metavar="FILE", default="curves.png",
                        help="where to write, - for standard output; default curves.png")
    parser.add_argument("--format", choices=("png", "svg", "pdf", "html"), default="",
                        help="default what the suffix of FILE says")
    parser.add_argument("--tags", type=_regex, metavar="REGEX",
                        help="only tags in which this is found")
    parser.add_argument("--smooth", type=_weight, metavar="WEIGHT", default=0.6,
                        help="smoothing, from 0 (none) to below 1; default 0.6")
    parser.add_argument("--x", choices=("step", "time", "relative"), default="step",
                        help="what the horizontal axis shows")
    parser.add_argument("--log", action="store_true", help="a logarithmic vertical axis")
    parser.add_argument("--title", default="", help="above the curves")


def check(parser: argparse.ArgumentParser) -> None:
    """Arguments of `flowgraph check`."""
    parser.add_argument("paths", nargs="+", metavar="path",
                        help="a program (.py), a notebook (.ipynb), or a folder of them")
    parser.add_argument("--legacy", action="store_true",
                        help="take programs of before TensorFlow 1.0, as run --legacy does")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--all", action="store_true",
                       help="tell every use, also in the files of folders")
    shown.add_argument("--problems", action="store_true",
                       help="tell only what is missing or differs")
    shown.add_argument("--json", action="store_true", help="print JSON in place of a report")


def doctor(parser: argparse.ArgumentParser) -> None:
    """Arguments of `flowgraph doctor`."""
    parser.add_argument("--json", action="store_true", help="print JSON in place of a report")
