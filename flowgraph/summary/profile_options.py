"""ProfileOptionBuilder: what `tf.profiler.profile` counts, leaves out, and prints."""

from __future__ import annotations

import copy
from typing import Any, Self

TRAINABLE = "_trainable_variables"
_MINIMA = ("min_bytes", "min_peak_bytes", "min_residual_bytes", "min_output_bytes", "min_micros",
           "min_accelerator_micros", "min_cpu_micros", "min_params", "min_float_ops",
           "min_occurrence")


def _options(select: list[str], order_by: str = "name", **others: Any) -> dict[str, Any]:
    return {"max_depth": 10000, **dict.fromkeys(_MINIMA, 0), "order_by": order_by,
            "account_type_regexes": [".*"], "start_name_regexes": [".*"], "trim_name_regexes": [],
            "show_name_regexes": [".*"], "hide_name_regexes": [],
            "account_displayed_op_only": True, "select": select, "step": -1, "output": "stdout",
            **others}


class ProfileOptionBuilder:
    """Puts together the options of `tf.profiler.profile`.

    Args:
        options: a dict of options to start from.

    Example:
        >>> import flowgraph as fg
        >>> builder = fg.profiler.ProfileOptionBuilder
        >>> options = builder(builder.float_operation()).with_empty_output().build()
        >>> x = fg.zeros([2, 3]) @ fg.zeros([3, 4])
        >>> fg.profiler.profile(cmd="op", options=options).total_float_ops
        48
    """

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        self._options = copy.deepcopy(options) if options is not None else _options(
            ["micros"], max_depth=100, account_displayed_op_only=False)

    @staticmethod
    def trainable_variables_parameter() -> dict[str, Any]:
        """Options that count the parameters of trainable variables."""
        return _options(["params"], account_type_regexes=[TRAINABLE])

    @staticmethod
    def float_operation() -> dict[str, Any]:
        """Options that count floating point operations."""
        return _options(["float_ops"], "float_ops", min_float_ops=1)

    @staticmethod
    def time_and_memory(min_micros: int = 1, min_bytes: int = 1, min_accelerator_micros: int = 0,
                        min_cpu_micros: int = 0, min_peak_bytes: int = 0,
                        min_residual_bytes: int = 0, min_output_bytes: int = 0) -> dict[str, Any]:
        """Options that add up times and memory.

        Args:
            min_micros, min_bytes, min_accelerator_micros, min_cpu_micros, min_peak_bytes,
            min_residual_bytes, min_output_bytes: what takes less is left out.
        """
        return _options(["micros", "bytes"], "micros", min_micros=min_micros, min_bytes=min_bytes,
                        min_accelerator_micros=min_accelerator_micros,
                        min_cpu_micros=min_cpu_micros, min_peak_bytes=min_peak_bytes,
                        min_residual_bytes=min_residual_bytes, min_output_bytes=min_output_bytes)

    def build(self) -> dict[str, Any]:
        """The options."""
        return copy.deepcopy(self._options)

    def _with(self, **options: Any) -> Self:
        self._options.update(copy.deepcopy(options))
        return self

    def with_max_depth(self, max_depth: int) -> Self:
        """Leaves out what is deeper in name scopes, or later in the list of op types."""
        return self._with(max_depth=max_depth)

    def with_min_memory(self, min_bytes: int = 0, min_peak_bytes: int = 0,
                        min_residual_bytes: int = 0, min_output_bytes: int = 0) -> Self:
        """Leaves out what takes less memory."""
        return self._with(min_bytes=min_bytes, min_peak_bytes=min_peak_bytes,
                          min_residual_bytes=min_residual_bytes, min_output_bytes=min_output_bytes)

    def with_min_execution_time(self, min_micros: int = 0, min_accelerator_micros: int = 0,
                                min_cpu_micros: int = 0) -> Self:
        """Leaves out what takes less time."""
        return self._with(min_micros=min_micros, min_accelerator_micros=min_accelerator_micros,
                          min_cpu_micros=min_cpu_micros)

    def with_min_parameters(self, min_params: int) -> Self:
        """Leaves out what has fewer parameters."""
        return self._with(min_params=min_params)

    def with_min_occurrence(self, min_occurrence: int) -> Self:
        """Leaves out what ran less often."""
        return self._with(min_occurrence=min_occurrence)

    def with_min_float_operations(self, min_float_ops: int) -> Self:
        """Leaves out what takes fewer floating point operations."""
        return self._with(min_float_ops=min_float_ops)

    def with_accounted_types(self, account_type_regexes: list[str]) -> Self:
        """Counts only what has an op type or a device that one of these expressions fits."""
        return self._with(account_type_regexes=account_type_regexes)

    def with_node_names(self, start_name_regexes: list[str] | None = None,
                        show_name_regexes: list[str] | None = None,
                        hide_name_regexes: list[str] | None = None,
                        trim_name_regexes: list[str] | None = None) -> Self:
        """Shows, starting at names that fit, what fits `show` and not `hide`, not below `trim`."""
        given = {"start_name_regexes": start_name_regexes, "show_name_regexes": show_name_regexes,
                 "hide_name_regexes": hide_name_regexes, "trim_name_regexes": trim_name_regexes}
        return self._with(**{name: value for name, value in given.items() if value is not None})

    def account_displayed_op_only(self, is_true: bool) -> Self:
        """Whether totals count only what is shown."""
        return self._with(account_displayed_op_only=is_true)

    def with_empty_output(self) -> Self:
        """Prints nothing."""
        return self._with(output="none")

    def with_stdout_output(self) -> Self:
        """Prints the report."""
        return self._with(output="stdout")

    def with_file_output(self, outfile: str) -> Self:
        """Writes the report to a file."""
        return self._with(output=f"file:outfile={outfile}")

    def with_timeline_output(self, timeline_file: str) -> Self:
        """Writes a timeline for Chrome to a file."""
        return self._with(output=f"timeline:outfile={timeline_file}")

    def with_pprof_output(self, pprof_file: str) -> Self:
        """Asks for a file for pprof, which `tf.profiler.profile` refuses to write."""
        return self._with(output=f"pprof:outfile={pprof_file}")

    def order_by(self, attribute: str) -> Self:
        """Orders by "name", "micros", "bytes", "params", "float_ops" or "occurrence"."""
        return self._with(order_by=attribute)

    def select(self, attributes: list[str]) -> Self:
        """Prints these: "micros", "bytes", "params", "float_ops", "op_types", "occurrence"..."""
        return self._with(select=attributes)

    def with_step(self, step: int) -> Self:
        """Takes the times of this step of a Profiler; -1 for the mean of all."""
        return self._with(step=step)
