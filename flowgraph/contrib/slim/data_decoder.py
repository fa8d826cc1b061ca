"""`slim.data_decoder`: what decodes the records of a data set."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class DataDecoder(ABC):
    """Base of decoders: from a record to the tensors of its items.

    Example:
        >>> from flowgraph.contrib import slim
        >>> issubclass(slim.tfexample_decoder.TFExampleDecoder, slim.data_decoder.DataDecoder)
        True
    """

    @abstractmethod
    def decode(self, data: Any, items: Any) -> list[Any]:
        """The tensors of some items.

        Args:
            data: string tensor with the record.
            items: list of names.
        """

    @abstractmethod
    def list_items(self) -> list[str]:
        """The names of the items."""
