"""Optional values: what `get_next_as_optional` gives, an element or that there is none."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.data import structure
from flowgraph.data.iterator_ops import (
    IteratorGetNextAsOptional,
    OptionalFromValue,
    OptionalGetValue,
    OptionalHasValue,
    OptionalNone,
)


class Optional:
    """A value that may not be there; made by `get_next_as_optional`, `from_value` and
    `none_from_structure`.

    Args:
        variant_tensor: tensor that holds it.
        value_structure: structure of TypeSpecs of the value.

    Example:
        >>> import flowgraph as tf
        >>> some = tf.data.experimental.Optional.from_value((tf.constant(1), tf.constant("a")))
        >>> tf.Session().run([some.has_value(), some.get_value()])
        [np.True_, (np.int32(1), b'a')]
    """

    def __init__(self, variant_tensor: Any, value_structure: Any) -> None:
        self._variant_tensor = variant_tensor
        self._value_structure = value_structure

    @property
    def value_structure(self) -> Any:
        """Structure of TypeSpecs of the value."""
        return self._value_structure

    @property
    def _type_spec(self) -> structure.OptionalSpec:
        return structure.OptionalSpec(self._value_structure)

    def has_value(self, name: str | None = None) -> Any:
        """Whether the value is there: a bool scalar tensor.

        Args:
            name: name of the node.
        """
        return OptionalHasValue.build(self._variant_tensor, name=name)

    def get_value(self, name: str | None = None) -> Any:
        """The value; an error in the run when it is not there.

        Args:
            name: name of the node.
        """
        specs = structure.component_specs(self._value_structure)
        tensors = OptionalGetValue.build(
            self._variant_tensor, name=name, output_types=tuple(s.dtype for s in specs),
            output_shapes=tuple(s.shape for s in specs))
        return structure.from_components(self._value_structure, tensors)

    @staticmethod
    def from_value(value: Any) -> Optional:
        """An optional value that is there.

        Args:
            value: structure of tensors.
        """
        value = structure.normalized(value)
        spec = structure.spec_of(value)
        return Optional(OptionalFromValue.build(structure.to_components(spec, value)), spec)

    @staticmethod
    def none_from_structure(value_structure: Any) -> Optional:
        """An optional value that is not there.

        Args:
            value_structure: structure of TypeSpecs of the value that it has not.
        """
        return Optional(OptionalNone.build(), value_structure)


def get_next_as_optional(iterator: Any) -> Optional:
    """The next element of an iterator, or that there is none: no error at the end.

    Args:
        iterator: a tf.data.Iterator.

    Returns:
        An Optional.

    Example:
        >>> import flowgraph as tf
        >>> iterator = tf.data.Dataset.range(1).make_one_shot_iterator()
        >>> is_there = tf.data.experimental.get_next_as_optional(iterator).has_value()
        >>> sess = tf.Session()
        >>> [bool(sess.run(is_there)) for _ in range(2)]
        [True, False]
    """
    resource = getattr(iterator, "_iterator_resource", None)
    if resource is None:
        raise TypeError(located(f"get_next_as_optional needs an iterator, got {iterator!r:.100}"))
    types, shapes = iterator._flat
    return Optional(IteratorGetNextAsOptional.build(resource, output_types=types,
                                                    output_shapes=shapes), iterator.element_spec)
