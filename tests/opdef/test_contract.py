"""The contract of ops: what a class statement under OpDef refuses, and an op of one's own."""

from __future__ import annotations

import textwrap

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import OpDefError
from flowgraph.opdef.families import Binary, Unary
from flowgraph.opdef.opdef import REGISTRY, NotDifferentiable, OpDef, op_def
from flowgraph.testing import check_gradients


@pytest.fixture(autouse=True)
def own_ops(monkeypatch):
    """Ops defined by a test are forgotten after it."""
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


def define(body: str, base: str = "OpDef", doc: str = '"""An op."""') -> type[OpDef]:
    """Runs the class statement of an op called Broken."""
    source = f"class Broken({base}):\n    {doc}\n{textwrap.indent(textwrap.dedent(body), '    ')}"
    namespace = {"OpDef": OpDef, "Unary": Unary, "Spec": Spec, "dt": dt,
                 "NotDifferentiable": NotDifferentiable}
    exec(source, namespace)
    return namespace["Broken"]


GOOD = """
grad = NotDifferentiable
def infer(self, x, *, n=1):
    return x
def kernel(self, xp, x, *, n=1):
    return x + n
"""

VIOLATIONS = [  # name, body, words
    ("no infer", "grad = NotDifferentiable\ndef kernel(self, xp, x): return x",
     "it needs infer(self, ...)"),
    ("no kernel", "grad = NotDifferentiable\ndef infer(self, x): return x",
     "it needs kernel(self, xp, ...)"),
    ("no gradient decision", GOOD.replace("grad = NotDifferentiable", ""),
     "it needs a gradient decision: def grad(self, op, dy), or grad = NotDifferentiable"),
    ("other tensors", GOOD.replace("xp, x,", "xp, y,"), "infer takes ('x',), kernel takes ('y',)"),
    ("fewer tensors", GOOD.replace("xp, x,", "xp,").replace("x + n", "n"),
     "infer takes ('x',), kernel takes ()"),
    ("other attributes", GOOD.replace("xp, x, *, n=1", "xp, x, *, m=1"),
     "infer has the attributes ['n'], kernel has ['m']"),
    ("lists", GOOD + "lists = ('y',)", "lists = ('y',) must be a tuple of parameters among ('x',)"),
    ("host inputs", GOOD + "host_inputs = ('n',)", "host_inputs = ('n',) must be a tuple"),
    ("refs", GOOD + "refs = 'x'", "refs = 'x' must be a tuple of parameters"),
    ("aliases", GOOD + "aliases = ('z',)", "aliases = ('z',)"),
    ("dtypes of no parameter", GOOD + "dtypes = {'y': 'T'}", "dtypes names ['y'], not in ('x',)"),
    ("unknown type variable", GOOD + "dtypes = {'x': 'U'}", "dtypes uses 'U', which is neither"),
    ("a type variable that is no set", GOOD + "T = dt.float32", "dtypes uses 'T'"),
    ("overwrites no ref", GOOD + "overwrites = 'x'", "overwrites must name a ref parameter"),
    ("state that no one makes", GOOD.replace("xp, x, *, n=1", "xp, x, *, n=1, state=None"),
     "it needs create_state(self, attrs)"),
    ("unknown effects", GOOD + "effects = 'magic'", "effects = 'magic' is not known"),
]


@pytest.mark.parametrize(("body", "words"), [v[1:] for v in VIOLATIONS],
                         ids=[v[0] for v in VIOLATIONS])
def test_a_class_that_breaks_the_contract_is_refused_when_it_is_defined(body, words) -> None:
    with pytest.raises(OpDefError) as caught:
        define(body)
    assert "op Broken: " in str(caught.value)
    assert words in str(caught.value)
    assert isinstance(caught.value, TypeError)
    assert "Broken" not in REGISTRY


@pytest.mark.parametrize("doc", ["pass", '""', '"""   """'])
def test_an_op_needs_a_docstring_of_its_own(doc) -> None:
    for base in ("OpDef", "Unary"):
        with pytest.raises(OpDefError, match="it needs a docstring"):
            define(GOOD, base=base, doc=doc)


def test_a_good_class_is_registered_with_what_its_signatures_say() -> None:
    broken = define(GOOD)
    assert isinstance(op_def("Broken"), broken)
    assert (broken.type, broken.params, broken.attr_defaults) == ("Broken", ("x",), {"n": 1})
    assert broken.dtypes == {"x": "T"}
    assert broken.plain
    assert not broken.takes_out
    assert not broken.takes_state
    assert repr(NotDifferentiable) == "NotDifferentiable"


def test_out_and_state_are_the_kernels_own_and_no_attributes() -> None:
    broken = define(GOOD.replace("xp, x, *, n=1", "xp, x, *, n=1, out=None, state=None")
                    + "def create_state(self, attrs): return None")
    assert broken.takes_out
    assert broken.takes_state
    assert broken.attr_defaults == {"n": 1}


def test_an_abstract_family_is_not_registered() -> None:
    class Family(OpDef, abstract=True):
        """No op."""

    assert "Family" not in REGISTRY


def test_flat_inputs_are_cut_into_one_group_per_parameter() -> None:
    concat, add = op_def("ConcatV2"), op_def("AddN")
    assert concat.group(["a", "b", "axis"]) == (("a", "b"), "axis")
    assert list(concat.flat_params(3)) == ["values", "values", "axis"]
    assert add.group(["a", "b"]) == (("a", "b"),)
    assert op_def("Mul").group(["a", "b"]) == ("a", "b")


def test_every_registered_op_keeps_no_data_of_its_own() -> None:
    for name, shared in REGISTRY.items():
        assert vars(shared) == {}, name


# ---- a user's own op, end to end -----------------------------------------------------------------


def swish_op():
    class Swish(Unary):
        """y = x * sigmoid(scale * x)."""

        T = dt.FLOAT

        def infer(self, x, *, scale=1.0):
            return Spec(x.dtype, x.shape)

        def kernel(self, xp, x, *, scale=1.0):
            return x / (1 + xp.exp(-scale * x))

        def grad(self, op, dy):
            x, scale = op.inputs[0], op.attrs["scale"]
            s = fg.sigmoid(scale * x)
            return dy * (s + scale * x * s * (1.0 - s))

    return Swish


@pytest.mark.parametrize("runner", ["interpreter", "source"])
def test_a_users_op_in_one_class_runs_and_has_gradients_of_order_two(runner) -> None:
    swish = swish_op()
    x = fg.placeholder(fg.float64, [None], name="x")
    y = swish.build(x, scale=2.0, name="s")
    assert (y.name, y.op.type, y.shape.as_list()) == ("s:0", "Swish", [None])
    value = np.array([-1.0, 0.0, 2.0])
    with fg.Session(runner=runner) as sess:
        np.testing.assert_allclose(sess.run(y, {x: value}), value / (1 + np.exp(-2 * value)))
    check_gradients(lambda t: swish.build(t, scale=2.0), [value], order=2)


def test_a_users_op_has_names_dtypes_and_attributes_checked() -> None:
    swish = swish_op()
    names = [swish.build(fg.constant(1.0)).op.name for _ in range(2)]
    assert names == ["Swish", "Swish_1"]
    with pytest.raises(TypeError, match=r"'Swish_2' \(test_contract.py:.* does not take int32"):
        swish.build(fg.constant(1))
    with pytest.raises(TypeError, match="Swish has no attribute depth"):
        swish.build(1.0, depth=2)
    with pytest.raises(TypeError, match=r"Swish takes 1 inputs \(x\), got 2"):
        swish.build(1.0, 2.0)


def test_an_attribute_without_default_must_be_given() -> None:
    broken = define(GOOD.replace("n=1", "n"))
    with pytest.raises(TypeError, match="Broken needs the attribute 'n'"):
        broken.build(1.0)
    assert fg.Session().run(broken.build(1.0, n=2)) == 3.0


def test_infer_must_return_one_spec_or_a_tuple_as_multiple_says() -> None:
    broken = define(GOOD.replace("return x\n", "return x, x\n", 1))
    with pytest.raises(OpDefError, match=r"infer returned .* while multiple is False"):
        broken.build(1.0)


def test_an_op_of_several_outputs_gives_a_list() -> None:
    class MinMax(OpDef):
        """The least and the greatest element."""

        multiple = True
        grad = NotDifferentiable

        def infer(self, x):
            return Spec(x.dtype, ()), Spec(x.dtype, ())

        def kernel(self, xp, x):
            return x.min(), x.max()

    outputs = MinMax.build([3.0, 1.0, 2.0])
    assert isinstance(outputs, list)
    assert fg.Session().run(outputs) == [1.0, 3.0]


def test_a_family_member_takes_two_lines() -> None:
    class Hypotenuse(Binary):
        """z = sqrt(x^2 + y^2)."""

        T = dt.FLOAT
        ufunc = "hypot"
        grad = NotDifferentiable

    z = Hypotenuse.build([3.0, 0.0], 4.0)
    assert z.shape.as_list() == [2]
    assert fg.Session().run(z).tolist() == [5.0, 4.0]


def test_an_op_with_state_keeps_it_in_the_session() -> None:
    class Count(OpDef):
        """How often this node has run in this session."""

        effects = "random"
        grad = NotDifferentiable

        def infer(self):
            return Spec(dt.int32, ())

        def create_state(self, attrs):
            return [0]

        def kernel(self, xp, *, state):
            state[0] += 1
            return np.array(state[0], np.int32)

    count = Count.build()
    with fg.Session() as one, fg.Session() as two:
        assert [one.run(count), one.run(count), two.run(count)] == [1, 2, 1]
