"""The shape of the package: import direction, file lengths, import cost, every op accounted for."""

from __future__ import annotations

import ast
import enum
import inspect
import re
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules, walk_packages
from typing import Any

import pytest

import flowgraph as fg
import flowgraph.testing
from flowgraph import contrib, namespaces
from flowgraph.gradients.gradients import gradients, reachable
from flowgraph.io.op_types import load_every_op
from flowgraph.opdef.opdef import REGISTRY, NotDifferentiable
from flowgraph.testing import BadCase
from tests.cases.tables import BAD, CASES
from tests.test_cases import arrays_of, flat

PACKAGE = Path(fg.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
FOLDERS = sorted({file.parent for file in FILES})  # a test per file would take longer to start

# Each room may import the rooms before it and its own. Rooms of one set do not import each other
# in circles: Python would refuse that at import.
ROOMS = [{"errors"}, {"core"}, {"platform"}, {"graph"}, {"opdef"}, {"gradients"}, {"ops"},
         {"program"}, {"plan"}, {"runtime"},
         {"layers", "linear_operators", "losses", "metrics", "train", "data", "testing", "io",
          "summary", "distributions"},
         {"nn", "datasets"}, {"keras", "saved_model"}, {"feature_column"}, {"estimator"},
         {"contrib"}, {"examples"}, {"profiling"}, {"viz"}, {"plots"},
         {"namespaces", "lazy_names"}, {"__init__", "compat"}, {"cli", "__main__"}]
load_every_op()
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}


def room_of(file: Path) -> str:
    part = file.relative_to(PACKAGE).parts[0]
    return part.removesuffix(".py")


def named_by(call: ast.Call) -> list[str]:
    """What `import_module("...")` imports, where its text stands there."""
    function = call.func.attr if isinstance(call.func, ast.Attribute) else (
        call.func.id if isinstance(call.func, ast.Name) else "")
    given = call.args[0] if call.args else None
    if function not in ("import_module", "__import__") or not isinstance(given, ast.Constant):
        return []
    return [str(given.value)]


def imported_rooms(file: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(file.read_text())):
        names = ([alias.name for alias in node.names] if isinstance(node, ast.Import)
                 else [node.module or ""] if isinstance(node, ast.ImportFrom)
                 else named_by(node) if isinstance(node, ast.Call) else [])
        for name in names:
            parts = name.split(".")
            if parts[0] == "flowgraph":
                rooms |= ({parts[1]} if len(parts) > 1
                          else {a.name for a in node.names} if isinstance(node, ast.ImportFrom)
                          else {"__init__"})
    return rooms


def files_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.py"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_files_import_only_rooms_that_stand_before_their_own(folder: Path) -> None:
    for file in files_of(folder):
        room = room_of(file)
        assert room in LEVEL, f"the room {room} has no place in the order"
        wrong = [other for other in imported_rooms(file) if LEVEL.get(other, 99) > LEVEL[room]]
        assert not wrong, f"{file}: {room} must not import {', '.join(wrong)}"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_files_are_at_most_600_lines_and_say_what_they_are_for(folder: Path) -> None:
    for file in files_of(folder):
        text = file.read_text()
        assert text.count("\n") <= 600, file
        assert ast.get_docstring(ast.parse(text)), f"{file}: a module opens with a docstring"


def test_importing_flowgraph_loads_only_numpy_and_a_part_of_itself() -> None:
    code = "import sys, flowgraph; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                            check=True, cwd=PACKAGE.parent).stdout.split()
    own = [PACKAGE.parent / name.replace(".", "/") for name in loaded
           if name.partition(".")[0] == "flowgraph"]
    size = sum((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).stat().st_size
               for path in own)
    assert size < 1_600_000, "an import takes 0.1 s for so much source; what is rare loads later"
    site = {p.name.partition(".")[0] for folder in sys.path if "site-packages" in folder
            for p in Path(folder).glob("*")}
    third_party = ({name.partition(".")[0] for name in loaded} & site) - {"numpy", "flowgraph"}
    startup = {name for name in third_party if name.startswith(("_", "distutils", "sitecustomize"))}
    assert third_party == startup


def test_ops_that_the_engine_asks_for_by_name_are_there_from_the_start() -> None:
    engine = [file for file in FILES if LEVEL[room_of(file)] != LEVEL["ops"]]
    asked = {node.args[0].value for file in engine for node in ast.walk(ast.parse(file.read_text()))
             if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
             and (getattr(node.func, "id", "") == "op_def"
                  or getattr(node.func, "attr", "") == "emit")}
    code = "import flowgraph; from flowgraph.opdef.opdef import REGISTRY; print(*REGISTRY)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                            check=True, cwd=PACKAGE.parent).stdout.split()
    assert {"Const", "Shape", "AddN"} <= asked
    # asked for only by who has a loop or a branch
    of_loops = {"EmptyTensorList", "Parameter", "TensorListConcat", "TensorListFromItems",
                "TensorListFromTensor", "TensorListStack", "TensorListStackOrZeros"}
    assert asked - set(loaded) == of_loops


def test_every_op_has_a_docstring_and_a_gradient_decision() -> None:
    for name, op_def in REGISTRY.items():
        assert inspect.getdoc(type(op_def)), name
        assert callable(op_def.grad) or op_def.grad is NotDifferentiable, name


def types_in(operations: Any) -> set[str]:
    """The op types of operations and of what is in their branches and loops."""
    types = set()
    for op in operations:
        types.add(op.type)
        for graph in op.op_def.sub_graphs(op.attrs):
            types |= types_in(graph.get_operations())
    return types


def test_every_op_is_in_at_least_one_case() -> None:
    covered = set()
    for case in CASES:
        with fg.Graph().as_default() as graph:
            xs = [fg.placeholder(fg.as_dtype(a.dtype), a.shape) for a in arrays_of(case)]
            ys = flat(case.build(*xs))
            for _ in range(2 if case.grad else 0):
                ys = [fg.convert_to_tensor(dx) for dx in gradients(
                    [y for y in ys if y.dtype.base_dtype.is_floating],
                    [x for x in xs if x.dtype.is_floating]) if dx is not None]
            covered |= types_in(graph.get_operations())
    for bad in BAD:
        with fg.Graph().as_default() as graph:
            if bad.phase == "run":
                bad.build(*[fg.placeholder(fg.as_dtype(a.dtype)) for a in arrays_of(bad)])
            covered |= types_in(graph.get_operations())
    assert set(REGISTRY) - covered == set()


def test_every_differentiable_op_has_its_gradient_checked() -> None:
    checked = set()
    for case in CASES:
        if not case.grad:
            continue
        with fg.Graph().as_default():
            xs = [fg.placeholder(fg.float64 if a.dtype.kind == "f" else fg.as_dtype(a.dtype),
                                 a.shape) for a in arrays_of(case)]
            ys = [y for y in flat(case.build(*xs)) if y.dtype.base_dtype.is_floating]
            xs = [x for x in xs if x.dtype.is_floating]
            for _ in range(2):
                checked |= types_in(reachable(ys, xs, []))
                ys = [fg.convert_to_tensor(dx) for dx in gradients(ys, xs) if dx is not None]
    differentiable = {name for name, op_def in REGISTRY.items()
                      if op_def.grad is not NotDifferentiable}
    # PreventGradient, GuaranteeConst: their gradient is an error on purpose. The others round, and
    # their gradients pass straight through, so that no difference confirms them;
    # tests/cases/quantize.py does.
    # RandomGamma draws other numbers for another alpha; tests/cases/stateless_random.py compares
    # its gradient with TensorFlow's.
    assert differentiable - checked == {
        "PreventGradient", "GuaranteeConst", "RandomGamma",
        "FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars",
        "FakeQuantWithMinMaxVarsPerChannel", "QuantizeAndDequantizeV2"}


# Ops without inputs, with nothing about them that could be wrong.
NO_WRONG_USE = {
    "EmptyTensorList": "has neither inputs nor attributes",
    "FakeParam": "stands in the branch of a tf.cond for a value that only the other branch has",
    "IdentityReaderV2": "has no attributes but names",
    "NoOp": "has neither inputs nor attributes",
    "OptionalNone": "has neither inputs nor attributes",
    "Timestamp": "has neither inputs nor attributes",
    "VariableParameter": "stands in a branch or a loop for a variable outside, always one",
    "WholeFileReaderV2": "has no attributes but names",
}
# What errors call the ops whose public function checks everything before it makes one, and those
# about which TensorFlow has a sentence of its own.
OTHER_NAMES = {"Case": "tf.switch_case", "Const": "tf.constant", "If": "tf.cond",
               "While": "while_loop", "Placeholder": "feed a value for placeholder tensor '",
               "VariableV2": "use uninitialized value "}


def headline_of(bad: BadCase) -> str:
    """The first line of the error that a wrong use raises."""
    arrays = arrays_of(bad)
    with fg.Graph().as_default(), pytest.raises(Exception) as caught:  # test_cases.py says which
        xs = [fg.placeholder(fg.as_dtype(a.dtype)) for a in arrays]
        fetches = bad.build(*xs)
        with fg.Session() as session:
            session.run(fetches, dict(zip(xs, arrays, strict=True)))
    return str(caught.value).strip().partition("\n")[0]


def test_every_op_has_a_wrong_use_whose_error_names_it() -> None:
    named = set()
    for bad in BAD:
        headline = headline_of(bad)
        named |= set(re.findall(r"^(\w+) '", headline))
        named |= {op for op, name in OTHER_NAMES.items() if name in headline}
    assert set(REGISTRY) - named == set(NO_WRONG_USE)


# ---- the public names are documented -------------------------------------------------------------

PUBLIC_MODULES = [fg, fg.nn, fg.nn.rnn_cell, fg.layers, fg.losses, fg.metrics, fg.train, fg.data,
                  fg.io, fg.testing, fg.distributions, fg.summary, fg.keras, fg.keras.layers,
                  fg.saved_model, fg.plots, fg.profiling, fg.estimator, fg.estimator.export,
                  fg.estimator.inputs, fg.estimator.experimental, fg.feature_column,
                  *(import_module(f"flowgraph.namespaces.{module.name}")
                    for module in iter_modules(namespaces.__path__))]
PUBLIC_MODULES += [import_module(module.name)
                   for module in walk_packages(contrib.__path__, "flowgraph.contrib.")
                   if module.ispkg]
NETWORKS = [import_module(module.name) for module in iter_modules(
    contrib.slim.nets.__path__, "flowgraph.contrib.slim.nets.")
    if not module.name.endswith(("chain", "inception_modules"))]
PUBLIC_FILES = [contrib.tensorboard.plugins.projector, *NETWORKS, *(
    value for name in dir(contrib.slim)
    if inspect.ismodule(value := getattr(contrib.slim, name))
    and value.__name__.startswith("flowgraph.contrib.") and not hasattr(value, "__path__"))]
NOT_CONSTRUCTED_BY_USERS = {fg.Tensor, fg.Operation, fg.DType, fg.profiling.Cost,
                            fg.profiling.RecordedOutput, fg.profiling.RecordedStep,
                            fg.profiling.Recording, fg.profiling.Statistics}


@cache
def public_values() -> dict[str, Any]:
    """Public functions and classes, each under its first name; no exceptions, no enums."""
    found: dict[str, Any] = {}
    seen = set()
    for module in PUBLIC_MODULES + PUBLIC_FILES:
        for name in dir(module):
            value = getattr(module, name)
            if module in PUBLIC_FILES and getattr(value, "__module__", "") != module.__name__:
                continue  # what the file uses
            function = inspect.isfunction(value)
            kind = inspect.isclass(value) and not issubclass(value, (BaseException, enum.Enum))
            if (function or kind) and not name.startswith("_") and value not in seen:
                seen.add(value)
                found[f"{module.__name__}.{name}"] = value
    return found


def parameters_of(value: Any) -> list[str]:
    """Names that `Args:` must explain; keywords taken by `**` are explained by their own names."""
    if value in NOT_CONSTRUCTED_BY_USERS:
        return []
    if inspect.isfunction(value) and value.__module__ == "flowgraph.graph.graph":
        value = getattr(fg.Graph, value.__name__, value)  # `tf.device` calls Graph.device
    return [name for name, parameter in inspect.signature(value).parameters.items()
            if name not in ("self", "name") and parameter.kind is not parameter.VAR_KEYWORD]


def documented_parameters(doc: str) -> set[str]:
    """The words before the colons of an `Args:` section: `a:`, and `a, b:` for both."""
    section = re.search(r"^Args:\n((?: .*\n|\n)*)", doc + "\n", re.MULTILINE)
    heads = re.findall(r"^    ([\w*][^:]*):", section[1] if section else "", re.MULTILINE)
    return {word for head in heads for word in re.findall(r"\w+", head)}


def documentation_faults(name: str, value: Any) -> list[str]:
    """What the docstring of a public name lacks."""
    doc = inspect.cleandoc(value.__doc__ or "")
    if not doc:
        return [f"{name} has no docstring of its own"]
    missing = set(parameters_of(value)) - documented_parameters(doc)
    faults = [f"the Args of {name} leave out {', '.join(sorted(missing))}"] if missing else []
    if not re.search(r"^Example:\n.*?>>> ", doc, re.MULTILINE | re.DOTALL):
        faults.append(f"{name}: no Example")
    return faults


@pytest.mark.parametrize("module", sorted({name.rpartition(".")[0] for name in public_values()}))
def test_every_public_name_explains_its_parameters_and_shows_an_example(module: str) -> None:
    of_module = {name: value for name, value in public_values().items()
                 if name.rpartition(".")[0] == module}
    assert of_module
    assert [fault for name, value in of_module.items()
            for fault in documentation_faults(name, value)] == []
