"""Op types that TensorFlow says in another way, each with the rule that writes it."""
from __future__ import annotations
from typing import Any
RULES: dict[str, Any] = {}
