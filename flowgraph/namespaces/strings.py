"""`tf.strings`: text."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.string_format import as_string
from flowgraph.ops.string_format import string_format as format
from flowgraph.ops.string_hash import string_to_hash_bucket as to_hash_bucket
from flowgraph.ops.string_hash import string_to_hash_bucket_fast as to_hash_bucket_fast
from flowgraph.ops.string_hash import string_to_hash_bucket_strong as to_hash_bucket_strong
from flowgraph.ops.string_numbers import string_to_number as to_number
from flowgraph.ops.string_regex import regex_full_match, regex_replace
from flowgraph.ops.string_split import bytes_split, split
from flowgraph.ops.strings import reduce_join, substr, unsorted_segment_join
from flowgraph.ops.strings import string_join as join
from flowgraph.ops.strings import string_length as length
from flowgraph.ops.strings import string_lower as lower
from flowgraph.ops.strings import string_strip as strip
from flowgraph.ops.strings import string_upper as upper
from flowgraph.ops.unicode import unicode_decode, unicode_encode, unicode_transcode

__getattr__ = _lazy("tf.strings", globals())
