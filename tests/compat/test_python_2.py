"""What cannot be parsed is called Python 2 only where it is."""

from __future__ import annotations

import pytest

from flowgraph.compat.python_2 import is_python_2


@pytest.mark.parametrize("code", [
    "print 'x'", "if x: print x", "exec 'x'", "raise ValueError, 'x'", "if a <> b: pass",
    "def f(a, (b, c)): pass", "def f((a, b)): pass", "def f(a=1, (b, c)=d): pass",
    "f = lambda (a, b): a", "x = 0777", "x = 5L", "x = `y`", "x = ur'a'",
    "try: pass\nexcept IOError, e: pass", "x = d['a'] <> 'b'"])
def test_what_only_python_2_can_parse(code: str) -> None:
    assert _is_python_2(code)


@pytest.mark.parametrize("code", [
    "def f(a=int(3))\n    pass", "def f(a, b=(1, 2))\n    pass", "x = 'print this' +",
    "x = 'a <> b' )", "x = '0777' '8", "x = f(  # print that\n  a b)", "x = f('5L' 6)",
    "x = 3 if print else 4 5"])
def test_what_is_wrong_in_python_3_too(code: str) -> None:
    assert not _is_python_2(code)


def _is_python_2(code: str) -> bool:
    with pytest.raises(SyntaxError) as caught:
        compile(code, "program.py", "exec")
    return is_python_2(caught.value, caught.value.text or "")
