"""Graphs of op types that become other ops on import give TensorFlow's numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg

FILE = np.load(Path(__file__).parent / "files" / "old_graphs.npz")
ENTRIES = {key: FILE[key] for key in FILE}
PROGRAMS = list(dict.fromkeys(key.partition("|")[0] for key in ENTRIES))


def entries_of(program: str, kind: str) -> dict[str, np.ndarray]:
    start = f"{program}|{kind}|"
    return {key.removeprefix(start): array for key, array in ENTRIES.items()
            if key.startswith(start)}


def graph_of(program: str) -> fg.GraphDef:
    return fg.GraphDef.FromString(ENTRIES[f"{program}|graph"].tobytes())


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_graph_of_older_op_types_gives_tensorflows_numbers(program) -> None:
    fg.import_graph_def(graph_of(program), name="")
    wanted = entries_of(program, "out")
    with fg.Session() as sess:
        results = sess.run([*wanted], entries_of(program, "feed"))
    for (name, want), got in zip(wanted.items(), map(np.asarray, results), strict=True):
        got = got.astype("S") if got.dtype == object else got
        assert got.shape == want.shape and (got.dtype == want.dtype or want.dtype.kind == "S"), name
        if want.dtype.kind == "f":
            np.testing.assert_allclose(got, want, 2e-5, 2e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(got, want, name)
