"""N-gram language models: unigrams, bigrams, trigrams, and their perplexity.

You learn that a language model gives each next word a probability; how counting pairs and triples
of words gives one; that the maximum of likelihood fails on new text (one pair never seen, and the
perplexity is infinite); and that mixing the three models, with weights learnt by gradient descent
on text held out, mends it. Perplexity is how many words the model hesitates between.

Data: Romeo and Juliet, which comes with the examples: of every ten parts of 200 words eight are
counted, one trains the mixture, one tests. Words counted once are one word, <unk>: it is easy to
guess, and makes every perplexity here lower than it were with all words. Prints perplexities and
lines that each model writes. Writes ngrams_perplexity.png, ngrams_mixture.png, ngrams_graph.svg.

    python examples/15_ngrams.py
"""

import argparse
import re
from collections import Counter
from pathlib import Path

import numpy as np

import flowgraph as fg

FILE = Path(__file__).parent / "data" / "romeo_and_juliet.txt"
assert FILE.exists(), f"{FILE} is missing: copy examples/data of the repository along"


def read():
    """Word indices of the three parts, each a list of pieces of 200, and the words by index."""
    words = re.findall(r"[a-z]+(?:'[a-z]+)*|[.,;:?!]", FILE.read_text(encoding="utf-8").lower()
                       .replace("’", "'"))
    pieces = [words[start:start + 200] for start in range(0, len(words), 200)]
    counted = [piece for number, piece in enumerate(pieces) if number % 10 < 8]
    common = Counter(word for piece in counted for word in piece)
    names = ["<unk>", *sorted(word for word, count in common.items() if count > 1)]
    index = {word: number for number, word in enumerate(names)}
    pieces = [[index.get(word, 0) for word in piece] for piece in pieces]
    return [[piece for number, piece in enumerate(pieces) if number % 10 in chosen]
            for chosen in (range(8), [8], [9])], names


class Counts:
    """How often words, pairs and triples occur: all that an n-gram model knows."""

    def __init__(self, pieces, size):
        self.size = size
        self.grams = [Counter() for _ in range(4)]  # of 1, 2 and 3 words; [0]: of none
        for piece in pieces:
            for n in (1, 2, 3):
                self.grams[n].update(zip(*(piece[offset:] for offset in range(n))))
        # How often a history of n - 1 words was followed by anything.
        self.histories = [None] + [Counter() for _ in range(3)]
        for n in (1, 2, 3):
            for gram, count in self.grams[n].items():
                self.histories[n][gram[:-1]] += count

    def probability(self, n, gram):
        """The relative frequency of the last word behind the n - 1 before it; 0 if never seen."""
        gram = gram[3 - n:]
        return self.grams[n][gram] / max(self.histories[n][gram[:-1]], 1)

    def table(self, pieces):
        """Per place of the pieces the four models' probabilities: of nothing, 1, 2 and 3 words."""
        triples = [gram for piece in pieces for gram in zip(piece, piece[1:], piece[2:])]
        return np.array([[1 / self.size, *(self.probability(n, gram) for n in (1, 2, 3))]
                         for gram in triples])


def build():
    """The mixture: weights that sum to 1, the mixed probability, the perplexity, a step."""
    probabilities = fg.placeholder(fg.float64, [None, 4], name="probabilities")
    start = fg.placeholder(fg.float64, [4], name="start")
    scores = fg.Variable(start, name="scores")
    with fg.name_scope("mixture"):
        weights = fg.nn.softmax(scores, name="weights")
        mixed = fg.reduce_sum(probabilities * weights, axis=1)
    with fg.name_scope("perplexity"):
        entropy = -fg.reduce_mean(fg.log(mixed))
        perplexity = fg.exp(entropy)
    step = fg.train.AdamOptimizer(0.1).minimize(entropy)
    return probabilities, start, weights, perplexity, step


def write(counts, names, n, length, seed):
    """Draws words, each by its probability behind the n - 1 before it."""
    random, text = np.random.RandomState(seed), [names.index("."), names.index("o")]
    for _ in range(length):
        behind = tuple(text[len(text) - n + 1:])
        grams = [(gram, count) for gram, count in counts.grams[n].items() if gram[:-1] == behind]
        total = np.cumsum([count for _, count in grams])
        text.append(grams[np.searchsorted(total, random.randint(total[-1]), "right")][0][-1])
    return re.sub(r" ([.,;:?!])", r"\1", " ".join(names[word] for word in text[1:]))


def draw(perplexities, mixtures):
    try:
        fg.plots.plot_curves({"weight in the mixture": mixtures}, xlabel="step").savefig(
            "ngrams_mixture.png", dpi=80)
        import matplotlib.pyplot as plt
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)
        return
    figure, axis = plt.subplots(figsize=(6, 3), layout="constrained")
    bars = axis.barh(list(perplexities), list(perplexities.values()), color="tab:blue")
    axis.bar_label(bars, fmt="%.0f", padding=3)
    axis.invert_yaxis()
    axis.set(xlabel="perplexity on other text (lower is better)", xscale="log", xlim=(50, 5e3))
    figure.savefig("ngrams_perplexity.png", dpi=90)
    print("Wrote ngrams_perplexity.png and ngrams_mixture.png")


def main():
    parser = argparse.ArgumentParser(description="N-gram language models.")
    parser.add_argument("--short", action="store_true", help="20 steps in place of 200")
    options = parser.parse_args()
    (counted, held_out, tested), names = read()
    counts = Counts(counted, len(names))
    probabilities, start, weights, perplexity, step = build()
    begin = fg.global_variables_initializer()  # once: in the loop the graph would grow
    learn, test, seen = (counts.table(part) for part in (held_out, tested, counted))
    found, history, labels = {}, [], ("any word", "unigram", "bigram", "trigram")
    with fg.Session() as session:
        for n, name in enumerate(labels):  # mixtures of the first one, two, three, four models
            # e^-1000 is 0: not in the mixture
            session.run(begin, {start: np.where(np.arange(4) <= n, 0.0, -1e3)})
            history = []
            for _ in range(20 if options.short else 200):
                history.append(session.run([weights, step], {probabilities: learn})[0])
            found[name] = session.run(perplexity, {probabilities: test})
            print(f"up to {name:<8}: perplexity {found[name]:7.1f}, weights", history[-1].round(3))
        unmixed = 1 / np.exp(np.mean(np.log(seen[:, 3])))
        unseen = np.mean(test[:, 3] == 0)
    print(f"The trigram alone: {unmixed:.1f} on what was counted; infinite on other text, "
          f"where it has never seen {unseen:.0%} of the triples.")
    for n, name in ((1, "unigram"), (2, "bigram"), (3, "trigram")):
        print(f"A {name} writes: {write(counts, names, n, 22, seed=1)}")
    for name in ("unigram", "bigram", "trigram"):
        print(f"result: perplexity up to {name}s = {found[name]:.1f}")
    print(f"result: perplexity of trigrams on what was counted = {unmixed:.2f}")
    draw(found, dict(zip(labels, np.transpose(history), strict=True)))
    try:
        print("Wrote", fg.get_default_graph().render("ngrams_graph.svg"))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


if __name__ == "__main__":
    main()
