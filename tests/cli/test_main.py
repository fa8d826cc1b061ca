"""The frame: help, exit codes, errors in one line, pipes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import flowgraph as fg
from flowgraph.cli import main

ROOT = Path(fg.__file__).parents[1]
COMMANDS = ["run", "render", "view", "profile", "step", "explain", "tensorboard", "plot", "check",
            "doctor"]


def process(*arguments: str, **options) -> subprocess.Popen:
    """`python -m flowgraph ...` as a process of its own."""
    environment = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
    return subprocess.Popen([sys.executable, "-m", "flowgraph", *arguments], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                            **options)


def test_without_arguments_the_help_is_printed(flowgraph) -> None:
    code, out, err = flowgraph("")
    assert (code, err) == (0, "")
    for command in COMMANDS:
        assert command in out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command, flowgraph) -> None:
    code, out, err = flowgraph(f"{command} --help")
    assert (code, err) == (0, "")
    assert f"\nexamples:\n  flowgraph {command} " in out.replace("\n\n", "\n")
    assert max(map(len, out.splitlines())) <= 100


def test_the_version(flowgraph) -> None:
    assert flowgraph("--version") == (0, f"flowgraph {fg.__version__}\n", "")


@pytest.mark.parametrize(("line", "code", "words"), [
    ("frob", 2, ["invalid choice: 'frob'"]),
    ("render", 2, ["required: script.py"]),
    ("run", 2, ["required: script.py;"]),
    ("run --seed x train.py", 2, ["--seed", "whole number"]),
    ("run --device tpu train.py", 2, ["must be cpu, gpu or gpu:N"]),
    ("run --render a.gif train.py", 2, ["'a.gif'", ".dot or .html"]),
    ("run --trace - --render - train.py", 2, ["--trace and --render", "standard output"]),
    ("run no.py", 1, ["cannot read the program 'no.py'", "No such file"]),
    ("render train.py 3", 2, ["unrecognized arguments: 3", "come after --"]),
    ("render train.py --depth x", 2, ["--depth", "whole number"]),
    ("render train.py --depth -1", 2, ["must not be negative"]),
    ("render train.py --timeout 0", 2, ["seconds above 0"]),
    ("render train.py --graph 0", 2, ["at least 1"]),
    ("render train.py -o a.gif", 2, ["'a.gif'", ".svg, .png, .pdf, .dot or .html"]),
    ("view train.py -o a.png", 2, ["'a.png'", "the name must end in .html"]),
    ("profile train.py --render a.gif", 2, ["'a.gif'", ".dot or .html"]),
    ("profile train.py --trace no/a.json", 2, ["--trace no/a.json: there is no folder"]),
    ("profile train.py --trace - --render -", 2, ["--trace and --render", "standard output"]),
    ("profile train.py --trace - --json", 2, ["--trace and --json", "standard output"]),
    ("render train.py -o no/a.svg", 2, ["no folder 'no'"]),
    ("render train.py -o a.dot --fetch lost", 2, ["no such operation", "did you mean loss?"]),
    ("render train.py -o a.dot --fetch ,", 2, ["--fetch ','", "names no operation"]),
    ("render train.py -o a.dot --fetch h", 2, ["did you mean layer/h"]),
    ("render train.py -o a.dot --fetch loss:3", 2, ["'loss' has 1 output", "from 0"]),
    ("render train.py -o a.dot --graph 7", 2, ["--graph 7", "has 1 graph"]),
    ("render no.py", 1, ["cannot read the program 'no.py'", "No such file"]),
    ("render graph.pb", 1, ["cannot read 'graph.pb'"]),
    ("render . -o a.dot", 1, ["neither a SavedModel nor a checkpoint"]),
    ("step train.py --from lyer/h", 2, ["--from lyer/h", "did you mean layer/h"]),
    ("step train.py --to 999", 2, ["--to 999", "steps, counted from 0"]),
    ("plot logs", 1, ["logs: no such folder or event file"]),
    ("plot .", 1, ["no event file in these folders"]),
    ("plot . --smooth 1", 2, ["from 0 to below 1"]),
    ("plot . --tags (", 2, ["regular expression"]),
    ("plot . -- 3", 2, ["plot takes no arguments"]),
    ("tensorboard train.py", 2, ["--logdir"]),
    ("tensorboard train.py --logdir train.py", 1, ["it is a file"]),
])
def test_a_wrong_use_is_told_in_one_line(line, code, words, flowgraph, folder) -> None:
    (folder / "graph.pb").write_bytes(b"\xff not a graph")
    found, _, err = flowgraph(line)
    assert found == code
    last = err.splitlines()[-1]
    assert last.startswith("flowgraph: error: ")
    for word in words:
        assert word in last
    assert "Traceback" not in err
    assert not list(folder.glob("a.*"))


def test_debug_shows_the_traceback(flowgraph) -> None:
    code, _, err = flowgraph("render train.py -o a.dot --fetch lost --debug")
    assert code == 2
    assert "Traceback" in err
    assert "names.py" in err


def test_a_file_may_be_called_run(flowgraph, folder) -> None:
    (folder / "run").write_text("import sys, tensorflow as tf\nassert sys.argv[1:] == "
                                "['--layers', '3']\ntf.Session().run(tf.add(1, 2))\n")
    code, out, err = flowgraph("explain run -- --layers 3")
    assert (code, "Add" in out) == (0, True), err


def test_debug_behind_the_program_of_run_is_the_programs(flowgraph, folder) -> None:
    code, _, err = flowgraph("run no_such.py --debug")
    assert code != 0
    assert "Traceback" not in err
    assert "Traceback" in flowgraph("run --debug no_such.py")[2]


def test_help_keeps_capitals(flowgraph) -> None:
    assert "\nPrint the stages of a run: Program, passes, NumPy source." in flowgraph(
        "explain --help")[1]


def test_an_error_does_not_name_the_line_that_called_the_command_line(flowgraph, folder) -> None:
    assert "test_" not in flowgraph("plot .")[2]
    assert "conftest" not in flowgraph("plot .")[2]
    with fg.Graph().as_default() as graph:
        fg.placeholder(fg.float32, [2], name="x" * 200)
    (folder / "cut.pb").write_bytes(graph.as_graph_def().SerializeToString()[:-9])
    code, _, err = flowgraph("render cut.pb")
    assert (code, "conftest" in err, "cut off" in err) == (1, False, True)


def test_a_reader_who_has_gone_away_is_no_error(folder) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-m", "flowgraph", "explain", "train.py"], text=True,
                          stdout=writer, stderr=subprocess.PIPE, check=False,
                          env={**os.environ, "PYTHONPATH": os.fspath(ROOT)})
    os.close(writer)
    assert done.returncode == 141
    assert "Error" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
def test_control_c_ends_with_130_and_leaves_no_file(folder) -> None:
    running = process("render", "train.py", "--run-all", "-o", "a.dot", preexec_fn=lambda: (
        signal.signal(signal.SIGINT, signal.default_int_handler)))
    try:
        while "round 3" not in running.stdout.readline():
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        running.stdout.read()
        assert running.wait(30) == 130
        assert "Traceback" not in running.stderr.read()
    finally:
        running.kill()
        running.communicate()
    assert not list(folder.glob("*a.dot*"))


def test_the_script_of_the_package_is_the_command_line() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    assert re.search(r'\[project.scripts\]\nflowgraph = "flowgraph.cli:script"', project)


def test_help_loads_nothing_but_itself() -> None:
    code = ("import sys, flowgraph; before = set(sys.modules); from flowgraph.cli import main; "
            "main(['--help']); print('loaded', *(set(sys.modules) - before))")
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": os.fspath(ROOT)})
    loaded = done.stdout.rpartition("loaded ")[2].split()
    assert {name for name in loaded if name.startswith("flowgraph")} == {
        "flowgraph.cli", "flowgraph.cli.arguments", "flowgraph.cli.failure", "flowgraph.cli.main"}
    assert len(loaded) < 30, "the help is there at once"


def test_main_takes_the_arguments_of_the_process(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["flowgraph", "--version"])
    assert main() == 0
    assert fg.__version__ in capsys.readouterr().out
