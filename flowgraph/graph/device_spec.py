"""DeviceSpec: a device string in parts, to change and to merge them."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.devices import parse


class DeviceSpec:
    """A device, or a part of its description: job, replica, task, type and number.

    Args:
        job: name of the job, a str.
        replica: number of the replica.
        task: number of the task.
        device_type: "CPU" or "GPU".
        device_index: number of the device of this type; None for any.

    Example:
        >>> import flowgraph as fg
        >>> spec = fg.DeviceSpec(job="ps", device_type="GPU", device_index=0)
        >>> with fg.device(spec):
        ...     fg.constant(1.0).device
        '/job:ps/device:GPU:0'
        >>> spec.merge_from(fg.DeviceSpec.from_string("/task:3/cpu:1"))
        >>> spec.to_string()
        '/job:ps/task:3/device:CPU:1'
    """

    __slots__ = ("_device_index", "_device_type", "_job", "_replica", "_task")

    def __init__(self, job: Any = None, replica: Any = None, task: Any = None,
                 device_type: Any = None, device_index: Any = None) -> None:
        self._set(job, replica, task, device_type, device_index)

    def _set(self, job: Any, replica: Any, task: Any, device_type: Any, device_index: Any) -> None:
        self.job, self.replica, self.task = job, replica, task
        self.device_type, self.device_index = device_type, device_index

    @property
    def job(self) -> str | None:
        """Name of the job."""
        return self._job

    @job.setter
    def job(self, job: Any) -> None:
        self._job = None if job is None else str(job)

    @property
    def replica(self) -> int | None:
        """Number of the replica."""
        return self._replica

    @replica.setter
    def replica(self, replica: Any) -> None:
        self._replica = None if replica is None else int(replica)

    @property
    def task(self) -> int | None:
        """Number of the task."""
        return self._task

    @task.setter
    def task(self, task: Any) -> None:
        self._task = None if task is None else int(task)

    @property
    def device_type(self) -> str | None:
        """`"CPU"` or `"GPU"`, or another."""
        return self._device_type

    @device_type.setter
    def device_type(self, device_type: Any) -> None:
        text = None if device_type is None else str(device_type)
        self._device_type = text.upper() if text in ("cpu", "gpu") else text

    @property
    def device_index(self) -> int | None:
        """Number of the device of this type; None for any."""
        return self._device_index

    @device_index.setter
    def device_index(self, device_index: Any) -> None:
        self._device_index = None if device_index is None else int(device_index)

    def to_string(self) -> str:
        """The device string, as `"/job:ps/task:3/device:CPU:1"`."""
        parts = [f"/{key}:{value}" for key, value in
                 (("job", self._job), ("replica", self._replica), ("task", self._task))
                 if value is not None]
        if self._device_type is not None:
            number = "*" if self._device_index is None else self._device_index
            parts.append(f"/device:{self._device_type}:{number}")
        return "".join(parts)

    @classmethod
    def from_string(cls, spec: str) -> DeviceSpec:
        """A DeviceSpec of a device string.

        Args:
            spec: as `"/job:ps/device:GPU:0"` or `"/cpu:0"`; every part may be left out.

        Raises:
            ValueError: a part is unknown, or the type is given twice.
        """
        return cls(*_parts(spec))

    def parse_from_string(self, spec: str) -> DeviceSpec:
        """Takes all parts from a device string, and returns this DeviceSpec.

        Args:
            spec: as for `from_string`.

        Raises:
            ValueError: a part is unknown, or the type is given twice.
        """
        self._set(*_parts(spec))
        return self

    def merge_from(self, dev: DeviceSpec) -> None:
        """Takes the parts that `dev` has; the others stay.

        Args:
            dev: a DeviceSpec.
        """
        self._set(*self._merged(dev))

    def make_merged_spec(self, dev: DeviceSpec) -> DeviceSpec:
        """A new DeviceSpec with the parts that `dev` has, and the others of this one.

        Args:
            dev: a DeviceSpec.
        """
        return type(self)(*self._merged(dev))

    def replace(self, **kwargs: Any) -> DeviceSpec:
        """A new DeviceSpec with some parts changed.

        Args:
            kwargs: parts by the names that the constructor has; None leaves a part out.
        """
        return type(self)(**{**dict(zip(_NAMES, self._values(), strict=True)), **kwargs})

    def _values(self) -> tuple[Any, ...]:
        return self._job, self._replica, self._task, self._device_type, self._device_index

    def _merged(self, dev: DeviceSpec) -> list[Any]:
        return [mine if other is None else other
                for mine, other in zip(self._values(), dev._values(), strict=True)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeviceSpec) and self.to_string() == other.to_string()

    def __hash__(self) -> int:
        return hash(self.to_string())

    def __repr__(self) -> str:
        return f"DeviceSpec({self.to_string()!r})"


_NAMES = ("job", "replica", "task", "device_type", "device_index")


def _parts(spec: str | None) -> list[Any]:
    fields: dict[str, Any] = parse(spec or "")
    kind, _, number = fields.get("device", "").partition(":")
    return [fields.get("job"), fields.get("replica"), fields.get("task"), kind or None,
            None if number in ("", "*") else number]
