"""What the stand-in has of `cupyx`."""

from tests.gpu.manners import errstate

__all__ = ["errstate"]
