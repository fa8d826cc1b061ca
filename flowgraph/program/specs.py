"""Deriving specs: what an instruction's results look like, given what its inputs look like.

Used to check programs, and to make them concrete once the shapes of the feeds are known.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import shapes
from flowgraph.core.spec import Shape, Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError, message
from flowgraph.opdef.opdef import OpDef, op_def, plain_value
from flowgraph.opdef.static_value import LazySpec
from flowgraph.program.ir import Feed, Instr, Program, Value
from flowgraph.program.item_shapes import ItemShapes, joined
from flowgraph.program.lanes import SIDE_BY_SIDE

_LARGEST = 1024
_MOST_ROUNDS = 64  # each round makes a size of a loop variable unknown, or is the last one
_DEEPEST = 60  # operations; contents that take longer chains are not known


class Contents:
    """What is known of the contents of values, worked out on demand (see `OpDef.known`).

    Attributes:
        producers: the instructions noted so far, by their results.
    """

    def __init__(self) -> None:
        self.producers: dict[Value, Instr] = {}
        self._known: dict[Value, Any] = {}
        self._depth = 0

    def add(self, instr: Instr) -> None:
        """Notes an instruction, so that its results can be worked out."""
        for out in instr.outputs:
            self.producers[out] = instr

    def spec(self, value: Value) -> Spec:
        """The value's Spec, able to tell its contents."""
        return LazySpec(value.spec, lambda: self.of(value))

    def of(self, value: Value) -> Any:
        """The contents as plain numbers and tuples; None when unknown, also inside tuples."""
        if value.const is not None:
            return plain_value(value.const) if value.const.size <= _LARGEST else None
        if value in self._known:
            return self._known[value]
        if self._depth > _DEEPEST:
            return None
        self._known[value] = None
        instr = self.producers.get(value)
        size = value.spec.size
        if instr is None or not instr.is_pure or (size is not None and size > _LARGEST):
            return None
        op_def = instr.op_def
        if any(v is None for v in instr.inputs):
            return None
        self._depth += 1
        known = op_def.known(*op_def.group([self.spec(v) for v in instr.inputs]),  # type: ignore[arg-type]
                             **instr.attrs)
        self._depth -= 1
        if op_def.multiple and known is not None:
            known = known[instr.outputs.index(value)]
        self._known[value] = known
        return known


def derive(instr: Instr, contents: Contents) -> tuple[Spec, ...]:
    """The specs of an instruction's results, from those of its inputs."""
    op_def = instr.op_def
    if instr.bodies:
        found = op_def.body_specs([v.spec for v in instr.inputs],  # type: ignore[attr-defined, union-attr]
                                  [[v.spec for v in body.fetches] for body in instr.bodies],
                                  **instr.attrs)
        return tuple(found)
    if op_def.plain:
        specs: Any = [v.spec for v in instr.inputs]  # type: ignore[union-attr]
    else:
        params = op_def.flat_params(len(instr.inputs))
        specs = op_def.group([
            instr.outputs[0].spec if value is None
            else contents.spec(value) if param in op_def.host_inputs else value.spec
            for param, value in zip(params, instr.inputs, strict=True)])
    result = op_def.infer(*specs, **instr.attrs)
    return (result,) if isinstance(result, Spec) else tuple(result)


def specialise(program: Program, feed_shapes: tuple[Shape, ...]) -> Program:
    """The program for feeds of these shapes: every spec as precise as they allow.

    The graph's own static shapes are only partly to be trusted. What depends on a value that was
    fed in place of a computed one, or on a variable whose shape may change, is derived anew. Where
    the graph claims more than the op can tell (`set_shape`), an `EnsureShape` checks the claim in
    the run: buffers are handed out by these shapes.

    Args:
        program: as extracted.
        feed_shapes: the shape of each feed, in the program's order.

    Raises:
        InvalidArgumentError: the shapes do not fit an op; names it, its inputs and the user's line.
    """
    return _specialised(program, feed_shapes, ())[0]


def _specialised(program: Program, feed_shapes: tuple[Shape, ...], feed_items: tuple[Any, ...]
                 ) -> tuple[Program, list[Any]]:
    """The program, and the shapes of the items of what it fetches; see ItemShapes.

    Args:
        program, feed_shapes: as for `specialise`.
        feed_items: of each feed the shape of its items; nothing is known of those left out.
    """
    items = ItemShapes()
    replaced: dict[Value, Value] = {}
    doubted = {read.value for read in program.reads
               if read.value.spec.shape != read.variable.outputs[0].spec.shape}
    feeds = []
    for feed, shape in zip(program.feeds, feed_shapes, strict=True):
        value = feed.value
        if value.spec.shape != shape:
            value = replaced[feed.value] = _reshaped(value, shape)
        feeds.append(Feed(feed.tensor, value, feed.variable))
        if feed_items:
            items.note(value, feed_items[len(feeds) - 1])
        if feed.tensor is not None and feed.tensor.op.type != "Placeholder":
            doubted.add(value)
    contents = Contents()
    producers = contents.producers
    instrs: list[Instr] = []
    known: dict[Any, Spec | None] = {}  # by op and specs; see _usual
    for instr in program.instrs:
        is_changed = bool(replaced) and not replaced.keys().isdisjoint(instr.inputs)
        inputs = (tuple([replaced.get(v, v) for v in instr.inputs])  # type: ignore[arg-type]
                  if is_changed else instr.inputs)
        if not instr.attrs and instr.op_def.plain and len(instr.outputs) == 1 and (
                not doubted or doubted.isdisjoint(inputs)):
            out = instr.outputs[0]
            key = _key(instr.op_def, inputs, out)
            if key not in known:
                known[key] = _usual(instr.with_inputs(inputs) if is_changed else instr, contents)
            spec = known[key]
            if spec is not None:
                if spec.shape != out.spec.shape:
                    value = replaced[out] = Value(out.name, spec, device=out.device)
                    instr = Instr(instr.op_def, inputs, (value,), instr.attrs, instr.origins,
                                  instr.keep, instr.bodies, instr.equals, instr.device)
                    out = value
                elif is_changed:
                    instr = instr.with_inputs(inputs)
                producers[out] = instr
                instrs.append(instr)
                continue
        new = instr.with_inputs(inputs) if is_changed else instr
        for made in _refined(items.told(new), contents, replaced, doubted, items):
            contents.add(made)
            items.add(made)
            instrs.append(made)
    result = program.with_instrs(instrs, replaced)
    result.feeds = tuple(feeds)
    return result, [items.of(value) for value in result.fetches]


def _key(op_def: OpDef, inputs: tuple[Value | None, ...], out: Value) -> Any:
    """All that `_usual` goes by."""
    spec = out.spec
    if len(inputs) == 2:  # the most frequent case, quickly
        a, b = inputs[0].spec, inputs[1].spec  # type: ignore[union-attr]
        return op_def, spec.shape, id(a.dtype), a.shape, id(b.dtype), b.shape, id(spec.dtype)
    return op_def, spec.shape, id(spec.dtype), *[
        (id(value.spec.dtype), value.spec.shape) for value in inputs]  # type: ignore[union-attr]


def _usual(instr: Instr, contents: Contents) -> Spec | None:
    """The spec of the only result of an op without attributes, which its inputs' specs tell alone.

    None where more has to be looked at: of a graph that says more than the op can tell, of lists.
    """
    out = instr.outputs[0].spec
    if out.dtype.name == "variant":
        return None
    try:
        spec, = derive(instr, contents)
    except ShapeError as error:
        raise run_error(instr, error) from None
    told, said = spec.shape, out.shape
    if told == said:
        return out
    if said is None or (told is not None and None not in told and shapes.compatible(told, said)):
        return Spec(out.dtype, told)
    return None


def _refined(instr: Instr, contents: Contents, replaced: dict[Value, Value],
             doubted: set[Value], items: ItemShapes) -> list[Instr]:
    """The instruction with outputs as precise as its inputs tell, and checks of mere claims."""
    if instr.bodies:
        instr = _with_specialised_bodies(instr, items)
    try:
        specs = derive(instr, contents)
    except ShapeError as error:
        raise run_error(instr, error) from None
    doubtful = bool(doubted) and not doubted.isdisjoint(instr.inputs)
    if not doubtful and len(specs) == 1:  # the usual cases, quickly
        out, told = instr.outputs[0], specs[0].shape
        said = out.spec.shape
        if told == said:
            return [instr]
        if said is None or (told is not None and None not in told
                            and shapes.compatible(told, said)):
            new = replaced[out] = _reshaped(out, told)
            return [instr.with_outputs((new,))]
    outputs, checks = [], []
    for out, spec in zip(instr.outputs, specs, strict=True):
        said, told = out.spec.shape, spec.shape
        if doubtful:
            said = told
        elif not shapes.compatible(said, told):
            raise run_error(instr, ShapeError(
                f"gives the shape {shape_text(told)}, where the graph says {shape_text(said)} "
                "(set_shape, or a variable's shape)"))
        shape = shapes.merge(said, told)
        new = out
        if shape != out.spec.shape:
            new = replaced[out] = _reshaped(out, shape)
        if doubtful:
            doubted.add(new)
        if shape != told:
            unchecked = Value(f"{out.name}/unchecked", Spec(out.spec.dtype, told),
                              device=out.device)
            ensure = op_def("EnsureShape")
            checks.append(Instr(ensure, (unchecked,), (new,), {"shape": shape}, instr.origins,
                                device=instr.device))
            new = unchecked
        outputs.append(new)
    if any(new is not out for new, out in zip(outputs, instr.outputs, strict=True)):
        instr = instr.with_outputs(tuple(outputs))
    return [instr, *checks]


def _reshaped(value: Value, shape: Shape) -> Value:
    return Value(value.name, Spec(value.spec.dtype, shape), device=value.device)


def _with_specialised_bodies(instr: Instr, items: ItemShapes) -> Instr:
    """The instruction with bodies for the shapes of its inputs, as far as these are known.

    A loop variable may have another shape in each round: its shape is what all rounds agree on, and
    so is that of the items of a list. A body to which the shapes do not fit stays as it is: it may
    be a branch that is not taken, and if it is taken, its own plan says what is wrong.
    """
    inputs = instr.inputs[instr.first_body_input:]
    known = tuple(_more_precise(feed.value.spec.shape, v.spec.shape)  # type: ignore[union-attr]
                  for v, feed in zip(inputs, instr.bodies[-1].feeds, strict=True))
    known_items = tuple(map(items.of, inputs))
    carried = instr.attrs.get("carried", 0)
    for _ in range(_MOST_ROUNDS):
        bodies, ends = zip(*[_specialised_if_possible(body, known, known_items)
                             for body in instr.bodies], strict=True)
        after = tuple(v.spec.shape for v in bodies[-1].fetches[:carried])
        agreed = (*map(shapes.widen, known, after), *known[carried:])
        agreed_items = (*map(joined, zip(known_items, ends[-1][:carried], strict=False)),
                        *known_items[carried:])
        if agreed == known and agreed_items == known_items:
            break
        known, known_items = agreed, agreed_items
    if carried:
        kept = [v.spec.shape for v in bodies[-1].fetches[carried:]]
        found = [*known_items[:carried], None, *kept]
    elif instr.op_def is SIDE_BY_SIDE:  # each lane has results of its own
        found = [shape for of_lane in ends for shape in of_lane]
    else:
        found = [joined(each) for each in zip(*ends, strict=True)]
    for out, shape in zip(instr.outputs, found, strict=False):
        items.note(out, shape)
    return instr.with_outputs(instr.outputs, bodies)


def _specialised_if_possible(body: Program, known: tuple[Shape, ...], items: tuple[Any, ...]
                             ) -> tuple[Program, list[Any]]:
    try:
        return _specialised(body, known, items)
    except InvalidArgumentError:
        return body, [None] * len(body.fetches)


def _more_precise(inside: Shape, outside: Shape) -> Shape:
    return shapes.merge(inside, outside) if shapes.compatible(inside, outside) else outside


def run_error(instr: Instr, error: Exception) -> InvalidArgumentError:
    """A shape rule broken by the shapes of a run, as TensorFlow's InvalidArgumentError."""
    problem, *advice = error.args
    op = instr.origins[0]
    params = instr.op_def.flat_params(len(instr.inputs))
    rows = [(f"{param} =", repr(v.name), f"{shape_text(v.spec.shape)} {v.spec.dtype.name}")
            for param, v in zip(params, instr.inputs, strict=True) if v is not None]
    return InvalidArgumentError(None, op, message(
        f"{instr.op_def.type} {op.name!r} ({op.frame}) {problem}", rows,
        advice[0] if advice else "", "invalid-argument-error"))
