"""Functional branches, loops and calls of a GraphDef, and ops of our own with other attributes."""

from __future__ import annotations

from typing import Any

from flowgraph.io.graphs.py_func_tokens import function_of
from flowgraph.io.importing.build import Build
from flowgraph.io.importing.functions import (
    call,
    case_node,
    function_name,
    gradients_of_call,
    if_node,
    while_node,
)
from flowgraph.io.importing.rules import rule

rule("If", "StatelessIf")(if_node)
rule("Case", "StatelessCase")(case_node)
rule("While", "StatelessWhile")(while_node)


@rule("PartitionedCall", "StatefulPartitionedCall")
def partitioned_call(build: Build) -> Any:
    """A call of a function: its nodes are built in place."""
    return call(build, function_name(build, "f"))


@rule("BatchFunction", "RemoteCall")
def call_elsewhere(build: Build) -> Any:
    """A call that TensorFlow batches with those of other runs, or does on another device."""
    if build.node.op == "RemoteCall":
        del build.inputs[0]  # the device
    return call(build, function_name(build, "f"))


@rule("SymbolicGradient")
def symbolic_gradient(build: Build) -> Any:
    """The gradients of a function's arguments; its nodes are built once more."""
    return gradients_of_call(build, function_name(build, "f"))


@rule("Const", "HostConst")
def const(build: Build) -> Any:
    """A constant: our op holds an array."""
    array = build.attr("value")
    if array.dtype != build.attr("dtype").numpy:
        raise build.wrong(f"holds {array.dtype}, and says that it is {build.attr('dtype').name}")
    return build.plain("Const", value=array)


@rule("Placeholder")
def placeholder(build: Build) -> Any:
    """Before version 24 of GraphDefs the shape () meant that none is known."""
    shape = build.attr("shape")
    if shape == () and build.importer.library.producer < 24:
        shape = None
    return build.plain("Placeholder", shape=shape)


@rule("PyFunc", "PyFuncStateless", "EagerPyFunc")
def py_func(build: Build) -> Any:
    """The function is found by its token, if this process wrote the graph; else a run fails."""
    return build.plain(build.node.op.removeprefix("Eager"), build.inputs,
                       func=function_of(build.attr("token")), Tout=build.attr("Tout"))


@rule("ControlTrigger")
def control_trigger(build: Build) -> Any:
    """A NoOp that runs although what it waits for is dead: here only what is alive is there."""
    return build.plain("NoOp")
