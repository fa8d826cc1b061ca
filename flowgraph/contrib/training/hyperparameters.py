"""HParams: hyperparameters by name, whose values texts such as "rate=0.1,sizes=[8,4]" override.

A hyperparameter keeps the type of its first value: an int stays an int, a list a list of one type.
"""

from __future__ import annotations

import json
import numbers
import re
from typing import Any

from flowgraph.core.frames import located

_ASSIGNMENT = re.compile(r"""
    (?P<name>[a-zA-Z][\w.]*)                    # rate
    (\[\s*(?P<index>\d+)\s*\])?                 # [1], or nothing
    \s*=\s*
    ((?P<value>[^,\[]*) | \[(?P<values>[^\]]*)\])   # 0.1, or [8,4]
    ($|,\s*)
    """, re.VERBOSE)


def parse_values(values: str, type_map: dict[str, type],
                 ignore_unknown: bool = False) -> dict[str, Any]:
    """The values that a text gives to hyperparameters.

    Args:
        values: as "rate=0.1,sizes=[8,4],name=deep,sizes[0]=3".
        type_map: dict from names to types.
        ignore_unknown: whether names that are not in it are skipped.

    Returns:
        A dict from names to values, to lists of values, or to dicts from indices to values.

    Raises:
        ValueError: the text is no such list, or a name or value is wrong.

    Example:
        >>> from flowgraph.contrib import training
        >>> training.parse_values("rate=0.1,sizes=[8,4]", {"rate": float, "sizes": int})
        {'rate': 0.1, 'sizes': [8, 4]}
    """
    found: dict[str, Any] = {}
    position = 0
    while position < len(values):
        match = _ASSIGNMENT.match(values, position)
        if match is None:
            raise ValueError(located(f"Malformed hyperparameter value: {values[position:]}"))
        position = match.end()
        name, index, value = match["name"], match["index"], match["value"]
        if name not in type_map:
            if ignore_unknown:
                continue
            raise ValueError(located(f"Unknown hyperparameter type for {name}"))
        kind = type_map[name]
        again = ValueError(located(f"Multiple assignments to variable '{name}' in {values}"))
        try:
            if value is None:
                if index is not None:
                    raise ValueError("a list cannot be an element")
                parsed: Any = [_parsed(text, kind)
                               for text in re.split("[ ,]", match["values"]) if text]
            else:
                parsed = _parsed(value, kind)
        except ValueError as error:
            text = match["values"] if value is None else value
            raise ValueError(located(f"Could not parse hparam '{name}' of type '{kind.__name__}' "
                                     f"with value '{text}' in {values}: {error}")) from None
        if index is None:
            if name in found:
                raise again
            found[name] = parsed
        else:
            elements = found.setdefault(name, {})
            if not isinstance(elements, dict) or int(index) in elements:
                raise again
            elements[int(index)] = parsed
    return found


def _parsed(text: str, kind: type) -> Any:
    if kind is not bool:
        return kind(text)
    return {"true": True, "True": True, "false": False, "False": False}[text] if text in (
        "true", "True", "false", "False") else bool(int(text))


class HParams:
    """Hyperparameters, each an attribute.

    Args:
        hparam_def: not offered; must be None.
        model_structure: kept, for `get_model_structure`.
        kwargs: the hyperparameters and their values.

    Raises:
        ValueError: a name is taken, or a list is empty.

    Example:
        >>> from flowgraph.contrib import training
        >>> hparams = training.HParams(learning_rate=0.1, layers=[64, 32], activation="relu")
        >>> hparams.parse("learning_rate=0.01,layers=[8]").values()
        {'learning_rate': 0.01, 'layers': [8], 'activation': 'relu'}
        >>> hparams.learning_rate
        0.01
    """

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **kwargs: Any) -> None:
        if hparam_def is not None:
            raise ValueError(located("HParams takes no hparam_def: its message is not offered",
                                     "Write HParams(name=value, ...), or parse_json."))
        self._hparam_types: dict[str, tuple[type, bool]] = {}  # (type, whether it is a list)
        self._model_structure = model_structure
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(located(f"there is no hyperparameter {name!r}"), name=name, obj=self)

    def add_hparam(self, name: str, value: Any) -> None:
        """Adds a hyperparameter.

        Args:
            name: its name.
            value: its value, which says its type.
        """
        if getattr(self, name, None) is not None:
            raise ValueError(located(f"Hyperparameter name is reserved: {name}"))
        is_list = isinstance(value, (list, tuple))
        if is_list and not value:
            raise ValueError(located(f"Multi-valued hyperparameters cannot be empty: {name}"))
        self._hparam_types[name] = (type(value[0] if is_list else value), is_list)
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Sets a hyperparameter to a value of its type.

        Args:
            name: its name.
            value: the new value.
        """
        kind, is_list = self._hparam_types[name]
        if isinstance(value, list) != is_list:
            raise ValueError(located(
                f"Must pass a list for multi-valued parameter: {name}." if is_list
                else f"Must not pass a list for single-valued parameter: {name}"))
        setattr(self, name, [_cast(name, kind, one) for one in value] if is_list
                else _cast(name, kind, value))

    def del_hparam(self, name: str) -> None:
        """Removes a hyperparameter, if it is there.

        Args:
            name: its name.
        """
        if name in self._hparam_types:
            delattr(self, name)
            del self._hparam_types[name]

    def parse(self, values: str) -> HParams:
        """Sets what a text says, as "learning_rate=0.01,layers=[8,4]".

        Args:
            values: the text; see `parse_values`.

        Returns:
            These hyperparameters.
        """
        kinds = {name: kind for name, (kind, _) in self._hparam_types.items()}
        return self.override_from_dict(parse_values(values, kinds))

    def override_from_dict(self, values_dict: dict[str, Any]) -> HParams:
        """Sets several hyperparameters.

        Args:
            values_dict: dict from names to values.

        Returns:
            These hyperparameters.
        """
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    def set_from_map(self, values_map: dict[str, Any]) -> HParams:
        """Old name of `override_from_dict`.

        Args:
            values_map: dict from names to values.
        """
        return self.override_from_dict(values_map)

    def set_model_structure(self, model_structure: Any) -> None:
        """Keeps what describes the model."""
        self._model_structure = model_structure

    def get_model_structure(self) -> Any:
        """What `set_model_structure` was given."""
        return self._model_structure

    def to_json(self, indent: Any = None, separators: Any = None, sort_keys: bool = False) -> str:
        """The hyperparameters as JSON.

        Args:
            indent, separators, sort_keys: as for `json.dumps`.
        """
        return json.dumps(self.values(), indent=indent, separators=separators,
                          sort_keys=sort_keys)

    def parse_json(self, values_json: str) -> HParams:
        """Sets what a JSON text says.

        Args:
            values_json: a JSON object.

        Returns:
            These hyperparameters.
        """
        return self.override_from_dict(json.loads(values_json))

    def values(self) -> dict[str, Any]:
        """The hyperparameters as a dict."""
        return {name: getattr(self, name) for name in self._hparam_types}

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a hyperparameter, or `default` when there is none.

        Args:
            key: its name.
            default: a value of its type.
        """
        if key not in self._hparam_types:
            return default
        if default is not None:
            kind, is_list = self._hparam_types[key]
            if isinstance(default, list) != is_list:
                raise ValueError(located(f"Hparam '{key}' of type '{kind.__name__}' is "
                                         f"incompatible with default={default}"))
            for value in default if is_list else [default]:
                _cast(key, kind, value)
        return getattr(self, key)

    def __contains__(self, key: str) -> bool:
        return key in self._hparam_types

    def __str__(self) -> str:
        return ",".join(f"{name}={value}" for name, value in self.values().items())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({sorted(self.values().items())})"


def _cast(name: str, kind: type, value: Any) -> Any:
    """A value as the type of its hyperparameter; numbers and texts are not mixed up."""
    if type(value) is kind or kind is type(None):
        return value
    fits = (isinstance(value, (str, bytes)) if issubclass(kind, (str, bytes))
            else issubclass(kind, bool) == isinstance(value, bool)
            and (not issubclass(kind, numbers.Integral) or isinstance(value, numbers.Integral))
            and (not issubclass(kind, numbers.Number) or isinstance(value, numbers.Number)))
    if not fits:
        raise ValueError(located(f"Could not cast hparam '{name}' of type '{kind.__name__}' from "
                                 f"value {value!r}"))
    return kind(value)
