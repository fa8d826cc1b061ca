"""tf.einsum: sums of products, written with a letter for each axis.

One `Einsum` node holds the whole equation. Its kernel takes the inputs two at a time, in an order
that is worked out once for each equation and shapes, and makes of each pair a (stacked) matrix
product. The gradient of an einsum is an einsum of dy and the other inputs.
"""

from __future__ import annotations

import math
from functools import lru_cache
from string import ascii_letters

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.complex_numbers import conj
from flowgraph.ops.shape import shape


class Einsum(OpDef):
    """The sum of products that `equation` describes, as "ij,jk->ik"."""

    multiplies = True
    T = dt.NUMBER
    lists = ("inputs",)
    aliases = ("inputs",)

    def infer(self, inputs, *, equation):
        terms, result = _parts(equation)
        if len(terms) != len(inputs):
            raise ShapeError(f"has {len(inputs)} inputs for {equation!r}",
                             f"The equation is for {len(terms)}.")
        sizes = {}
        for spec, term in zip(inputs, terms):
            if spec.shape is not None and len(spec.shape) != len(term):
                raise ShapeError(f"cannot read {shape_text(spec.shape)} as {term!r} of "
                                 f"{equation!r}", "There must be one letter for each axis.")
            for letter, n in zip(term, spec.shape or (None,) * len(term)):
                known = sizes.get(letter)
                if None not in (n, known) and n != known:
                    raise ShapeError(f"has the sizes {known} and {n} for {letter!r} of "
                                     f"{equation!r}", "Axes with one letter must be of one size.")
                sizes[letter] = n if known is None else known
        return Spec(inputs[0].dtype, tuple(sizes[letter] for letter in result))

    def kernel(self, xp, inputs, *, equation):
        return _contracted(xp, inputs, equation)

    def grad(self, op, dy):
        terms, result = _parts(op.attrs["equation"])
        return [_gradient(op.inputs, terms, result, dy, i) for i in range(len(terms))]


def _gradient(inputs, terms, result, dy, i):
    """dy times all inputs but i; a letter that only input i had comes with a vector of ones."""
    others = [(conj(x), term) for k, (x, term) in enumerate(zip(inputs, terms)) if k != i]
    factors = [(dy, result), *others]
    there = set(result).union(*(term for _, term in others))
    sizes = inputs[i].spec.shape
    for letter in sorted(set(terms[i]) - there):
        axis = terms[i].index(letter)
        n = shape(inputs[i])[axis] if sizes is None or sizes[axis] is None else sizes[axis]
        ones = op_def("Fill").build([n], np.ones((), dy.dtype.base_dtype.numpy))
        factors.append((ones, letter))
    equation = ",".join(term for _, term in factors) + "->" + terms[i]
    return Einsum.build([x for x, _ in factors], equation=equation)


@lru_cache(maxsize=512)
def _parts(equation):
    """("ij", "jk"), "ik" of "ij,jk->ik"."""
    left, _, result = equation.partition("->")
    return tuple(left.split(",")), result


# ---- contraction ---------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _path(equation, shapes):
    """Which two operands to multiply next, until one is left: each time the cheapest pair.

    The product of two operands goes to the end of the list.
    """
    terms, result = _parts(equation)
    sizes = {letter: n for term, lengths in zip(terms, shapes) for letter, n in zip(term, lengths)}
    left, path = [set(term) for term in terms], []
    while len(left) > 1:
        pairs = [(i, j) for j in range(len(left)) for i in range(j)]
        i, j = min(pairs, key=lambda p: math.prod(sizes[x] for x in left[p[0]] | left[p[1]]))
        rest = [term for k, term in enumerate(left) if k not in (i, j)]
        kept = (left[i] | left[j]) & set(result).union(*rest)
        path.append((i, j))
        left = [*rest, kept]
    return tuple(path)


def _contracted(xp, inputs, equation):
    terms, result = _parts(equation)
    operands = [_without_repeats(xp, x, term) for x, term in zip(inputs, terms)]
    for i, j in _path(equation, tuple(x.shape for x in inputs)):
        second, first = operands.pop(j), operands.pop(i)
        kept = set(result).union(*(term for _, term in operands))
        operands.append(_product(xp, first, second, kept))
    x, term = _summed(*operands[0], set(result))
    distinct = "".join(dict.fromkeys(result))
    x = _ordered(x, term, distinct)
    return x if distinct == result else _with_repeats(xp, x, distinct, result)


def _ordered(x, term, order):
    return x if term == order else x.transpose([term.index(letter) for letter in order])


def _summed(x, term, kept):
    """Sums over the letters that are not in `kept`."""
    axes = tuple(axis for axis, letter in enumerate(term) if letter not in kept)
    if not axes:
        return x, term
    return x.sum(axis=axes, dtype=x.dtype), "".join(c for c in term if c in kept)


def _product(xp, first, second, kept):
    """Two operands as one: a stacked matrix product, or an elementwise one if nothing is summed."""
    a, p = _summed(*first, kept | set(second[1]))
    b, q = _summed(*second, kept | set(p))
    stacked = "".join(c for c in p if c in q and c in kept)
    inner = "".join(c for c in p if c in q and c not in kept)
    rows = "".join(c for c in p if c not in q)
    columns = "".join(c for c in q if c not in p)
    a, b = _ordered(a, p, stacked + rows + inner), _ordered(b, q, stacked + inner + columns)
    k, m = len(stacked), len(stacked) + len(rows)
    lead, row_sizes, column_sizes = a.shape[:k], a.shape[k:m], b.shape[k + len(inner):]
    if not inner:
        product = a.reshape((*a.shape, *(1 for _ in columns))) * b.reshape(
            (*lead, *(1 for _ in rows), *column_sizes))
    else:
        length = math.prod(a.shape[m:])
        product = xp.matmul(a.reshape((*lead, math.prod(row_sizes), length)),
                            b.reshape((*lead, length, math.prod(column_sizes)))).reshape(
                                (*lead, *row_sizes, *column_sizes))
    return product, stacked + rows + columns


def _without_repeats(xp, x, term):
    """Takes the diagonal over the axes that have one letter."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            first = term.index(letter)
            second = term.index(letter, first + 1)
            x = xp.diagonal(x, 0, first, second)
            term = term[:first] + term[first + 1:second] + term[second + 1:] + letter
    return x, term


def _with_repeats(xp, x, distinct, result):
    """Puts `x` on the diagonal over the axes of the result that have one letter."""
    sizes = dict(zip(distinct, x.shape))
    whole = xp.zeros([sizes[letter] for letter in result], x.dtype)
    axes = {letter: xp.arange(n).reshape([-1 if c == letter else 1 for c in distinct])
            for letter, n in sizes.items()}
    whole[tuple(axes[letter] for letter in result)] = x
    return whole


# ---- the public function -------------------------------------------------------------------------


def einsum(equation, *inputs, **kwargs):
    """Sums products of tensors, by an equation with a letter for each axis.

    Args:
        equation: as "ij,jk->ik": the axes of each input, and those of the result; a letter that is
            not in the result is summed over, one that is twice in an input takes the diagonal.
            "..." stands for any further axes, which broadcast. Without "->" the result has the
            letters that are there once, in alphabetical order.
        inputs: the tensors, of one number dtype.
        name: name scope of the node.

    Raises:
        ValueError: the equation is malformed, or does not fit the inputs.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.einsum("ij,j->i", [[1, 2], [3, 4]], [1, 10]))
        array([21, 43], dtype=int32)
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise TypeError(located("einsum() got an unexpected keyword argument: "
                                f"{', '.join(sorted(map(str, kwargs)))}"))
    with name_scope(name, "einsum", list(inputs)) as scope:
        tensors = _tensors(inputs)
        terms, result = _checked(equation, len(tensors))
        if any("." in part for part in (*terms, result)):
            tensors, terms, result = _without_ellipsis(equation, tensors, terms, result)
        return Einsum.build(tensors, equation=",".join(terms) + "->" + result,
                            name=f"{scope}Einsum")


def _tensors(inputs):
    """The inputs as tensors, Python values with the dtype of the first tensor."""
    dtype = next((x.dtype.base_dtype for x in inputs if is_tensor_like(x)), None)
    tensors = []
    for x in inputs:
        tensors.append(convert_to_tensor(x) if is_tensor_like(x) else convert_to_tensor(x, dtype))
        dtype = dtype or tensors[-1].dtype
    return tensors


def _checked(equation, count):
    """The terms and the result of an equation as the user wrote it."""
    left, arrow, result = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    for part in (*terms, result):
        letters = part.replace("...", "", 1)
        if letters and not (letters.isascii() and letters.isalpha()):
            raise ValueError(located(f"einsum cannot read the equation {equation!r}: {part!r} must "
                                     "be letters, with at most one '...'"))
    if len(terms) != count:
        raise ValueError(located(f"einsum got {count} inputs for the equation {equation!r}, which "
                                 f"is for {len(terms)}"))
    letters = left.replace(",", "").replace(".", "")
    if not arrow:
        result = ("..." if "." in left else "") + "".join(
            c for c in sorted(set(letters)) if letters.count(c) == 1)
    new = set(result) - set(letters) - {"."}
    if new:
        raise ValueError(located(f"einsum: the result of {equation!r} has the letter {min(new)!r}, "
                                 "which is in no input"))
    if len(set(result.replace("...", ""))) != len(result.replace("...", "")):
        raise ValueError(located(f"einsum: the result of {equation!r} has a letter twice"))
    return terms, result


def _without_ellipsis(equation, tensors, terms, result):
    """Gives the axes under "..." letters; an axis that is stretched is left out instead."""
    free = [c for c in ascii_letters if c not in equation]
    axes = []
    for x, term in zip(tensors, terms):
        if "." in term and x.spec.shape is None:
            raise ValueError(located(f"einsum needs inputs of known rank where {equation!r} has "
                                     "'...'"))
        extra = len(x.spec.shape) - len(term.replace("...", "")) if "." in term else 0
        if extra < 0:
            raise ValueError(located(f"einsum: {shape_text(x.spec.shape)} has too few axes for "
                                     f"{term!r}"))
        axes.append(extra)
    letters = "".join(reversed(free[:max(axes)]))  # aligned at the right
    widest = {}
    for x, term, extra in zip(tensors, terms, axes):
        at = term.find(".")
        for letter, n in zip(letters[len(letters) - extra:], (x.spec.shape or ())[at:at + extra]):
            if widest.get(letter, 1) == 1:
                widest[letter] = n
    found = []
    for k, (x, term, extra) in enumerate(zip(tensors, terms, axes)):
        under = letters[len(letters) - extra:]
        at = term.find(".")
        gone = [at + i for i, c in enumerate(under)
                if x.spec.shape[at + i] == 1 and widest[c] != 1]
        if gone:
            tensors[k] = op_def("Squeeze").build(x, squeeze_dims=tuple(gone))
        under = "".join(c for i, c in enumerate(under) if at + i not in gone)
        found.append(term.replace("...", under))
    if letters and "." not in result:
        raise ValueError(located(f"einsum: the result of {equation!r} must have '...' too"))
    return tensors, found, result.replace("...", letters)
