"""word2vec: words become vectors, learnt from their neighbours.

You learn that a word is known by the company it keeps: a vector for each word is trained to tell
the words around it in the text from words drawn at random. That is noise-contrastive estimation
(NCE): instead of a score for every word, a step looks at the true one and at 32 drawn ones, and
`fg.nn.nce_loss` corrects for how often each is drawn. Words of the same places become similar.

Data: "Romeo and Juliet", 21,000 words that are not rare; names of speakers are words of their own.
For 52 words of six groups (pronouns, who speaks, ...) the nearest other one should be of the same
group. Prints how often it is, beside vectors of counted neighbours (pointwise mutual information)
and chance, and the nearest words of some. Writes word2vec_graph.svg and word2vec_words.png.

    python examples/27_word2vec.py
"""

import argparse
import re
from collections import Counter
from pathlib import Path

import numpy as np

import flowgraph as fg

PLAY = Path(__file__).parent / "data" / "romeo_and_juliet.txt"
assert PLAY.exists(), f"{PLAY} is missing: copy examples/data of the repository along"
WIDTH, NOISE, WINDOW = 64, 32, 3
GROUPS = {"who speaks": "ROMEO: JULIET: NURSE: MERCUTIO: BENVOLIO: CAPULET: TYBALT: PETER:",
          "pronouns": "i thou he she we they me thee him her us them",
          "whose": "my thy his our their", "verbs": "is was art are be am were hath hast have",
          "helpers": "will shall would should must may can wilt shalt",
          "things": "night day death love heart hand eyes light"}


def read(path):
    """The text as indices, the commonest word first; and the words. Rare ones are left out."""
    text = re.sub(r"\[.*?\]", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    words = [word if word.endswith(":") else word.lower()
             for word in re.findall(r"[A-Z ]{4,}:(?=\n)|[A-Za-z]+(?:'[a-z]+)?", text)]
    vocabulary = [word for word, count in Counter(words).most_common() if count >= 4]
    index = {word: i for i, word in enumerate(vocabulary)}
    return np.array([index[word] for word in words if word in index]), vocabulary


def pairs(indices):
    """Each word with each of its neighbours."""
    centres, contexts = [], []
    for distance in range(1, WINDOW + 1):
        left, right = indices[:-distance], indices[distance:]
        centres += [left, right]
        contexts += [right, left]
    return np.concatenate(centres), np.concatenate(contexts)


class Word2Vec:
    """Two vectors for each word: one for itself, one for it as a neighbour."""

    def __init__(self, shares):
        size = len(shares)
        self.centres = fg.placeholder(fg.int64, [None], name="centres")
        self.contexts = fg.placeholder(fg.int64, [None, 1], name="contexts")
        with fg.name_scope("words"):
            self.vectors = fg.Variable(fg.random_uniform([size, WIDTH], -0.5, 0.5), name="vectors")
            looked_up = fg.nn.embedding_lookup(self.vectors, self.centres)
        with fg.name_scope("neighbours"):
            self.weights = fg.Variable(fg.zeros([size, WIDTH]), name="weights")
            # It begins knowing how frequent each word is; vectors have only the rest to learn.
            self.biases = fg.Variable(np.log(shares).astype(np.float32), name="biases")
        # Noise by Zipf's law: the k-th commonest word is drawn about 1 / k times as often.
        with fg.name_scope("loss"):
            self.loss = fg.reduce_mean(fg.nn.nce_loss(
                self.weights, self.biases, self.contexts, looked_up, NOISE, size, name="nce"))
        self.train = fg.train.AdamOptimizer(0.005).minimize(self.loss)


def same_group(vectors, vocabulary):
    """How often the nearest other word of GROUPS is of the same group; and by chance."""
    groups, chosen = zip(*((group, vocabulary.index(word)) for group, words in GROUPS.items()
                           for word in words.split() if word in vocabulary), strict=True)
    directions = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True))[list(chosen)]
    agree = np.array(groups)[:, None] == np.array(groups)
    np.fill_diagonal(agree, False)
    nearest = np.argmax(directions @ directions.T - 9.0 * np.eye(len(chosen)), axis=1)  # not itself
    return agree[range(len(chosen)), nearest].mean(), agree.sum() / (len(agree) * (len(agree) - 1))


def mutual_information(centres, contexts, size):
    """log(pairs seen / pairs expected of independent words), or 0 where it is negative."""
    counts = np.zeros([size, size])
    np.add.at(counts, (centres, contexts), 1)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    return np.log(np.maximum(counts / np.maximum(expected, 1e-9), 1.0))


def draw(graph, vectors, vocabulary):
    """The graph; and words of some groups on the vectors' two principal axes."""
    try:
        graph.render("word2vec_graph.svg", "Adam", depth=1, name="word2vec with NCE")
        import matplotlib.pyplot as plt
    except ImportError as problem:  # Graphviz or matplotlib is not there
        print("No picture:", problem)
        return
    chosen = {word: f"C{i}" for i, words in enumerate(GROUPS.values()) for word in words.split()}
    rows = np.array([vectors[vocabulary.index(word)] for word in chosen])
    plane = dict(zip(chosen, rows @ np.linalg.svd(rows - rows.mean(0))[2][:2].T, strict=True))
    figure, axis = plt.subplots(figsize=(9, 6), layout="constrained", subplot_kw={"ymargin": 0.1})
    for name, words in GROUPS.items():
        axis.plot(*np.transpose([plane[word] for word in words.split()]), ".", label=name)
    axis.legend(title="two principal axes", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.draw_without_rendering()  # now it is known where each point lies
    for word, colour in chosen.items():  # a word that would cover another one moves up
        text = axis.annotate(word, plane[word], (2, 2), textcoords="offset points", color=colour)
        others = [other.get_window_extent() for other in axis.texts[:-1]]
        while text.get_window_extent().count_overlaps(others):
            text.set_y(text.get_position()[1] + 2)
    figure.savefig("word2vec_words.png", dpi=90)


def main():
    parser = argparse.ArgumentParser(description="word2vec on a play.")
    parser.add_argument("--short", action="store_true", help="a hundredth of an epoch")
    short = parser.parse_args().short
    indices, vocabulary = read(PLAY)
    centres, contexts = pairs(indices)
    fg.set_random_seed(1)
    random, model = np.random.RandomState(1), Word2Vec(np.bincount(indices) / len(indices))
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        for epoch in range(1 if short else 8):
            order, losses = random.permutation(len(centres))[:1000 if short else None], []
            for at in np.array_split(order, max(1, len(order) // 512)):
                feeds = {model.centres: centres[at], model.contexts: contexts[at, None]}
                losses.append(session.run([model.loss, model.train], feeds)[0])
            print(f"epoch {epoch + 1:2}: loss {np.mean(losses):.3f}")
        vectors = session.run(model.vectors)
    directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for word in ("ROMEO:", "thou", "my", "night", "will"):
        nearest = np.argsort(-directions @ directions[vocabulary.index(word)])[1:6]
        print(f"near {word}", *(vocabulary[i] for i in nearest))
    learnt, chance = same_group(vectors, vocabulary)
    counted, _ = same_group(mutual_information(centres, contexts, len(vocabulary)), vocabulary)
    print(f"result: nearest word of the same group = {100 * learnt:.1f} %")
    print(f"result: nearest by counted neighbours = {100 * counted:.1f} %")
    print(f"result: nearest by chance = {100 * chance:.1f} %")
    draw(fg.get_default_graph(), directions, vocabulary)


if __name__ == "__main__":
    main()
