"""`tf.train.Example` and its parts: records of named features, as TFRecord files hold them.

    Example(features=Features(feature={"age": Feature(int64_list=Int64List(value=[7]))}))

They behave like protobuf's messages (keyword constructors, repeated fields, maps, which one of the
kinds is set) and write the same bytes; protobuf itself is not needed.
"""

from __future__ import annotations

from flowgraph.core.message import Message
from flowgraph.core.message_fields import (
    Map,
    Part,
    Parts,
    Scalars,
    checked_bytes,
    checked_float,
    checked_int,
)


class BytesList(Message):
    """A list of byte strings.

    Args:
        value: list of bytes.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.BytesList(value=[b"a", b"b"]).value
        [b'a', b'b']
    """

    value = Scalars(1, checked_bytes)


class FloatList(Message):
    """A list of float32 numbers.

    Args:
        value: list of numbers.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.FloatList(value=[1.5, 2]).value
        [1.5, 2.0]
    """

    value = Scalars(1, checked_float)


class Int64List(Message):
    """A list of int64 numbers.

    Args:
        value: list of ints.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.Int64List(value=range(3)).value
        [0, 1, 2]
    """

    value = Scalars(1, checked_int)


class Feature(Message):
    """The values of one feature: of one of three kinds.

    Args:
        bytes_list: BytesList.
        float_list: FloatList.
        int64_list: Int64List.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.Feature(int64_list=fg.train.Int64List(value=[7])).WhichOneof("kind")
        'int64_list'
    """

    _one_of = "kind"
    bytes_list = Part(1, BytesList)
    float_list = Part(2, FloatList)
    int64_list = Part(3, Int64List)


class Features(Message):
    """Features by name.

    Args:
        feature: dict from names to Feature.

    Example:
        >>> import flowgraph as fg
        >>> features = fg.train.Features()
        >>> features.feature["age"].int64_list.value.append(7)
        >>> list(features.feature)
        ['age']
    """

    feature = Map(1, Feature)


class Example(Message):
    """A record of named features.

    Args:
        features: Features.

    Example:
        >>> import flowgraph as fg
        >>> example = fg.train.Example()
        >>> example.features.feature["age"].int64_list.value.append(7)
        >>> fg.train.Example.FromString(example.SerializeToString()) == example
        True
    """

    features = Part(1, Features)


class FeatureList(Message):
    """The values of one feature over the steps of a sequence.

    Args:
        feature: list of Feature, one a step.

    Example:
        >>> import flowgraph as fg
        >>> step = fg.train.Feature(float_list=fg.train.FloatList(value=[0.5]))
        >>> len(fg.train.FeatureList(feature=[step, step]).feature)
        2
    """

    feature = Parts(1, Feature)


class FeatureLists(Message):
    """FeatureList by name.

    Args:
        feature_list: dict from names to FeatureList.

    Example:
        >>> import flowgraph as fg
        >>> lists = fg.train.FeatureLists()
        >>> lists.feature_list["words"].feature.add().bytes_list.value.append(b"a")
        >>> len(lists.feature_list["words"].feature)
        1
    """

    feature_list = Map(1, FeatureList)


class SequenceExample(Message):
    """A record of features, and of features that go over the steps of a sequence.

    Args:
        context: Features of the whole record.
        feature_lists: FeatureLists.

    Example:
        >>> import flowgraph as fg
        >>> example = fg.train.SequenceExample()
        >>> example.context.feature["length"].int64_list.value.append(2)
        >>> example.HasField("context"), example.HasField("feature_lists")
        (True, False)
    """

    context = Part(1, Features)
    feature_lists = Part(2, FeatureLists)
