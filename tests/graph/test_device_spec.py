"""DeviceSpec: its parts, its strings, merging, and tf.device with it."""

from __future__ import annotations

import pytest

import flowgraph as fg


@pytest.mark.parametrize(("text", "same"), [
    ("/job:ps/replica:1/task:2/device:GPU:3", "/job:ps/replica:1/task:2/device:GPU:3"),
    ("/cpu:0", "/device:CPU:0"), ("/gpu", "/device:GPU:*"), ("/GPU:*", "/device:GPU:*"),
    ("/device:cpu:0", "/device:CPU:0"), ("/device:XLA_CPU:1", "/device:XLA_CPU:1"), ("", ""),
    (":", ""), ("task:0/job:w", "/job:w/task:0"), ("/job:", "/job:")])
def test_a_spec_is_read_from_a_string(text, same) -> None:
    assert fg.DeviceSpec.from_string(text).to_string() == same
    assert fg.DeviceSpec(job="other").parse_from_string(text).to_string() == same


@pytest.mark.parametrize(("text", "words"), [
    ("/foo:1", "the part 'foo:1' is unknown"), ("/job", "the part 'job' is unknown"),
    ("/device:GPU", "the part 'device:GPU' is unknown"), ("/cpu:0/gpu:0", "names two devices"),
    ("/cpu:x", "'x' is no number"), ("/task:x", "'x' is no number")])
def test_a_string_that_is_no_device_raises(text, words) -> None:
    with pytest.raises(ValueError, match=words):
        fg.DeviceSpec.from_string(text)
    with pytest.raises(ValueError, match=words), fg.device(text):
        pass


def test_the_parts_of_a_spec_are_text_and_numbers() -> None:
    spec = fg.DeviceSpec("a", "1", 2, "gpu", "3")
    assert (spec.job, spec.replica, spec.task, spec.device_type, spec.device_index) == (
        "a", 1, 2, "GPU", 3)
    spec.job, spec.task, spec.device_type, spec.device_index = None, None, "cpu", None
    assert spec.to_string() == "/replica:1/device:CPU:*"


def test_a_number_without_a_type_is_not_in_the_string() -> None:
    assert fg.DeviceSpec(device_index=2).to_string() == ""


def test_merging_takes_the_parts_that_the_other_has() -> None:
    spec, other = fg.DeviceSpec("a", 1, device_type="CPU"), fg.DeviceSpec("b", task=2)
    assert spec.make_merged_spec(other).to_string() == "/job:b/replica:1/task:2/device:CPU:*"
    assert spec.to_string() == "/job:a/replica:1/device:CPU:*"
    spec.merge_from(other)
    assert spec.to_string() == "/job:b/replica:1/task:2/device:CPU:*"


def test_replace_changes_parts_of_a_copy() -> None:
    spec = fg.DeviceSpec(job="a", device_type="CPU")
    assert spec.replace(device_type=None, task=3).to_string() == "/job:a/task:3"
    assert spec.to_string() == "/job:a/device:CPU:*"
    with pytest.raises(TypeError, match="kind"):
        spec.replace(kind="GPU")


def test_specs_are_equal_by_their_parts() -> None:
    assert fg.DeviceSpec("a") == fg.DeviceSpec("a") != fg.DeviceSpec("b")
    assert fg.DeviceSpec("a") != "/job:a"
    assert len({fg.DeviceSpec("a"), fg.DeviceSpec("a")}) == 1
    assert repr(fg.DeviceSpec("a")) == "DeviceSpec('/job:a')"


def test_device_takes_specs_and_functions_that_return_them() -> None:
    with fg.device("/job:q/task:1"):
        with fg.device(fg.DeviceSpec("a", device_type="GPU", device_index=1)):
            assert fg.no_op().device == "/job:a/task:1/device:GPU:1"
        with fg.device(fg.DeviceSpec()):
            assert fg.no_op().device == "/job:q/task:1"
        with fg.device(lambda op: fg.DeviceSpec("z", device_type="cpu")):
            assert fg.no_op().device == "/job:z/task:1/device:CPU:*"
