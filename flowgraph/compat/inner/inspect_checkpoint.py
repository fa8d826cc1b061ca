"""`tensorflow.python.tools.inspect_checkpoint`: prints what is in a checkpoint."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.train.checkpoint_reader import NewCheckpointReader


def print_tensors_in_checkpoint_file(file_name: Any, tensor_name: str | None,
                                     all_tensors: bool = True, all_tensor_names: bool = False,
                                     count_exclude_pattern: str = "") -> None:
    """Prints tensors of a checkpoint.

    Args:
        file_name: the checkpoint.
        tensor_name: the one to print; None or "" for a list of all.
        all_tensors: whether to print the values of all.
        all_tensor_names: whether to print the names of all.
        count_exclude_pattern: says nothing here.
    """
    reader = NewCheckpointReader(file_name)
    if all_tensors or all_tensor_names:
        for name in sorted(reader.get_variable_to_shape_map()):
            print("tensor_name: ", name)
            if all_tensors:
                print(reader.get_tensor(name))
    elif not tensor_name:
        print(reader.debug_string().decode("utf-8"))
    else:
        print("tensor_name: ", tensor_name)
        print(reader.get_tensor(tensor_name))


def parse_numpy_printoption(kv_str: str) -> None:
    """Sets one of NumPy's print options from "name=value".

    Args:
        kv_str: as "threshold=10".
    """
    name, _, value = kv_str.partition("=")
    options: Any = np.get_printoptions()
    np.set_printoptions(**{name: type(options[name])(value)})
