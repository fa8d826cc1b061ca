"""What datasets and iterators tell of their elements."""

from __future__ import annotations

from typing import Any

from flowgraph.data import structure


class Described:
    """Something with elements of one structure: a Dataset or an Iterator."""

    _element_spec: Any

    @property
    def element_spec(self) -> Any:
        """The structure of TypeSpecs of an element."""
        return self._element_spec

    @property
    def output_types(self) -> Any:
        """The dtypes of an element, in its structure."""
        return structure.output_types(self._element_spec)

    @property
    def output_shapes(self) -> Any:
        """The static shapes of an element, in its structure."""
        return structure.output_shapes(self._element_spec)

    @property
    def output_classes(self) -> Any:
        """The classes of an element's parts, in its structure."""
        return structure.output_classes(self._element_spec)
