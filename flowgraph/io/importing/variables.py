"""Resource variables of a GraphDef: they become the variables that we have.

Where TensorFlow hands on the handle of a variable, we hand on the variable itself; ReadVariableOp
reads it, as Identity does.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.shapes import compatible
from flowgraph.io.importing.build import Build
from flowgraph.io.importing.rules import rule

_SCATTERS = ("Add", "Sub", "Mul", "Div", "Min", "Max", "Update", "NdAdd", "NdSub", "NdUpdate")


@rule("VarHandleOp")
def var_handle(build: Build) -> Any:
    """The variable; one for all nodes with the same shared name."""
    shared = build.attr("container"), build.attr("shared_name")
    variables = build.importer.library.variables
    known = variables.get(shared) if shared[1] else None
    if known is not None and known.dtype.base_dtype is build.attr("dtype"):
        build.operation = known.op
        return [known]
    made = build.plain("VariableV2")
    variables[shared] = made
    return made


@rule("Variable")
def old_variable(build: Build) -> Any:
    """In the first op type for variables, the shape () means that none is known."""
    return build.plain("VariableV2", shape=build.attr("shape") or None)


@rule("ReadVariableOp")
def read_variable(build: Build) -> Any:
    """The variable's value."""
    return build.plain("Identity", build.inputs[0])


@rule("Identity")
def identity(build: Build) -> Any:
    """Of a handle, the variable itself."""
    if build.attr("T") is dt.resource and build.inputs[0].dtype._is_ref_dtype:
        build.operation = build.inputs[0].op
        return [build.inputs[0]]
    return build.plain("Identity")


@rule("RefIdentity")
def ref_identity(build: Build) -> Any:
    """The variable itself."""
    build.operation = build.inputs[0].op
    return [build.inputs[0]]


@rule("AssignVariableOp")
def assign_variable(build: Build) -> Any:
    """Sets the variable."""
    variable, value = build.inputs
    return build.plain("Assign", variable, value, use_locking=True,
                       validate_shape=compatible(variable.spec.shape, value.spec.shape))


@rule("AssignAddVariableOp", "AssignSubVariableOp")
def assign_add_variable(build: Build) -> Any:
    """Adds to the variable, or subtracts."""
    return build.plain(build.node.op.removesuffix("VariableOp"), *build.inputs)


@rule("VarIsInitializedOp")
def is_initialized(build: Build) -> Any:
    """Whether the variable has a value."""
    return build.plain("IsVariableInitialized", build.inputs[0],
                       dtype=build.inputs[0].dtype.base_dtype)


@rule("VariableShape")
def variable_shape(build: Build) -> Any:
    """The shape of the variable's value."""
    return build.plain("Shape", build.inputs[0])


@rule("DisableCopyOnRead", "DestroyResourceOp")
def destroy(build: Build) -> Any:
    """Nothing: a Session forgets its variables when it is closed."""
    return build.plain("NoOp")


@rule("ResourceGather")
def resource_gather(build: Build) -> Any:
    """Rows of the variable."""
    variable, indices = build.inputs
    value = build.sub("Identity", variable, part="read")
    return build.plain("GatherV2", value, indices, build.attr("batch_dims"))


@rule("ResourceGatherNd")
def resource_gather_nd(build: Build) -> Any:
    """Entries of the variable."""
    variable, indices = build.inputs
    return build.plain("GatherNd", build.sub("Identity", variable, part="read"), indices)


@rule(*(f"ResourceScatter{name}" for name in _SCATTERS))
def resource_scatter(build: Build) -> Any:
    """Changes rows or entries of the variable."""
    return build.plain(build.node.op.removeprefix("Resource"), *build.inputs)


@rule("ResourceStridedSliceAssign")
def resource_slice_assign(build: Build) -> Any:
    """Sets a slice of the variable."""
    return build.plain("StridedSliceAssign", *build.inputs)


@rule("CountUpTo", "ResourceCountUpTo")
def count_up_to(build: Build) -> Any:
    """The variable's value before it is counted up."""
    count = build.sub("CountOne", build.inputs[0], part="count", limit=build.attr("limit"))
    return build.plain("CountUpTo", count)
