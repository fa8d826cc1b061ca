"""Products with the same weights become one product over all rows: the layers of unrolled networks.

    x1 W, x2 W, x3 W                     ->  split(concat(x1, x2, x3) W)
    concat([x1, h], 1) W, ...            ->  x1 Wx, x2 Wx, ... as one;  in each step only h Wh + ...
    split(dz1 Wᵀ), split(dz2 Wᵀ), ...    ->  dz1 Wxᵀ, dz2 Wxᵀ, ... as one;  in each step dz Whᵀ

A recurrent step multiplies a few rows by large weights, and BLAS takes longer to lay out the
weights than to multiply. What does not wait for the step before is therefore done for all steps at
once: the part of the inputs going forward, the part of their gradients going back. Where no one
needs the gradient of the inputs, it is not computed at all. A bias that is added to each product is
added to the one product.

Factors are joined only if none of them depends on another one's product. To know it the pass
carries along, for each value, the sets of products that it depends on, as the bits of a number.
"""

from __future__ import annotations

from typing import Any

from flowgraph.program.emit import Emitter
from flowgraph.program.ir import Instr, Program, Value
from flowgraph.program.passes.dead_code import dead_code
from flowgraph.program.reorder import in_valid_order

LEAST_TERMS = 3
MOST_ROWS = 256  # of a factor: with more, laying out the weights is a small part of the work
MOST_BYTES = 1 << 27  # of the one product, all of which is kept until its last part is used
_ADDS = ("AddV2", "Add", "BiasAdd")

Key = tuple[Value, bool, int, int]  # weights, whether transposed, from which row, to which


class _Product:
    """A product, and how it comes apart.

    Attributes:
        instr: the MatMul.
        position: its number in the program.
        whole: the key of the whole product.
        parts: (factor, key) of each part of the concatenation that is its first factor.
        split: the only user, if that cuts the product into parts of the columns.
        pieces: (part of the result, key) of those parts that are used.
        bias: what is added to the product, and by which instruction.
    """

    __slots__ = ("bias", "instr", "parts", "pieces", "position", "split", "whole")

    def __init__(self, instr: Instr, position: int) -> None:
        weights, turned = instr.inputs[1], instr.attrs["transpose_b"]
        assert weights is not None
        self.instr = instr
        self.position = position
        self.whole: Key = (weights, turned, 0, _size(weights, 0))
        self.parts: list[tuple[Value, Key]] = []
        self.split: Instr | None = None
        self.pieces: list[tuple[Value, Key]] = []
        self.bias: tuple[Value, Instr] | None = None

    @property
    def factor(self) -> Value:
        """The first factor."""
        return self.instr.inputs[0]  # type: ignore[return-value]

    @property
    def out(self) -> Value:
        """The result."""
        return self.instr.outputs[0]


def shared_weights(program: Program) -> Program:
    """Joins the products with the same weights whose factors do not wait for one another."""
    products = _find(program)
    if not products:
        return program
    groups = _independent(program, products)
    if not groups and not any(_has_unused(product) for product in products.values()):
        return program
    return _Rewriting(program, products, groups).run()


def _size(value: Value, axis: int) -> int:
    return (value.spec.shape or ())[axis] or 0


# ---- finding -------------------------------------------------------------------------------------


def _find(program: Program) -> dict[Instr, _Product]:
    """The products that may be joined to others, or of whose result a part is not used."""
    candidates = [(i, instr) for i, instr in enumerate(program.instrs)
                  if instr.op_def.type == "MatMul" and _is_candidate(instr)]
    if not candidates:
        return {}
    count: dict[tuple[Value, bool], int] = {}
    for _, instr in candidates:
        base = instr.inputs[1], instr.attrs["transpose_b"]
        count[base] = count.get(base, 0) + 1  # type: ignore[index, arg-type]
    used: set[Value] = set(program.results())
    users: dict[Value, list[Instr]] = {instr.outputs[0]: [] for _, instr in candidates}
    for instr in program.instrs:
        used.update(v for v in instr.inputs if v is not None)
        for value in instr.inputs:
            if value in users:
                users[value].append(instr)
    for value in program.results():
        if value in users:
            users[value] += [program.producers[value]] * 2  # stays
    products = {}
    for i, instr in candidates:
        product = _Product(instr, i)
        using = users[product.out]
        if len(using) == 1:
            _take_user(product, using[0], used)
        base = instr.inputs[1], instr.attrs["transpose_b"]
        if count[base] >= LEAST_TERMS:  # type: ignore[index]
            _take_parts(product, program)
            products[instr] = product
        elif _has_unused(product):
            products[instr] = product
    return products


def _is_candidate(instr: Instr) -> bool:
    a, b = instr.inputs
    return (instr.is_pure and not instr.attrs["transpose_a"] and a is not None and b is not None
            and a.spec.is_static and b.spec.is_static and bool(a.spec.size and b.spec.size)
            and a.spec.dtype.kind == "f" and a.spec.dtype.size >= 4 and _size(a, 0) <= MOST_ROWS)


def _take_parts(product: _Product, program: Program) -> None:
    """Notes the parts of a first factor that is a concatenation of columns."""
    join = program.producers.get(product.factor)
    weights, turned, _, _ = product.whole
    if turned or join is None or join.op_def.type != "ConcatV2":
        return
    *values, axis = join.inputs
    if axis is None or axis.const is None or int(axis.const) not in (1, -1):
        return
    at = 0
    for value in values:
        if value is None or not value.spec.is_static:
            return
        width = _size(value, 1)
        product.parts.append((value, (weights, False, at, at + width)))
        at += width
    product.parts = [(value, key) for value, key in product.parts if key[3] > key[2]]


def _take_user(product: _Product, user: Instr, used: set[Value]) -> None:
    """Notes what the only user does: cut the columns, or add a bias."""
    kind = user.op_def.type
    weights, turned, _, _ = product.whole
    if kind in ("Split", "SplitV") and turned and user.is_pure:
        axis = user.inputs[0 if kind == "Split" else 2]
        sizes = [_size(out, 1) if out.spec.is_static else -1 for out in user.outputs]
        if (axis is None or axis.const is None or int(axis.const) not in (1, -1)
                or sum(sizes) != _size(weights, 0) or -1 in sizes):
            return
        product.split = user
        at = 0
        for out, width in zip(user.outputs, sizes, strict=True):
            if out in used and width:
                product.pieces.append((out, (weights, True, at, at + width)))
            at += width
    elif kind in _ADDS and user.is_pure and user.attrs.get("data_format", "NHWC") == "NHWC":
        first, second = user.inputs
        bias = second if first is product.out else first
        if (bias is not None and user.outputs[0].spec == product.out.spec
                and bias.spec.shape in ((_size(product.out, 1),), (1, _size(product.out, 1)))):
            product.bias = (bias, user)


def _has_unused(product: _Product) -> bool:
    """Whether only some of the columns of a product are used."""
    return product.split is not None and 0 < len(product.pieces) < len(
        [out for out in product.split.outputs if _size(out, 1)])


# ---- what depends on what ------------------------------------------------------------------------


def _terms(product: _Product) -> list[tuple[Value, Key]]:
    """(factor, key) of every product that this one consists of."""
    return [(product.factor, product.whole), *product.parts,
            *((product.factor, key) for _, key in product.pieces if product.split)]


def _independent(program: Program, products: dict[Instr, _Product]) -> set[Key]:
    """The keys whose products can be made at once, before any one of them is used."""
    count: dict[Key, int] = {}
    nbytes: dict[Key, int] = {}
    for product in products.values():
        for factor, key in _terms(product):
            count[key] = count.get(key, 0) + 1
            width = key[3] - key[2] if key[1] else _size(key[0], 1)
            nbytes[key] = (nbytes.get(key, 0)
                           + _size(factor, 0) * width * factor.spec.dtype.size)
    keys = [key for key, n in count.items() if n >= LEAST_TERMS and nbytes[key] <= MOST_BYTES]
    bits = {key: 1 << i for i, key in enumerate(keys)}
    if not bits:
        return set()
    needs: dict[Value, int] = {}
    before_effects = 0  # what the last instruction needs that has to keep its turn
    of_key = dict.fromkeys(keys, 0)
    splits = {product.split: product for product in products.values() if product.split}
    for instr in program.instrs:
        mask = 0
        for value in instr.inputs:
            mask |= needs.get(value, 0)  # type: ignore[arg-type]
        if not instr.is_pure:  # `in_valid_order` keeps such in the order that they have
            mask = before_effects = mask | before_effects
        if instr in products:
            product = products[instr]
            for factor, key in _terms(product):
                if key in of_key:
                    of_key[key] |= needs.get(factor, 0)
            mask |= bits.get(product.whole, 0)
            for _, key in product.parts:
                mask |= bits.get(key, 0)
        if mask:
            needs.update(dict.fromkeys(instr.outputs, mask))
        if instr in splits:
            for out, key in splits[instr].pieces:
                if key in bits:
                    needs[out] = mask | bits[key]
    # Made at once, they wait for all that any of their factors waits for, and so do their users.
    chosen = [key for key in keys if not of_key[key] & bits[key]]
    changed = True
    while changed:
        changed = False
        for key in chosen:
            for other in chosen:
                if of_key[key] & bits[other] and of_key[other] & ~of_key[key]:
                    of_key[key] |= of_key[other]
                    changed = True
    return {key for key in chosen if not of_key[key] & bits[key]}


# ---- rewriting -----------------------------------------------------------------------------------


class _Rewriting:
    """A program while its products are being joined.

    Args:
        program: the program.
        products: those that take part.
        groups: the keys whose products are made at once.
    """

    def __init__(self, program: Program, products: dict[Instr, _Product],
                 groups: set[Key]) -> None:
        self._program = program
        self._products = products
        self._emitter = Emitter()
        self._chosen = {product: self._choice(product, groups) for product in products.values()}
        self._members: dict[Key, list[tuple[_Product, Value]]] = {}
        for product, keys in self._chosen.items():
            for factor, key in _terms(product):
                if key in keys:
                    self._members.setdefault(key, []).append((product, factor))
        for key in [key for key, members in self._members.items() if len(members) < LEAST_TERMS]:
            for product, _ in self._members.pop(key):
                self._chosen[product].remove(key)
        self._biases = self._common_biases()
        self._made: dict[tuple[Key, _Product], Value] = {}  # the result of each term
        self._slices: dict[tuple[Value, int, int], Value] = {}

    def run(self) -> Program:
        """The new program."""
        gone = {product.split for product in self._products.values() if self._is_cut(product)}
        gone |= {product.bias[1] for product in self._products.values()
                 if product.bias and self._has_bias(product)}
        for instr in self._program.instrs:
            product = self._products.get(instr)
            if product is not None and (self._chosen[product] or self._is_cut(product)):
                self._rewrite(product)
            elif instr not in gone:
                self._emitter.keep(instr)
        return dead_code(self._program.with_instrs(in_valid_order(self._emitter.instrs), {}))

    def _choice(self, product: _Product, groups: set[Key]) -> list[Key]:
        """Which terms of a product are made together with others: the whole, or some parts."""
        if product.whole in groups:
            return [product.whole]
        return [key for _, key in (*product.parts, *product.pieces) if key in groups]

    def _is_cut(self, product: _Product) -> bool:
        """Whether the parts of the result are made one by one, instead of cut."""
        return product.split is not None and product.whole not in self._chosen[product] and (
            bool(self._chosen[product]) or _has_unused(product))

    def _common_biases(self) -> dict[Key, Value]:
        """The bias that is added to every product of a group, by the group that takes it."""
        found: dict[Key, Value] = {}
        for key, members in self._members.items():
            biases = {product.bias[0] if product.bias and self._chosen[product][0] == key
                      and product.bias[0] not in self._program.producers else None
                      for product, _ in members}
            if len(biases) == 1 and None not in biases:
                found[key] = biases.pop()  # type: ignore[assignment]
        return found

    def _has_bias(self, product: _Product) -> bool:
        keys = self._chosen[product]
        return bool(keys) and keys[0] in self._biases

    def _rewrite(self, product: _Product) -> None:
        for key in self._chosen[product]:
            if (key, product) not in self._made:
                self._join(key)
        if product.whole in self._chosen[product]:
            return
        if self._is_cut(product):
            for out, key in product.pieces:
                if key not in self._chosen[product]:
                    self._multiply(product, product.factor, key, out)
            return
        terms: list[Value] = []
        for factor, key in self._rest(product):
            name = f"{product.out.name}/product"
            terms.append(self._multiply(product, factor, key, name))
        terms += [self._made[key, product] for key in self._chosen[product]]
        result = self._result(product)
        if len(terms) == 1:  # the other parts have no columns
            self._emitter.emit("Identity", terms, result, self._origins(product))
            return
        for term in terms[1:-1]:
            terms[0] = self._emitter.emit("AddV2", [terms[0], term], f"{result.name}/sum",
                                          product.instr.origins)
        self._emitter.emit("AddV2", [terms[0], terms[-1]], result, self._origins(product))

    def _result(self, product: _Product) -> Value:
        """What the rewritten instructions make: the product, with its bias if that is in it."""
        if product.bias is not None and self._has_bias(product):
            return product.bias[1].outputs[0]
        return product.out

    def _origins(self, product: _Product) -> tuple[Any, ...]:
        more = product.bias[1].origins if product.bias and self._has_bias(product) else ()
        return tuple(dict.fromkeys((*more, *product.instr.origins)))

    def _rest(self, product: _Product) -> list[tuple[Value, Key]]:
        """The parts of the first factor that are not made with others; neighbours are joined."""
        runs: list[list[tuple[Value, Key]]] = []
        for value, key in product.parts:
            if key in self._chosen[product]:
                continue
            if runs and runs[-1][-1][1][3] == key[2]:
                runs[-1].append((value, key))
            else:
                runs.append([(value, key)])
        rest = []
        for run in runs:
            value = run[0][0]
            if len(run) > 1:
                value = self._emitter.concat([v for v, _ in run], f"{product.out.name}/factor",
                                             product.instr.origins, axis=1)
            first, last = run[0][1], run[-1][1]
            rest.append((value, (first[0], first[1], first[2], last[3])))
        return rest

    def _multiply(self, product: _Product, factor: Value, key: Key, out: Value | str) -> Value:
        """A product with some rows of the weights."""
        return self._emitter.emit("MatMul", [factor, self._weights(key, product)], out,
                                  product.instr.origins, transpose_b=key[1])

    def _weights(self, key: Key, product: _Product) -> Value:
        """Some rows of the weights: a view."""
        whole, _, first, last = key
        if (first, last) == (0, _size(whole, 0)):
            return whole
        if (whole, first, last) not in self._slices:
            self._slices[whole, first, last] = self._emitter.slice_rows(
                whole, first, last, f"{whole.name}/rows_{first}_{last}", product.instr.origins)
        return self._slices[whole, first, last]

    def _join(self, key: Key) -> None:
        """Makes the one product of a group, and cuts it into those of its members."""
        members = self._members[key]
        if key[1]:  # gradients come from the last step to the first: all else goes forward
            members = members[::-1]
        first = members[0][0] if not key[1] else members[-1][0]
        origins = tuple(dict.fromkeys(op for product, _ in members
                                      for op in product.instr.origins))
        name = f"{first.out.name}/all"
        rows = self._emitter.concat([factor for _, factor in members], f"{name}/rows", origins)
        bias = self._biases.get(key)
        joined = self._emitter.emit("MatMul", [rows, self._weights(key, first)],
                                    name if bias is None else f"{name}/product", origins,
                                    transpose_b=key[1])
        if bias is not None:
            adds = tuple(dict.fromkeys(op for product, _ in members if product.bias
                                       for op in product.bias[1].origins))
            joined = self._emitter.emit("AddV2", [joined, bias], name, adds)
        outs: list[Value | str] = []
        for product, _ in members:
            if key == product.whole:
                outs.append(self._result(product))
            else:
                outs.append(next((out for out, k in product.pieces if k == key),
                                 f"{product.out.name}/inputs"))
        parts = self._emitter.split_rows(joined, [_size(factor, 0) for _, factor in members], outs,
                                         origins)
        for (product, _), part in zip(members, parts, strict=True):
            self._made[key, product] = part
