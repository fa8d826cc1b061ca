"""`tensorflow.python.util`: decorators that leave a function as it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def _leaves_it(*args: Any, **kwargs: Any) -> Callable[[Any], Any]:
    """A decorator with arguments that gives the function back."""
    return lambda function: function


deprecated = deprecated_args = deprecated_arg_values = deprecated_alias = _leaves_it
tf_export = keras_export = estimator_export = _leaves_it


def keyword_args_only(func: Any) -> Any:
    """A function as it is; TensorFlow's allows keyword arguments only."""
    return func


kwarg_only = keyword_args_only


def deprecated_argument_lookup(new_name: str, new_value: Any, old_name: str, old_value: Any) -> Any:
    """The value of an argument that has an old name too.

    Raises:
        ValueError: both are given.
    """
    if old_value is not None and new_value is not None:
        raise ValueError(f"Cannot specify both '{old_name}' and '{new_name}'")
    return new_value if old_value is None else old_value


def make_decorator(target: Any, decorator_func: Any, *args: Any, **kwargs: Any) -> Any:
    """Makes a function look as the one that it stands for."""
    return functools.wraps(target)(decorator_func)


def unwrap(maybe_tf_decorator: Any) -> tuple[list[Any], Any]:
    """No decorators, and the function."""
    return [], maybe_tf_decorator


def make_all(module_name: str, doc_string_modules: Any = None) -> list[str]:
    """The public names of a module."""
    import sys
    return [name for name in vars(sys.modules[module_name]) if not name.startswith("_")]


def remove_undocumented(module_name: str, allowed_exception_list: Any = None,
                        doc_string_modules: Any = None) -> None:
    """Leaves all names in the module."""
