"""Files: read_file, write_file, matching_files."""

from __future__ import annotations

import os

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.core.system_error import local_path, system_error
from flowgraph.errors import ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import invalid, shown, strings
from flowgraph.platform.paths import matching

_ON_HOST = "files are read and written on the host"


def _path(array, what="filename"):
    if array.ndim:
        raise invalid(f"{what} must be a scalar, got shape {shape_text(array.shape)}")
    return local_path(array.item())


class ReadFile(OpDef):
    """The contents of a file."""

    T = dt.STRING
    effects = "resource"
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, filename):
        shape_rules.require_rank(filename, 0, "a filename")
        return Spec(dt.string, ())

    def kernel(self, xp, filename):
        path = _path(filename)
        try:
            with open(path, "rb") as file:
                return strings([file.read()], ())
        except (OSError, ValueError) as error:
            raise system_error(path, error) from None


def read_file(filename, name=None):
    """Reads a file.

    Args:
        filename: scalar string.
        name: name of the node.

    Returns:
        A scalar string tensor, the file's bytes.

    Raises:
        NotFoundError: when run, if there is no such file.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.read_file("/no/such/file"))
        Traceback (most recent call last):
        flowgraph.errors.NotFoundError: ...
    """
    return ReadFile.build(filename, name=name)


class WriteFile(OpDef):
    """Writes a file, and the folders above it that are missing."""

    T = dt.STRING
    multiple = True
    effects = "io"
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, filename, contents):
        shape_rules.require_rank(filename, 0, "a filename")
        shape_rules.require_rank(contents, 0, "contents")
        return ()

    def kernel(self, xp, filename, contents):
        path = _path(filename)
        try:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            with open(path, "wb") as file:
                file.write(contents.item())
        except (OSError, ValueError) as error:
            raise system_error(path, error) from None
        return ()


def write_file(filename, contents, name=None):
    """Writes a file, and the folders above it that are missing.

    Args:
        filename: scalar string.
        contents: scalar string, the file's bytes.
        name: name of the node.

    Returns:
        The Operation.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> path = os.path.join(tempfile.mkdtemp(), "greeting.txt")
        >>> fg.Session().run(fg.write_file(path, "hello"))
        >>> fg.Session().run(fg.read_file(path))
        b'hello'
    """
    return WriteFile.build(filename, contents, name=name)


class MatchingFiles(OpDef):
    """The names of the files that patterns match, sorted."""

    T = dt.STRING
    effects = "resource"
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, pattern):
        if pattern.shape is not None and len(pattern.shape) > 1:
            raise ShapeError(f"takes a pattern, or a vector of them, got "
                             f"{shape_text(pattern.shape)}")
        return Spec(dt.string, (None,))

    def kernel(self, xp, pattern):
        found = [name for text in pattern.reshape(-1).tolist() for name in _matching(text)]
        found.sort()
        return strings(found, len(found))


def _matching(pattern):
    if b"\0" in pattern:
        raise invalid(f"a pattern holds a zero byte: {shown(pattern)}")
    return [os.fsencode(path) for path in matching(local_path(pattern))]


def matching_files(pattern, name=None):
    """Lists the files that patterns match.

    Args:
        pattern: scalar string or string vector: paths in which `*` stands for any text but "/",
            `?` for a character, `[ab]` for one of several.
        name: name of the node.

    Returns:
        A string vector of paths, sorted.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.matching_files("/no/such/folder/*"))
        array([], dtype=object)
    """
    return MatchingFiles.build(pattern, name=name)
