"""`tf.flags` and `tf.app.flags`: the command line."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.platform.flag import (
    CantOpenFlagFileError,
    DuplicateFlagError,
    Error,
    Flag,
    FlagHolder,
    FlagNameConflictsWithMethodError,
    IllegalFlagValueError,
    UnparsedFlagAccessError,
    UnrecognizedFlagError,
    ValidationError,
)
from flowgraph.platform.flag_aliases import (
    DEFINE_alias,
    adopt_module_key_flags,
    declare_key_flag,
    disclaim_key_flags,
    override_value,
    set_default,
)
from flowgraph.platform.flag_definitions import (
    DEFINE,
    DEFINE_bool,
    DEFINE_boolean,
    DEFINE_enum,
    DEFINE_enum_class,
    DEFINE_flag,
    DEFINE_float,
    DEFINE_integer,
    DEFINE_string,
)
from flowgraph.platform.flag_lists import (
    DEFINE_list,
    DEFINE_multi,
    DEFINE_multi_enum,
    DEFINE_multi_enum_class,
    DEFINE_multi_float,
    DEFINE_multi_integer,
    DEFINE_multi_string,
    DEFINE_spaceseplist,
)
from flowgraph.platform.flag_parsers import (
    ArgumentParser,
    BooleanParser,
    EnumClassParser,
    EnumParser,
    FloatParser,
    IntegerParser,
    ListParser,
    WhitespaceSeparatedListParser,
)
from flowgraph.platform.flag_validators import (
    mark_bool_flags_as_mutual_exclusive,
    mark_flag_as_required,
    mark_flags_as_mutual_exclusive,
    mark_flags_as_required,
    multi_flags_validator,
    register_multi_flags_validator,
    register_validator,
    validator,
)
from flowgraph.platform.flag_values import FLAGS, FlagValues

__getattr__ = _lazy("tf.flags", globals())
