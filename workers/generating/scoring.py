"""Which sentences say most, and which words a passage is about.

Sentences are weighed as MEAD does (Radev et al. 2004: the centroid's words, position, overlap with the heading),
chosen against repetition by maximal marginal relevance (Carbonell and Goldstein 1998); phrases are runs of words
between stop words, scored by degree and frequency as RAKE does (Rose et al. 2010).
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from workers.generating.sentences import is_unspaced, words_of
from workers.generating.stopwords import ANY, STOPWORDS

_GOOD_LENGTH: Final = (6, 28)
# Words that point back at a sentence which is not on the slide.
_POINTING: Final = frozenset(
    [
        "this",
        "these",
        "those",
        "it",
        "they",
        "he",
        "she",
        "such",
        "but",
        "and",
        "also",
        "however",
        "therefore",
        "dies",
        "diese",
        "dieser",
        "dieses",
        "er",
        "sie",
        "es",
        "aber",
        "auch",
        "cela",
        "ces",
        "il",
        "elle",
        "mais",
        "esto",
        "ello",
        "pero",
    ]
)
_BREAK: Final = re.compile(r"[^\w\s'’\-]|\n")
_PHRASE_WORDS: Final = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may become a point. `place` is its rank in its section, from 0 (the first) to 1."""

    text: str
    place: float
    order: int


class Scorer:
    """Knows what a whole source is about."""

    def __init__(self, texts: Iterable[str], language: str | None) -> None:
        self._stop = STOPWORDS.get(language or "", ANY)
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(w for w in words_of(text) if self._says(w))
        self._weights = {w: math.log1p(n) for w, n in counts.items()}
        self._most = max(self._weights.values(), default=1.0)

    def _says(self, word: str) -> bool:
        return word not in self._stop and not word.isdigit() and (len(word) > 1 or not word.isascii())

    def content(self, text: str) -> frozenset[str]:
        """Return the words of a text that say something."""
        return frozenset(w for w in words_of(text) if self._says(w))

    def score(self, candidate: Candidate, heading: frozenset[str]) -> float:
        """Return how much a sentence says of its section, about 0 to 2."""
        words = words_of(candidate.text)
        content = {w for w in words if self._says(w)}
        if not content:
            return 0.0
        # Half of them decide: a long sentence is not better for its many small words.
        weights = sorted((self._weights.get(w, 0.0) for w in content), reverse=True)
        centre = sum(weights[: max(3, len(weights) // 2)]) / max(3, len(weights) // 2) / self._most
        length = len(words)
        low, high = _GOOD_LENGTH
        fit = min(1.0, length / low) * min(1.0, high / length)
        place = 0.35 * (1 - candidate.place)
        overlap = 0.3 * len(content & heading) / max(1, len(heading))
        figures = 0.1 if any(c.isdigit() for c in candidate.text) else 0.0
        points_back = 0.25 if words[0] in _POINTING and candidate.order else 0.0
        end = candidate.text.rstrip("\"'”’»)")[-1:]
        asks = 0.3 if end in "?？؟:：" else 0.0
        return (centre + place + overlap + figures) * (0.4 + 0.6 * fit) - points_back - asks

    def choose(self, candidates: Sequence[Candidate], heading: str, most: int) -> list[Candidate]:
        """Choose the best that do not say the same, in the order of the source."""
        about = self.content(heading)
        waiting = [(self.score(c, about), self.content(c.text), c) for c in candidates]
        # What is far from the top is never chosen; without a bound a huge section would be quadratic.
        waiting = sorted(waiting, key=lambda w: (-w[0], w[2].order))[: 10 * most]
        chosen: list[tuple[frozenset[str], Candidate]] = []
        while waiting and len(chosen) < most:
            best = max(
                waiting,
                key=lambda w: (
                    w[0] - 0.8 * max((alike(w[1], c) for c, _ in chosen), default=0.0),
                    -w[2].order,
                ),
            )
            waiting.remove(best)
            if best[1] and not any(alike(best[1], c) > 0.6 for c, _ in chosen):  # noqa: PLR2004 - says the same
                chosen.append((best[1], best[2]))
        return sorted((c for _, c in chosen), key=lambda c: c.order)

    def phrases(self, text: str, most: int) -> list[str]:
        """Return what a passage is about, best first, in the words and the case that it uses."""
        if is_unspaced(text):
            return []
        degree: dict[str, float] = defaultdict(float)
        often: Counter[str] = Counter()
        seen: Counter[str] = Counter()
        written: dict[str, str] = {}
        for words in self._runs(text):
            lower = [w.lower() for w in words]
            for w in lower:
                often[w] += 1
                degree[w] += len(lower)
            key = " ".join(lower)
            seen[key] += 1
            written.setdefault(key, " ".join(words))

        def worth(key: str) -> float:
            words = key.split()
            mean = sum(degree[w] / often[w] * self._weights.get(w, 0.1) for w in words) / math.sqrt(
                len(words)
            )
            return mean * (1 + math.log(seen[key])) * (0.6 if len(words) == 1 else 1.0)

        best = sorted(seen, key=lambda k: (-worth(k), k))
        chosen: list[str] = []
        for key in best:
            if not any(set(key.split()) & set(c.lower().split()) for c in chosen):
                chosen.append(written[key])
            if len(chosen) == most:
                break
        return chosen

    def _runs(self, text: str) -> Iterable[list[str]]:
        for piece in _BREAK.split(text):
            run: list[str] = []
            for word in piece.split():
                if self._says(word.lower()) and any(c.isalpha() for c in word):
                    run.append(word)
                else:
                    if run:
                        yield run[:_PHRASE_WORDS]
                    run = []
            if run:
                yield run[:_PHRASE_WORDS]


def alike(a: frozenset[str], b: frozenset[str]) -> float:
    """Return how much of the smaller set of words the other holds, 0 to 1."""
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0
