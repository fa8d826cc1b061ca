"""`slim.tfexample_decoder`: from a `tf.train.Example` to the tensors of its items.

A decoder parses the features of a record, and a handler for each item makes its tensor of some of
them: `Tensor` of one feature, `Image` of an encoded picture, `BoundingBox` of four lists of sides.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from flowgraph.contrib.slim.data_decoder import DataDecoder
from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal
from flowgraph.ops.cond import case, cond
from flowgraph.ops.decoding import decode_raw
from flowgraph.ops.functional import map_fn
from flowgraph.ops.image_codecs import decode_image, decode_jpeg, is_jpeg
from flowgraph.ops.join import concat, stack
from flowgraph.ops.logic import logical_or
from flowgraph.ops.parse_example import parse_single_example
from flowgraph.ops.parse_features import FixedLenFeature
from flowgraph.ops.reshape import expand_dims, reshape, transpose
from flowgraph.ops.sparse_dense import sparse_tensor_to_dense
from flowgraph.ops.sparse_layout import sparse_reshape
from flowgraph.ops.sparse_tensor import SparseTensor


class ItemHandler(ABC):
    """Base of handlers: from parsed features to the tensor of an item.

    Args:
        keys: name of a feature, or list of names.

    Example:
        >>> from flowgraph.contrib.slim import tfexample_decoder
        >>> tfexample_decoder.Tensor("label").keys
        ['label']
    """

    def __init__(self, keys: Any) -> None:
        self._keys = list(keys) if isinstance(keys, (list, tuple)) else [keys]

    @property
    def keys(self) -> list[str]:
        """The names of the features it needs."""
        return self._keys

    @abstractmethod
    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        """The tensor of the item.

        Args:
            keys_to_tensors: dict from names of features to tensors.
        """


class ItemHandlerCallback(ItemHandler):
    """An item by a function.

    Args:
        keys: name of a feature, or list of names.
        func: function from a dict of the features' tensors to the item's.

    Example:
        >>> from flowgraph.contrib.slim import tfexample_decoder
        >>> double = tfexample_decoder.ItemHandlerCallback("n", lambda tensors: 2 * tensors["n"])
        >>> double.tensors_to_item({"n": 4})
        8
    """

    def __init__(self, keys: Any, func: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__(keys)
        self._func = func

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        """What the function returns.

        Args:
            keys_to_tensors: dict from names of features to tensors.
        """
        return self._func(keys_to_tensors)


class BoundingBox(ItemHandler):
    """Boxes by the lists of their four sides.

    Args:
        keys: list of four names: of the top, left, bottom and right sides; default "ymin", "xmin",
            "ymax" and "xmax".
        prefix: what the names begin with.

    Raises:
        ValueError: there are not four names.

    Example:
        >>> from flowgraph.contrib.slim import tfexample_decoder
        >>> tfexample_decoder.BoundingBox(prefix="box/").keys
        ['box/ymin', 'box/xmin', 'box/ymax', 'box/xmax']
    """

    def __init__(self, keys: Any = None, prefix: str = "") -> None:
        keys = ["ymin", "xmin", "ymax", "xmax"] if keys is None else keys
        if len(keys) != 4:
            raise ValueError(located(f"BoundingBox expects 4 keys but got {len(keys)}"))
        super().__init__([prefix + key for key in keys])

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        """A tensor of shape (boxes, 4).

        Args:
            keys_to_tensors: dict from names of features to tensors.
        """
        sides = [keys_to_tensors[key] for key in self._keys]
        return transpose(concat([expand_dims(
            side.values if isinstance(side, SparseTensor) else side, 0) for side in sides], 0))


class Tensor(ItemHandler):
    """A feature, as it is or in another shape; a sparse one is made dense.

    Args:
        tensor_key: name of the feature.
        shape_keys: name of the feature with its shape, or list of names, one for each axis.
        shape: its shape.
        default_value: what fills a sparse one.

    Raises:
        ValueError: both `shape_keys` and `shape` are given.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib.slim import tfexample_decoder
        >>> handler = tfexample_decoder.Tensor("points", shape=[2, 2])
        >>> handler.tensors_to_item({"points": fg.constant([1, 2, 3, 4])}).shape
        TensorShape([Dimension(2), Dimension(2)])
    """

    def __init__(self, tensor_key: str, shape_keys: Any = None, shape: Any = None,
                 default_value: Any = 0) -> None:
        if shape_keys and shape is not None:
            raise ValueError(located("Cannot specify both shape_keys and shape parameters."))
        self._tensor_key, self._shape, self._default_value = tensor_key, shape, default_value
        self._shape_keys = ([shape_keys] if isinstance(shape_keys, str) else list(shape_keys or ()))
        super().__init__([tensor_key, *self._shape_keys])

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        """The feature's tensor.

        Args:
            keys_to_tensors: dict from names of features to tensors.
        """
        tensor, shape = keys_to_tensors[self._tensor_key], self._shape
        if self._shape_keys:
            sizes = [keys_to_tensors[key] for key in self._shape_keys]
            shape = reshape(stack([sparse_tensor_to_dense(size) if isinstance(size, SparseTensor)
                                   else size for size in sizes]), [-1])
        if not isinstance(tensor, SparseTensor):
            return tensor if shape is None else reshape(tensor, shape)
        if shape is not None:
            tensor = sparse_reshape(tensor, shape)
        return sparse_tensor_to_dense(tensor, self._default_value)


class Image(ItemHandler):
    """A picture, of its encoded bytes: JPEG, PNG, GIF or BMP, or raw numbers.

    Args:
        image_key: name of the feature with the bytes; default "image/encoded".
        format_key: name of the feature with the format, which is looked at for "raw" only; default
            "image/format".
        shape: shape of the picture, if all have the same; needed for raw numbers.
        channels: number of channels.
        dtype: dtype of the picture.
        repeated: whether the feature holds a list of pictures.
        dct_method: accepted.

    Example:
        >>> from flowgraph.contrib.slim import tfexample_decoder
        >>> tfexample_decoder.Image().keys
        ['image/encoded', 'image/format']
    """

    def __init__(self, image_key: str | None = None, format_key: str | None = None,
                 shape: Any = None, channels: int = 3, dtype: Any = dt.uint8,
                 repeated: bool = False, dct_method: str = "") -> None:
        super().__init__([image_key or "image/encoded", format_key or "image/format"])
        self._shape, self._channels, self._repeated = shape, channels, repeated
        self._dtype, self._dct_method = dt.as_dtype(dtype), dct_method

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        """The picture: a tensor of shape (height, width, channels), or of several.

        Args:
            keys_to_tensors: dict from names of features to tensors.
        """
        encoded, image_format = (keys_to_tensors[key] for key in self._keys)
        if self._repeated:
            return map_fn(lambda each: self._decode(each, image_format), encoded,
                          dtype=self._dtype)
        return self._decode(encoded, image_format)

    def _decode(self, encoded: Any, image_format: Any) -> Any:
        def any_format() -> Any:
            return cast(decode_image(encoded, channels=self._channels), self._dtype)

        def jpeg() -> Any:
            return cast(decode_jpeg(encoded, channels=self._channels,
                                    dct_method=self._dct_method), self._dtype)

        def with_header() -> Any:
            return cond(is_jpeg(encoded), jpeg, any_format, name="cond_jpeg")
        is_raw = logical_or(equal(image_format, "raw"), equal(image_format, "RAW"))
        image = case([(is_raw, lambda: decode_raw(encoded, self._dtype))], default=with_header,
                     exclusive=True)
        if self._shape is not None:
            return reshape(image, self._shape)
        image.set_shape([None, None, self._channels])
        return image


class TFExampleDecoder(DataDecoder):
    """A decoder of records that are `tf.train.Example`s.

    Args:
        keys_to_features: dict from names of features to how they are parsed, as
            `tf.FixedLenFeature`.
        items_to_handlers: dict from names of items to ItemHandlers.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib.slim import tfexample_decoder
        >>> decoder = tfexample_decoder.TFExampleDecoder(
        ...     {"class": fg.FixedLenFeature([], fg.int64, default_value=5)},
        ...     {"label": tfexample_decoder.Tensor("class")})
        >>> label, = decoder.decode(fg.constant(fg.train.Example().SerializeToString()))
        >>> fg.Session().run(label)
        np.int64(5)
    """

    def __init__(self, keys_to_features: dict[str, Any],
                 items_to_handlers: dict[str, ItemHandler]) -> None:
        self._keys_to_features, self._items_to_handlers = keys_to_features, items_to_handlers

    def list_items(self) -> list[str]:
        """The names of the items."""
        return list(self._items_to_handlers)

    def decode(self, serialized_example: Any, items: Any = None) -> list[Any]:
        """The tensors of some items.

        Args:
            serialized_example: string tensor with one record.
            items: list of names; default all.
        """
        example = parse_single_example(serialized_example, self._keys_to_features)
        for key, feature in sorted(self._keys_to_features.items()):
            if isinstance(feature, FixedLenFeature):
                example[key] = reshape(example[key], feature.shape)
        handlers = [self._items_to_handlers[item] for item in items or self._items_to_handlers]
        return [handler.tensors_to_item({key: example[key] for key in handler.keys})
                for handler in handlers]
