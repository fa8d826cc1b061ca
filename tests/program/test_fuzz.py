"""A short run of the fuzzer, and that it would find something."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from flowgraph.program import pipeline
from flowgraph.program.pipeline import PASSES, PLANNING
from tests.program import fuzz


@pytest.mark.parametrize("number", range(24))
def test_random_graphs_give_the_same_with_any_subset_of_passes(number) -> None:
    with fuzz.lowered():
        assert fuzz.check(number, most=4) == 4


def test_a_long_run_meets_any_four_passes_in_all_combinations() -> None:
    names = (*PASSES, *PLANNING)
    met = np.array([[name in choice for name in names] for number in range(fuzz.GRAPHS)
                    for choice in fuzz.choices(number)])
    for four in itertools.islice(itertools.combinations(range(len(names)), 4), 0, None, 97):
        assert len(np.unique(met[:, four] @ [1, 2, 4, 8])) == 16, [names[i] for i in four]


def test_all_choices_have_each_pass_alone_and_left_out() -> None:
    names = (*PASSES, *PLANNING)
    one = set(fuzz.choices(0, every=True))
    assert one >= {(name,) for name in names}
    assert one >= {tuple(other for other in names if other != name) for name in names}


def test_a_pass_that_is_wrong_is_found(monkeypatch) -> None:
    right = PASSES["simplify"]

    def wrong(program):
        made = right(program)
        for instr in made.instrs:
            if instr.op_def.type == "Sub" and instr.inputs[0].spec == instr.inputs[1].spec:
                swapped = instr.with_inputs(instr.inputs[::-1])
                return made.with_instrs([swapped if i is instr else i for i in made.instrs], {})
        return made

    monkeypatch.setitem(pipeline.PASSES, "simplify", wrong)

    def fails(number: int) -> bool:
        try:
            fuzz.check(number, most=1)
        except fuzz.Failure:
            return True
        return False

    with fuzz.lowered():
        assert any(fails(number) for number in range(40))


def test_differences_are_told_beyond_rounding_only() -> None:
    one = [np.float64([1, np.nan, np.inf])]
    fuzz._compare("here", one, [np.float64([1 + 1e-12, np.nan, np.inf])], None)
    for other in ([1.1, np.nan, np.inf], [1, 0, np.inf], [1, np.nan, -np.inf]):
        with pytest.raises(fuzz.Failure, match="here: result 0"):
            fuzz._compare("here", one, [np.float64(other)], None)
