"""Lookup tables: what they remember, share and read from files; vocabularies."""

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops import lookup_vocabulary as vocabulary
from flowgraph.ops.lookup_static import HashTable

WHOLE_LINE, LINE_NUMBER = fg.lookup.TextFileIndex.WHOLE_LINE, fg.lookup.TextFileIndex.LINE_NUMBER
WORDS = ["b", "q", "a"]


def table(keys=("a", "b"), values=(1, 2), default=-1, kind=fg.lookup.StaticHashTable, **options):
    fill = fg.lookup.KeyValueTensorInitializer(list(keys), list(values))
    return kind(fill, default, **options)


def file_table(path, key=WHOLE_LINE, value=LINE_NUMBER, value_dtype=fg.int64, default=-1,
               **options):
    return fg.lookup.StaticHashTable(fg.lookup.TextFileInitializer(
        str(path), fg.string, key, value_dtype, value, **options), default)


def found(numbers, words=WORDS):
    """What a table gives for words, in a new session."""
    values = numbers.lookup(fg.constant(words))
    with fg.Session() as session:
        session.run(fg.tables_initializer())
        return session.run(values).tolist()


@pytest.fixture
def words(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("a\nb\nc\n")
    return path


def test_a_table_is_filled_once_per_session():
    numbers = table()
    values = numbers.lookup(fg.constant(WORDS))
    with fg.Session() as session:
        session.run(numbers.initializer)
        session.run(numbers.initializer)
        assert session.run(values).tolist() == [2, -1, 1]
    with fg.Session() as other, pytest.raises(fg.errors.FailedPreconditionError):
        other.run(values)


def test_initializers_are_in_a_collection_and_named():
    numbers = table(name="numbers")
    assert numbers.name == "numbers" and numbers.resource_handle.dtype is fg.resource
    assert fg.get_collection(fg.GraphKeys.TABLE_INITIALIZERS) == [numbers.initializer]
    assert numbers.lookup(fg.constant(WORDS)).name == "numbers_Lookup/LookupTableFindV2:0"


def test_there_may_be_no_tables():
    assert fg.tables_initializer().type == "NoOp"


def test_a_sparse_tensor_is_looked_up_sparse():
    values = table().lookup(fg.SparseTensor([[0, 1], [2, 0]], ["b", "q"], [3, 3]))
    with fg.Session() as session:
        session.run(fg.tables_initializer())
        assert session.run(values).values.tolist() == [2, -1]


def test_tables_of_one_shared_name_share_their_contents():
    first = table(kind=HashTable, shared_name="numbers")
    second = table(kind=HashTable, shared_name="numbers")
    values = second.lookup(fg.constant(WORDS))
    with fg.Session() as session:
        session.run(first.init)
        assert session.run(values).tolist() == [2, -1, 1]


def test_keys_of_another_dtype_are_refused():
    with pytest.raises(TypeError, match="Keys must be dtype string, got int32"):
        table().lookup(fg.constant([1]))


def test_lines_of_a_file_are_keys(words):
    assert found(file_table(words)) == [1, -1, 0]
    assert found(file_table(words, vocab_size=1)) == [-1, -1, 0]


def test_columns_of_a_file_are_keys_and_values(tmp_path):
    path = tmp_path / "columns.csv"
    path.write_text("a,1,0.5\nb,2,1.5\r\n")
    assert found(file_table(path, 0, 2, fg.float32, -1.0, delimiter=",")) == [1.5, -1.0, 0.5]


@pytest.mark.parametrize(("text", "options", "word"), [
    ("a\n\nb\n", {}, "line 1 is empty"),
    ("a\n", {"vocab_size": 2}, "expected 2 but got 1"),
    ("a 1\nb\n", {"key": 0, "value": 1, "delimiter": " "}, "columns in line 1"),
    ("a x\n", {"key": 0, "value": 1, "delimiter": " "}, "x in line 0 is not a valid int64"),
])
def test_a_file_that_does_not_fit_says_where(tmp_path, text, options, word):
    path = tmp_path / "words.txt"
    path.write_text(text)
    with pytest.raises(fg.errors.InvalidArgumentError, match=word):
        found(file_table(path, **options))


@pytest.mark.parametrize(("arguments", "words"), [
    (("", fg.string, WHOLE_LINE, fg.int64, LINE_NUMBER), "Filename required"),
    (("f", fg.string, -3, fg.int64, LINE_NUMBER), "key index -3"),
    (("f", fg.string, LINE_NUMBER, fg.int64, LINE_NUMBER), "Keys must be dtype int64"),
    (("f", fg.float32, WHOLE_LINE, fg.int64, LINE_NUMBER), "integer or string"),
    (("f", fg.string, WHOLE_LINE, fg.int64, -3), "value index -3"),
    (("f", fg.string, WHOLE_LINE, fg.int32, LINE_NUMBER), "Values must be dtype int64"),
    (("f", fg.string, WHOLE_LINE, fg.int64, WHOLE_LINE), "Values must be dtype string"),
    (("f", fg.string, WHOLE_LINE, fg.int64, LINE_NUMBER, 0), "vocab_size 0"),
])
def test_a_file_initializer_checks_its_columns(arguments, words):
    with pytest.raises(ValueError, match=words):
        fg.lookup.TextFileInitializer(*arguments)


def test_words_outside_a_vocabulary_get_a_bucket():
    numbers = vocabulary.index_table_from_tensor(["a", "b"], num_oov_buckets=3)
    first, other, second = found(numbers, ["a", "other", "b"])
    assert (first, second) == (0, 1) and 2 <= other < 5
    with fg.Session() as session:
        session.run(fg.tables_initializer())
        assert session.run(numbers.size()) == 5


def test_integers_can_be_words():
    numbers = vocabulary.index_table_from_tensor([10, 20], num_oov_buckets=1, dtype=fg.int32)
    assert found(numbers, [20, 7, 10]) == [1, 2, 0]


def test_vocabularies_go_there_and_back(words):
    assert found(vocabulary.index_table_from_tensor(["a", "b"])) == [1, -1, 0]
    assert found(vocabulary.index_table_from_file(str(words))) == [1, -1, 0]
    numbers = fg.constant([1, 9], fg.int64)
    back = [vocabulary.index_to_string_table_from_tensor(["a", "b"]),
            vocabulary.index_to_string_table_from_file(str(words), default_value="?")]
    values = [names.lookup(numbers) for names in back]
    with fg.Session() as session:
        session.run(fg.tables_initializer())
        assert [v.tolist() for v in session.run(values)] == [[b"b", b"UNK"], [b"b", b"?"]]


def test_hashes_can_have_a_key():
    spec = vocabulary.StrongHashSpec((1, 2))
    numbers = vocabulary.IdTableWithHashBuckets(None, 4, spec)
    assert all(0 <= number < 4 for number in found(numbers))


@pytest.mark.parametrize(("build", "error", "words"), [
    (lambda: vocabulary.index_table_from_tensor(None), ValueError, "must be specified"),
    (lambda: vocabulary.index_table_from_tensor(["a"], -1), ValueError, "greater or equal"),
    (lambda: vocabulary.index_table_from_tensor([1.0], dtype=fg.float32), TypeError, "integer"),
    (lambda: vocabulary.index_table_from_tensor([1]), ValueError, "Expected string, got int32"),
    (lambda: vocabulary.index_table_from_file(""), ValueError, "vocabulary_file"),
    (lambda: vocabulary.index_table_from_file("f", vocab_size=0), ValueError, "greater than 0"),
    (lambda: vocabulary.index_to_string_table_from_tensor(None), ValueError, "must be specified"),
    (lambda: vocabulary.IdTableWithHashBuckets(None, 0), ValueError, "oov_buckets"),
    (lambda: vocabulary.IdTableWithHashBuckets(None, 1, "md5"), TypeError, "HasherSpec"),
    (lambda: vocabulary.StrongHashSpec([1]), ValueError, "size 2"),
    (lambda: vocabulary.StrongHashSpec([1, "2"]), TypeError, "integer"),
    (lambda: fg.lookup.StaticVocabularyTable(None, 0), ValueError, "oov_buckets"),
    (lambda: fg.lookup.StaticVocabularyTable(
        fg.lookup.KeyValueTensorInitializer(["a"], [1]), 1), TypeError, "expected int64"),
])
def test_wrong_uses_say_what_is_wrong(build, error, words):
    with pytest.raises(error, match=words):
        build()


def test_a_mutable_table_remembers_from_run_to_run():
    numbers = fg.lookup.experimental.MutableHashTable(fg.string, fg.int64, -1)
    word, number = fg.placeholder(fg.string, [None]), fg.placeholder(fg.int64, [None])
    insert, values, remove = (numbers.insert(word, number), numbers.lookup(word),
                              numbers.remove(word))
    contents, size = numbers.export(), numbers.size()
    assert values.shape.as_list() == [None]
    with fg.Session() as session:
        session.run(insert, {word: ["a", "b"], number: [1, 2]})
        session.run(insert, {word: ["b", "c"], number: [20, 30]})
        assert session.run(values, {word: ["c", "b", "z"]}).tolist() == [30, 20, -1]
        session.run(remove, {word: ["a", "z"]})
        keys, kept = session.run(contents)
        assert dict(zip(keys, kept)) == {b"b": 20, b"c": 30} and session.run(size) == 2
    assert fg.Session().run(size) == 0


def test_a_table_is_neither_folded_nor_shared_between_reads():
    numbers = fg.lookup.experimental.MutableHashTable(fg.int64, fg.int64, -1)
    before = numbers.lookup([1])
    with fg.control_dependencies([before]), fg.control_dependencies([numbers.insert([1], [5])]):
        after = numbers.lookup([1])
    assert np.concatenate(fg.Session().run([before, after])).tolist() == [-1, 5]


def test_the_path_of_a_file_is_an_asset(words):
    numbers = file_table(words)
    (path,) = fg.get_collection(fg.GraphKeys.ASSET_FILEPATHS)
    assert path.op.name == "asset_path" and numbers.initializer.inputs[1] is path
    other = file_table(words)
    with fg.Session() as session:  # tables of one file share their contents
        session.run(numbers.initializer)
        assert session.run(other.size()) == 3
