"""`slim.model_analyzer`: how large variables and outputs are, printed as lists."""

from __future__ import annotations

from typing import Any

_RULER = "---------"


def tensor_description(var: Any) -> str:
    """A tensor's dtype and shape, as "(float32 3x3x64)".

    Args:
        var: tensor or variable.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> slim.model_analyzer.tensor_description(fg.zeros([3, 64]))
        '(float32 3x64)'
    """
    sizes = "" if var.shape.ndims is None else "x".join(str(size) for size in var.shape)
    return f"({var.dtype.base_dtype.name} {sizes})"


def analyze_ops(graph: Any, print_info: bool = False) -> int:
    """The number of elements that the outputs of a graph have together.

    Args:
        graph: the graph; outputs of unknown shape count as nothing.
        print_info: whether each operation is printed.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> x = fg.zeros([3, 64], name="x")
        >>> slim.model_analyzer.analyze_ops(x.graph)
        192
    """
    if print_info:
        print(_RULER, "Operations: name -> (type shapes) [size]", _RULER, sep="\n")
    total = 0
    for op in graph.get_operations():
        size = sum(output.shape.num_elements() or 0 for output in op.outputs)
        if print_info:
            shapes = [tensor_description(output) for output in op.outputs if output.shape.ndims]
            print(op.name, "\t->", ", ".join(shapes), f"[{size}]")
        total += size
    return total


def analyze_vars(variables: Any, print_info: bool = False) -> tuple[int, int]:
    """How many elements and bytes variables have together.

    Args:
        variables: list of variables.
        print_info: whether each variable is printed.

    Returns:
        (number of elements, number of bytes).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> w = fg.get_variable("w", [3, 64])
        >>> slim.model_analyzer.analyze_vars([w], print_info=True)
        ---------
        Variables: name (type shape) [size]
        ---------
        w:0 (float32 3x64) [192, bytes: 768]
        Total size of variables: 192
        Total bytes of variables: 768
        (192, 768)
    """
    if print_info:
        print(_RULER, "Variables: name (type shape) [size]", _RULER, sep="\n")
    elements = nbytes = 0
    for variable in variables:
        size = variable.shape.num_elements() or 0
        count = size * variable.dtype.base_dtype.size
        if print_info:
            print(variable.name, tensor_description(variable), f"[{size}, bytes: {count}]")
        elements, nbytes = elements + size, nbytes + count
    if print_info:
        print(f"Total size of variables: {elements}")
        print(f"Total bytes of variables: {nbytes}")
    return elements, nbytes
