"""`slim.data_provider`: tensors of one example by the names of its items."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located


class DataProvider:
    """Tensors by name, that hold another example in each run.

    Args:
        items_to_tensors: dict from names to tensors.
        num_samples: number of examples.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> provider = slim.data_provider.DataProvider({"label": fg.constant(3)}, 100)
        >>> provider.num_samples(), list(provider.list_items())
        (100, ['label'])
    """

    def __init__(self, items_to_tensors: dict[str, Any], num_samples: Any) -> None:
        self._items_to_tensors, self._num_samples = items_to_tensors, num_samples

    def get(self, items: Any) -> list[Any]:
        """The tensors of some items.

        Args:
            items: list of names.

        Raises:
            ValueError: there is no such item.
        """
        if not isinstance(items, (list, tuple)):
            raise ValueError(located("items must be a list or tuple"))
        for item in items:
            if item not in self._items_to_tensors:
                raise ValueError(located(f"Item [{item}] is invalid: there are "
                                         f"{sorted(self._items_to_tensors)}"))
        return [self._items_to_tensors[item] for item in items]

    def list_items(self) -> Any:
        """The names of the items."""
        return self._items_to_tensors.keys()

    def num_samples(self) -> Any:
        """The number of examples."""
        return self._num_samples
