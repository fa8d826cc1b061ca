"""Names, tags and collections of summaries."""

from __future__ import annotations

import logging

import pytest

import flowgraph as fg


def tags(summary):
    return [value.tag for value in fg.Summary.FromString(fg.Session().run(summary)).value]


def build(name, family=None, scope=None):
    if scope is None:
        return fg.summary.scalar(name, 1.0, family=family)
    with fg.name_scope(scope):
        return fg.summary.scalar(name, 1.0, family=family)


@pytest.mark.parametrize("arguments, name, tag", [
    (("loss",), "loss", "loss"),
    (("my loss: 1",), "my_loss__1", "my_loss__1"),
    (("//loss",), "loss", "loss"),
    (("a/b",), "a/b", "a/b"),
    (("loss", "train"), "train/loss", "train/train/loss"),
    (("loss", "a b"), "a_b/loss", "a_b/a_b/loss"),
    (("loss", None, "outer"), "outer/loss", "outer/loss"),
    (("loss", "train", "outer"), "outer/train/loss", "train/outer/train/loss"),
], ids=str)
def test_the_tag_is_the_scope_after_the_family(arguments, name, tag) -> None:
    summary = build(*arguments)
    assert summary.op.name == name
    assert tags(summary) == [tag]


def test_a_name_that_is_taken_gets_a_number_and_so_does_its_tag() -> None:
    assert [tags(build("loss")) for _ in range(2)] == [["loss"], ["loss_1"]]


def test_illegal_names_are_told(caplog) -> None:
    with caplog.at_level(logging.INFO, "tensorflow"):
        build("my loss")
    assert caplog.messages == ["Summary name my loss is illegal; using my_loss instead."]


@pytest.mark.parametrize("make, tag", [
    (lambda **c: fg.summary.image("i", fg.zeros([1, 2, 2, 1]), 2, **c), "i/image/0"),
    (lambda **c: fg.summary.image("i", fg.zeros([1, 2, 2, 1]), 1, **c), "i/image"),
    (lambda **c: fg.summary.audio("a", fg.zeros([1, 2]), 8000, **c), "a/audio/0"),
    (lambda **c: fg.summary.histogram("h", [1.0], **c), "h"),
    (lambda **c: fg.summary.histogram(None, [1.0], **c), "HistogramSummary"),
    (lambda **c: fg.summary.text("t", fg.constant("x"), **c), "t"),
    (lambda **c: fg.summary.tensor_summary("t", [1, 2], **c), "t"),
], ids=["images", "image", "audio", "histogram", "no name", "text", "tensor"])
def test_summaries_are_collected_where_asked(make, tag) -> None:
    first = make()
    assert tags(first) == [tag]
    other = make(collections=["a", "b"])
    nowhere = make(collections=[])
    assert fg.get_collection("a") == fg.get_collection("b") == [other]
    assert fg.get_collection(fg.GraphKeys.SUMMARIES) == [first]
    assert nowhere.op.name != first.op.name


def test_merge_all_takes_a_collection_and_a_scope() -> None:
    assert fg.summary.merge_all() is None
    build("x", scope="one")
    build("x", scope="two")
    fg.summary.scalar("y", 1.0, collections=["mine"])
    assert tags(fg.summary.merge_all()) == ["one/x", "two/x"]
    assert tags(fg.summary.merge_all(scope="two/")) == ["two/x"]
    assert tags(fg.summary.merge_all("mine", name="m")) == ["y"]
    assert fg.summary.merge_all("mine", name="n n").op.name == "n_n/n_n"
    assert fg.get_collection(fg.GraphKeys.SUMMARIES, "Merge") == []


def test_merge_adds_to_collections_when_asked() -> None:
    merged = fg.summary.merge([build("x")], collections=["merged"])
    assert fg.get_collection("merged") == [merged]
    assert merged.op.name == "Merge/MergeSummary"


def test_a_summary_says_how_it_is_described() -> None:
    node = fg.NodeDef(name="t", op="TensorSummary")
    for wrong in (b"", b"[]", b'"text"', b'{"typeHint": 3}', b"\xff"):
        node.attr["description"].s = wrong
        with pytest.raises(ValueError, match="description"):
            fg.summary.get_summary_description(node)
    with pytest.raises(ValueError, match="Can't get_summary_description on Add"):
        fg.summary.get_summary_description(fg.NodeDef(op="Add"))
