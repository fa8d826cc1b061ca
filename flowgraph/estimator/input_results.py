"""What an input function returns, as features and labels, and the hook that starts a Dataset."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.data.dataset import Dataset
from flowgraph.data.outputs import make_initializable_iterator
from flowgraph.train.session_run_hook import SessionRunHook


class DatasetInitializerHook(SessionRunHook):
    """Starts a Dataset's iterator in each new session.

    Args:
        iterator: the iterator.
    """

    def __init__(self, iterator: Any) -> None:
        self._iterator = iterator

    def begin(self) -> None:
        """Makes the operation that starts it."""
        self._initializer = self._iterator.initializer

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Starts it."""
        session.run(self._initializer)


def parse_input_fn_result(result: Any) -> tuple[Any, Any, list[SessionRunHook]]:
    """Takes apart what an input function returned.

    Args:
        result: a Dataset, features, or a pair of features and labels.

    Returns:
        Features, labels (None for none) and hooks.

    Raises:
        ValueError: it is a tuple or list of another length.
    """
    hooks: list[SessionRunHook] = []
    if isinstance(result, Dataset):
        iterator = make_initializable_iterator(result)
        hooks.append(DatasetInitializerHook(iterator))
        result = iterator.get_next()
    if isinstance(result, (list, tuple)):
        if len(result) != 2:
            raise ValueError(located(
                "input_fn should return (features, labels) as a len 2 tuple, given "
                f"{len(result)} values.",
                "Put several features into a dict: return {'a': a, 'b': b}, labels."))
        return result[0], result[1], hooks
    return result, None, hooks
