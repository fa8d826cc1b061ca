"""Device strings, nested device blocks, device functions, colocation."""

from __future__ import annotations

import pytest

import flowgraph as fg
from flowgraph.graph import devices


def device_of_new_op() -> str:
    return fg.no_op().device


@pytest.mark.parametrize(("text", "device"), [
    ("/cpu:0", "/device:CPU:0"), ("/gpu:1", "/device:GPU:1"), ("/CPU:0", "/device:CPU:0"),
    ("/device:GPU:0", "/device:GPU:0"), ("/device:gpu:2", "/device:GPU:2"),
    ("cpu:0", "/device:CPU:0"), ("/gpu:*", "/device:GPU:*"), ("/cpu", "/device:CPU:*"),
    ("/job:ps/task:1", "/job:ps/task:1"), ("/job:ps", "/job:ps"), ("", ""),
    ("/task:0/job:w", "/job:w/task:0"),
    ("/job:ps/replica:0/task:1/device:CPU:0", "/job:ps/replica:0/task:1/device:CPU:0")])
def test_a_device_is_spelled_in_one_way(text, device) -> None:
    with fg.device(text):
        assert device_of_new_op() == device


@pytest.mark.parametrize("text", ["/foo:0", "foo", "/job", "/job:", "/device:", "/cpu:0/what"])
def test_a_device_that_cannot_be_read_raises_at_the_with_line(text) -> None:
    with pytest.raises(ValueError, match=r"is not a device: the part .* is unknown"), \
            fg.device(text):
        pass


def test_inner_blocks_fill_in_and_overrule_outer_ones() -> None:
    with fg.device("/job:ps"):
        with fg.device("/gpu:0"):
            assert device_of_new_op() == "/job:ps/device:GPU:0"
            with fg.device("/cpu:1"):
                assert device_of_new_op() == "/job:ps/device:CPU:1"
            with fg.device(""):
                assert device_of_new_op() == "/job:ps/device:GPU:0"
            with fg.device(None):
                assert device_of_new_op() == ""
                with fg.device("/cpu:0"):
                    assert device_of_new_op() == "/device:CPU:0"
        assert device_of_new_op() == "/job:ps"
    assert device_of_new_op() == ""


def test_a_function_chooses_by_operation() -> None:
    def choose(op: fg.Operation) -> str:
        return "/cpu:0" if op.type == "NoOp" else f"/gpu:{len(op.inputs)}"

    with fg.device(choose):
        x = fg.constant(1.0)
        assert device_of_new_op() == "/device:CPU:0"
        assert (x.device, fg.identity(x).device) == ("/device:GPU:0", "/device:GPU:1")


def test_an_outer_function_sees_the_inner_device_and_has_the_last_word() -> None:
    seen = []

    def function(op: fg.Operation) -> str:
        seen.append(op.device)
        return "/job:ps"

    with fg.device(function), fg.device("/gpu:0"):
        assert device_of_new_op() == "/job:ps"
    assert seen == ["/device:GPU:0"]


def test_an_inner_function_leaves_open_fields_to_outer_strings() -> None:
    with fg.device("/job:ps/task:0"), fg.device(lambda op: "/task:1"):
        assert device_of_new_op() == "/job:ps/task:1"


def test_a_function_that_returns_none_changes_nothing() -> None:
    with fg.device("/gpu:0"), fg.device(lambda op: None):
        assert device_of_new_op() == "/device:GPU:0"


def test_an_object_with_to_string_is_a_device() -> None:
    class Spec:
        def to_string(self) -> str:
            return "/job:ps/device:GPU:3"

    with fg.device(Spec()):
        assert device_of_new_op() == "/job:ps/device:GPU:3"


def test_colocation_takes_the_device_of_an_op() -> None:
    with fg.device("/gpu:0"):
        a = fg.constant(1.0)
    with fg.device("/job:w/cpu:0"):
        for target in (a, a.op):
            with fg.colocate_with(target):
                assert device_of_new_op() == "/job:w/device:GPU:0"


def test_tensors_tell_the_device_of_their_op() -> None:
    with fg.device("/gpu:1"):
        x = fg.constant(1.0)
    assert x.device == x.op.device == "/device:GPU:1"
    x.op._set_device("/device:CPU:0")
    assert x.device == "/device:CPU:0"


def test_merge_keeps_what_only_one_side_says() -> None:
    assert devices.merge("/job:a/gpu:0", "/task:1/cpu:0") == "/job:a/task:1/device:CPU:0"
    assert devices.merge("", "/cpu:0") == devices.merge("/cpu:0", "") == "/device:CPU:0"
