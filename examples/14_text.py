"""From text to numbers: read, tokenize, count, index; and Zipf's law.

You learn the four steps before any language model: read a text, cut it into tokens (words for
English, characters for Chinese), make a vocabulary of what occurs often enough, and replace tokens
by their indices, inside of the graph with a lookup table. And you see Zipf's law: the word of rank
r occurs about as often as 1 / r says.

Data: Romeo and Juliet, and 320 Tang poems, which come with the examples. Prints the commonest
tokens and a sentence on its way to indices and back. Writes text_zipf.png and text_graph.svg.

    python examples/14_text.py
"""

import argparse
import re
from collections import Counter
from pathlib import Path

import numpy as np

import flowgraph as fg

FOLDER = Path(__file__).parent / "data"
assert FOLDER.exists(), f"{FOLDER} is missing: copy examples/data of the repository along"
SPECIAL = ["<pad>", "<unk>"]  # 0 fills short sentences up, 1 stands for words not known


def words(text):
    """Lower-case words; an apostrophe inside of a word belongs to it, as in "o'er"."""
    return re.findall(r"[a-z]+(?:'[a-z]+)*", text.lower().replace("’", "'"))


def characters(text):
    """Chinese characters, each a token of its own; no spaces are written between words."""
    return [one for one in text if "\u4e00" <= one <= "\u9fff"]


def vocabulary(tokens, least):
    """Tokens by falling count, of those that occur `least` times.

    The rare ones are left out: a model could not learn anything from one or two places.
    """
    counts = Counter(tokens)
    # Ties are broken by the alphabet, so that every run gives the same indices.
    ordered = sorted(counts, key=lambda token: (-counts[token], token))
    return [*SPECIAL, *(token for token in ordered if counts[token] >= least)], counts


def build(words_by_index):
    """The graph from sentences to a table of indices, and back."""
    sentences = fg.placeholder(fg.string, [None], name="sentences")
    with fg.name_scope("tokens"):
        tokens = fg.string_split(sentences)  # sparse: sentences differ in length
    with fg.name_scope("indices"):
        table = fg.contrib.lookup.index_table_from_tensor(words_by_index, default_value=1)
        indices = fg.sparse_tensor_to_dense(table.lookup(tokens), default_value=0)
    with fg.name_scope("one_hot"):
        vectors = fg.one_hot(indices, len(words_by_index))
    with fg.name_scope("back"):
        names = fg.contrib.lookup.index_to_string_table_from_tensor(words_by_index)
        back = names.lookup(fg.argmax(vectors, axis=-1))
    return sentences, indices, vectors, back


def zipf_exponent(counts, ranks):
    """The slope of log count over log rank, by least squares over these ranks."""
    values = np.sort(list(counts.values()))[::-1]
    with fg.Graph().as_default(), fg.Session() as session:
        chosen = np.arange(*ranks)
        x = fg.log(fg.constant(chosen, fg.float64))
        y = fg.log(fg.constant(values[chosen - 1], fg.float64))
        matrix = fg.stack([x, fg.ones_like(x)], axis=1)
        slope, _ = fg.unstack(fg.matrix_solve_ls(matrix, y[:, None], fast=False)[:, 0])
        return -session.run(slope)


def draw_graph(path):
    try:
        print("Wrote", fg.get_default_graph().render(path, depth=1))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw_zipf(path, texts):
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("No picture of Zipf's law: python -m pip install matplotlib")
        return
    figure, axis = plt.subplots(figsize=(6.5, 4), layout="constrained")
    for name, counts in texts.items():
        values = np.sort(list(counts.values()))[::-1]
        axis.loglog(np.arange(1, len(values) + 1), values, ".", markersize=3, label=name)
    ranks = np.array([1, 4000])
    axis.loglog(ranks, 1000 / ranks, "--", color="grey", label="1 / rank")
    play = texts["Romeo and Juliet, words"].most_common(2000)
    for rank in (1, 10, 100, 1000):
        word, count = play[rank - 1]
        axis.annotate(f"“{word}”", (rank, count), (5, 8), textcoords="offset points")
    axis.set(xlabel="rank", ylabel="count", ylim=(0.7, 3000))
    axis.grid(alpha=0.3)
    axis.legend(markerscale=4)
    figure.savefig(path, dpi=90)
    print("Wrote", path)


def main():
    parser = argparse.ArgumentParser(description="From text to numbers.")
    parser.add_argument("--short", action="store_true", help="accepted; this takes seconds anyway")
    parser.parse_args()
    play = words((FOLDER / "romeo_and_juliet.txt").read_text(encoding="utf-8"))
    poems = characters((FOLDER / "tang300.txt").read_text(encoding="utf-8"))
    by_index, play_counts = vocabulary(play, least=3)
    _, poem_counts = vocabulary(poems, least=3)
    for name, tokens, counts in (("play", play, play_counts), ("poems", poems, poem_counts)):
        print(f"{name}: {len(tokens):,} tokens, {len(counts):,} different; the commonest:",
              *(f"{token} {count}" for token, count in counts.most_common(8)), sep="  ")

    lines = ["but soft what light through yonder window breaks",
             "it is the east and juliet is the television"]
    sentences, indices, vectors, back = build(by_index)
    with fg.Session() as session:
        session.run(fg.tables_initializer())
        found, restored, shape = session.run([indices, back, fg.shape(vectors)],
                                             {sentences: lines})
    for line, row, again in zip(lines, found, restored, strict=True):
        print(f"{line}\n  {row.tolist()}\n  {b' '.join(again).decode()}")
    print("As one-hot vectors:", tuple(map(int, shape)))
    known = sum(play_counts[word] for word in by_index[2:])
    print(f"result: words of the play = {len(play)}")
    print(f"result: share of the play that the vocabulary covers = {100 * known / len(play):.1f} %")
    exponent = zipf_exponent(play_counts, (10, 1000))
    print(f"result: Zipf's exponent, ranks 10 to 1000 = {exponent:.3f}")
    draw_zipf("text_zipf.png", {"Romeo and Juliet, words": play_counts,
                                "Tang poems, characters": poem_counts})
    draw_graph("text_graph.svg")


if __name__ == "__main__":
    main()
