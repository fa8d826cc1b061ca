"""Variable: a tensor that stays from run to run, and that training changes.

`tf.Variable(value, name="w")` puts four nodes into the graph, as TensorFlow 1 does:

    w/initial_value      what it starts from (w/Initializer/... when a function makes it)
    w                    the variable itself (VariableV2); its dtype is float32_ref
    w/Assign             its initializer
    w/read               its value (Identity); what ops get that take the variable as an input
"""

from __future__ import annotations

import enum
from typing import Any

from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.frames import located
from flowgraph.core.reference import Reference
from flowgraph.core.shapes import TensorShape, as_shape
from flowgraph.core.spec import shape_text
from flowgraph.errors import DTypeError, ShapeError, message
from flowgraph.graph import stacks
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import Graph, get_default_graph, name_scope
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor, evaluate
from flowgraph.opdef.convert import convert_to_tensor, register_tensor_conversion_function
from flowgraph.opdef.subgraph import SubGraph, building_graph, init_scope
from flowgraph.ops import scatter
from flowgraph.ops.gather import gather, gather_nd
from flowgraph.ops.identity import Identity
from flowgraph.ops.save_slice_info import SaveSliceInfo
from flowgraph.ops.state import Assign, AssignAdd, AssignSub, InitializedValue, VariableV2


class VariableSynchronization(enum.Enum):
    """When distributed copies of a variable are synchronized; only ON_READ means something here."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(enum.Enum):
    """How distributed copies of a variable are combined; accepted."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3
    ONLY_FIRST_TOWER = 3  # noqa: PIE796  (TensorFlow's older name)


class _MadeThroughScopes(type):
    """So that `tf.Variable(...)` asks the open `tf.variable_creator_scope` blocks."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        creators = get_default_graph()._scopes.variable_creators
        if not creators or cls is not Variable:
            return super().__call__(*args, **kwargs)
        from flowgraph.ops.variable_creator import created
        return created(super().__call__, creators, args, kwargs)

    @property
    def __signature__(cls) -> Any:  # else that of __call__ would be shown
        import inspect
        whole = inspect.signature(cls.__init__)  # type: ignore[misc]
        return whole.replace(parameters=list(whole.parameters.values())[1:])


class Variable(metaclass=_MadeThroughScopes):
    """A tensor that stays from run to run; give it a value with its `initializer` first.

    Args:
        initial_value: what it starts from: anything that converts to a tensor, or a function
            without arguments that returns it.
        trainable: whether optimizers train it (default True): it is then in the collection
            TRAINABLE_VARIABLES.
        collections: the collections it is put in; default [GLOBAL_VARIABLES].
        validate_shape: False allows an initial value of unknown shape.
        caching_device: the device that reads are placed on.
        name: name of the variable, made unique.
        variable_def: VariableDef that names the nodes, which are in the graph already then; the
            other arguments but `import_scope` are ignored.
        dtype: dtype to convert the initial value to.
        expected_shape: ignored.
        import_scope: with `variable_def`, the name scope that the nodes are in.
        constraint: function from the new value to the value to keep, called by optimizers.
        use_resource: accepted; there is one kind of variable.
        synchronization, aggregation: accepted; ON_READ makes it not trainable.
        shape: its static shape, where it is less precise than that of the initial value.

    Raises:
        ValueError: there is no initial value, or it has no full static shape.

    Example:
        >>> import flowgraph as fg
        >>> w = fg.Variable([1.0, 2.0], name="w")
        >>> with fg.Session() as sess:
        ...     sess.run(w.initializer)
        ...     sess.run(w * 2.0)
        array([2., 4.], dtype=float32)
    """

    SaveSliceInfo = SaveSliceInfo
    __array_priority__ = 100  # so that numpy_array * variable asks the variable

    def __init__(self, initial_value: Any = None, trainable: bool | None = None,
                 collections: Any = None, validate_shape: bool = True, caching_device: Any = None,
                 name: str | None = None, variable_def: Any = None, dtype: Any = None,
                 expected_shape: Any = None, import_scope: str | None = None,
                 constraint: Any = None, use_resource: bool | None = None,
                 synchronization: Any = VariableSynchronization.AUTO,
                 aggregation: Any = VariableAggregation.NONE, shape: Any = None) -> None:
        if variable_def is not None:
            self._find_nodes(variable_def, import_scope)
            return
        if initial_value is None:
            raise ValueError(located("tf.Variable needs an initial_value",
                                     "Write tf.Variable(tf.zeros([2, 3]))."))
        if collections is None:
            collections = [GraphKeys.GLOBAL_VARIABLES]
        if not isinstance(collections, (list, tuple, set)):
            raise ValueError(located("collections must be a list, tuple, or set of names, not "
                                     f"{collections!r}"))
        if constraint is not None and not callable(constraint):
            raise ValueError(located("The `constraint` argument must be a callable."))
        if trainable is None:
            trainable = synchronization is not VariableSynchronization.ON_READ
        if trainable and GraphKeys.TRAINABLE_VARIABLES not in collections:
            collections = [*collections, GraphKeys.TRAINABLE_VARIABLES]
        self._trainable = trainable
        self._constraint = constraint
        self._synchronization = synchronization
        self._aggregation = aggregation
        self._save_slice_info: Any = None
        from_function = callable(initial_value)
        # Inside control_dependencies, a variable would be born anew after these in each run; inside
        # a branch or a loop, it belongs to the graph around.
        with init_scope(), name_scope(
                name, "Variable", [] if from_function else [initial_value]) as scope:
            graph = get_default_graph()
            self._initial_value = _initial_tensor(graph, initial_value, from_function, dtype)
            static = self._initial_value.spec.shape if shape is None else as_shape(shape)
            if not validate_shape:
                static = None if shape is None else static
            elif static is None or None in static:
                raise _unknown_shape(scope, self._initial_value)
            self._variable = VariableV2.build(
                name=scope, dtype=self._initial_value.dtype.base_dtype, shape=static,
                container=graph._scopes.container)
            start = guarded(self._initial_value, scope[:-1])
            self._initializer = Assign.build(self._variable, start, name="Assign",
                                             validate_shape=validate_shape).op
            if caching_device is None:
                # Where the variable stands, whatever device functions say of a read.
                with graph.device(None), graph.device(self._variable.device or None):
                    self._snapshot = Identity.build(self._variable, name="read")
            else:
                with graph.device(caching_device):
                    self._snapshot = Identity.build(self._variable, name="read")
            graph.add_to_collections(list(collections), self)

    # ---- what it is ------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """`"w:0"`."""
        return self._variable.name

    @property
    def op(self) -> Operation:
        """The VariableV2 node."""
        return self._variable.op

    @property
    def graph(self) -> Graph:
        """The graph it belongs to."""
        return self._variable.graph

    @property
    def device(self) -> str:
        """Device string of the variable."""
        return self._variable.device

    @property
    def dtype(self) -> DType:
        """Its dtype as a reference: `tf.float32_ref`."""
        return self._variable.dtype

    @property
    def shape(self) -> TensorShape:
        """Its static shape."""
        return self._variable.shape

    def get_shape(self) -> TensorShape:
        """Its static shape."""
        return self._variable.shape

    def set_shape(self, shape: Any) -> None:
        """Adds to what is known of the shape."""
        self._variable.set_shape(shape)
        self._snapshot.set_shape(shape)

    @property
    def trainable(self) -> bool:
        """Whether optimizers train it by default."""
        return self._trainable

    @property
    def constraint(self) -> Any:
        """The function that optimizers pass the new value through, or None."""
        return self._constraint

    @property
    def synchronization(self) -> Any:
        """The VariableSynchronization it was made with."""
        return self._synchronization

    @property
    def aggregation(self) -> Any:
        """The VariableAggregation it was made with."""
        return self._aggregation

    @property
    def initializer(self) -> Operation:
        """The operation that gives it its initial value."""
        return self._initializer

    @property
    def initial_value(self) -> Tensor:
        """The tensor it starts from."""
        return self._initial_value

    @property
    def _shared_name(self) -> str:
        return self._variable.op.name

    # ---- its value -------------------------------------------------------------------------------

    def value(self) -> Tensor:
        """Its value: the tensor that ops get which take the variable."""
        return self._snapshot

    def read_value(self) -> Tensor:
        """Its value read anew, after the control dependencies that are open now."""
        with building_graph(self.graph).as_default():
            return Identity.build(self._variable, name="read")

    def sparse_read(self, indices: Any, name: str | None = None) -> Tensor:
        """The rows at `indices`, as `tf.gather` gives them."""
        return gather(_value_here(self), indices, name=name)

    def gather_nd(self, indices: Any, name: str | None = None) -> Tensor:
        """The entries at index vectors, as `tf.gather_nd` gives them."""
        return gather_nd(_value_here(self), indices, name=name)

    def initialized_value(self) -> Tensor:
        """Its value, or its initial value while it is not initialized.

        Use it to start one variable from another:
            >>> import flowgraph as fg
            >>> v = fg.Variable(2.0)
            >>> w = fg.Variable(v.initialized_value() * 2.0)
            >>> with fg.Session() as sess:
            ...     sess.run(fg.global_variables_initializer())
            ...     sess.run(w)
            np.float32(4.0)
        """
        with building_graph(self.graph).as_default(), init_scope():
            return InitializedValue.build(self._variable, self._initializer.inputs[1])

    def experimental_ref(self) -> Reference:
        """A key for dictionaries and sets that stands for this object; `deref()` gives it back."""
        return Reference(self)

    def eval(self, session: Any = None) -> Any:
        """Its value in `session`, or in the default session."""
        return evaluate(self._variable, None, session, "eval")

    def load(self, value: Any, session: Any = None) -> None:
        """Sets its value in `session`, or in the default session, without adding to the graph.

        Args:
            value: array or number of its dtype and shape.
            session: the Session; default the innermost `with sess:` one.

        Raises:
            ValueError: no session is given and there is no default one.
        """
        session = stacks.get_default_session() if session is None else session
        if session is None:
            raise ValueError(located(
                f"cannot load a value into {self.name!r}: there is no default session",
                advice="Pass session=, or call load() inside `with tf.Session():`.",
                section="no-default-session"))
        session.run(self._initializer, {self._initializer.inputs[1]: value})

    # ---- changing it -----------------------------------------------------------------------------

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None,
               read_value: bool = True) -> Any:
        """Sets the variable.

        Args:
            value: its new value.
            use_locking: accepted; runs are atomic anyway.
            name: name of the node.
            read_value: False returns the operation instead of the variable after it.
        """
        return _after(Assign.build(self._variable, value, name=name, use_locking=use_locking),
                      read_value)

    def assign_add(self, delta: Any, use_locking: bool = False, name: str | None = None,
                   read_value: bool = True) -> Any:
        """Adds `delta` to the variable; arguments as for `assign`."""
        return _after(AssignAdd.build(self._variable, delta, name=name, use_locking=use_locking),
                      read_value)

    def assign_sub(self, delta: Any, use_locking: bool = False, name: str | None = None,
                   read_value: bool = True) -> Any:
        """Subtracts `delta` from the variable; arguments as for `assign`."""
        return _after(AssignSub.build(self._variable, delta, name=name, use_locking=use_locking),
                      read_value)

    def scatter_update(self, sparse_delta: IndexedSlices, use_locking: bool = False,
                       name: str | None = None) -> Tensor:
        """Sets the rows that `sparse_delta` names."""
        return self._scatter(scatter.ScatterUpdate, sparse_delta, name)

    def scatter_add(self, sparse_delta: IndexedSlices, use_locking: bool = False,
                    name: str | None = None) -> Tensor:
        """Adds the rows of `sparse_delta`."""
        return self._scatter(scatter.ScatterAdd, sparse_delta, name)

    def scatter_sub(self, sparse_delta: IndexedSlices, use_locking: bool = False,
                    name: str | None = None) -> Tensor:
        """Subtracts the rows of `sparse_delta`."""
        return self._scatter(scatter.ScatterSub, sparse_delta, name)

    def scatter_mul(self, sparse_delta: IndexedSlices, use_locking: bool = False,
                    name: str | None = None) -> Tensor:
        """Multiplies by the rows of `sparse_delta`."""
        return self._scatter(scatter.ScatterMul, sparse_delta, name)

    def scatter_div(self, sparse_delta: IndexedSlices, use_locking: bool = False,
                    name: str | None = None) -> Tensor:
        """Divides by the rows of `sparse_delta`."""
        return self._scatter(scatter.ScatterDiv, sparse_delta, name)

    def scatter_min(self, sparse_delta: IndexedSlices, use_locking: bool = False,
                    name: str | None = None) -> Tensor:
        """Lowers rows to those of `sparse_delta` where these are smaller."""
        return self._scatter(scatter.ScatterMin, sparse_delta, name)

    def scatter_max(self, sparse_delta: IndexedSlices, use_locking: bool = False,
                    name: str | None = None) -> Tensor:
        """Raises rows to those of `sparse_delta` where these are larger."""
        return self._scatter(scatter.ScatterMax, sparse_delta, name)

    def batch_scatter_update(self, sparse_delta: IndexedSlices, use_locking: bool = False,
                             name: str | None = None) -> Tensor:
        """Sets slices, batch entry by batch entry, as `tf.batch_scatter_update` does."""
        from flowgraph.ops.batch_scatter import batch_scatter_update
        return batch_scatter_update(self, sparse_delta.indices, sparse_delta.values,
                                    use_locking=use_locking, name=name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Sets the entries that the index vectors name."""
        return scatter.scatter_nd_update(self, indices, updates, name=name)

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Adds to the entries that the index vectors name."""
        return scatter.scatter_nd_add(self, indices, updates, name=name)

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Subtracts from the entries that the index vectors name."""
        return scatter.scatter_nd_sub(self, indices, updates, name=name)

    def count_up_to(self, limit: int) -> Tensor:
        """Adds 1, failing once `limit` is reached; gives the value before, as `tf.count_up_to`."""
        from flowgraph.ops.count_up_to import count_up_to
        return count_up_to(self, limit)

    def _scatter(self, op: Any, sparse_delta: Any, name: str | None) -> Tensor:
        if not isinstance(sparse_delta, IndexedSlices):
            raise TypeError(located(f"sparse_delta is not IndexedSlices: {sparse_delta!r:.100}"))
        return op.build(self._variable, sparse_delta.indices, sparse_delta.values, name=name)

    # ---- as a message ----------------------------------------------------------------------------

    def to_proto(self, export_scope: str | None = None) -> Any:
        """The variable as a VariableDef, which names its nodes.

        Args:
            export_scope: a name scope to take off the names; None is returned if the variable is
                not in it.
        """
        from flowgraph.ops.variable_proto import variable_def
        return variable_def(self, export_scope)

    @staticmethod
    def from_proto(variable_def: Any, import_scope: str | None = None) -> Variable:
        """The Variable whose nodes are in the default graph already.

        Args:
            variable_def: VariableDef that names the nodes.
            import_scope: the name scope that they are in.
        """
        return Variable(variable_def=variable_def, import_scope=import_scope)

    def _find_nodes(self, message: Any, import_scope: str | None) -> None:
        from flowgraph.ops.variable_proto import nodes_of
        nodes = nodes_of(message, import_scope)
        self._variable, self._initializer, self._snapshot, self._initial_value = nodes
        self._trainable = message.trainable
        self._constraint = None
        self._synchronization = VariableSynchronization(message.synchronization)
        self._aggregation = VariableAggregation(message.aggregation)
        self._save_slice_info = (
            SaveSliceInfo(save_slice_info_def=message.save_slice_info_def,
                          import_scope=import_scope)
            if message.HasField("save_slice_info_def") else None)

    # ---- being a part of a larger variable -------------------------------------------------------

    def _set_save_slice_info(self, save_slice_info: Any) -> None:
        self._save_slice_info = save_slice_info

    def _get_save_slice_info(self) -> Any:
        return self._save_slice_info

    # ---- standing for a tensor -------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Tensor:
        return Tensor.__getitem__(_value_here(self), index, var=self)  # type: ignore[misc]

    def _ref(self) -> Tensor:
        """The variable itself, as ops take it that write to it."""
        return self._variable

    def _as_graph_element(self) -> Tensor:
        return self._variable

    def __repr__(self) -> str:
        return (f"<tf.Variable {self.name!r} shape={shape_text(self._variable.spec.shape)} "
                f"dtype={self.dtype.name}>")


_OPERATORS = (
    "abs", "neg", "invert", "add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv",
    "floordiv", "rfloordiv", "mod", "rmod", "pow", "rpow", "matmul", "rmatmul", "lt", "le", "gt",
    "ge", "and", "rand", "or", "ror", "xor", "rxor")
_MISUSES = ("len", "iter", "setitem", "contains", "array", "float", "int", "index",
            "complex")


def _delegate(method: str) -> None:
    def call(self: Variable, *args: Any) -> Any:
        return getattr(Tensor, method)(_value_here(self), *args)

    call.__name__ = call.__qualname__ = method
    setattr(Variable, method, call)


for _name in _OPERATORS + _MISUSES:
    _delegate(f"__{_name}__")


# ---- conversion and initial values ---------------------------------------------------------------


def _convert(variable: Variable, dtype: Any = None, name: str | None = None,
             as_ref: bool = False) -> Tensor:
    """A variable as a tensor: its value, or with `as_ref` the variable itself."""
    if dtype is not None and not as_dtype(dtype).is_compatible_with(variable.dtype.base_dtype):
        raise DTypeError(message(
            f"expected a {as_dtype(dtype).name} tensor, got the variable {variable.name!r} of "
            f"{variable.dtype.base_dtype.name} ({variable.op.frame})",
            advice=f"Write tf.cast(..., tf.{as_dtype(dtype).name}).", section="dtype-error"))
    return variable._variable if as_ref else _value_here(variable)


def _value_here(variable: Variable) -> Tensor:
    """The variable's value for an op built now.

    That is "w/read", which is read before any write of the run; unless control dependencies are
    open that may put the op after a write: then it is a read of its own.
    """
    here = get_default_graph()
    if here.can_adopt(variable.graph) and _is_ordered(here) and _may_be_written(variable, here):
        return Identity.build(variable._variable, name=f"{variable.op.name}/read/")
    return variable._snapshot


def _is_ordered(graph: Graph) -> bool:
    """Whether control dependencies are open, here or around the branch or loop that this is in."""
    controls = any(block.ops for block in graph._scopes.controls)
    if controls or not isinstance(graph, SubGraph):
        return controls
    return bool(graph.outer_controls) or _is_ordered(graph.outer)


def _may_be_written(variable: Variable, graph: Graph) -> bool:
    """Whether an op other than the initializer, here or around, may write to the variable."""
    around = []
    while isinstance(graph, SubGraph):
        around.append(graph)
        graph = graph.outer
    reference: Tensor | None = variable._variable
    while reference is not None:
        if any((op.op_def.overwrites or op.op_def.bodies) and op is not variable._initializer
               for op in reference._consumers):
            return True
        reference = around.pop().captures.get(reference) if around else None
    return False


register_tensor_conversion_function(Variable, _convert)


def _initial_tensor(graph: Graph, value: Any, from_function: bool, dtype: Any) -> Tensor:
    if not from_function:
        return convert_to_tensor(value, dtype, "initial_value")
    with graph.name_scope("Initializer"), graph.device(None):
        return convert_to_tensor(value(), dtype, "initial_value")


def _unknown_shape(scope: str, initial_value: Tensor) -> ShapeError:
    return ShapeError(located(f"the variable {scope[:-1]!r} needs an initial_value with a full "
                              f"static shape, got {shape_text(initial_value.spec.shape)}",
                              "initial_value must have a shape specified: use set_shape, or "
                              "tf.Variable(..., validate_shape=False).", "shape-error",
                              [(repr(initial_value.name), str(initial_value.op.frame))]))


def _after(written: Tensor, read_value: bool) -> Any:
    return written if read_value else written.op


def guarded(tensor: Tensor, name: str) -> Tensor:
    """`tensor`, with reads of variables replaced by their initialized values.

    So one initializer for all variables works, though one starts from another. The operations
    between are copied.

    Args:
        tensor: an initial value.
        name: the variable it is for; the copies' names end in it.
    """
    between = _ancestors(tensor)
    if not any(op.type == "VariableV2" for op in between):
        return tensor
    replaced: dict[Tensor, Tensor] = {}
    for op in sorted(between, key=lambda op: op.index):
        if op.type == "VariableV2":
            variable = _variable_of(op)
            if variable is not None:
                replaced[op.outputs[0]] = variable.initialized_value()
        elif not op.op_def.refs and any(t in replaced for t in op.inputs):
            inputs = op.op_def.group([replaced.get(t, t) for t in op.inputs])
            made = op.op_def.build(*inputs, name=f"{op.name}_{name.replace('/', '_')}/", **op.attrs)
            copies = made if isinstance(made, list) else [made]
            replaced.update(zip(op.outputs, copies, strict=True))
    return replaced.get(tensor, tensor)


def _ancestors(tensor: Tensor) -> set[Operation]:
    """The operations that `tensor` depends on by data, up to those that test for a value."""
    found: set[Operation] = set()
    stack = [tensor.op]
    while stack:
        op = stack.pop()
        if op not in found and not op.op_def.tests_ref:
            found.add(op)
            stack.extend(t.op for t in op.inputs)
    return found


def _variable_of(op: Operation) -> Variable | None:
    """The Variable whose node is `op`."""
    for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES):
        for variable in op.graph.get_collection_ref(key):
            if getattr(variable, "op", None) is op:
                return variable
    return None
