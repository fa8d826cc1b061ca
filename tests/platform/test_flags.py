"""`tf.flags` and `tf.app.run`: the command line, as absl and TensorFlow 1 read it."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

import flowgraph as fg
from flowgraph.namespaces import flags

DEFAULTS = {"s": "red", "i": 3, "f": 0.5, "b": False, "t": True, "e": "x", "l": ["a", "b"],
            "mi": [1, 2], "ms": None, "sp": ["a", "b"], "n": None}


@pytest.fixture
def values() -> flags.FlagValues:
    result = flags.FlagValues()
    flags.DEFINE_string("s", "red", "a string", result)
    flags.DEFINE_integer("i", 3, "an int", 0, 100, result, short_name="d")
    flags.DEFINE_float("f", 0.5, "a float", flag_values=result)
    flags.DEFINE_boolean("b", False, "a bool", result)
    flags.DEFINE_bool("t", True, "a bool", result)
    flags.DEFINE_enum("e", "x", ["x", "y"], "an enum", result)
    flags.DEFINE_list("l", "a,b", "a list", result)
    flags.DEFINE_multi_integer("mi", [1, 2], "ints", flag_values=result)
    flags.DEFINE_multi_string("ms", None, "strings", result)
    flags.DEFINE_spaceseplist("sp", "a b", "a list", flag_values=result)
    flags.DEFINE_integer("n", None, "an int or nothing", flag_values=result)
    return result


@pytest.mark.parametrize(("arguments", "changes"), [
    ("", {}), ("--s=q", {"s": "q"}), ("--s q", {"s": "q"}), ("-s q", {"s": "q"}),
    ("-s=q", {"s": "q"}), ("--s=", {"s": ""}), ("--b", {"b": True}), ("--b=T", {"b": True}),
    ("--b=0", {}), ("--nob", {}), ("--not", {"t": False}), ("--t=False", {"t": False}),
    ("--i 5", {"i": 5}), ("-d 5", {"i": 5}), ("--i=0x10", {"i": 16}), ("--i=08", {"i": 8}),
    ("--f=1e3", {"f": 1000.0}), ("--f=2", {"f": 2.0}), ("--e=y", {"e": "y"}),
    ("--l=a,b,c", {"l": ["a", "b", "c"]}), ("--l=", {"l": []}),
    ('--l="a,b",c', {"l": ["a,b", "c"]}), ("--mi=5 --mi=6", {"mi": [5, 6]}),
    ("--ms=a --ms=b", {"ms": ["a", "b"]}), ("--n=3", {"n": 3}), ("--i=4 --i=6", {"i": 6}),
    ("--undefok=zz --zz=3", {})])
def test_what_the_command_line_says(values, arguments, changes) -> None:
    assert values(["program", *arguments.split()]) == ["program"]
    found = values.flag_values_dict()
    del found["d"]
    assert found == {**DEFAULTS, **changes}


@pytest.mark.parametrize(("arguments", "rest"), [
    ("pos --i=4 pos2", "pos pos2"), ("--i=4 -- --i=5", "--i=5"), ("-", "-"), ("--", ""),
    ("--b false", "false")])
def test_what_is_no_flag(values, arguments, rest) -> None:
    assert values(["program", *arguments.split()]) == ["program", *rest.split()]


@pytest.mark.parametrize(("arguments", "rest"), [
    ("--unknown=3 --i=4 pos", "--unknown=3 pos"), ("--unk v --i=4", "--unk v"),
    ("--i=4 -- --i=5", "-- --i=5"), ("--nounk", "--nounk")])
def test_unknown_flags_may_stay_in_the_arguments(values, arguments, rest) -> None:
    assert values(["program", *arguments.split()], known_only=True) == ["program", *rest.split()]


@pytest.mark.parametrize(("arguments", "kind", "words"), [
    ("--b=yes", flags.IllegalFlagValueError, "Non-boolean argument"),
    ("--nob=1", ValueError, "--nob=1 does not take an argument"),
    ("--i=x", flags.IllegalFlagValueError, "flag --i=x: invalid literal for int"),
    ("--i=1.5", flags.IllegalFlagValueError, "invalid literal"),
    ("--i", flags.Error, "Missing value for flag --i"),
    ("--i=101", flags.IllegalFlagValueError, "101 is not an integer in the range .0, 100."),
    ("--f=x", flags.IllegalFlagValueError, "could not convert string to float"),
    ("--e=z", flags.IllegalFlagValueError, "value should be one of <x|y>"),
    ("--unknown", flags.UnrecognizedFlagError, "Unknown command line flag 'unknown'"),
    ("--ss=1", flags.UnrecognizedFlagError, "Did you mean: s ?"),
    ("--flagfile", flags.IllegalFlagValueError, "no argument"),
    ("--flagfile=/no/such/file", flags.CantOpenFlagFileError, "unable to read")])
def test_wrong_command_lines(values, arguments, kind, words) -> None:
    with pytest.raises(kind, match=words.replace("|", r"\|").replace("?", r"\?")):
        values(["program", *arguments.split()])


def test_values_before_and_after_reading(values) -> None:
    with pytest.raises(flags.UnparsedFlagAccessError, match="flag --i before flags were parsed"):
        print(values.i)
    assert values["i"].value == 3
    values(["program", "--i=9"])
    assert (values.i, values["i"].present, values["i"].using_default_value) == (9, 1, False)
    values.i = 7
    assert values.i == 7
    with pytest.raises(flags.UnrecognizedFlagError):
        values.new = 1
    with pytest.raises(AttributeError, match="there is no flag 'new'"):
        print(values.new)
    values.unparse_flags()
    assert not values.is_parsed()
    values.mark_as_parsed()
    assert values.i == 3


@pytest.mark.parametrize(("define", "words"), [
    (lambda v: flags.DEFINE_integer("new", 1.5, "", flag_values=v), "string or int, found"),
    (lambda v: flags.DEFINE_integer("new", True, "", flag_values=v), "string or int, found"),
    (lambda v: flags.DEFINE_string("new", 3, "", v), "flag value must be a string"),
    (lambda v: flags.DEFINE_enum("new", "q", ["a"], "", v), "one of <a>"),
    (lambda v: flags.DEFINE_string("s", "", "", v), "The flag 's' is defined twice"),
    (lambda v: flags.DEFINE_string("", "", "", v), "cannot be empty"),
    (lambda v: flags.DEFINE_string("a b", "", "", v), "cannot contain a space"),
    (lambda v: flags.DEFINE_string("is_parsed", "", "", v), "conflicts with a method"),
], ids=["float", "bool", "text", "enum", "twice", "empty", "space", "method"])
def test_wrong_definitions(values, define, words) -> None:
    with pytest.raises(flags.Error, match=words):
        define(values)


def test_cells_of_notebooks_and_modules_imported_again_define_flags_again(values) -> None:
    code = compile("flags.DEFINE_integer('cell', default, 'help', flag_values=values)", "cell",
                   "exec")
    notebook = {"__name__": "__main__", "flags": flags, "values": values}
    for default in (1, 2):
        exec(code, {**notebook, "default": default})
        assert values["cell"].value == default
    del values.cell
    for default in (1, 2):
        exec(code, {**notebook, "default": default, "__name__": "module", "__file__": "m.py"})
        assert values["cell"].value == 1


def test_the_argument_names_before_tensorflow_1_5(values, capsys) -> None:
    flags.DEFINE_string(flag_name="old", default_value="v", docstring="d", flag_values=values)
    assert (values["old"].value, values["old"].help) == ("v", "d")


@pytest.mark.parametrize("define", [flags.DEFINE_integer, flags.DEFINE_float])
def test_bounds_hold_for_what_a_program_assigns(values, define) -> None:
    define("size", 4, "how large", lower_bound=1, upper_bound=9, flag_values=values)
    values(["program"])
    for wrong in (0, 10):
        with pytest.raises(flags.IllegalFlagValueError, match=rf"--size={wrong}: {wrong} is not"):
            values.size = wrong
    with pytest.raises(TypeError):
        values.size = "x"
    assert values.size == 4
    values.size = 9
    values.size = None


def test_conditions(values) -> None:
    flags.register_validator("f", lambda f: f >= 0, "must not be negative", values)
    flags.mark_flags_as_mutual_exclusive(["ms", "n"], flag_values=values)
    flags.register_multi_flags_validator(["i", "f"], lambda d: d["i"] > d["f"], "i > f", values)
    for arguments, words in ((["--f=-1"], "flag --f=-1.0: must not be negative"),
                             (["--ms=a", "--n=1"], "At most one of .ms, n. must have a value"),
                             (["--i=0"], "flags i=0, f=.*: i > f")):
        with pytest.raises(flags.IllegalFlagValueError, match=words):
            values(["program", *arguments])
        values.unparse_flags()
    values(["program"])
    with pytest.raises(flags.IllegalFlagValueError, match="must not be negative"):
        values.f = -2.0
    assert values.f == 0.5


def test_required_flags(values) -> None:
    flags.mark_flag_as_required("n", values)
    with pytest.raises(flags.IllegalFlagValueError, match="--n must have a value other than None"):
        values(["program"])
    assert values(["program", "--n=1"]) == ["program"]
    with pytest.raises(KeyError, match="there is no flag 'zz'"):
        flags.mark_flag_as_required("zz", values)


def test_a_file_of_flags(values, tmp_path) -> None:
    (tmp_path / "inner").write_text("--s=inner\n")
    (tmp_path / "flags").write_text(
        f"# a comment\n--i=4\n\n// another\n--flagfile={tmp_path}/inner\n--nob\n")
    values(["program", f"--flagfile={tmp_path}/flags", "--f=2"])
    assert (values.i, values.s, values.f) == (4, "inner", 2.0)
    (tmp_path / "inner").write_text(values.flags_into_string())
    values.unparse_flags()
    values(["program", "--flagfile", str(tmp_path / "inner")])
    assert (values.i, values.s, values.mi) == (4, "inner", [1, 2])
    (tmp_path / "inner").write_text(f"--flagfile={tmp_path}/inner")
    with pytest.raises(flags.Error, match="contains itself"):
        values(["program", f"--flagfile={tmp_path}/inner"])


def test_help_names_every_flag(values) -> None:
    text = values.get_help()
    for words in ("--[no]b: a bool\n    (default: 'false')", "-d,--i: an int",
                  "--e: <x|y>: an enum", "(an integer in the range [0, 100])", "repeat this option",
                  "(default: 'a,b')"):
        assert words in text


# ---- programs ------------------------------------------------------------------------------------


def run(tmp_path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "program.py"
    file.write_text("import flowgraph as tf\n" + textwrap.dedent(program))
    return subprocess.run([sys.executable, str(file), *arguments], capture_output=True, text=True)


FLAGS_OF_A_PROGRAM = """
    FLAGS = tf.app.flags.FLAGS
    tf.app.flags.DEFINE_integer("steps", 10, "Number of steps.")
    tf.app.flags.DEFINE_boolean("fast", False, "Hurry.")
"""


def test_app_run_calls_main_with_what_is_no_flag_and_ends_the_program(tmp_path) -> None:
    done = run(tmp_path, FLAGS_OF_A_PROGRAM + """
    def main(argv):
        print(argv[1:], FLAGS.steps, FLAGS.fast)
        return 3
    if __name__ == "__main__":
        tf.app.run()
    """, "--steps", "5", "--fast", "--other=1", "rest")
    assert (done.stdout, done.returncode) == ("['--other=1', 'rest'] 5 True\n", 3), done.stderr


def test_programs_without_app_run_read_the_command_line_when_they_ask(tmp_path) -> None:
    done = run(tmp_path, FLAGS_OF_A_PROGRAM + """
    print(FLAGS.steps, FLAGS.other if "other" in FLAGS else "none")
    FLAGS.steps = 6
    tf.app.flags.DEFINE_string("late", "", "Defined after the first was read.")
    print(FLAGS.steps, FLAGS.late)
    """, "--steps=5", "--late=x", "--nobody")
    assert done.stdout == "5 none\n6 x\n", done.stderr


def test_the_habits_of_programs_before_tensorflow_1_5(tmp_path) -> None:
    done = run(tmp_path, FLAGS_OF_A_PROGRAM + """
    FLAGS._parse_flags()
    for name, value in sorted(FLAGS.__flags.items()):
        print("{}={}".format(name.upper(), value))
    """, "--steps=5")
    assert done.stdout == "FAST=False\nSTEPS=5\n", done.stderr


@pytest.mark.parametrize("end", ["tf.app.run(lambda argv: None)", "FLAGS.steps"])
@pytest.mark.parametrize("argument", ["--help", "-h", "--helpfull"])
def test_help_is_printed_and_ends_the_program(tmp_path, end, argument) -> None:
    done = run(tmp_path, f"{FLAGS_OF_A_PROGRAM}\n    {end}\n", argument)
    assert done.returncode == 1
    assert "--steps: Number of steps.\n    (default: '10')" in done.stdout


def test_run_without_a_main_says_what_to_write(tmp_path) -> None:
    done = run(tmp_path, "tf.app.run()")
    assert "AttributeError: tf.app.run (program.py:2) needs a function" in done.stderr
    assert fg.app.flags is fg.flags
