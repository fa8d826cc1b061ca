"""Names of a module that are imported when first used, and a clear error for those not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

# Asked for what no table has: from a namespace's name and a name in it to a source, or None.
further: list[Callable[[str, str], str | None]] = []


def lazy(namespace: str, scope: dict[str, Any],
         sources: Mapping[str, str] | None = None) -> Callable[[str], Any]:
    """A module's `__getattr__`: imports what is used rarely only when someone uses it.

    Args:
        namespace: the public name of the module, as `tf.math`; for messages.
        scope: the module's `globals()`; what was imported stays there.
        sources: from name to `"package.module"` for a module, or to `"package.module:name"`.

    Returns:
        The function to assign to `__getattr__` in the module.
    """
    table = dict(sources or {})

    def __getattr__(name: str) -> Any:
        source = table.get(name)
        if source is None:
            source = next(filter(None, (find(namespace, name) for find in further)), None)
        if source is None:
            raise AttributeError(_missing(namespace, name, [*scope, *table]), name=name)
        module, _, attribute = source.partition(":")
        value = import_module(module)
        scope[name] = getattr(value, attribute) if attribute else value
        return scope[name]

    scope["__dir__"] = lambda: sorted({*scope, *table})
    return __getattr__


def _missing(namespace: str, name: str, names: list[str]) -> str:
    if name.startswith("_"):  # no name of TensorFlow does; tools ask all modules for such
        return f"module {namespace} has no attribute {name!r}"
    import difflib  # late: it is slow to load

    from flowgraph.core.api import absence, is_of_tensorflow, reason_for
    from flowgraph.core.api.before_one import before_one
    from flowgraph.core.api.by_path import by_path
    full = f"{namespace}.{name}"
    known = bool(is_of_tensorflow(full) or before_one(full) or by_path(full))
    reason = reason_for(full)
    known = known or (reason is not None and reason.pattern.rstrip(".*") == full)
    # What has a reason as one of many may be a name of TensorFlow's that is just like another.
    close = [] if known else difflib.get_close_matches(
        name, [n for n in names if not n.startswith("_")], n=2, cutoff=0.8 if reason else 0.6)
    return absence(full) + (f" Did you mean {' or '.join(close)}?" if close else "")
