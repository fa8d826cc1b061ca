"""The user's functions in a pipeline: built once as a graph of their own, called for each element.

    dataset.map(lambda x: x * w)

`x` is a parameter of a FunctionGraph. `w`, from outside, is captured: its value at the moment when
the iterator is initialised is what the function sees from then on, as in TensorFlow 1. So a
variable can be read and not be written.

A Session keeps a `Function` for each function of each dataset op: the program, planned for the
shapes that come, and the state of the random ops and tables inside. It is called from the threads
of the pipeline long after the run that made the iterator, and from several at once: the plans own
no arrays, and what they keep is guarded.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.data import structure
from flowgraph.data.pipeline import Run
from flowgraph.errors import GraphError, message
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.names import NameTable
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import op_def
from flowgraph.opdef.subgraph import SubGraph
from flowgraph.ops import parameter  # noqa: F401  (its ops stand inside functions)
from flowgraph.program.extract import Extraction, target
from flowgraph.program.ir import Feed, Program, Value
from flowgraph.program.pipeline import optimise
from flowgraph.runtime.arenas import ArenaPool
from flowgraph.runtime.bound_plan import Body, Settings
from flowgraph.runtime.state import State

_OWNED = ("variables", "trainable_variables", "local_variables", "model_variables",
          "table_initializer", "saveable_objects")


class FunctionGraph(SubGraph):
    """The graph of a user's function: a sub-graph with names of its own.

    What it adds to a collection is not seen outside, but for variables and tables.

    Args:
        outer: the graph around it.
    """

    def __init__(self, outer: Graph) -> None:
        super().__init__(outer)
        self._names = NameTable()
        self._scopes.name = ""
        self._collections = {name: values if name in _OWNED else list(values)
                             for name, values in outer._collections.items()}
        for name in _OWNED:
            self._collections.setdefault(name, outer._collections.setdefault(name, []))

    def add_argument(self, spec: Spec, name: str) -> Tensor:
        """A parameter that the caller brings for each element."""
        with self.as_default():
            tensor: Tensor = op_def("Parameter").build(name=name, dtype=spec.dtype,
                                                       shape=spec.shape, source=None)
        self.parameters.append(tensor)
        return tensor

    def finish(self, outputs: list[Tensor]) -> None:
        """Says what it computes; its parameters are the arguments, then what it captured."""
        self.outputs = [self.adopt(tensor) for tensor in outputs]
        self.parameters += [inside for _, inside in self.captured()]

    def check_usable_outside(self, tensor: Tensor) -> None:
        """Raises GraphError: what is inside has a value only while the function runs."""
        raise GraphError(located(f"{tensor.name!r} ({tensor.op.frame}) is inside a function of a "
                                 "dataset and is used outside of it",
                                 "Return it from the function: it becomes a part of the dataset's "
                                 "elements.", "control-flow"))

    def __repr__(self) -> str:
        return f"<function of {len(self._operations)} ops>"


class DataFunction:
    """A user's function, built for elements of one structure.

    Args:
        function: takes the parts of an element (a tuple's as arguments of their own) and returns a
            structure.
        what: what the user called, for messages.
        spec: structure of TypeSpecs of its argument.

    Attributes:
        graph: what it computes.
        spec: structure of TypeSpecs of what it returns.
        captured: the tensors outside that it uses.

    Raises:
        TypeError: it is not callable, or returns what is no structure of tensors.
    """

    def __init__(self, function: Any, what: str, spec: Any) -> None:
        if not callable(function):
            raise TypeError(located(f"{what} needs a function, got {function!r:.100}"))
        self.graph = FunctionGraph(get_default_graph())
        with self.graph.as_default():
            tensors = [self.graph.add_argument(component, "args" if not i else f"args_{i}")
                       for i, component in enumerate(structure.component_specs(spec))]
            argument = structure.from_components(spec, tensors)
            unpack = type(argument) is tuple
            result = function(*argument) if unpack else function(argument)
            if isinstance(result, list):
                result = tuple(result)
            result = _converted(result, what)
            self.spec = structure.spec_of(result)
            outputs = structure.to_components(self.spec, result)
        for op in self.graph.get_operations():
            if op.op_def.overwrites:
                raise writes_variable(op, op.inputs[op.op_def.params.index(op.op_def.overwrites)])
        self.graph.finish(outputs)
        self.captured = [outside for outside, _ in self.graph.captured()]

    @property
    def is_scalar(self) -> Any:
        """dtype of the scalar that it returns; None if it returns something else."""
        specs = structure.component_specs(self.spec)
        single = not structure.is_nest(self.spec) and len(specs) == 1
        return specs[0].dtype if single and specs[0].shape in ((), None) else None


def _converted(result: Any, what: str) -> Any:
    """What a function returned, with its parts as tensors."""
    def part(value: Any) -> Any:
        if isinstance(value, Operation) or value is None:
            kind = ValueError if value is None else TypeError
            raise kind(located(f"Unsupported return value from function passed to {what}: "
                               f"{value!r:.100}",
                               "Return a tensor, or a tuple or dict of tensors."))
        if isinstance(value, Tensor) and value.dtype._is_ref_dtype:
            return convert_to_tensor(value)
        return structure.normalized_part(value, 0) if not isinstance(value, Tensor) else value
    try:
        return structure.map_leaves(part, result)
    except (TypeError, ValueError) as error:
        if "Unsupported return value" in str(error):
            raise
        raise TypeError(located(f"Unsupported return value from function passed to {what}: "
                                f"{result!r:.100}",
                                "Return a tensor, or a tuple or dict of tensors.")) from None


# ---- running -------------------------------------------------------------------------------------


class _FunctionExtraction(Extraction):
    """The walk over a function's graph: all parameters are fed, variables by their values."""

    def __init__(self, graph: FunctionGraph) -> None:
        super().__init__(list(graph.outputs), [])
        feeds = []
        for tensor in graph.parameters:
            assert tensor is not None
            value = Value(tensor.op.name, tensor.spec)
            feeds.append(Feed(None, value))
            source = tensor.op.attrs["source"]
            if tensor.dtype._is_ref_dtype:
                self.fed[target(tensor).outputs[0]] = value
            elif source is not None and source.op.type == "Const":
                self.fed[tensor] = Value(tensor.op.name, source.spec, source.op.attrs["value"])
            else:
                self.fed[tensor] = value
        self.feeds = tuple(feeds)

    def check_writable(self, op: Operation, variable: Operation) -> None:
        """Raises GraphError: a function gets the values of variables, not the variables."""
        raise writes_variable(op, variable.outputs[0])


def writes_variable(op: Operation, variable: Tensor) -> GraphError:
    """The error for an operation inside of a function that writes a variable."""
    return GraphError(message(
        f"{op.type} {op.name!r} ({op.frame}) writes the variable {variable.op.name!r} inside a "
        "function of a dataset", advice="A pipeline runs ahead of the training loop and may read "
        "variables only. Write it in the graph, after get_next().", section="graph-error"))


def program_of(graph: FunctionGraph) -> Program:
    """The program of a function."""
    return _FunctionExtraction(graph).program()


class Function:
    """A function from the arrays of an element, and of what was captured, to a tuple of arrays.

    Args:
        graph: what it computes.
        program: its program; worked out of the graph when left out.
    """

    def __init__(self, graph: FunctionGraph, program: Program | None = None) -> None:
        self._graph = graph
        self._program = optimise(program_of(graph), None) if program is None else program
        self._state = State()
        self._body = Body(self._program, self._state, Settings(None, "auto", False, ArenaPool()),
                          may_return_arguments=False)
        self._texts = [i for i, value in enumerate(self._program.fetches)
                       if value.spec.dtype is dt.string]
        self._keeps_state = any(instr.op_def.takes_state or instr.bodies
                                for instr in self._program.instrs)

    def __call__(self, *arrays: Any) -> tuple[Any, ...]:
        results = self._body(*arrays)
        if self._texts:
            results = tuple([_text_array(result) if i in self._texts else result
                             for i, result in enumerate(results)])
        return results

    def in_run(self, run: Run) -> Function:
        """The function of one pass: its random ops start anew, and go on through the pass.

        Args:
            run: the pass.
        """
        if not self._keeps_state:
            return self
        own: Function = run.kept(self, lambda: self._made_for(run))
        return own

    def _made_for(self, run: Run) -> Function:
        made = Function(self._graph, self._program)
        run.add(made)
        return made

    def close(self) -> None:
        """Frees what the ops inside keep."""
        self._state.clear()


def _text_array(text: Any) -> np.ndarray:
    """A scalar string as an array: NumPy's functions give the bytes themselves."""
    if isinstance(text, np.ndarray):
        return text
    array = np.empty((), object)
    array[()] = text
    return array


class Functions:
    """What a Session keeps for a dataset op: its functions, ready to be called.

    Args:
        graphs: their graphs.
    """

    def __init__(self, graphs: list[FunctionGraph]) -> None:
        self._functions = tuple(Function(graph) for graph in graphs)

    def with_captured(self, captured: Any, counts: tuple[int, ...]) -> list[Call]:
        """The functions, each with the values of what it captured.

        Args:
            captured: the values of all of them, one after the other.
            counts: how many belong to each function.
        """
        calls, at = [], 0
        for function, count in zip(self._functions, counts, strict=True):
            calls.append(Call(function, tuple(captured[at:at + count])))
            at += count
        return calls

    def close(self) -> None:
        """Frees what the ops inside keep."""
        for function in self._functions:
            function.close()


class Call:
    """A function with the values of what it captured.

    Args:
        function: the function.
        captured: those values.
    """

    __slots__ = ("_captured", "_function")

    def __init__(self, function: Function, captured: tuple[Any, ...]) -> None:
        self._function = function
        self._captured = captured

    def __call__(self, *arrays: Any) -> tuple[Any, ...]:
        return self._function(*arrays, *self._captured)

    def in_run(self, run: Run) -> Call:
        """The function of one pass."""
        function = self._function.in_run(run)
        return self if function is self._function else Call(function, self._captured)

