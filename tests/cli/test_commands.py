"""What each command makes."""

from __future__ import annotations

import json
import re
import webbrowser
from pathlib import Path

import pytest

import flowgraph as fg
from flowgraph.cli.failure import Usage
from flowgraph.cli.names import elements, split
from flowgraph.cli.output import standard_output
from flowgraph.summary.event_file import summary_iterator


@pytest.fixture
def saved(folder: Path) -> Path:
    """A graph in all kinds of files."""
    with fg.Graph().as_default() as graph, fg.Session() as sess:
        x = fg.placeholder(fg.float32, [None, 2], name="x")
        y = fg.matmul(x, fg.get_variable("w", [2, 3]), name="y")
        sess.run(fg.global_variables_initializer())
        fg.train.write_graph(graph, ".", "g.pb", as_text=False)
        fg.train.write_graph(graph, ".", "g.pbtxt")
        (folder / "ck").mkdir()
        fg.train.Saver().save(sess, "ck/model", write_state=True)
        builder = fg.saved_model.Builder("sm")
        builder.add_meta_graph_and_variables(sess, ["serve"], {
            "d": fg.saved_model.predict_signature_def({"x": x}, {"y": y})})
        builder.save()
    return folder


# ---- render --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["g.pb", "g.pbtxt", "ck/model", "ck/model.meta", "ck", "sm",
                                  "sm/saved_model.pb", "sm/"])
def test_a_graph_in_a_file_is_drawn(path, saved, flowgraph) -> None:
    code, out, err = flowgraph(f"render {path} -o a.dot")
    assert (code, out) == (0, "")
    assert "wrote" in err
    assert '"y"' in (saved / "a.dot").read_text()


@pytest.mark.parametrize("path", ["g.pb", "g.pbtxt", "ck/model.meta", "sm/saved_model.pb"])
@pytest.mark.parametrize("damage", [lambda data: data[:len(data) // 2], lambda data: b"\xff" + data,
                                    lambda data: b""], ids=["cut", "changed", "empty"])
def test_a_damaged_file_is_told_in_one_line(path, damage, saved, flowgraph) -> None:
    file = saved / path
    file.write_bytes(damage(file.read_bytes()))
    code, _, err = flowgraph(f"render {path} -o a.dot")
    assert code == 1
    assert len(err.splitlines()) == 1
    assert not (saved / "a.dot").exists()


def test_default_names_of_results(saved, flowgraph) -> None:
    assert flowgraph("render sm --format dot")[0] == 0
    assert flowgraph("render g.pb --format dot")[0] == 0
    assert flowgraph("view train.py --no-open")[0] == 0
    assert {path.name for path in saved.iterdir()} >= {"sm.dot", "g.dot", "train.html"}


@pytest.mark.parametrize(("suffix", "start"), [
    ("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("dot", b"digraph"),
    ("html", b"<!DOCTYPE html>")])
def test_formats(suffix, start, folder, flowgraph) -> None:
    assert flowgraph(f"render train.py -o a.{suffix}")[0] == 0
    assert (folder / f"a.{suffix}").read_bytes().lstrip().startswith(start)


def test_options_reach_the_picture(folder, flowgraph) -> None:
    def drawn(options: str) -> str:
        assert flowgraph(f"render train.py -o a.dot --no-legend {options}")[0] == 0
        return (folder / "a.dot").read_text()

    plain = drawn("")
    assert "optimizer" in plain
    assert "optimizer" not in drawn("--fetch layer/h,loss")
    assert "layer/MatMul" in drawn("--gradients --depth 9")
    assert drawn("--depth 0") != plain
    assert 'rankdir="LR"' in drawn("--direction right")
    assert "My_title" in drawn("--title My_title")
    assert "explains" not in plain


@pytest.mark.parametrize("color", ["time", "memory"])
def test_colours_by_what_runs_cost(color, folder, flowgraph) -> None:
    assert flowgraph(f"render train.py -o a.dot --color {color}")[0] == 0
    plain = flowgraph("render train.py -o b.dot")
    assert plain[0] == 0
    assert (folder / "a.dot").read_text() != (folder / "b.dot").read_text()
    code, _, err = flowgraph(f"render g.pb --color {color}")
    assert code == 2 or "cannot read" in err


def test_colours_by_time_need_runs(saved, flowgraph) -> None:
    code, _, err = flowgraph("render g.pb --color time")
    assert (code, "needs the runs" in err) == (2, True)
    (saved / "p.py").write_text("import flowgraph as tf\ntf.constant(1.0)\n")
    code, _, err = flowgraph("render p.py --color time")
    assert (code, "has made none" in err) == (1, True)


# ---- view ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("display", "options", "opened"), [
    (":0", "", True), (":0", "--no-open", False), ("", "", False)])
def test_the_browser_opens_where_there_is_a_screen(display, options, opened, monkeypatch, folder,
                                                   flowgraph) -> None:
    pages: list[str] = []
    monkeypatch.setattr(webbrowser, "open", pages.append)
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    if display:
        monkeypatch.setenv("DISPLAY", display)
    assert flowgraph(f"view train.py {options}")[0] == 0
    assert pages == ([(folder / "train.html").as_uri()] if opened else [])


def test_values_are_in_the_page_when_asked_for(folder, flowgraph) -> None:
    assert flowgraph("view train.py -o a.html --values --no-open")[0] == 0
    assert flowgraph("view train.py -o b.html --no-open")[0] == 0

    def runs(name: str) -> list[dict]:
        page = (folder / name).read_text()
        data = re.search(r'<script type="application/json" id="graph">(.*?)</script>', page,
                         re.DOTALL)
        return json.loads(data[1])["runs"]

    assert len(runs("a.html")) >= 1
    assert runs("b.html") == []


# ---- profile -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "word"), [("op", "layer/MatMul"), ("type", "MatMul"),
                                          ("scope", "layer"), ("line", "train.py:8")])
def test_a_profile_by(by, word, flowgraph) -> None:
    code, out, err = flowgraph(f"profile train.py --by {by}")
    assert code == 0
    assert out.startswith("9 runs, ")  # of ten, the first is left out
    assert word in out
    assert "round 8" in err
    assert "round 10" not in err


def test_a_profile_in_json(flowgraph) -> None:
    code, out, _ = flowgraph("profile train.py --json --top 2 --runs 4")
    found = json.loads(out)
    assert (code, found["runs"], len(found["rows"])) == (0, 3, 2)
    assert found["rows"][0]["self_time"] <= found["seconds"]


def test_a_profile_tells_how_many_rows_it_leaves_out(flowgraph) -> None:
    _, whole, _ = flowgraph("profile train.py")
    _, short, _ = flowgraph("profile train.py --top 2")
    hidden = len(whole.splitlines()) - len(short.splitlines()) + 1
    assert short.splitlines()[-1] == f"... and {hidden} more rows"


def test_a_profile_writes_a_trace_and_a_picture(folder, flowgraph) -> None:
    assert flowgraph("profile train.py --trace t.json --render heat.dot")[0] == 0
    assert json.loads((folder / "t.json").read_text())["traceEvents"]
    assert (folder / "heat.dot").read_text().startswith("digraph")


def test_a_trace_in_a_pipe_is_alone_there(flowgraph) -> None:
    code, out, err = flowgraph("profile train.py --trace -")
    assert code == 0 and json.loads(out)["traceEvents"]
    assert "self time" in err and "MatMul" in err


def test_a_profile_of_single_runs_says_so(folder, flowgraph) -> None:
    code, out, err = flowgraph("profile train.py -- 1")
    assert (code, out[:6]) == (0, "1 run,")
    assert "times include the warm-up" in err
    code, _, err = flowgraph("profile train.py -- 0")
    assert (code, "has run nothing" in err) == (1, True)


def test_a_profile_of_some_fetches(folder, flowgraph) -> None:
    (folder / "p.py").write_text(
        "import flowgraph as tf\n"
        "a = tf.square(tf.random_normal([4]), name='a'); b = tf.exp(a, name='b')\n"
        "sess = tf.Session()\nfor _ in range(5): sess.run(a); sess.run(b)\n")
    _, out, _ = flowgraph("profile p.py --fetch b")
    assert "Exp" in out
    assert out.startswith("4 runs")
    code, _, err = flowgraph("profile p.py --fetch a/b")
    assert (code, "no such operation" in err) == (2, True)
    (folder / "q.py").write_text((folder / "p.py").read_text().replace("sess.run(b)", ""))
    code, _, err = flowgraph("profile q.py --fetch b")
    assert (code, "no run that fetches b" in err) == (1, True)


# ---- step, explain -------------------------------------------------------------------------------


def test_step_prints_inputs_statistics_and_numpy(flowgraph) -> None:
    code, out, err = flowgraph("step train.py")
    assert code == 0
    assert re.search(r"^0\. layer/MatMul  MatMul .* train.py:8$", out, re.MULTILINE)
    assert "  from  x:0, layer/w:0" in out
    assert "  makes layer/MatMul:0  float32[4, 2]  min 3  max 3  mean 3" in out
    assert "np.dot(x, layer_w" in out or "np.matmul(x, layer_w" in out
    assert "round 0" in err


@pytest.mark.parametrize(("options", "first", "last"), [
    ("--to 1", 0, 1), ("--from 1 --to 1", 1, 1), ("--from layer/h --to layer/h", 1, 1),
    ("--to layer/MatMul:0", 0, 0)])
def test_step_prints_a_part(options, first, last, flowgraph) -> None:
    _, out, _ = flowgraph(f"step train.py {options}")
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", out, re.MULTILINE)]
    assert numbers == list(range(first, last + 1))


def test_step_of_other_fetches_is_fed_what_the_program_feeds(folder, flowgraph) -> None:
    code, out, err = flowgraph("step train.py --fetch layer/h")
    assert code == 0
    assert out.startswith("layer/h:0: 2 steps")
    assert "round" not in err, "the program is stopped at once"
    (folder / "p.py").write_text(
        "import flowgraph as tf\nx = tf.placeholder(tf.float32, name='x')\n"
        "y = tf.negative(x, name='y')\ntf.Session().run(tf.constant(1.0))\n")
    code, out, err = flowgraph("step p.py --fetch y")
    assert (code, out) == (1, "")
    assert "no run of the program feeds what these fetches need" in err


def test_step_shows_a_failing_run_up_to_where_it_failed(folder, flowgraph) -> None:
    (folder / "p.py").write_text(
        "import flowgraph as tf\nx = tf.placeholder(tf.int32, name='x')\n"
        "y = tf.gather([1, 2], tf.negative(x, name='minus'), name='y')\n"
        "tf.Session().run(y, {x: 7})\n")
    code, out, err = flowgraph("step p.py --keep-going")
    assert code == 1
    assert "InvalidArgumentError" in err
    assert "minus" in out
    assert "raised InvalidArgumentError" in out


def test_the_run_that_the_program_makes_most_often_is_meant(folder, flowgraph) -> None:
    (folder / "p.py").write_text(
        "import flowgraph as tf\n"
        "a = tf.square(tf.random_normal([4]), name='a'); b = tf.exp(a, name='b')\n"
        "sess = tf.Session()\nsess.run(a)\nfor _ in range(5): sess.run(b)\n")
    assert "a:0" not in flowgraph("step p.py")[1].partition(":")[0]
    assert flowgraph("step p.py")[1].startswith("b:0: ")


def test_explain_prints_program_passes_and_source(flowgraph) -> None:
    code, out, _ = flowgraph("explain train.py")
    assert code == 0
    for word in ("# Program: ", "# After the passes: ", "# Source: ", "def run(feeds, state"):
        assert word in out
    assert "layer/h" in flowgraph("explain train.py --fetch layer/h")[1]
    assert "loss" not in flowgraph("explain train.py --fetch layer/h")[1]


def test_explain_works_for_runs_that_wait_for_others(folder, flowgraph) -> None:
    (folder / "p.py").write_text(
        "import flowgraph as tf\nq = tf.FIFOQueue(9, [tf.float32], [[]])\n"
        "put = q.enqueue_many([[1.0, 2.0, 3.0]])\ny = tf.square(q.dequeue(), name='y')\n"
        "sess = tf.Session(); sess.run(put); sess.run(y); sess.run(y)\n")
    code, out, _ = flowgraph("explain p.py")
    assert code == 0
    assert "np.square" in out


# ---- tensorboard ---------------------------------------------------------------------------------


def test_the_log_holds_graph_runs_and_curves(folder, flowgraph) -> None:
    code, out, err = flowgraph("tensorboard train.py --logdir my/logs")
    assert (code, out) == (0, "tensorboard --logdir my/logs\n")
    assert "1 traced run and 1 curve" in err
    file, = (folder / "my" / "logs").iterdir()
    events = list(summary_iterator(str(file)))
    kinds = [event.WhichOneof("what") for event in events]
    assert kinds == ["file_version", "graph_def", "tagged_run_metadata", *["summary"] * 3]
    assert [event.summary.value[0].tag for event in events[3:]] == ["loss"] * 3
    metadata = fg.RunMetadata.FromString(events[2].tagged_run_metadata.run_metadata)
    steps = {node.node_name: node for node in metadata.step_stats.dev_stats[0].node_stats}
    assert steps["layer/MatMul"].memory[0].total_bytes == 4 * 2 * 4


def test_a_program_with_summaries_has_its_own_curves(folder, flowgraph) -> None:
    text = (folder / "train.py").read_text().replace(
        "rounds =", "tf.summary.scalar('loss', loss)\nrounds =")
    (folder / "p.py").write_text(text)
    assert "curve" not in flowgraph("tensorboard p.py --logdir logs")[2]


# ---- plot ----------------------------------------------------------------------------------------


def test_plot_draws_what_programs_log(folder, flowgraph) -> None:
    assert flowgraph("tensorboard train.py --logdir logs/a --runs 5")[0] == 0
    code, out, err = flowgraph("plot logs")
    assert (code, out) == (0, "")
    assert "curves.png (1 tag of 1 run)" in err
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    code, out, _ = flowgraph("plot logs -o - --format html --log --x relative --title Mine")
    assert out.startswith("<!DOCTYPE html>")
    assert "<title>Mine</title>" in out


# ---- names ---------------------------------------------------------------------------------------


def test_names_of_tensors_and_operations(fresh_graph) -> None:
    x = fg.constant(1.0, name="x")
    group = fg.no_op(name="group")
    assert split(["a, b", "c", ","]) == ["a", "b", "c"]
    assert elements(fresh_graph, ["x", "x:0"]) == [x.op, x]
    assert elements(fresh_graph, ["x", "group"], values=True) == [x, group]


@pytest.mark.parametrize("name, hint", [
    ("nope/y", ""), ("theloss", "; did you mean the_loss?"), ("los", "; did you mean the_loss?")])
def test_near_names_are_told_and_no_others(name, hint, fresh_graph) -> None:
    fg.no_op(name="my_summary")
    fg.no_op(name="the_loss")
    with pytest.raises(Usage) as caught:
        elements(fresh_graph, [name])
    assert str(caught.value) == f"--fetch {name}: the graph has no such operation{hint}"


# ---- what strangers wrote ------------------------------------------------------------------------

EVIL = "a\x1b[2Jb\u202ec"  # clears the screen, and turns the reading direction


def test_names_in_files_give_a_terminal_no_orders(folder, flowgraph) -> None:
    with fg.summary.FileWriter("logs") as writer:
        writer.add_summary(fg.Summary(value=[fg.Summary.Value(tag=EVIL, simple_value=1.0)]), 1)
    code, _, err = flowgraph("plot logs --tags nothing")
    assert code == 1 and "a\\x1b[2Jb\\u202ec" in err and "\x1b" not in err


def test_text_that_is_printed_gives_a_terminal_no_orders(capsys) -> None:
    standard_output().text(f"first {EVIL}\nsecond")
    assert capsys.readouterr().out == "first a\\x1b[2Jb\\u202ec\nsecond\n"
