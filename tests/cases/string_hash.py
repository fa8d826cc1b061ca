"""Cases of ops/string_hash.py; the numbers are TensorFlow's."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case
from tests.cases.strings import text

LENGTHS = (0, 1, 3, 4, 7, 8, 15, 16, 17, 32, 33, 63, 64, 65, 127, 128, 129, 200)
TEXTS = text(*(bytes(i * 7 % 256 for i in range(n)) for n in LENGTHS))

FAST = np.array([
    1936946117179621455, 4494688008148699988, 3225035365289182248, 365121004050576997,
    1123016345076934235, 2037891737372276647, 954860331974991495, 4301628150755241371,
    2691913911681613940, 764915578794662492, 4270527518038761543, 16054428070569030,
    2325104078259550602, 1750252573709625707, 2773666245838015522, 2861393397590574203,
    3220739459477131867, 1800212452726993940])
STRONG = np.array([
    2331314543081083028, 2888853452397274188, 3064448901795895063, 820723240491879358,
    2734951434485212838, 62116614613403378, 1045844773099936242, 3639604957499538324,
    310610364682551226, 3762426316104389487, 2623352290982462894, 2562924152075855107,
    2652477152706297621, 1542020397014125041, 2200997097851607035, 770378986659981961,
    3898961830879429311, 2764574078446189613])
OLD = np.array([
    105434511174508091, 1950187560451231046, 176483553573209779, 3779776162894438227,
    652137673295450492, 1341886729188216171, 2909147319052118941, 2241211539241607297,
    1442824997845769769, 2947422492756472369, 1125087279261362587, 917024089431468967,
    3932085621120975903, 3401849157724952424, 1591360408515713705, 2482598937149673178,
    145765382411939999, 1900566254578505756])

CASES = [
    Case("StringToHashBucketFast/lengths", lambda x: fg.string_to_hash_bucket_fast(x, 2**62),
         (TEXTS,), FAST),
    Case("StringToHashBucketFast/one_bucket", lambda x: fg.strings.to_hash_bucket_fast(x, 1),
         (text("a", shape=()),), np.int64(0)),
    Case("StringToHashBucketStrong/lengths",
         lambda x: fg.string_to_hash_bucket_strong(x, 2**62, [3, -4]), (TEXTS,), STRONG),
    Case("StringToHashBucket/lengths", lambda x: fg.string_to_hash_bucket(x, 2**62), (TEXTS,), OLD),
]

BAD = [
    BadCase("StringToHashBucketFast/no_bucket", lambda: fg.string_to_hash_bucket_fast(["a"], 0),
            ValueError, ("num_buckets", "0")),
    BadCase("StringToHashBucket/buckets", lambda: fg.string_to_hash_bucket(["a"], 1.5), TypeError,
            ("num_buckets",)),
    BadCase("StringToHashBucketStrong/key",
            lambda: fg.string_to_hash_bucket_strong(["a"], 10, [1]), ValueError, ("key", "1")),
]
