"""`tf.profiler`: how many parameters and operations a graph has, and what a run spent where."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flowgraph.core.durable import write_file
from flowgraph.core.frames import located
from flowgraph.errors import InvalidArgumentError, UnimplementedError
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.summary.float_ops import float_ops
from flowgraph.summary.profile_options import TRAINABLE, ProfileOptionBuilder
from flowgraph.summary.profile_views import Node, op_view, scope_view
from flowgraph.summary.timeline import Timeline

_VARIABLES = ("Variable", "VariableV2", "VarHandleOp")


def profile(graph: Graph | None = None, run_meta: Any = None, op_log: Any = None,
            cmd: str = "scope", options: Any = 0) -> Any:
    """Counts parameters and floating point operations, and adds up times and memory.

    Args:
        graph: a Graph; default the default graph.
        run_meta: the RunMetadata of a traced run: times and memory are taken from it, and shapes
            that the graph does not tell.
        op_log: must be None.
        cmd: "scope" for a tree of name scopes, "op" for a list of op types.
        options: a dict as ProfileOptionBuilder builds it; default that of
            `ProfileOptionBuilder.trainable_variables_parameter`.

    Returns:
        A GraphNodeProto for "scope", a MultiGraphNodeProto for "op". The report is printed, or
        written to a file, where the options say so.

    Raises:
        InvalidArgumentError: there is no such `cmd`.
        UnimplementedError: the views "graph" and "code", an op log, or files for pprof are asked
            for.

    Example:
        >>> import flowgraph as fg
        >>> w = fg.get_variable("dense/w", [3, 4])
        >>> found = fg.profiler.profile()
        <BLANKLINE>
        ==================Model Analysis Report======================
        <BLANKLINE>
        Profile:
        node name | # parameters
        _TFProfRoot (--/12 params)
          dense (--/12 params)
            dense/w (3x4, 12/12 params)
        <BLANKLINE>
        ======================End of Report==========================
        >>> found.total_parameters
        12
    """
    if op_log is not None:
        raise UnimplementedError(None, None, located(
            "tf.profiler.profile takes no op_log: ops are chosen by type, device and name"))
    return _profile(graph, [] if run_meta is None else [run_meta], cmd, options)


def _profile(graph: Graph | None, runs: list[Any], cmd: str, options: Any) -> Any:
    if cmd in ("graph", "code"):
        raise UnimplementedError(None, None, located(
            f"tf.profiler.profile does not offer the view {cmd!r}", "Use 'scope' or 'op'."))
    if cmd not in ("scope", "op"):
        raise InvalidArgumentError(None, None, located(f"unknown cmd: {cmd}", "It is 'scope' or "
                                                       "'op'."))
    given = ProfileOptionBuilder.trainable_variables_parameter() if options == 0 else options
    options = {**ProfileOptionBuilder().build(), **given}
    kind, _, place = options["output"].partition(":outfile=")
    if kind not in ("none", "stdout", "file", "timeline"):
        raise UnimplementedError(None, None, located(
            f"tf.profiler.profile does not write {kind!r}", "The output is 'none', 'stdout', "
            "'file:outfile=...' or 'timeline:outfile=...'."))
    nodes = _nodes(get_default_graph() if graph is None else graph, runs)
    found, text = (scope_view if cmd == "scope" else op_view)(nodes, options)
    if kind == "timeline":
        stats = runs[-1].step_stats if runs else []
        text = Timeline(stats).generate_chrome_trace_format() if runs else ""
    else:
        text = ("\n==================Model Analysis Report======================\n\nProfile:\n"
                f"{text}\n======================End of Report==========================\n")
    if kind == "stdout":
        print(text, end="")
    elif place:
        write_file(place, text.encode())
    return found


def _nodes(graph: Graph, runs: list[Any]) -> list[Node]:
    """A node for each operation, with its counts."""
    trainable = {variable.op for variable in graph.get_collection(GraphKeys.TRAINABLE_VARIABLES)}
    ran, shapes = _ran(runs)
    nodes = []
    for op in graph.get_operations():
        node = Node(op.name, {op.type})
        if op.type in _VARIABLES:
            shape: Any = (op.outputs[0].spec.shape if op.type != "VarHandleOp"
                          else op.attrs["shape"])
            if shape is not None and None not in shape:
                node.shape = tuple(shape)
                node.own["parameters"] = _product(shape)
        if op in trainable:
            node.types.add(TRAINABLE)
        node.own["float_ops"] = float_ops(op, lambda tensor: _shape(tensor, shapes))
        if op.name in ran:
            device, counts = ran[op.name]
            node.devices.add(device)
            node.types.add(device)
            node.own.update(counts)
        nodes.append(node)
    return nodes


def _product(sizes: Any) -> int:
    count = 1
    for size in sizes:
        count *= size
    return count


def _shape(tensor: Any, shapes: dict[tuple[str, int], tuple[int, ...]]) -> Any:
    static = tensor.spec.shape
    if static is not None and None not in static:
        return static
    return shapes.get((tensor.op.name, tensor.value_index))


def _ran(runs: list[Any]) -> tuple[dict[str, tuple[str, Counter[str]]],
                                   dict[tuple[str, int], tuple[int, ...]]]:
    """By name of an operation its device and counts, the mean of the runs; shapes by output."""
    sums: dict[str, tuple[str, Counter[str]]] = {}
    shapes = {}
    for run in runs:
        for device in run.step_stats.dev_stats:
            for step in device.node_stats:
                _, counts = sums.setdefault(step.node_name, (device.device.lower(), Counter()))
                counts["run_count"] += 1
                for time in ("exec_micros", "cpu_exec_micros"):
                    counts[time] += step.all_end_rel_micros
                for memory in step.memory:
                    counts["requested_bytes"] += memory.total_bytes
                    counts["peak_bytes"] += memory.peak_bytes
                    counts["residual_bytes"] += memory.live_bytes
                for output in step.output:
                    described = output.tensor_description
                    counts["output_bytes"] += described.allocation_description.requested_bytes
                    shapes[step.node_name, output.slot] = tuple(
                        dim.size for dim in described.shape.dim)
    means = {name: (device, Counter({count: value // len(runs) if count != "run_count" else value
                                     for count, value in counts.items()}))
             for name, (device, counts) in sums.items()}
    return means, shapes


class Profiler:
    """Profiles several runs of one graph; times are means over them.

    Args:
        graph: a Graph; default the default graph.
        op_log: must be None.

    Example:
        >>> import flowgraph as fg
        >>> y = fg.random_normal([3], name="noise")
        >>> profiler = fg.profiler.Profiler()
        >>> metadata = fg.RunMetadata()
        >>> noise = fg.Session().run(y, options=fg.RunOptions(trace_level=3),
        ...                          run_metadata=metadata)
        >>> profiler.add_step(0, metadata)
        >>> builder = fg.profiler.ProfileOptionBuilder
        >>> options = builder(builder.time_and_memory()).with_empty_output().build()
        >>> profiler.profile_operations(options).total_exec_micros > 0
        True
    """

    def __init__(self, graph: Graph | None = None, op_log: Any = None) -> None:
        if op_log is not None:
            raise UnimplementedError(None, None, located(
                "tf.profiler.Profiler takes no op_log: ops are chosen by type, device and name"))
        self._graph = get_default_graph() if graph is None else graph
        self._runs: dict[int, Any] = {}

    def add_step(self, step: int, run_meta: Any) -> None:
        """Adds a traced run.

        Args:
            step: its number; `ProfileOptionBuilder.with_step` chooses it.
            run_meta: its RunMetadata.
        """
        self._runs[step] = run_meta

    def profile_name_scope(self, options: dict[str, Any]) -> Any:
        """The tree of name scopes, as a GraphNodeProto.

        Args:
            options: as ProfileOptionBuilder builds them.
        """
        return self._profile("scope", options)

    def profile_operations(self, options: dict[str, Any]) -> Any:
        """The list of op types, as a MultiGraphNodeProto.

        Args:
            options: as ProfileOptionBuilder builds them.
        """
        return self._profile("op", options)

    def _profile(self, cmd: str, options: dict[str, Any]) -> Any:
        step = options.get("step", -1)
        if step != -1 and step not in self._runs:
            raise InvalidArgumentError(None, None, located(
                f"no run of step {step} was added", "Add it with add_step; there are "
                f"{', '.join(map(str, self._runs)) or 'none'}."))
        runs = list(self._runs.values()) if step == -1 else [self._runs[step]]
        return _profile(self._graph, runs, cmd, options)
