"""Recorded runs as rows of the viewer's payload."""

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.viz.viewer.payload import payload
from tests.viz.viewer.panel_page import model


@pytest.fixture(scope="module")
def trained():
    graph, _, profile = model()
    return graph, profile, payload(graph, profile=profile)


def name(data, op):
    """What the op of a row is called."""
    return data["text"][data["ops"][op][0]]


def test_a_profile_begins_with_its_sums(trained):
    _, profile, data = trained
    assert [(run["title"], bool(run["steps"])) for run in data["runs"]] == [
        ("all 2 runs", False), *[("train, loss/mean:0, powers/Exit_1:0, broken:0", True)] * 2]
    assert sum(row[1] for row in data["runs"][0]["costs"]) == pytest.approx(
        1e6 * sum(cost.seconds for cost in profile.costs().values()), rel=1e-3)


def test_a_step_tells_what_it_took_gave_and_ran(trained):
    _, profile, data = trained
    rows = data["runs"][1]["steps"]
    (row,) = [row for row in rows if name(data, row[0]) == "hidden/product"]
    (step,) = [step for step in profile.recordings[0].steps if step.op.name == "hidden/product"]
    op, start, duration, own, parent, size, line, inputs, outputs, alive, round_, calls, _ = row
    assert (parent, size, line, inputs) == (-1, 60, step.line, list(step.inputs))
    assert (alive, round_, calls) == (step.live_bytes, -1, 1)
    assert 0 <= own <= duration == pytest.approx(step.seconds * 1e6, abs=1e-3)
    assert start == pytest.approx(step.start * 1e6, abs=1e-3)
    sample = step.outputs[0].statistics.sample
    assert outputs == [["5×3 float32", 2.0, 2.0, 2.0, 0.0, 0, 0, 0, sample]]
    assert [cost[2] for cost in data["runs"][1]["costs"] if cost[0] == op] == [1]


def test_steps_of_a_loop_have_their_round_and_their_loop(trained):
    _, _, data = trained
    rows = data["runs"][1]["steps"]
    inside = [row for row in rows if name(data, row[0]) == "powers/mul"]
    assert [row[10] for row in inside] == [0, 1, 2]
    assert {name(data, rows[row[4]][0]) for row in inside} == {"powers/While"}


def test_an_operation_without_a_step_is_named_by_the_step_that_ran_it():
    with fg.Graph().as_default() as graph:
        x = fg.placeholder(fg.float32, [3], name="x")
        once, twice = fg.exp(x, name="once"), fg.exp(x, name="twice")
        y = fg.add(once, twice, name="y")
        with fg.Session() as session:
            recording = session.record(y, {x: np.zeros(3, np.float32)})
    data = payload(graph, profile=recording)
    told = {name(data, row[0]): [name(data, op) for op in row[12]]
            for row in data["runs"][0]["steps"]}
    assert told["once"] == ["twice"]


def test_values_are_only_there_where_they_were_asked_for():
    with fg.Graph().as_default() as graph:
        y = fg.exp(fg.placeholder(fg.float32, [], name="x"), name="y")
        with fg.Session() as session:
            recording = session.record(y, {"x:0": 1.0})
    (run,) = payload(graph, profile=[recording])["runs"]
    assert run["steps"][0][8] == [["scalar float32", None, None, None, None, -1, -1, -1, ""]]


def test_what_ran_another_graph_is_refused(trained):
    _, profile, _ = trained
    with pytest.raises(ValueError, match="another graph"):
        payload(fg.Graph(), profile=profile)


def test_something_else_than_a_profile_is_refused(trained):
    graph, _, _ = trained
    with pytest.raises(TypeError, match=r"fg\.profile or a Recording"):
        payload(graph, profile="profile.json")
