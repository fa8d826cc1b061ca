"""Memory for what graphs compute in between, which they may share: they run one after the other.

A graph knows addresses. So a block that was lent while one was recorded stays where it is as long
as that graph does, though what stood in it is not needed any more; the next graph is lent it too.

    rehearsal   asks for what the recording will ask for, and takes new blocks where none fits
    recording   is lent the same blocks in the same order, or gets a MemoryError: nothing may be
                taken from the system, or given back to it
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

_UNIT = 512  # bytes, as CuPy's own memory pool has it
_LOOSEST = 4  # times as large as what is asked for may a block be


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
        returned: where it goes then.
    """

    __slots__ = ("_returned", "block")

    def __init__(self, block: Block, returned: deque[Block]) -> None:
        self.block = block
        self._returned = returned

    def __del__(self) -> None:  # in any thread, at any time
        self._returned.append(self.block)


class LentMemory:
    """Blocks that are lent.

    Args:
        malloc: takes memory from the pool of the session: told its bytes, gives what keeps it.
    """

    def __init__(self, malloc: Callable[[int], Any]) -> None:
        self._malloc = malloc
        self._free: list[Block] = []
        self._returned: deque[Block] = deque()
        self._rehearsed: list[Block] = []  # what was lent, in order
        self._asked = -1  # how often a recording has asked; -1 while there is none

    def rehearse(self) -> None:
        """Called before a rehearsal; forgets the last one."""
        self._rehearsed = []

    def record(self, is_recording: bool) -> None:
        """Called before a recording, and after it."""
        self._asked = 0 if is_recording else -1

    @property
    def rehearsed(self) -> frozenset[Block]:
        """The blocks that a recording is lent."""
        return frozenset(self._rehearsed)

    def loan(self, size: int) -> Loan:
        """A block of so many bytes.

        Raises:
            MemoryError: the GPU has none; or a graph is recorded, and it is not what was rehearsed.
        """
        while self._returned:
            self._free.append(self._returned.popleft())
        if self._asked >= 0:
            return Loan(self._same(size), self._returned)
        size = max(1, -(-size // _UNIT)) * _UNIT
        fitting = [one for one in self._free if size <= one.size <= _LOOSEST * size]
        if fitting:
            block = min(fitting, key=lambda one: one.size)
            self._free.remove(block)
        else:
            block = Block(self._malloc(size), size)
        self._rehearsed.append(block)
        return Loan(block, self._returned)

    def _same(self, size: int) -> Block:
        """The block that the rehearsal was lent at this point."""
        block = self._rehearsed[self._asked] if self._asked < len(self._rehearsed) else None
        if block is None or block not in self._free or block.size < size:
            raise MemoryError(f"{size:,} bytes that were not needed when it was rehearsed")
        self._asked += 1
        self._free.remove(block)
        return block

    def trim(self, needed: Iterable[Block]) -> None:
        """Gives back the blocks that nothing is in.

        Args:
            needed: those that a graph has addresses of.
        """
        self._rehearsed = []
        kept = set(needed)
        while self._returned:
            self._free.append(self._returned.popleft())
        self._free = [block for block in self._free if block in kept]
