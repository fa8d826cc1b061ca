"""Strings to bucket numbers, bit for bit as TensorFlow's, so that trained tables stay valid.

Three hash functions: `fast` is FarmHash's 64-bit fingerprint, `strong` SipHash-2-4 with a key that
outsiders do not know, and the old `string_to_hash_bucket` MurmurHash-like.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import either
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, numbers

_BITS = (1 << 64) - 1

# ---- FarmHash ------------------------------------------------------------------------------------

_K0, _K1, _K2 = 0xc3a5c85c97cb3127, 0xb492b66fbe98f273, 0x9ae16a3b2f90404f


def _rotated(value: int, shift: int) -> int:
    """The 64-bit value rotated to the right."""
    return (value >> shift | value << 64 - shift) & _BITS


def _word(text: bytes, at: int) -> int:
    return int.from_bytes(text[at:at + 8], "little")


def _half_word(text: bytes, at: int) -> int:
    return int.from_bytes(text[at:at + 4], "little")


def _shift_mix(value: int) -> int:
    return value ^ value >> 47


def _hash_16(u: int, v: int, mul: int) -> int:
    a = _shift_mix((u ^ v) * mul & _BITS)
    b = _shift_mix((v ^ a) * mul & _BITS)
    return b * mul & _BITS


def fingerprint64(text: bytes) -> int:
    """FarmHash's Fingerprint64 of a string.

    Args:
        text: the string.
    """
    n = len(text)
    if n <= 16:
        return _hash_up_to_16(text, n)
    if n <= 32:
        mul = _K2 + n * 2
        a, b = _word(text, 0) * _K1, _word(text, 8)
        c, d = _word(text, n - 8) * mul, _word(text, n - 16) * _K2
        return _hash_16(_rotated((a + b) & _BITS, 43) + _rotated(c & _BITS, 30) + d & _BITS,
                        a + _rotated((b + _K2) & _BITS, 18) + c & _BITS, mul & _BITS)
    if n <= 64:
        return _hash_33_to_64(text, n)
    return _hash_long(text, n)


def _hash_up_to_16(text: bytes, n: int) -> int:
    if n >= 8:
        mul = _K2 + n * 2
        a, b = _word(text, 0) + _K2 & _BITS, _word(text, n - 8)
        c = _rotated(b, 37) * mul + a & _BITS
        d = (_rotated(a, 25) + b) * mul & _BITS
        return _hash_16(c, d, mul & _BITS)
    if n >= 4:
        return _hash_16(n + (_half_word(text, 0) << 3) & _BITS, _half_word(text, n - 4),
                        _K2 + n * 2 & _BITS)
    if n:
        y = text[0] + (text[n >> 1] << 8)
        z = n + (text[n - 1] << 2)
        return _shift_mix((y * _K2 ^ z * _K0) & _BITS) * _K2 & _BITS
    return _K2


def _hash_33_to_64(text: bytes, n: int) -> int:
    mul = _K2 + n * 2 & _BITS
    a, b = _word(text, 0) * _K2 & _BITS, _word(text, 8)
    c, d = _word(text, n - 8) * mul & _BITS, _word(text, n - 16) * _K2 & _BITS
    y = _rotated(a + b & _BITS, 43) + _rotated(c, 30) + d & _BITS
    z = _hash_16(y, a + _rotated(b + _K2 & _BITS, 18) + c & _BITS, mul)
    e, f = _word(text, 16) * mul & _BITS, _word(text, 24)
    g = (y + _word(text, n - 32)) * mul & _BITS
    h = (z + _word(text, n - 24)) * mul & _BITS
    return _hash_16(_rotated(e + f & _BITS, 43) + _rotated(g, 30) + h & _BITS,
                    e + _rotated(f + a & _BITS, 18) + g & _BITS, mul)


def _weak_hash(text: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    """Mixes 32 bytes into two words."""
    w, x, y, z = (_word(text, at + 8 * i) for i in range(4))
    a = a + w & _BITS
    b = _rotated(b + a + z & _BITS, 21)
    c = a
    a = a + x + y & _BITS
    b = b + _rotated(a, 44) & _BITS
    return a + z & _BITS, b + c & _BITS


def _hash_long(text: bytes, n: int) -> int:
    """56 bytes of state, mixed with 64 bytes a round; the last round takes the last 64 bytes."""
    x, y = 81, 81 * _K1 + 113 & _BITS
    z = _shift_mix(y * _K2 + 113 & _BITS) * _K2 & _BITS
    v = w = (0, 0)
    x = x * _K2 + _word(text, 0) & _BITS
    for at in range(0, (n - 1) // 64 * 64, 64):
        x, y, z, v, w = _round(text, at, x, y, z, v, w, _K1, 1)
    mul = _K1 + ((z & 0xff) << 1) & _BITS
    w = (w[0] + (n - 1 & 63) & _BITS, w[1])
    v = (v[0] + w[0] & _BITS, v[1])
    w = (w[0] + v[0] & _BITS, w[1])
    x, y, z, v, w = _round(text, n - 64, x, y, z, v, w, mul, 9)
    return _hash_16(_hash_16(v[0], w[0], mul) + _shift_mix(y) * _K0 + z & _BITS,
                    _hash_16(v[1], w[1], mul) + x & _BITS, mul)


def _round(text, at, x, y, z, v, w, mul, factor):
    x = _rotated(x + y + v[0] + _word(text, at + 8) & _BITS, 37) * mul & _BITS
    y = _rotated(y + v[1] + _word(text, at + 48) & _BITS, 42) * mul & _BITS
    x ^= w[1] * factor & _BITS
    y = y + v[0] * factor + _word(text, at + 40) & _BITS
    z = _rotated(z + w[0] & _BITS, 33) * mul & _BITS
    v = _weak_hash(text, at, v[1] * mul & _BITS, x + w[0] & _BITS)
    w = _weak_hash(text, at + 32, z + w[1] & _BITS, y + _word(text, at + 16) & _BITS)
    return z, y, x, v, w


# ---- SipHash -------------------------------------------------------------------------------------


def siphash(text: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4 of a string.

    Args:
        text: the string.
        key: two words of 64 bits.
    """
    k0, k1 = (word & _BITS for word in key)
    state = (k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
             k1 ^ 0x7465646279746573)
    whole = len(text) // 8 * 8
    words = [_word(text, at) for at in range(0, whole, 8)]
    for word in [*words, int.from_bytes(text[whole:], "little") | (len(text) & 0xff) << 56]:
        a, b, c, d = state
        a, b, c, d = _sip_rounds((a, b, c, d ^ word), 2)
        state = (a ^ word, b, c, d)
    a, b, c, d = state
    a, b, c, d = _sip_rounds((a, b, c ^ 0xff, d), 4)
    return a ^ b ^ c ^ d


def _sip_rounds(state, count):
    a, b, c, d = state
    for _ in range(count):
        a = a + b & _BITS
        b = _rotated(b, 51) ^ a
        a = _rotated(a, 32)
        c = c + d & _BITS
        d = _rotated(d, 48) ^ c
        a = a + d & _BITS
        d = _rotated(d, 43) ^ a
        c = c + b & _BITS
        b = _rotated(b, 47) ^ c
        c = _rotated(c, 32)
    return a, b, c, d


# ---- the old hash --------------------------------------------------------------------------------


def murmur64(text: bytes) -> int:
    """The 64-bit hash, of MurmurHash's kind, behind `tf.string_to_hash_bucket`.

    Args:
        text: the string.
    """
    m, whole = 0xc6a4a7935bd1e995, len(text) // 8 * 8
    h = 0xDECAFCAFFE ^ len(text) * m & _BITS
    for at in range(0, whole, 8):
        k = _shift_mix(_word(text, at) * m & _BITS) * m & _BITS
        h = (h ^ k) * m & _BITS
    if whole < len(text):
        h = (h ^ int.from_bytes(text[whole:], "little")) * m & _BITS
    return _shift_mix(_shift_mix(h) * m & _BITS)


# ---- the ops -------------------------------------------------------------------------------------


class StringToHashBucketFast(OpDef):
    """FarmHash's fingerprint of each string, modulo `num_buckets`."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, *, num_buckets):
        return Spec(dt.int64, input.shape)

    def kernel(self, xp, input, *, num_buckets):
        return numbers(lambda text: fingerprint64(text) % num_buckets, input, "int64")


def _checked_buckets(num_buckets):
    if isinstance(num_buckets, bool) or not hasattr(num_buckets, "__index__"):
        raise TypeError(located(f"num_buckets must be a Python int, got {num_buckets!r:.60}"))
    if num_buckets < 1:
        raise ValueError(located(f"num_buckets must be 1 or more, got {num_buckets}"))
    return int(num_buckets)


def string_to_hash_bucket_fast(input, num_buckets, name=None):
    """Gives each string a bucket, by a fast hash function that does not change.

    Args:
        input: string tensor.
        num_buckets: Python int, how many buckets there are.
        name: name of the node.

    Returns:
        An int64 tensor of the same shape, of numbers in [0, num_buckets).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.string_to_hash_bucket_fast(["a", "b"], 10))
        array([9, 2])
    """
    return StringToHashBucketFast.build(input, num_buckets=_checked_buckets(num_buckets), name=name)


class StringToHashBucketStrong(OpDef):
    """SipHash of each string under a key, modulo `num_buckets`."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, *, num_buckets, key):
        return Spec(dt.int64, input.shape)

    def kernel(self, xp, input, *, num_buckets, key):
        return numbers(lambda text: siphash(text, key) % num_buckets, input, "int64")


def string_to_hash_bucket_strong(input, num_buckets, key, name=None):
    """Gives each string a bucket, by a keyed hash function that resists chosen inputs.

    Args:
        input: string tensor.
        num_buckets: Python int, how many buckets there are.
        key: list of two ints.
        name: name of the node.

    Returns:
        An int64 tensor of the same shape, of numbers in [0, num_buckets).

    Raises:
        ValueError: the key has not two elements.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.string_to_hash_bucket_strong(["a", "b"], 10, [1, 2]))
        array([6, 4])
    """
    key = tuple(int(word) for word in key)
    if len(key) != 2:
        raise ValueError(located(f"key must have 2 elements, got {len(key)}"))
    return StringToHashBucketStrong.build(input, num_buckets=_checked_buckets(num_buckets), key=key,
                                          name=name)


class StringToHashBucket(OpDef):
    """The old hash of each string, modulo `num_buckets`."""

    T = dt.STRING
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, string_tensor, *, num_buckets):
        return Spec(dt.int64, string_tensor.shape)

    def kernel(self, xp, string_tensor, *, num_buckets):
        return numbers(lambda text: murmur64(text) % num_buckets, string_tensor, "int64")


def string_to_hash_bucket(string_tensor=None, num_buckets=None, name=None, input=None):
    """Gives each string a bucket; `string_to_hash_bucket_fast` is the better one.

    Args:
        string_tensor: string tensor.
        num_buckets: Python int, how many buckets there are.
        name: name of the node.
        input: newer name of `string_tensor`.

    Returns:
        An int64 tensor of the same shape, of numbers in [0, num_buckets).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.string_to_hash_bucket(["a", "b"], 10))
        array([8, 0])
    """
    string_tensor = either("input", input, "string_tensor", string_tensor)
    return StringToHashBucket.build(string_tensor, num_buckets=_checked_buckets(num_buckets),
                                    name=name)
