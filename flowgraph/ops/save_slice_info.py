"""SaveSliceInfo: where in a larger variable a variable stands, for checkpoints."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.names import in_scope


class SaveSliceInfo:
    """Which part of a whole a variable is; checkpoints store it under the whole's name.

    Args:
        full_name: name of the whole.
        full_shape: list of the sizes of the whole.
        var_offset: list of where the part begins, along each axis.
        var_shape: list of the sizes of the part.
        save_slice_info_def: SaveSliceInfoDef that tells all this, in place of the others.
        import_scope: with `save_slice_info_def`, the name scope that the whole is in.

    Example:
        >>> import flowgraph as fg
        >>> fg.Variable.SaveSliceInfo("w", [5, 2], [3, 0], [2, 2]).spec
        '5 2 3,2:0,2'
    """

    def __init__(self, full_name: str | None = None, full_shape: list[int] | None = None,
                 var_offset: list[int] | None = None, var_shape: list[int] | None = None,
                 save_slice_info_def: Any = None, import_scope: str | None = None) -> None:
        if save_slice_info_def is not None:
            full_name = in_scope(save_slice_info_def.full_name, import_scope)
            full_shape, var_offset, var_shape = (
                list(getattr(save_slice_info_def, field))
                for field in ("full_shape", "var_offset", "var_shape"))
        self.full_name = full_name
        self.full_shape = full_shape
        self.var_offset = var_offset
        self.var_shape = var_shape

    @property
    def spec(self) -> str:
        """The part as checkpoints write it: the whole's sizes, then `begin,size` for each axis."""
        sizes = " ".join(str(size) for size in self.full_shape or ()) + " "
        return sizes + ":".join(f"{begin},{size}" for begin, size in
                                zip(self.var_offset or (), self.var_shape or (), strict=True))

    def to_proto(self, export_scope: str | None = None) -> Any:
        """This as a SaveSliceInfoDef.

        Args:
            export_scope: a name scope to take off the name of the whole; None is returned if that
                is not in it.
        """
        from flowgraph.ops.variable_proto import slice_def
        return slice_def(self, export_scope)
