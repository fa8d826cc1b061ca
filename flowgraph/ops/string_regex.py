"""Regular expressions: replace, full match.

Patterns are RE2's, as in TensorFlow. Python's `re` reads almost the same language; what differs is
translated (`\\pN`, `\\z`, `\\Q...\\E`, `[[:alpha:]]`, `(?U)`), and what RE2 does not know
(look-around, back-references) is refused. Alternatives are tried from the left in both.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, invalid, mapped, numbers, shown
from flowgraph.ops.strings import as_bytes

# ---- from RE2 to re ------------------------------------------------------------------------------

_POSIX = {"alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ",
          "cntrl": r"\x00-\x1f\x7f", "digit": "0-9", "graph": "!-~", "lower": "a-z",
          "print": " -~", "punct": r"!-/:-@\[-`{-~", "space": r"\t\n\v\f\r ", "upper": "A-Z",
          "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f"}
_COMPLEMENT = {"alnum": r"\x00-/:-@\[-`{-\U0010ffff", "alpha": r"\x00-@\[-`{-\U0010ffff",
               "digit": r"\x00-/:-\U0010ffff", "lower": r"\x00-`{-\U0010ffff",
               "upper": r"\x00-@\[-\U0010ffff", "space": r"\x00-\x08\x0e-\x1f!-\U0010ffff",
               "word": r"\x00-/:-@\[-^`{-\U0010ffff", "xdigit": r"\x00-/:-@G-`g-\U0010ffff",
               "ascii": r"\x80-\U0010ffff", "blank": r"\x00-\x08\n-\x1f!-\U0010ffff",
               "cntrl": r" -~\x80-\U0010ffff", "graph": r"\x00- \x7f-\U0010ffff",
               "print": r"\x00-\x1f\x7f-\U0010ffff", "punct": r"\x00- 0-9A-Za-z\x7f-\U0010ffff"}
_COMPLEMENT = {name: text.replace(r"-\U0010ffff", r"-\ud7ff\ue000-\U0010ffff")
               for name, text in _COMPLEMENT.items()}
_BROKEN = r"\udc80-\udcff"  # bytes that are no UTF-8; RE2 matches them with nothing
_LETTERS = {"d": "digit", "s": "perl_space", "w": "word"}
_PERL_SPACE = r"\t\n\f\r "  # RE2's \s leaves out the vertical tab


@lru_cache(maxsize=32)
def _category(name: str, complement: bool) -> str:
    """The inside of a class with the characters whose general category begins with `name`."""
    runs: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        if not 0xd800 <= code < 0xe000 and (name in ("Any",) or unicodedata.category(
                chr(code)).startswith(name)) != complement:
            if runs and runs[-1][1] == code - 1:
                runs[-1][1] = code
            else:
                runs.append([code, code])
    if not complement and not runs:
        raise ValueError(f"invalid character class range: \\p{{{name}}} (scripts are not offered)")
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in runs)


class _Reader:
    """Walks over a pattern and writes it as `re` reads it."""

    def __init__(self, pattern: str) -> None:
        self.pattern, self.at = pattern, 0

    def take(self, count: int = 1) -> str:
        self.at += count
        return self.pattern[self.at - count:self.at]

    def starts(self, text: str) -> bool:
        return self.pattern.startswith(text, self.at)

    def translated(self) -> str:
        parts = []
        while self.at < len(self.pattern):
            if self.starts("\\"):
                parts.append(self.escape(False))
            elif self.starts("["):
                parts.append(self.char_class())
            elif self.starts("(?"):
                parts.append(self.group())
            elif self.starts("."):
                self.take()
                parts.append(f"(?![{_BROKEN}]).")
            elif self.starts("$"):
                self.take()
                parts.append(r"\Z" if not self.multiline else "$")
            else:  # a brace that begins no quantifier is a character; `re` reads {,2} as one
                parts.append(self.quantifier() or self.take().replace("{", "\\{"))
        return "".join(parts)

    multiline = False
    ungreedy = False

    def quantifier(self) -> str:
        """`*`, `+`, `?`, `{n,m}`; RE2 knows neither `a*+` nor `a**`."""
        found = re.compile(r"([*+?]|\{\d+(?:,\d*)?\})").match(self.pattern, self.at)
        if not found:
            return ""
        text = self.take(len(found[0]))
        if text[0] == "{" and max(map(int, re.findall(r"\d+", text))) > 1000:
            raise ValueError(f"invalid repetition size: {text}")
        lazy = bool(self.starts("?") and self.take())
        text += "?" * (lazy != self.ungreedy)
        if re.compile(r"[*+]|\{\d+(?:,\d*)?\}").match(self.pattern, self.at) or self.starts("?"):
            raise ValueError(f"bad repetition operator: {text}{self.pattern[self.at]}")
        return text

    def group(self) -> str:
        rest = self.pattern[self.at:]
        named = re.match(r"\(\?P?<(\w+)>", rest)
        if named:
            self.take(len(named[0]))
            return f"(?P<{named[1]}>"
        flags = re.match(r"\(\?([imsU]*)(-[imsU]+)?([:)])", rest)
        if not flags:
            raise ValueError(f"invalid perl operator: {rest[:3]}")
        self.take(len(flags[0]))
        on, off = flags[1], flags[2] or ""
        self.multiline = self.multiline or "m" in on
        self.ungreedy = (self.ungreedy or "U" in on) and "U" not in off
        on, off = on.replace("U", ""), off.replace("U", "").rstrip("-")
        return self.scoped(on, off) if flags[3] == ")" else f"(?{on}{off}:"

    def scoped(self, on: str, off: str) -> str:
        """`(?i)` holds to the end of its group; `re` wants it around what it holds for."""
        depth, end, in_class = 0, self.at, False
        while end < len(self.pattern):
            c = self.pattern[end]
            if c == "\\":
                end += 1
            elif in_class:
                in_class = c != "]"
            elif c == "[":
                in_class = True
            elif c == "(":
                depth += 1
            elif c == ")":
                if depth == 0:
                    break
                depth -= 1
            end += 1
        inner = _Reader(self.pattern[self.at:end])
        inner.multiline, inner.ungreedy = self.multiline, self.ungreedy
        self.at = end
        return f"(?{on}{off}:{inner.translated()})" if on or off else inner.translated()

    def escape(self, in_class: bool) -> str:
        self.take()
        if self.at == len(self.pattern):
            raise ValueError("trailing \\")
        c = self.take()
        if c in "dsw":
            inside = _PERL_SPACE if c == "s" else _POSIX[_LETTERS[c]]
            return inside if in_class else f"[{inside}]"
        if c in "DSW":
            inside = _PERL_SPACE if c == "S" else _POSIX[_LETTERS[c.lower()]]
            if in_class:
                return (r"\x00-\x08\x0b\x0e-\x1f!-\ud7ff\ue000-\U0010ffff" if c == "S"
                        else _COMPLEMENT[_LETTERS[c.lower()]])
            return f"[^{inside}{_BROKEN}]"
        if c == "Q" and not in_class:
            end = self.pattern.find("\\E", self.at)
            text = self.take((len(self.pattern) if end < 0 else end) - self.at)
            self.take(2 if end >= 0 else 0)
            return re.escape(text)
        if c in "pP":
            return self.category(c, in_class)
        if c == "z" and not in_class:
            return r"\Z"
        if c in "AbB" and not in_class:
            return {"A": r"\A", "b": r"(?a:\b)", "B": r"(?a:\B)"}[c]
        if c == "x":
            found = re.compile(r"\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2})").match(
                self.pattern, self.at)
            if not found:
                raise ValueError(f"invalid escape sequence: \\x{self.pattern[self.at:self.at + 2]}")
            self.take(len(found[0]))
            return f"\\U{int(found[1] or found[2], 16):08x}"
        if c in "01234567":
            digits = re.findall(r"^[0-7]*", self.pattern[self.at:self.at + 2])[0]
            if c != "0" and not digits:
                raise ValueError(f"invalid escape sequence: \\{c}")
            return f"\\U{int(c + self.take(len(digits)), 8):08x}"
        if c in "afnrtv":
            return "\\" + c
        if c.isalnum() and c.isascii():
            raise ValueError(f"invalid escape sequence: \\{c}")
        return re.escape(c)

    def category(self, letter: str, in_class: bool) -> str:
        """`\\pL`, `\\p{Lu}`, `\\p{^Lu}`, `\\PL`: the characters of a general category."""
        found = re.compile(r"\{(\^?)(\w+)\}|()(\w)").match(self.pattern, self.at)
        if not found:
            raise ValueError(f"invalid character class range: \\{letter}")
        self.take(len(found[0]))
        inside = _category(found[2] or found[4], (letter == "P") != bool(found[1]))
        return inside if in_class else f"[{inside}]"

    def char_class(self) -> str:
        parts = [self.take()]
        if self.starts("^"):
            parts.append(self.take() + _BROKEN)
        first = True
        while first or not self.starts("]"):
            if self.at >= len(self.pattern):
                raise ValueError(f"missing ]: {self.pattern}")
            named = re.compile(r"\[:(\^?)(\w+):\]").match(self.pattern, self.at)
            if named:
                if named[2] not in _POSIX:
                    raise ValueError(f"invalid character class range: {named[0]}")
                self.take(len(named[0]))
                parts.append((_COMPLEMENT if named[1] else _POSIX)[named[2]])
            elif self.starts("\\"):
                parts.append(self.escape(True))
            else:
                c = self.take()
                parts.append("\\" + c if c in "[&~|]" else c)
            first = False
        return "".join(parts) + self.take()


@lru_cache(maxsize=256)
def compiled(pattern: bytes) -> re.Pattern[str]:
    """The pattern for Python. Raises InvalidArgumentError when RE2 would not take it."""
    try:
        return re.compile(_Reader(pattern.decode("utf-8", "surrogateescape")).translated())
    except (ValueError, OverflowError, RecursionError, re.error) as error:
        raise InvalidArgumentError(None, None, f"Invalid pattern: {shown(pattern)}, error: "
                                               f"{error}") from None


@lru_cache(maxsize=256)
def _rewrite_parts(pattern: bytes, rewrite: bytes) -> tuple[list[str | int], bool] | None:
    """Text and group numbers, and whether the rewrite is whole: RE2 stops at a wrong escape.

    None when it names a group that the pattern lacks; RE2 then replaces nothing.
    """
    parts: list[str | int] = []
    tokens = re.findall(r"\\.|\\$|[^\\]+", rewrite.decode("utf-8", "surrogateescape"), re.DOTALL)
    if any(int(token[1:]) > compiled(pattern).groups for token in tokens
           if token[0] == "\\" and token[1:] in tuple("0123456789")):
        return None
    for token in tokens:
        if token[0] != "\\":
            parts.append(token)
        elif token == "\\\\":
            parts.append("\\")
        elif token[1:] in tuple("0123456789"):
            parts.append(int(token[1:]))
        else:
            return parts, False
    return parts, True


def _replaced(array, pattern, rewrite, replace_global):
    regex, plan = compiled(pattern), _rewrite_parts(pattern, rewrite)
    if plan is None or not (plan[1] or replace_global):
        return mapped(bytes, array)

    def function(match):
        return "".join(part if isinstance(part, str) else match[part] or "" for part in plan[0])

    def one(text):
        text = text.decode("utf-8", "surrogateescape")
        text = (_replaced_everywhere(regex, function, text) if replace_global
                else regex.sub(function, text, count=1))
        return text.encode("utf-8", "surrogateescape")

    return mapped(one, array)


def _replaced_everywhere(regex, function, text):
    """As `regex.sub`, but no empty match right behind a match counts, as in RE2."""
    parts, at, last = [], 0, -1
    while at <= len(text):
        match = regex.search(text, at)
        if not match:
            break
        parts.append(text[at:match.start()])
        if match.start() == match.end() == last:
            parts.append(text[last:last + 1])
            at = last + 1
            continue
        parts.append(function(match))
        at = last = match.end()
    return "".join(parts) + text[at:]


def _matches(array, pattern):
    regex = compiled(pattern)
    return numbers(lambda text: regex.fullmatch(text.decode("utf-8", "surrogateescape"))
                   is not None, array, bool)


# ---- the ops -------------------------------------------------------------------------------------


class StaticRegexReplace(OpDef):
    """Each string with the matches of a fixed pattern replaced."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, *, pattern, rewrite, replace_global=True):
        return Spec(dt.string, input.shape)

    def kernel(self, xp, input, *, pattern, rewrite, replace_global=True):
        return _replaced(input, pattern, rewrite, replace_global)


class RegexReplace(OpDef):
    """Each string with the matches of `pattern` replaced by `rewrite`."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, pattern, rewrite, *, replace_global=True):
        shape_rules.require_rank(pattern, 0, "a pattern")
        shape_rules.require_rank(rewrite, 0, "a rewrite")
        return Spec(dt.string, input.shape)

    def kernel(self, xp, input, pattern, rewrite, *, replace_global=True):
        return _replaced(input, _scalar(pattern), _scalar(rewrite), replace_global)


def _scalar(array):
    if array.ndim:
        raise invalid(f"Pattern and rewrite must be scalars, got shape {array.shape}")
    return array.item()


def regex_replace(input, pattern, rewrite, replace_global=True, name=None):
    """Replaces the matches of a regular expression in each string.

    Args:
        input: string tensor.
        pattern: text, or scalar string tensor: a regular expression in RE2's syntax.
        rewrite: text, or scalar string tensor: what stands for a match; `\\1` to `\\9` stand for
            its groups, `\\0` for all of it.
        replace_global: whether every match is replaced; False for the first one only.
        name: name of the node.

    Returns:
        A string tensor of the same shape.

    Raises:
        InvalidArgumentError: when run, if the pattern is none.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.regex_replace(["aab", "xyz"], "a+", "Z"))
        array([b'Zb', b'xyz'], dtype=object)
    """
    if isinstance(pattern, (str, bytes)) and isinstance(rewrite, (str, bytes)):
        return StaticRegexReplace.build(input, pattern=as_bytes(pattern), rewrite=as_bytes(rewrite),
                                        replace_global=bool(replace_global), name=name)
    return RegexReplace.build(input, pattern, rewrite, replace_global=bool(replace_global),
                              name=name)


class StaticRegexFullMatch(OpDef):
    """Whether a fixed pattern matches the whole of each string."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, *, pattern):
        return Spec(dt.bool_, input.shape)

    def kernel(self, xp, input, *, pattern):
        return _matches(input, pattern)


class RegexFullMatch(OpDef):
    """Whether `pattern` matches the whole of each string."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, pattern):
        shape_rules.require_rank(pattern, 0, "a pattern")
        return Spec(dt.bool_, input.shape)

    def kernel(self, xp, input, pattern):
        return _matches(input, _scalar(pattern))


def regex_full_match(input, pattern, name=None):
    """Says of each string whether a regular expression matches all of it.

    Args:
        input: string tensor.
        pattern: text, or scalar string tensor: a regular expression in RE2's syntax.
        name: name of the node.

    Returns:
        A bool tensor of the same shape.

    Raises:
        InvalidArgumentError: when run, if the pattern is none.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.strings.regex_full_match(["aab", "xyz"], "a+b"))
        array([ True, False])
    """
    if isinstance(pattern, (str, bytes)):
        return StaticRegexFullMatch.build(input, pattern=as_bytes(pattern), name=name)
    return RegexFullMatch.build(input, pattern, name=name)
