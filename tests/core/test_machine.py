"""Cores: the affinity and the quota of the process, and what other programs leave of them."""

from __future__ import annotations

import os

import pytest

from flowgraph.core import machine


def test_there_is_at_least_one_core() -> None:
    assert 1 <= machine.cores() <= (os.cpu_count() or 1)
    assert machine.free_cores() <= machine.cores()


@pytest.mark.parametrize("limits,quota", [
    ({"": "max 100000"}, None), ({"": "150000 100000"}, 1.5), ({}, None),
    ({"": "max 100000", "a": "50000 100000"}, 0.5),
    ({"": "100000 100000", "a": "400000 100000"}, 1),
    ({"": "nonsense"}, None)])
def test_the_quota_of_a_container(limits, quota, tmp_path, monkeypatch) -> None:
    for folder, text in limits.items():
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "cpu.max").write_text(text)
    real = open

    def opened(path, *rest, **more):
        if path == "/proc/self/cgroup":
            path = tmp_path / "cgroup"
        return real(path, *rest, **more)

    (tmp_path / "cgroup").write_text("1:name=x:/other\n0::/a\n")
    monkeypatch.setattr(machine, "_CPU_GROUPS", str(tmp_path))
    monkeypatch.setattr("builtins.open", opened)
    assert machine.quota() == quota


@pytest.mark.parametrize("busy,mine,seconds,others", [
    ((10.0, 11.0), (5.0, 6.0), 1, 0.0), ((10.0, 12.0), (5.0, 6.0), 1, 1.0),
    ((10.0, 11.0), (5.0, 6.0), 0.5, 0.0), ((10.0, 11.5), (5.0, 6.0), 0.5, 1.0),
    ((10.0, 10.0), (5.0, 7.0), 1, 0.0), ((10.0, 90.0), (5.0, 6.0), 60, 0.0)])
def test_what_others_take(busy, mine, seconds, others, monkeypatch) -> None:
    load = machine._Load()
    for i, when in enumerate((100.0, 100.0 + seconds)):
        monkeypatch.setattr(machine, "_busy_seconds", lambda i=i: busy[i])
        monkeypatch.setattr(machine.os, "times",
                            lambda i=i: os.times_result((mine[i], 0.0, 0.0, 0.0, 0.0)))
        load.measure(when)
    assert load.others == pytest.approx(others)


def test_where_the_system_does_not_tell_all_cores_are_free(monkeypatch) -> None:
    load = machine._Load()
    monkeypatch.setattr(machine, "_busy_seconds", lambda: None)
    load.measure(100.0)
    assert (load.others, load.next) == (0.0, float("inf"))
