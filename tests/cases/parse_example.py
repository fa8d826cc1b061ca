"""Cases of ops/parse_example.py and ops/parse_sequence.py."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case
from tests.cases.strings import INVALID, parts, text

LISTS = {int: ("int64_list", fg.train.Int64List), float: ("float_list", fg.train.FloatList),
         bytes: ("bytes_list", fg.train.BytesList)}


def feature(values):
    name, kind = LISTS[type(values[0])] if values else LISTS[int]
    return fg.train.Feature(**{name: kind(value=values)})


def example(**features):
    return fg.train.Example(features=fg.train.Features(feature={
        name: feature(values) for name, values in features.items()})).SerializeToString()


def sequence(context, **lists):
    return fg.train.SequenceExample(
        context=fg.train.Features(feature={n: feature(v) for n, v in context.items()}),
        feature_lists=fg.train.FeatureLists(feature_list={
            name: fg.train.FeatureList(feature=[feature(step) for step in steps])
            for name, steps in lists.items()})).SerializeToString()


BATCH = text(example(a=[1, 2], b=[0.5], c=[b"x", b"y"]), example(a=[3, 4], c=[b"z"]))
ONE = text(BATCH[0], shape=())
FIXED = {"a": fg.FixedLenFeature([2], fg.int64)}
STEPS = {"x": fg.FixedLenSequenceFeature([2], fg.int64, allow_missing=True)}
SEQUENCES = text(sequence({"n": [2]}, x=[[1, 2], [3, 4]], w=[[b"a"], [b"b", b"c"]]),
                 sequence({"n": [1]}, x=[[5, 6]]))


def parsed(features, key="a"):
    return lambda x: fg.parse_example(x, features)[key]


def parsed_one(features, key="a"):
    return lambda x: fg.parse_single_example(x, features)[key]


def sparse(features, key, parse=fg.parse_example):
    return lambda x: parts(parse(x, features)[key])


CASES = [
    Case("ParseExampleV2/fixed", parsed(FIXED), (BATCH,), np.array([[1, 2], [3, 4]])),
    Case("ParseExampleV2/fixed_one", parsed_one(FIXED), (ONE,), np.array([1, 2])),
    Case("ParseExampleV2/default", parsed({"b": fg.FixedLenFeature([], fg.float32, -1.0)}, "b"),
         (BATCH,), np.array([0.5, -1], "float32")),
    Case("ParseExampleV2/default_vector",
         parsed({"z": fg.FixedLenFeature([1, 2], fg.string, ["p", "q"])}, "z"), (BATCH,),
         text("p", "q", "p", "q", shape=(2, 1, 2))),
    Case("ParseExampleV2/sparse", sparse({"c": fg.VarLenFeature(fg.string)}, "c"), (BATCH,),
         [np.array([[0, 0], [0, 1], [1, 0]]), text("x", "y", "z"), np.array([2, 2])]),
    Case("ParseExampleV2/sparse_one",
         sparse({"c": fg.VarLenFeature(fg.string)}, "c", fg.parse_single_example), (ONE,),
         [np.array([[0], [1]]), text("x", "y"), np.array([2])]),
    Case("ParseExampleV2/sparse_missing", sparse({"z": fg.VarLenFeature(fg.int64)}, "z"), (BATCH,),
         [np.zeros((0, 2), "int64"), np.zeros(0, "int64"), np.array([2, 0])]),
    Case("ParseExampleV2/padded", parsed({"c": fg.FixedLenSequenceFeature(
        [], fg.string, allow_missing=True, default_value="-")}, "c"), (BATCH,),
         text("x", "y", "z", "-", shape=(2, 2))),
    Case("ParseExampleV2/steps", parsed_one({"a": fg.FixedLenSequenceFeature(
        [1], fg.int64, allow_missing=True)}), (ONE,), np.array([[1], [2]])),
    Case("ParseExampleV2/places_and_values",
         sparse({"s": fg.SparseFeature("at", "v", fg.float32, 10)}, "s"),
         (text(example(at=[3, 1], v=[1.0, 2.0]), example(at=[2], v=[5.0])),),
         [np.array([[0, 1], [0, 3], [1, 2]]), np.array([2, 1, 5], "float32"), np.array([2, 10])]),
    Case("ParseExampleV2/no_records", parsed(FIXED), (text(shape=(0,)),), np.zeros((0, 2), int)),
    Case("ParseSequenceExampleV2/one",
         lambda x: fg.parse_single_sequence_example(x, None, STEPS)[1]["x"],
         (text(SEQUENCES[0], shape=()),), np.array([[1, 2], [3, 4]])),
    Case("ParseSequenceExampleV2/context",
         lambda x: fg.io.parse_sequence_example(x, {"n": fg.FixedLenFeature([], fg.int64)})[0]["n"],
         (SEQUENCES,), np.array([2, 1])),
    Case("ParseSequenceExampleV2/padded",
         lambda x: [out["x"] for out in fg.io.parse_sequence_example(x, None, STEPS)[1:]],
         (SEQUENCES,), [np.array([[[1, 2], [3, 4]], [[5, 6], [0, 0]]]), np.array([2, 1])]),
    Case("ParseSequenceExampleV2/sparse",
         lambda x: parts(fg.io.parse_sequence_example(
             x, None, {"w": fg.VarLenFeature(fg.string)})[1]["w"]), (SEQUENCES,),
         [np.array([[0, 0, 0], [0, 1, 0], [0, 1, 1]]), text("a", "b", "c"), np.array([2, 2, 2])]),
]

BAD = [
    BadCase("ParseExampleV2/damaged", parsed(FIXED), INVALID, ("record 1", "cut off"),
            (text(BATCH[0], BATCH[1][:-3]),), "run"),
    BadCase("ParseExampleV2/missing", parsed({"z": fg.FixedLenFeature([], fg.int64)}, "z"), INVALID,
            ("z", "int64", "required"), (BATCH,), "run"),
    BadCase("ParseExampleV2/wrong_kind", parsed({"a": fg.FixedLenFeature([2], fg.string)}), INVALID,
            ("a", "string", "int64"), (BATCH,), "run"),
    BadCase("ParseExampleV2/wrong_count", parsed({"a": fg.FixedLenFeature([3], fg.int64)}), INVALID,
            ("a", "2", "(3,)"), (BATCH,), "run"),
    BadCase("ParseExampleV2/steps_of_wrong_size", parsed({"a": fg.FixedLenSequenceFeature(
        [3], fg.int64, allow_missing=True)}), INVALID, ("multiple",), (BATCH,), "run"),
    BadCase("ParseExampleV2/no_features", lambda: fg.parse_example(["a"], {}), ValueError,
            ("Missing",)),
    BadCase("ParseExampleV2/rank", lambda: fg.parse_example("a", FIXED), ValueError, ("rank 1",)),
    BadCase("ParseExampleV2/rank_one", lambda: fg.parse_single_example(["a"], FIXED), ValueError,
            ("rank 0",)),
    BadCase("ParseExampleV2/dtype",
            lambda: fg.parse_example(["a"], {"a": fg.FixedLenFeature([], fg.int32)}), TypeError,
            ("int32", "int64")),
    BadCase("ParseExampleV2/unknown_shape",
            lambda: fg.parse_example(["a"], {"a": fg.FixedLenFeature([None], fg.int64)}),
            ValueError, ("FixedLenSequenceFeature",)),
    BadCase("ParseExampleV2/no_feature", lambda: fg.parse_example(["a"], {"a": 3}), ValueError,
            ("Invalid feature a",)),
    BadCase("ParseSequenceExampleV2/missing_list",
            lambda x: fg.io.parse_sequence_example(
                x, None, {"w": fg.FixedLenSequenceFeature([], fg.string)})[1]["w"], INVALID,
            ("w", "allow_missing"), (SEQUENCES[1:],), "run"),
    BadCase("ParseSequenceExampleV2/damaged",
            lambda x: fg.parse_single_sequence_example(x, None, STEPS)[1]["x"], INVALID,
            ("cut off",), (text(SEQUENCES[0][:-1], shape=()),), "run"),
    BadCase("ParseSequenceExampleV2/no_features",
            lambda: fg.parse_single_sequence_example("a"), ValueError, ("Missing features",)),
]

JSON = '{"features": {"feature": {"a": {"int64List": {"value": ["1", 2]}}, "c": {"bytesList": ' \
       '{"value": ["eA=="]}}, "b": {"float_list": {"value": [0.5]}}}}}'
CASES += [
    Case("DecodeJSONExample/record",
         lambda x: parsed({"a": fg.FixedLenFeature([2], fg.int64)})(fg.decode_json_example(x)),
         (text(JSON),), np.array([[1, 2]])),
    Case("DecodeJSONExample/bytes", fg.decode_json_example,
         (text('{"features":{"feature":{"a":{"int64List":{"value":["1",2]}}}}}', "{}"),),
         text(b"\n\r\n\x0b\n\x01a\x12\x06\x1a\x04\x08\x01\x08\x02", "")),
]
BAD += [
    BadCase(f"DecodeJSONExample/{name}", lambda x=x: fg.decode_json_example([x]), INVALID,
            ("JSON",), phase="run")
    for name, x in (("text", "no json"), ("list", "[]"), ("field", '{"a": 1}'),
                    ("kind", '{"features": {"feature": {"a": {"list": {}}}}}'))
]
