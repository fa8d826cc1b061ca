"""OpDef: one class per op type holds everything there is to know about it.

    class Softplus(Unary):
        \"\"\"y = log(1 + e^x), computed without overflow.\"\"\"

        def kernel(self, xp, x, *, out=None):
            return xp.logaddexp(x, 0, out=out)

        def grad(self, op, dy):
            return dy * sigmoid(op.inputs[0])

The class name is the op's type in GraphDef. There is one instance per class, shared by all nodes,
so it never holds data. The contract is checked when the class statement runs:

- positional parameters of `infer` and `kernel` are tensors, keyword-only ones are attributes;
- `infer(self, *specs, **attrs)` returns a Spec, or a tuple of Specs when `multiple`;
- `kernel(self, xp, *arrays, **attrs)` computes with the array module `xp`; with a keyword `out` it
  can write into a given buffer; with a keyword `state` it gets the Session's object for this node,
  which `create_state(self, attrs)` makes when the node first runs;
- attributes named in `bodies` are sub-graphs (a branch, a loop's body); in their place the kernel
  gets one keyword `bodies`, a tuple of functions from arrays to a tuple of arrays;
- `grad(self, op, *dys)` returns one gradient (or None) per input, built from public ops, or `grad`
  is `NotDifferentiable`, said aloud.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import FunctionType
from typing import Any, ClassVar

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import OpDefError, OpError

REGISTRY: dict[str, OpDef] = {}


class _NoGradient:
    """Says that an op has no gradient: `tf.gradients` gives None through it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


NotDifferentiable: Any = _NoGradient("NotDifferentiable")


class OpDef:
    """Base of all ops; see the module's docstring for the contract."""

    # -- types: parameter -> a DTypeSet, or the name of a type attribute declared below. Parameters
    # with the same name share one dtype; left out, every parameter shares "T".
    dtypes: ClassVar[dict[str, Any]] = {}
    T: ClassVar[dt.DTypeSet] = dt.ANY

    # -- parameters of a special kind
    lists: ClassVar[tuple[str, ...]] = ()  # stand for a list of tensors; of one length if several
    host_inputs: ClassVar[tuple[str, ...]] = ()  # contents shape the result: infer sees `.value`,
    #                                              kernel gets plain Python numbers and tuples
    refs: ClassVar[tuple[str, ...]] = ()  # take the variable itself, not its value

    # -- facts about the result
    multiple: ClassVar[bool] = False  # infer and kernel return tuples
    is_ref: ClassVar[bool] = False  # output 0 is a variable
    aliases: ClassVar[tuple[str, ...]] = ()  # parameters whose memory the result may share
    read_only: ClassVar[bool] = False  # the result may be a view that cannot be written to
    elementwise: ClassVar[bool] = False  # result[i] needs inputs only at i: may run in place
    folds_by_shape: ClassVar[bool] = False  # needs only the input's shape: tf.shape, tf.size
    maps_values: ClassVar[bool] = False  # takes a SparseTensor too: by its values
    commutative: ClassVar[bool] = False  # the two inputs may be swapped
    multiplies: ClassVar[bool] = False  # the kernel's work is matrix products, done by BLAS
    touches_rows: ClassVar[bool] = False  # of input 0 the kernel touches some rows, not all of them

    takes_sparse_gradient: ClassVar[bool] = False  # grad handles IndexedSlices for dy itself
    takes_missing_gradient: ClassVar[bool] = False  # grad handles None for dy itself

    bodies: ClassVar[tuple[str, ...]] = ()  # attributes that are sub-graphs, or tuples of them

    # -- facts about the world
    effects: ClassVar[str] = ""  # "random" (new numbers each run), "resource" (reads or changes an
    #                              object that outlives the run: a table, a queue), "io" (seen from
    #                              outside: runs whenever it is in the program), or ""
    overwrites: ClassVar[str] = ""  # the ref parameter whose variable output 0 becomes
    reads_ref: ClassVar[bool] = True  # whether the kernel needs the variable's old value
    takes_old_copy: ClassVar[bool] = False  # `out` may be an OldCopy: it changes rows of a variable
    tests_ref: ClassVar[bool] = False  # the kernel gets None when the variable is uninitialised
    state_kind: ClassVar[str] = ""  # ops of different types but one such kind share their state
    waits: ClassVar[bool] = False  # for other runs, which may be those that take a lock
    runs_user_code: ClassVar[bool] = False  # its exceptions are the user's and stay as they are
    host_only: ClassVar[str] = ""  # why it cannot run on a GPU
    on_host: ClassVar[frozenset[str]] = frozenset()  # parameters whose numbers its kernel looks at
    #                              in Python, which stay in the host's memory: an index into a list
    checks_data: ClassVar[bool] = False  # the kernel calls raise_if of core/checks.py
    waits_for_gpu: ClassVar[str] = ""  # why the host has to wait for a GPU that runs the kernel

    # -- filled in by __init_subclass__
    type: ClassVar[str] = ""
    params: ClassVar[tuple[str, ...]] = ()
    attr_defaults: ClassVar[dict[str, Any]] = {}
    takes_out: ClassVar[bool] = False
    takes_state: ClassVar[bool] = False
    plain: ClassVar[bool] = True  # neither lists, refs nor host inputs: build's fast path

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if abstract:
            return
        cls.type = cls.__name__
        _check(cls)
        REGISTRY[cls.type] = cls()

    @classmethod
    def build(cls, *inputs: Any, name: str | None = None, **attrs: Any) -> Any:
        """Adds a node of this op to the graph; the only way to make one.

        Args:
            inputs: tensors, or what converts to them; a list where `lists` says so.
            name: the node's name; default the op's type.
            attrs: attributes.

        Returns:
            A Tensor; a list of Tensors if `multiple`; the Operation if there are no outputs.
        """
        from flowgraph.opdef.build import build
        return build(REGISTRY[cls.type], inputs, name, attrs)

    def infer(self, *specs: Any, **attrs: Any) -> Any:
        """The Specs of the results; raises ShapeError(rule, advice) when the shapes are wrong."""
        raise OpDefError(f"{self.type} has no infer")

    def kernel(self, xp: Any, *arrays: Any, **attrs: Any) -> Any:
        """Computes the results with the array module `xp`."""
        raise OpDefError(f"{self.type} has no kernel")

    grad: Any = None

    def known(self, *specs: Any, **attrs: Any) -> Any:
        """The result as plain Python numbers, when the inputs' contents tell; else None.

        Used for shapes and axes that are computed in the graph. The default runs the kernel when
        every input is known; ops that can tell more (`tf.shape`, `tf.stack`) override it.
        """
        if self.effects or self.refs or self.multiple or not self.params:
            return None
        arrays = []
        for param, spec in zip(self.params, specs, strict=True):
            parts = spec if param in self.lists else (spec,)
            if any(not is_known(part.value) for part in parts):
                return None
            values = [part.value if param in self.host_inputs
                      else np.array(part.value, part.dtype.numpy) for part in parts]
            arrays.append(tuple(values) if param in self.lists else values[0])
        try:
            with np.errstate(all="ignore"):
                return plain_value(self.kernel(np, *arrays, **attrs))
        except (ArithmeticError, ValueError, TypeError, OpError):
            return None  # the run itself will report it, with the op's name

    def check(self, xp: Any, *inputs: Any) -> None:
        """What the kernel checks in the data, for a kernel of a GPU that stands for it."""

    def sub_graphs(self, attrs: dict[str, Any]) -> list[Any]:
        """The sub-graphs among a node's attributes, in the order of `bodies`."""
        return [graph for name in self.bodies
                for graph in (attrs[name] if isinstance(attrs[name], tuple) else (attrs[name],))]

    def group(self, flat: Any) -> tuple[Any, ...]:
        """Cuts the flat inputs of a node into one entry per parameter, a tuple for a list."""
        if not self.lists:
            return tuple(flat)
        length = (len(flat) - len(self.params) + len(self.lists)) // len(self.lists)
        groups, at = [], 0
        for param in self.params:
            if param in self.lists:
                groups.append(tuple(flat[at:at + length]))
                at += length
            else:
                groups.append(flat[at])
                at += 1
        return tuple(groups)

    def flat_params(self, count: int) -> Sequence[str]:
        """The parameter's name for each of a node's `count` inputs."""
        if not self.lists:
            return self.params
        names: list[str] = []
        for param, group in zip(self.params, self.group(list(range(count))), strict=True):
            names += [param] * len(group) if param in self.lists else [param]
        return names

    def type_attr(self, op: Any, name: str) -> dt.DType | None:
        """The dtype that a node has for a type attribute, as `T`; None if there is no such."""
        for param, tensor in zip(self.flat_params(len(op.inputs)), op.inputs, strict=True):
            if self.dtypes.get(param) == name:
                return tensor.dtype.base_dtype
        return None


def _check(cls: type[OpDef]) -> None:
    """Reads the signatures of `infer` and `kernel` and checks the class against the contract."""

    def need(condition: bool, problem: str) -> None:
        if not condition:
            raise OpDefError(f"op {cls.__name__}: {problem}")

    need(bool((cls.__doc__ or "").strip()) and "__doc__" in cls.__dict__, "it needs a docstring")
    need(cls.infer is not OpDef.infer, "it needs infer(self, ...)")
    need(cls.kernel is not OpDef.kernel, "it needs kernel(self, xp, ...)")
    need(cls.grad is not None, "it needs a gradient decision: def grad(self, op, dy), or "
                               "grad = NotDifferentiable")
    tensors, attrs = _signature(cls.infer, skip=1)  # type: ignore[arg-type]
    k_tensors, k_attrs = _signature(cls.kernel, skip=2)  # type: ignore[arg-type]
    cls.takes_out = "out" in k_attrs
    cls.takes_state = "state" in k_attrs
    for extra in ("out", "state", "bodies"):
        k_attrs.pop(extra, None)
    need(not cls.takes_state or hasattr(cls, "create_state"),
         "its kernel takes state: it needs create_state(self, attrs)")
    need(tensors == k_tensors, f"infer takes {tensors}, kernel takes {k_tensors}")
    need(attrs.keys() - set(cls.bodies) == k_attrs.keys(),
         f"infer has the attributes {sorted(attrs)}, kernel has {sorted(k_attrs)}")
    cls.params, cls.attr_defaults = tensors, {**k_attrs, **attrs}
    for fact in ("lists", "host_inputs", "refs", "aliases"):
        value = getattr(cls, fact)
        need(isinstance(value, tuple) and set(value) <= set(tensors),
             f"{fact} = {value!r} must be a tuple of parameters among {tensors}")
    need(set(cls.dtypes) <= set(tensors), f"dtypes names {sorted(cls.dtypes)}, not in {tensors}")
    need(not cls.overwrites or cls.overwrites in cls.refs, "overwrites must name a ref parameter")
    need(cls.effects in ("", "random", "resource", "io"), f"effects = {cls.effects!r} is not known")
    cls.dtypes = {param: cls.dtypes.get(param, "T") for param in tensors}
    for variable in cls.dtypes.values():
        need(isinstance(variable, dt.DTypeSet)
             or isinstance(getattr(cls, variable, None), dt.DTypeSet),
             f"dtypes uses {variable!r}, which is neither a DTypeSet nor declared as one")
    cls.plain = not (cls.lists or cls.host_inputs or cls.refs)


def _signature(function: FunctionType, skip: int) -> tuple[tuple[str, ...], dict[str, Any]]:
    """(positional parameters after the first `skip`, {keyword-only parameter: default})."""
    code = function.__code__
    positional = code.co_varnames[skip:code.co_argcount]
    keyword = code.co_varnames[code.co_argcount:code.co_argcount + code.co_kwonlyargcount]
    defaults = function.__kwdefaults__ or {}
    return tuple(positional), {name: defaults.get(name, REQUIRED) for name in keyword}


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()  # stands where an attribute has no default


def is_known(value: Any) -> bool:
    """Whether a static value is there, with no entry missing, also inside."""
    return all(map(is_known, value)) if isinstance(value, tuple) else value is not None


def plain_value(array: Any) -> Any:
    """An array as a Python number or nested tuples of them."""
    value = array.tolist() if hasattr(array, "tolist") else array
    return _as_tuple(value)


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(v) for v in value) if isinstance(value, list) else value


def op_def(name: str) -> OpDef:
    """The op type called `name`; how rooms before `ops` reach the ops they need."""
    return REGISTRY[name]


def spec_like(spec: Spec, shape: Any = "same", dtype: dt.DType | None = None) -> Spec:
    """`spec` with another shape or dtype, without contents."""
    return Spec(dtype or spec.dtype, spec.shape if isinstance(shape, str) else shape)
