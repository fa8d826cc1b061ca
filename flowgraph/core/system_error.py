"""What the operating system said, as the error class that TensorFlow has for it."""

from __future__ import annotations

import errno
import os
import re

from flowgraph.errors import (
    AbortedError,
    AlreadyExistsError,
    CancelledError,
    DeadlineExceededError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    OutOfRangeError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnavailableError,
    UnimplementedError,
    UnknownError,
)

_KINDS: tuple[tuple[type[OpError], str], ...] = (
    (AbortedError, "EDEADLK ESTALE"),
    (AlreadyExistsError, "EEXIST EALREADY"),
    (CancelledError, "ECANCELED"),
    (DeadlineExceededError, "ETIMEDOUT ETIME"),
    (FailedPreconditionError, "ENOTEMPTY EISDIR ENOTDIR EBADF EBUSY EPIPE ETXTBSY"),
    (InvalidArgumentError, "EINVAL ENAMETOOLONG E2BIG EDOM EFAULT EILSEQ"),
    (NotFoundError, "ENODEV ENOENT ENXIO ESRCH"),
    (OutOfRangeError, "EOVERFLOW ERANGE"),
    (PermissionDeniedError, "EPERM EACCES EROFS"),
    (ResourceExhaustedError, "ENOSPC EDQUOT EFBIG EMFILE EMLINK ENFILE ENOBUFS ENODATA ENOMEM"),
    (UnavailableError, "EAGAIN EINTR ENOLCK ENOLINK"),
    (UnimplementedError, "ENOSYS ENOTSUP EXDEV"),
)
_BY_NUMBER = {getattr(errno, name): kind for kind, names in _KINDS for name in names.split()
              if hasattr(errno, name)}  # a system does not have them all

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9.]*)://")


def local_path(path: str | bytes | os.PathLike[str]) -> str:
    """The path of a file of this machine, as text; "file://" in front of it is left out.

    Args:
        path: the path.

    Raises:
        UnimplementedError: it is in a store elsewhere, as "gs://bucket/file".
    """
    text = os.fsdecode(path)
    scheme = _SCHEME.match(text)
    if scheme is None:
        return text
    if scheme[1] != "file":
        raise UnimplementedError(
            None, None, f"File system scheme '{scheme[1]}' not implemented (file: '{text}'). "
                        "Only files of this machine are read and written: copy or mount it.")
    return text[scheme.end():]


def system_error(path: str, error: Exception) -> OpError:
    """The error of TensorFlow's class for what the system said.

    Args:
        path: the file.
        error: what the system raised: an OSError, or the ValueError of a path with a zero byte.
    """
    if not isinstance(error, OSError):
        return InvalidArgumentError(None, None, f"{path!r}: {error}")
    kind = _BY_NUMBER.get(error.errno or 0, UnknownError)
    return kind(None, None, f"{path}; {error.strerror or error}")
