"""The op library: one subject per file, each op's class and its public function together.

`fg.add` and the rest are exported from `flowgraph/__init__.py` and `flowgraph/namespaces/`.
"""

from importlib import import_module


def load_all() -> None:
    """Imports every file of ops, also those that `import flowgraph` leaves for later."""
    from pkgutil import iter_modules
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
