"""What shows that a program is written for Python 2: its syntax, names and modules.

Such a program is not converted; errors and `flowgraph check` say what it is and what converts it.
"""

from __future__ import annotations

import re

ADVICE = ("the program is written for Python 2; convert it first, for example with "
          "`2to3 -w script.py` (of Python up to 3.12) or `futurize`; of a notebook, the script "
          "that `jupyter nbconvert --to script` makes of it")

# Names and modules that only Python 2 had.
NAMES = frozenset((
    "basestring", "cmp", "execfile", "file", "long", "raw_input", "reduce", "reload", "unichr",
    "unicode", "xrange"))
MODULES = frozenset((
    "ConfigParser", "HTMLParser", "StringIO", "Tkinter", "__builtin__", "cPickle", "cStringIO",
    "cookielib", "httplib", "urllib2", "urlparse"))
# The same, but a program may well have a file of that name.
MODULES_OR_OWN = frozenset(("Queue", "commands", "thread"))

_WORDS = ("Missing parentheses in call to", "multiple exception types must be parenthesized",
          "leading zeros in decimal")
_LINE = re.compile(
    r"""^\s*(?: print\s+(?!\()\S | exec\s+["'\w] | raise\s+\w+\s*,\s | except\s+[\w.]+\s*,\s*\w+\s*:
        | .*\bur["'] | .*<> | .*(?<![\w.])0[0-7]+(?![\w.]) | .*\b\d+L\b | .*`[^`]+`
        | def .*[(,]\s*\( | .*\blambda\s*\( | .*[:;]\s*print\s+["'\w%])""",
    re.VERBOSE)
_TEXT = re.compile(r""""[^"]*"|'[^']*'|\#.*""")  # as far as a line tells


def is_python_2(error: SyntaxError, line: str) -> bool:
    """Whether what cannot be parsed is Python 2.

    Args:
        error: what the parser says.
        line: the line that it says it of.

    Example:
        >>> is_python_2(SyntaxError("invalid syntax"), "raise ValueError, 'no'")
        True
    """
    message = str(error.msg)
    return (isinstance(error, TabError) or any(words in message for words in _WORDS)
            or bool(_LINE.match(_TEXT.sub("''", line))))
