"""`tf.resource_loader`: files that lie beside the program."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.platform.resource_loader import (
    get_data_files_path,
    get_path_to_datafile,
    get_root_dir_with_all_resources,
    load_resource,
    readahead_file_path,
)

__getattr__ = _lazy("tf.resource_loader", globals())
