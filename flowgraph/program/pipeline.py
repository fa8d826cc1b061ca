"""The pipeline: which passes run, in which order, by name.

Passes are switched off by name, for one session or for a run of tests:

    fg.Session(passes=["dead_code"])        # only this one
    fg.Session(passes=[])                   # the program as extracted

So are the techniques with which a plan is run (PLANNING): `passes=[*PASSES, *PLANNING]` is all of
both, as is None; `passes=[]` allocates every result and stays on one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module

from flowgraph.core.frames import located
from flowgraph.program.check import check
from flowgraph.program.ir import Program
from flowgraph.program.passes.column_sums import column_sums
from flowgraph.program.passes.conv_blocks import conv_blocks
from flowgraph.program.passes.cse import common_subexpressions
from flowgraph.program.passes.dead_code import dead_code
from flowgraph.program.passes.elementwise_groups import elementwise_groups
from flowgraph.program.passes.fold_constants import fold_constants
from flowgraph.program.passes.independent_parts import independent_parts
from flowgraph.program.passes.one_hot_products import one_hot_products
from flowgraph.program.passes.packed_updates import packed_updates
from flowgraph.program.passes.same_shapes import same_shapes
from flowgraph.program.passes.shared_weights import shared_weights
from flowgraph.program.passes.simplify import simplify
from flowgraph.program.passes.sub_programs import sub_programs
from flowgraph.program.passes.sums_of_products import sums_of_products
from flowgraph.program.passes.transposed_weights import transposed_weights
from flowgraph.program.passes.winograd import KINDS as WINOGRAD_KINDS
from flowgraph.program.passes.winograd import winograd
from flowgraph.program.placement import place

Pass = Callable[..., Program]  # from a Program to a Program; some also take `optimise`


def _late(name: str) -> Pass:
    """A pass that few programs need: its module is loaded when the first one does."""
    def run(program: Program) -> Program:
        return getattr(import_module(f"flowgraph.program.passes.{name}"), name)(program)

    return run


PASSES: dict[str, Pass] = {
    "same_shapes": same_shapes,
    "fold_constants": fold_constants,
    "simplify": simplify,
    "common_subexpressions": common_subexpressions,
    "dead_code": dead_code,
    "sub_programs": sub_programs,
    "loop_invariants": _late("loop_invariants"),
    "loop_projections": _late("loop_projections"),
    "loop_row_gradients": _late("loop_row_gradients"),
    "loop_sums": _late("loop_sums"),
    "shared_weights": shared_weights,
    "one_hot_products": one_hot_products,
    "transposed_weights": transposed_weights,
    "sums_of_products": sums_of_products,
    "independent_parts": independent_parts,
    "conv_blocks": conv_blocks,
    "winograd": winograd,
    "packed_updates": packed_updates,
    "elementwise_groups": elementwise_groups,
    "column_sums": column_sums,
    "gpu_kernels": lambda program: in_gpu_kernels(program),
}
# How a plan is run, by name; each changes the time and the memory that a run takes, no result.
PLANNING: dict[str, str] = {
    "buffer_reuse": "results are written into memory that the plan reuses, or over an input",
    "cuda_graphs": "from the third run on all that a GPU does in a run is launched as one",
    "double_buffering": "what a variable becomes is written into the array that it had before",
    "general_plans": "from a third shape on, first runs use a plan for all sizes",
    "joins_in_place": "parts of a concatenation are written where they will stand in it",
    "large_products": "large products of matrices are done the way that BLAS is quickest at",
    "loops_as_source": "bodies of loops and branches stand in the generated source themselves",
    "parallel": "large steps are split over the cores",
    "resized_plans": "the plan for a second shape is made from the first, where sizes alone differ",
}
_FIRST = {"same_shapes"}  # once per choice of fetches, before the shapes of the feeds are known
# Once, in this order, when the others have done all they can.
_LAST = {"loop_projections", "loop_row_gradients", "loop_sums", "shared_weights",
         "one_hot_products", "transposed_weights", "sums_of_products", "independent_parts",
         "conv_blocks", "winograd", "packed_updates", "elementwise_groups", "column_sums"}
_ON_GPU = {"gpu_kernels"}  # when the program has been placed, if it uses a GPU
# These make what NumPy is quicker at; a program that uses a GPU goes without.
_FOR_HOST = {"transposed_weights", "independent_parts", "conv_blocks", "winograd",
             "packed_updates", "elementwise_groups", "column_sums", "one_hot_products"}
# The types of which a program must have one for a pass to find anything.
_LOOKS_FOR = {
    "loop_invariants": {"While"}, "loop_projections": {"While"}, "loop_row_gradients": {"While"},
    "loop_sums": {"While"}, "shared_weights": {"MatMul"}, "one_hot_products": {"OneHot"},
    "transposed_weights": {"MatMul"}, "sums_of_products": {"MatMul", "Sum"},
    "column_sums": {"Sum"}, "winograd": WINOGRAD_KINDS}
_ROUNDS = 3  # a pass can open the way for an earlier one; almost always two rounds change all
_LARGE = 5000  # instructions; from here on one round has to do, for the time that the others take

checking = False  # tests set it: the checker runs after every pass


def in_gpu_kernels(program: Program) -> Program:
    """Makes one kernel of groups of instructions of a GPU, in bodies too."""
    if not program.uses_gpu:
        return program
    from flowgraph.program.passes.gpu_kernels import gpu_kernels  # late: few have one
    instrs = [instr.with_outputs(instr.outputs, tuple(map(in_gpu_kernels, instr.bodies)))
              if instr.bodies else instr for instr in program.instrs]
    program = gpu_kernels(program.with_instrs(instrs, {}))
    if checking:
        check(program, "gpu_kernels")
    return program


def prepare(program: Program, passes: Iterable[str] | None = None) -> Program:
    """What can be done to a program before the shapes of its feeds are known.

    Args:
        program: the program, as extracted.
        passes: names of the passes to run, as for `optimise`.
    """
    if checking:
        check(program, "extract")
    return _run(program, [(name, PASSES[name]) for name in _order(passes) if name in _FIRST])


def optimise(program: Program, passes: Iterable[str] | None = None, gpus: Sequence[str] = (),
             for_graph: bool = False) -> Program:
    """Runs the passes over a program until nothing changes, at most three times (large ones once).

    Args:
        program: the program.
        passes: names of the passes to run, in any order; None for all. Those of PLANNING may be
            among them.
        gpus: the GPUs that there are, as "gpu:0"; the program is placed on them.
        for_graph: as for `place`.

    Raises:
        ValueError: there is no pass of such a name.
    """
    names = _order(passes)
    if gpus:
        placed = place(_optimise(program, [n for n in names if n not in _FOR_HOST]), gpus,
                       for_graph)
        if checking:
            check(placed, "place")
        if placed.uses_gpu:
            return in_gpu_kernels(placed) if "gpu_kernels" in names else placed
        names = [name for name in names if name != "packed_updates"]  # variables may be anywhere
    return _optimise(program, names)


def _optimise(program: Program, names: list[str]) -> Program:
    inside = {  # passes that make programs inside of programs run the others on those
        "sub_programs": names,
        "independent_parts": [name for name in names if name != "independent_parts"]}
    chosen = [(name, partial(PASSES[name], optimise=partial(_optimise, names=inside[name]))
               if name in inside else PASSES[name]) for name in names]
    if checking:
        check(program, "extract")
    for _ in range(_ROUNDS if len(program.instrs) < _LARGE else 1):
        before = program
        program = _run(program, [(name, function) for name, function in chosen
                                 if name not in _LAST | _FIRST | _ON_GPU])
        if program is before:
            break
    return _run(program, [(name, function) for name, function in chosen if name in _LAST])


def _run(program: Program, passes: list[tuple[str, Pass]]) -> Program:
    for name, function in passes:
        looks_for = _LOOKS_FOR.get(name)
        if looks_for is not None and looks_for.isdisjoint(program.types):
            continue
        after = function(program)
        if checking and after is not program:
            check(after, name)
        program = after
    return program


def techniques(passes: Iterable[str] | None = None) -> frozenset[str]:
    """Those of PLANNING that are among these names; all for None.

    Example:
        >>> sorted(techniques(["simplify", "parallel"]))
        ['parallel']
    """
    return frozenset(PLANNING if passes is None else PLANNING.keys() & set(passes))


def check_names(passes: Iterable[str] | None) -> None:
    """Raises ValueError unless all names are those of passes or of ways to run a plan."""
    unknown = set(passes or ()) - PASSES.keys() - PLANNING.keys()
    if unknown:
        raise ValueError(located(f"there is no pass {sorted(unknown)}; there are "
                                 f"{[*PASSES, *PLANNING]}"))


def _order(passes: Iterable[str] | None) -> list[str]:
    if passes is None:
        return list(PASSES)
    wanted = set(passes)
    check_names(wanted)
    return [name for name in PASSES if name in wanted]
