"""ConfigProto and its like: they take what TensorFlow's protos take, and nothing else."""

from __future__ import annotations

import pytest

import flowgraph as fg


def test_fields_are_set_by_keyword_and_by_attribute() -> None:
    config = fg.ConfigProto(allow_soft_placement=True, intra_op_parallelism_threads=4,
                            device_count={"GPU": 0})
    config.log_device_placement = True
    config.gpu_options.allow_growth = True
    config.gpu_options.per_process_gpu_memory_fraction = 0.5
    assert (config.allow_soft_placement, config.log_device_placement) == (True, True)
    assert config.device_count == {"GPU": 0}
    assert config.gpu_options == fg.GPUOptions(allow_growth=True,
                                               per_process_gpu_memory_fraction=0.5)
    assert fg.Session(config=config).run(fg.constant(1.0)) == 1


def test_inner_messages_are_not_shared_between_configs() -> None:
    one, other = fg.ConfigProto(), fg.ConfigProto()
    one.gpu_options.allow_growth = True
    one.graph_options.rewrite_options.constant_folding = 2
    one.device_count["CPU"] = 1
    assert other == fg.ConfigProto()
    assert one != other


def test_nested_messages_are_given_whole() -> None:
    config = fg.ConfigProto(graph_options=fg.GraphOptions(
        optimizer_options=fg.OptimizerOptions(opt_level=fg.OptimizerOptions.L0)))
    assert config.graph_options.optimizer_options.opt_level == -1


@pytest.mark.parametrize("use, error", [
    (lambda: fg.ConfigProto(soft_placement=True), ValueError),
    (lambda: setattr(fg.ConfigProto(), "gpu_option", 1), AttributeError),
    (lambda: setattr(fg.ConfigProto().gpu_options, "growth", 1), AttributeError),
    (lambda: setattr(fg.ConfigProto(), "gpu_options", fg.GPUOptions()), AttributeError),
], ids=["keyword", "attribute", "inner attribute", "inner message"])
def test_a_misspelt_field_is_an_error_of_protobufs_class(use, error) -> None:
    with pytest.raises(error, match=r'has no "soft_placement" field|has no field|not allowed'):
        use()


def test_a_config_is_copied_field_by_field() -> None:
    one, other = fg.ConfigProto(allow_soft_placement=True), fg.ConfigProto()
    other.CopyFrom(one)
    assert other == one


def test_the_text_of_a_config_shows_what_was_set() -> None:
    config = fg.ConfigProto(device_count={"GPU": 0}, allow_soft_placement=True)
    config.graph_options.rewrite_options.constant_folding = 2
    assert " ".join(str(config).split()) == (
        'device_count { key: "GPU" value: 0 } allow_soft_placement: true '
        "graph_options { rewrite_options { constant_folding: OFF } }")
    assert str(fg.RunOptions()) == ""
    assert str(fg.RunOptions(trace_level=3)) == "trace_level: FULL_TRACE\n"


def test_a_config_has_the_bytes_of_tensorflows() -> None:
    config = fg.ConfigProto(device_count={"GPU": 1}, inter_op_parallelism_threads=2,
                            gpu_options=fg.GPUOptions(per_process_gpu_memory_fraction=0.5))
    config.graph_options.optimizer_options.opt_level = fg.OptimizerOptions.L0
    config.experimental.executor_type = "x"
    assert config.SerializeToString() == (
        b"\n\x07\n\x03GPU\x10\x01(\x022\t\t\x00\x00\x00\x00\x00\x00\xe0?R\r\x1a\x0b\x18\xff\xff"
        b"\xff\xff\xff\xff\xff\xff\xff\x01\x82\x01\x03\x1a\x01x")
    assert fg.ConfigProto.FromString(config.SerializeToString()) == config


def test_run_options_and_metadata_are_taken() -> None:
    metadata = fg.RunMetadata()
    options = fg.RunOptions(trace_level=fg.RunOptions.FULL_TRACE)
    result = fg.Session().run(fg.constant(1.0), options=options, run_metadata=metadata)
    assert result == 1


@pytest.mark.parametrize("passes, expected", [(None, ["Add"]), ([], ["Mul", "Add"])], ids=str)
def test_passes_given_by_name_win_over_the_config(passes, expected) -> None:
    config = fg.ConfigProto()
    config.graph_options.optimizer_options.opt_level = fg.OptimizerOptions.L0
    x = fg.placeholder(fg.float32, [2], name="x")
    y = fg.add(x * 1.0, x)
    given = ["simplify", "dead_code"] if passes is None else passes
    ready, _, shapes = fg.Session(config=config, passes=given)._prepare(y, {x: [1, 2]})
    assert [i.op_def.type for i in ready.optimised(shapes).instrs] == expected


def test_a_config_given_as_target_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Session\(config=...\)"):
        fg.Session(fg.ConfigProto())
