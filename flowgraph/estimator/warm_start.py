"""WarmStartSettings: an earlier model from whose checkpoint a new one starts."""

from __future__ import annotations

import os
from collections import namedtuple
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.logger import logger


class WarmStartSettings(namedtuple("WarmStartSettings", (
        "ckpt_to_initialize_from", "vars_to_warm_start", "var_name_to_vocab_info",
        "var_name_to_prev_var_name"))):
    """The checkpoint from which an Estimator starts, and which of its variables.

    Args:
        ckpt_to_initialize_from: folder, or name of a checkpoint.
        vars_to_warm_start: which variables, as for `tf.train.warm_start`.
        var_name_to_vocab_info: dict from names of variables to a `tf.estimator.VocabInfo`.
        var_name_to_prev_var_name: dict from names of variables to those in the checkpoint.

    Raises:
        ValueError: no checkpoint is given.

    Example:
        >>> import flowgraph as fg
        >>> fg.estimator.WarmStartSettings("old_model").vars_to_warm_start
        '.*'
    """

    __slots__ = ()

    def __new__(cls, ckpt_to_initialize_from: Any, vars_to_warm_start: Any = ".*",
                var_name_to_vocab_info: Any = None,
                var_name_to_prev_var_name: Any = None) -> WarmStartSettings:
        if not ckpt_to_initialize_from:
            raise ValueError(located(
                "`ckpt_to_initialize_from` MUST be set in WarmStartSettings"))
        return super().__new__(cls, ckpt_to_initialize_from, vars_to_warm_start,
                               var_name_to_vocab_info or {}, var_name_to_prev_var_name or {})


def warm_start_settings(warm_start_from: Any) -> WarmStartSettings | None:
    """The settings that an Estimator's argument means: a folder, a SavedModel, or settings.

    Args:
        warm_start_from: name of a folder, or WarmStartSettings, or None.

    Raises:
        ValueError: it is something else.
    """
    if warm_start_from is None or isinstance(warm_start_from, WarmStartSettings):
        return warm_start_from
    if not isinstance(warm_start_from, (str, bytes, os.PathLike)):
        raise ValueError(located("warm_start_from must be a string or a WarmStartSettings, instead "
                                 f"got {type(warm_start_from)}"))
    folder = os.fsdecode(warm_start_from)
    if os.path.exists(os.path.join(folder, "variables", "variables.index")):
        logger().info("Warm-starting from a SavedModel")
        folder = os.path.join(folder, "variables", "variables")
    return WarmStartSettings(folder)
