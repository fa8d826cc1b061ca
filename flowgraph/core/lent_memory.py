"""Memory for what graphs compute in between, which they may share: they run one after the other.

A graph knows addresses. So a block that was lent while one was recorded stays where it is as long
as that graph does, though what stood in it is not needed any more; the next graph is lent it too.

    rehearsal   asks for what a recording will ask for, and takes blocks as they are missing
    recording   gets blocks that are there, or a MemoryError: nothing may be taken, or given back

Blocks are lent by sizes, an eighth apart: what was enough once is enough again, in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

_SMALLEST = 512  # bytes, as CuPy's own memory pool has it


class Block:
    """A piece of a GPU's memory.

    Args:
        memory: what keeps it; its `ptr` is the address.
        size: its bytes.
    """

    __slots__ = ("memory", "size")

    def __init__(self, memory: Any, size: int) -> None:
        self.memory = memory
        self.size = size


class Loan:
    """A block as long as an array is in it; then the next one may be.

    Args:
        block: the block.
        free: where it goes then.
    """

    __slots__ = ("_free", "block")

    def __init__(self, block: Block, free: list[Block]) -> None:
        self.block = block
        self._free = free

    def __del__(self) -> None:
        self._free.append(self.block)


class LentMemory:
    """Blocks that are lent.

    Args:
        malloc: takes memory from the pool of the session: told its bytes, gives what keeps it.

    Attributes:
        used: the blocks that a recording was lent so far; None while there is none.
    """

    def __init__(self, malloc: Callable[[int], Any]) -> None:
        self._malloc = malloc
        self._free: dict[int, list[Block]] = {}
        self.used: set[Block] | None = None

    def loan(self, size: int) -> Loan:
        """A block of so many bytes.

        Raises:
            MemoryError: there is none, and a graph is recorded; or the GPU has none.
        """
        size = _rounded(size)
        free = self._free.setdefault(size, [])
        if free:
            block = free.pop()
        elif self.used is None:
            block = Block(self._malloc(size), size)
        else:
            raise MemoryError(f"{size:,} bytes more than were needed when it was rehearsed")
        if self.used is not None:
            self.used.add(block)
        return Loan(block, free)

    def trim(self, needed: Iterable[Block]) -> None:
        """Gives back the blocks that nothing is in.

        Args:
            needed: those that a graph has addresses of.
        """
        kept = set(needed)
        for free in self._free.values():
            free[:] = [block for block in free if block in kept]


def _rounded(size: int) -> int:
    """The bytes of a block for so many."""
    step = max(_SMALLEST, 1 << max(size.bit_length() - 4, 0))
    return -(-size // step) * step
