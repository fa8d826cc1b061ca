"""The devices of a session, by target, config, tf.config and the GPUs that there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import flowgraph as fg
from flowgraph.core import gpu
from flowgraph.core.gpu import GpuInfo
from flowgraph.runtime import device_lib, devices
from flowgraph.runtime.devices import CPU_MEMORY, LOCAL, SessionDevices
from flowgraph.runtime.physical_devices import PhysicalDevice, VirtualDeviceConfiguration

GIGABYTE = 1 << 30


@pytest.fixture
def gpus(monkeypatch) -> Iterator[None]:
    """Three GPUs, and settings of tf.config of their own."""
    infos = tuple(GpuInfo(i, f"Model {i}", 8 * GIGABYTE, (8, i), f"0000:0{i}:00.0")
                  for i in range(3))
    monkeypatch.setattr(gpu, "found", lambda: infos)
    monkeypatch.setattr(devices, "settings", devices.Settings())
    return iter(())


@pytest.fixture
def no_gpu(gpus, monkeypatch) -> None:
    monkeypatch.setattr(gpu, "found", tuple)


def config(**fields: Any) -> fg.ConfigProto:
    return fg.ConfigProto(**fields)


def virtual(*limits: list[float]) -> fg.ConfigProto:
    made = fg.ConfigProto()
    for limit in limits:
        made.gpu_options.experimental.virtual_devices.add(memory_limit_mb=limit)
    return made


def listed(target: str = "", config: Any = None) -> list[str]:
    return [device.name.removeprefix(LOCAL) for device in SessionDevices(target, config).all]


CPU, CPU1 = "/device:CPU:0", "/device:CPU:1"
GPUS = ["/device:GPU:0", "/device:GPU:1", "/device:GPU:2"]


@pytest.mark.parametrize("settings, expected, numbers", [
    (None, [CPU, *GPUS], [0, 1, 2]),
    (config(), [CPU, *GPUS], [0, 1, 2]),
    (config(device_count={"CPU": 2}), [CPU, CPU1, *GPUS], [0, 1, 2]),
    (config(device_count={"CPU": 0}), [CPU, *GPUS], [0, 1, 2]),
    (config(device_count={"GPU": 0}), [CPU], []),
    (config(device_count={"GPU": 2}), [CPU, *GPUS[:2]], [0, 1]),
    (config(device_count={"GPU": 7}), [CPU, *GPUS], [0, 1, 2]),
    (config(gpu_options=fg.GPUOptions(visible_device_list="9"), device_count={"GPU": 0}),
     [CPU], []),
    (config(gpu_options=fg.GPUOptions(visible_device_list="2,0")), [CPU, *GPUS[:2]], [2, 0]),
    (config(gpu_options=fg.GPUOptions(visible_device_list="2,0"), device_count={"GPU": 1}),
     [CPU, GPUS[0]], [2]),
    (virtual([1024, 2048]), [CPU, *GPUS, "/device:GPU:3"], [0, 0, 1, 2]),
    (virtual([], [1024, 1024]), [CPU, *GPUS, "/device:GPU:3"], [0, 1, 1, 2]),
], ids=str)
def test_a_config_says_which_devices_there_are(gpus, settings, expected, numbers) -> None:
    assert listed("", settings) == expected
    assert [info.number for info in SessionDevices("", settings).gpus] == numbers


def test_without_a_gpu_there_is_a_cpu(no_gpu) -> None:
    for settings in (None, config(gpu_options=fg.GPUOptions(visible_device_list="0,1"))):
        assert listed("", settings) == [CPU]


@pytest.mark.parametrize("settings, words", [
    (config(gpu_options=fg.GPUOptions(per_process_gpu_memory_fraction=-0.5)), "is -0.5"),
    (config(gpu_options=fg.GPUOptions(visible_device_list="3")),
     "listed an invalid GPU id '3' but visible device count is 3"),
    (config(gpu_options=fg.GPUOptions(visible_device_list="0,0")), "duplicate entry"),
    (config(gpu_options=fg.GPUOptions(visible_device_list="0;1")), "Could not parse entry"),
    (virtual([], [], [], []), "divides 4 GPUs, and this session has 3"),
], ids=str)
def test_gpus_that_are_not_there_are_told_when_the_session_is_made(gpus, settings, words) -> None:
    with pytest.raises(fg.errors.InvalidArgumentError, match=words):
        SessionDevices("", settings)


def test_attributes_are_those_of_tensorflow(gpus) -> None:
    made = virtual([1024])
    made.device_count["GPU"] = 2
    cpu, first, second = SessionDevices("", made).all
    assert (cpu.device_type, cpu.memory_limit_bytes) == ("CPU", CPU_MEMORY)
    assert (first.device_type, first.memory_limit_bytes) == ("GPU", GIGABYTE)
    assert second.memory_limit_bytes == 8 * GIGABYTE
    assert first.incarnation != second.incarnation
    assert first == SessionDevices("", made).all[1]
    assert repr(cpu) == (f"_DeviceAttributes({LOCAL}/device:CPU:0, CPU, 268435456, "
                         f"{cpu.incarnation})")
    half = SessionDevices("", config(gpu_options=fg.GPUOptions(
        per_process_gpu_memory_fraction=0.5)))
    assert half.all[1].memory_limit_bytes == 4 * GIGABYTE


def test_all_tasks_of_a_cluster_are_in_this_process(no_gpu) -> None:
    made = config(device_count={"CPU": 2})
    ps, worker = made.cluster_def.job.add(name="ps"), made.cluster_def.job.add(name="worker")
    ps.tasks[0] = "localhost:2222"
    worker.tasks[0], worker.tasks[1] = "localhost:2223", "localhost:2224"
    assert listed("grpc://localhost:2222", made) == [
        f"/job:{task[:-1]}/replica:0/task:{task[-1]}/device:CPU:{i}"
        for task in ("ps0", "worker0", "worker1") for i in range(2)]
    assert listed("", made) == [CPU, CPU1]
    assert not SessionDevices("grpc://localhost:2222", made).matching("/job:ps/task:1")
    anywhere = SessionDevices("grpc://localhost:2222")
    assert anywhere.matching("/job:ps/task:1") and not anywhere.matching("/job:ps/gpu:0")


@pytest.mark.parametrize("device, expected", [
    ("", [CPU, CPU1, *GPUS]), ("/gpu", GPUS), ("/gpu:*", GPUS), ("/gpu:1", GPUS[1:2]),
    ("/gpu:10", []), ("/cpu:1", [CPU1]), ("/job:localhost/task:0/gpu:2", GPUS[2:]),
    ("/job:localhost", [CPU, CPU1, *GPUS]), ("/job:ps", []), ("/task:1", []), ("/replica:1", []),
    ("/device:TPU:0", []), ("/device:gpu:0", GPUS[:1]), ("cpu", [CPU, CPU1]),
])
def test_a_device_string_may_leave_parts_open(gpus, device, expected) -> None:
    there = SessionDevices("", config(device_count={"CPU": 2}))
    assert [found.name.removeprefix(LOCAL) for found in there.matching(device)] == expected


def test_device_lib_lists_what_a_session_has(gpus) -> None:
    cpu, first, *_ = device_lib.list_local_devices()
    assert (cpu.name, cpu.device_type, cpu.memory_limit) == ("/device:CPU:0", "CPU", CPU_MEMORY)
    assert (first.name, first.memory_limit) == ("/device:GPU:0", 8 * GIGABYTE)
    assert first.physical_device_desc == (
        "device: 0, name: Model 0, pci bus id: 0000:00:00.0, compute capability: 8.0")
    assert len(device_lib.list_local_devices(config(device_count={"GPU": 1}))) == 2
    assert fg.config.experimental_list_devices() == [LOCAL + name for name in (CPU, *GPUS)]


def test_tests_are_told_of_gpus(gpus, monkeypatch) -> None:
    assert fg.test.is_gpu_available() and fg.test.gpu_device_name() == "/device:GPU:0"
    assert fg.test.is_gpu_available(min_cuda_compute_capability=(8, 2))
    assert not fg.test.is_gpu_available(min_cuda_compute_capability=(8, 3))
    monkeypatch.setattr(gpu, "found", tuple)
    assert not fg.test.is_gpu_available() and fg.test.gpu_device_name() == ""


# ---- tf.config -----------------------------------------------------------------------------------


def test_sessions_without_a_config_follow_tf_config(gpus) -> None:
    experimental = fg.config.experimental
    first, second, third = experimental.list_physical_devices("GPU")
    assert second == PhysicalDevice("/physical_device:GPU:1", "GPU")
    assert [device.device_type for device in experimental.list_physical_devices()] == [
        "CPU", "GPU", "GPU", "GPU"]
    experimental.set_visible_devices([third, first], "GPU")
    assert experimental.get_visible_devices("GPU") == [first, third]
    assert len(experimental.get_visible_devices("CPU")) == 1
    half = VirtualDeviceConfiguration(memory_limit=4096)
    experimental.set_virtual_device_configuration(first, [half, half])
    assert experimental.get_virtual_device_configuration(first) == [half, half]
    assert experimental.get_virtual_device_configuration(second) is None
    assert [device.name for device in experimental.list_logical_devices("GPU")] == GPUS
    sess = SessionDevices()
    assert [(info.number, info.memory) for info in sess.gpus] == [
        (2, 8 * GIGABYTE), (0, 4 * GIGABYTE), (0, 4 * GIGABYTE)]
    assert [info.number for info in SessionDevices("", config()).gpus] == [2, 0, 0]
    own = config(gpu_options=fg.GPUOptions(visible_device_list="1"))
    assert [info.number for info in SessionDevices("", own).gpus] == [1]
    experimental.set_visible_devices([], "GPU")
    assert SessionDevices().gpus == ()


def test_memory_growth_is_remembered(gpus) -> None:
    experimental = fg.config.experimental
    cpu, first, *_ = experimental.list_physical_devices()
    assert experimental.get_memory_growth(first) is None
    experimental.set_memory_growth(first, True)
    assert experimental.get_memory_growth(first) is True
    with pytest.raises(ValueError, match="non-GPU"):
        experimental.set_memory_growth(cpu, True)


@pytest.mark.parametrize("call", [
    lambda e, no: e.set_visible_devices(no), lambda e, no: e.set_memory_growth(no, True),
    lambda e, no: e.get_memory_growth(no), lambda e, no: e.get_virtual_device_configuration(no),
    lambda e, no: e.set_virtual_device_configuration(no, []),
], ids=range(5))
def test_devices_that_are_not_there_are_refused(gpus, call) -> None:
    with pytest.raises(ValueError, match="Unrecognized device"):
        call(fg.config.experimental, PhysicalDevice("/physical_device:GPU:7", "GPU"))


def test_a_device_of_another_type_is_refused(gpus) -> None:
    experimental = fg.config.experimental
    with pytest.raises(ValueError, match="is not a GPU"):
        experimental.set_visible_devices(experimental.list_physical_devices("CPU"), "GPU")
    cpu, = experimental.list_physical_devices("CPU")
    with pytest.raises(ValueError, match="memory limit on CPU"):
        experimental.set_virtual_device_configuration(cpu, [VirtualDeviceConfiguration(10)])


def test_soft_placement_of_tf_config_counts_where_there_is_no_config(no_gpu) -> None:
    assert not fg.config.get_soft_device_placement()
    fg.config.set_soft_device_placement(True)
    assert fg.config.get_soft_device_placement()
    with fg.device("/gpu:7"):
        x = fg.constant(1.0)
    assert fg.Session().run(x) == 1.0
    with pytest.raises(fg.errors.InvalidArgumentError, match="explicitly assigned"):
        fg.Session(config=config()).run(x)


def test_threads_and_passes_of_tf_config_count_where_there_is_no_config(no_gpu) -> None:
    threading, optimizer = fg.config.threading, fg.config.optimizer
    threading.set_intra_op_parallelism_threads(1)
    threading.set_inter_op_parallelism_threads(2)
    optimizer.set_experimental_options({"constant_folding": False, "min_graph_nodes": 3})
    optimizer.set_jit(True)
    assert (threading.get_intra_op_parallelism_threads(),
            threading.get_inter_op_parallelism_threads()) == (1, 2)
    assert optimizer.get_jit()
    assert optimizer.get_experimental_options() == {
        "constant_folding": False, "min_graph_nodes": 3, "disable_model_pruning": False,
        "disable_meta_optimizer": False}
    passes = fg.Session()._settings.passes
    assert "parallel" not in passes and "fold_constants" not in passes
    assert "independent_parts" in passes and fg.Session(config=config())._settings.passes is None
    with pytest.raises(ValueError, match="no option 'speed'"):
        optimizer.set_experimental_options({"speed": True})
