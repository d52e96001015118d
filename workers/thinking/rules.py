"""What can be told of a slide by looking, without any model: counts and gaps, and what the slide's own words mend."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from domain.content import plain_text
from workers.exporting.source import Node
from workers.generating.scoring import Candidate, Scorer
from workers.generating.sentences import sentences_of, words_of
from workers.generating.shortening import escaped, point_of, title_of
from workers.generating.skeleton import MARK
from workers.generating.stopwords import language_of
from workers.thinking.ports import Finding, Suggested, Thought

PROVIDER: Final = "offline-rules"
AIMS: Final = (
    "every slide has a title of its own, of one line",
    "no more on a slide than can be read while somebody speaks",
    "notes say what the slide does not",
    "pictures, tables and charts say what they show",
    "nothing is left to fill in",
)
MOST_WORDS: Final = 120
"""Words of a slide; more are read, and the speaker is not heard."""
MOST_ITEMS: Final = 7
MOST_TEXT: Final = 60
MOST_ITEM: Final = 24
MOST_TITLE: Final = 80
_SENTENCES: Final = 2
_NOTES: Final = 4_000
# What can be read out.
_SPOKEN: Final = frozenset({"heading", "text", "bullets", "quote", "callout"})
# Layouts on which little stands, and nothing is missing.
_SPARSE: Final = frozenset({"title", "section", "closing", "blank", "quote", "image"})


class Reader:
    """Reads the slides of one deck."""

    def __init__(self, slides: Sequence[Node]) -> None:
        self._slides = slides
        texts = [said(slide) for slide in slides]
        self._scorer = Scorer(texts, language_of(words_of("\n".join(texts)[:40_000])))
        self._titles = Counter(_key(slide) for slide in slides)

    def read(self, index: int) -> Thought:
        """Say what is wrong with a slide, and what might be done about it."""
        slide = self._slides[index]
        found = _Found(slide)
        blocks = [node for node in slide.walk() if node is not slide]
        self._title(found, slide, blocks, index)
        moved: list[str] = []
        for node in blocks:
            self._block(found, node, moved)
        words = len(words_of(said(slide)))
        if words > MOST_WORDS:
            found.tell(
                slide, "too-much", f"{words} words stand on it, and more than {MOST_WORDS} are not read"
            )
        self._notes(found, slide, blocks, moved)
        return Thought(tuple(found.findings), tuple(found.suggestions))

    def _title(self, found: "_Found", slide: Node, blocks: Sequence[Node], index: int) -> None:
        title = slide.content["title"].strip()
        if title:
            self._given_title(found, slide, title, index)
            return
        if slide.content["layout"] == "blank":
            return
        found.tell(slide, "no-title", "the slide has no title")
        text = said(slide)
        if not text:
            found.tell(slide, "empty", "there is nothing on the slide")
            return
        heading = next((plain_text(n.type, n.content) for n in blocks if n.type == "heading"), "")
        named = title_of(heading) or next(iter(self._scorer.phrases(text, 1)), "")
        named = named or title_of(next((s.text for s in sentences_of(text)), ""))
        if named:
            why = "The slide has no title; this is what its words are about."
            found.suggest(slide, {"title": named[:1].upper() + named[1:]}, why)

    def _given_title(self, found: "_Found", slide: Node, title: str, index: int) -> None:
        if len(title) > MOST_TITLE:
            found.tell(slide, "long-title", f"the title has {len(title)} characters")
            shorter = title_of(escaped(title))
            if shorter and len(shorter) < len(title):
                why = f"The title has {len(title)} characters; of one line there are about {MOST_TITLE}."
                found.suggest(slide, {"title": shorter}, why)
        elif self._titles[_key(slide)] > 1:
            before = sum(_key(s) == _key(slide) for s in self._slides[:index])
            if before:
                found.tell(slide, "same-title", "another slide has the same title")
                why = "Another slide has the same title; a number tells them apart."
                found.suggest(slide, {"title": f"{title} ({before + 1})"}, why)

    def _block(self, found: "_Found", node: Node, moved: list[str]) -> None:
        content = node.content
        if MARK in plain_text(node.type, content):
            found.tell(node, "to-fill-in", "something is left to fill in")
            return
        match node.type:
            case "text" if len(words_of(content["text"])) > MOST_TEXT:
                self._long_text(found, node, moved)
            case "bullets":
                self._bullets(found, node, moved)
            case "image":
                _image(found, node)
            case "table" if content["columns"] and not any(c["text"].strip() for c in content["columns"]):
                found.tell(node, "no-headings", "the table's columns have no headings")
            case "chart" if len(content["series"]) > 1 and any(
                not s["name"].strip() for s in content["series"]
            ):
                found.tell(node, "no-names", "not all series of the chart have a name")
            case _:
                pass

    def _long_text(self, found: "_Found", node: Node, moved: list[str]) -> None:
        text = node.content["text"]
        count = len(words_of(text))
        found.tell(node, "long-text", f"the text has {count} words")
        whole = list(sentences_of(text))
        candidates = [Candidate(s.text, i / max(1, len(whole) - 1), i) for i, s in enumerate(whole)]
        chosen = self._scorer.choose(candidates, "", _SENTENCES)
        shorter = " ".join(c.text for c in chosen)
        if chosen and len(chosen) < len(whole):
            moved.append(plain_text("text", node.content))
            why = f"The text has {count} words. These are its main sentences; all of it is suggested for the notes."
            found.suggest(node, {"text": shorter}, why)

    def _bullets(self, found: "_Found", node: Node, moved: list[str]) -> None:
        items = list(node.content["items"])
        kept = items
        if len(items) > MOST_ITEMS:
            found.tell(node, "many-items", f"the list has {len(items)} lines")
            outer = [i for i in items if i["level"] == 0]
            if len(outer) > MOST_ITEMS:
                candidates = [Candidate(i["text"], n / len(outer), n) for n, i in enumerate(outer)]
                best = {c.order for c in self._scorer.choose(candidates, "", MOST_ITEMS)}
                outer = [i for n, i in enumerate(outer) if n in best]
            kept = outer or items
        kept = [{**i, "text": _short(i["text"])} for i in kept]
        if kept == items:
            return
        if any(len(words_of(i["text"])) > MOST_ITEM for i in items):
            found.tell(node, "long-items", f"a line has more than {MOST_ITEM} words")
        moved.append(plain_text("bullets", node.content))
        why = "Fewer and shorter lines are read sooner; all of them are suggested for the notes."
        found.suggest(node, {"items": kept}, why)

    @staticmethod
    def _notes(found: "_Found", slide: Node, blocks: Sequence[Node], moved: Sequence[str]) -> None:
        notes = slide.content["notes"].strip()
        if moved:
            added = "\n\n".join([notes, *moved] if notes else moved)
            if len(added) <= _NOTES:
                found.suggest(slide, {"notes": added}, "What was to be shortened on the slide can be said.")
        elif not notes and slide.content["layout"] not in _SPARSE:
            words = "\n".join(
                filter(None, (plain_text(n.type, n.content) for n in blocks if n.type in _SPOKEN))
            )
            found.tell(slide, "no-notes", "the slide has no notes")
            if words:
                why = "The slide has no notes. These are its own words, to begin with."
                found.suggest(slide, {"notes": words[:_NOTES]}, why)


class _Found:
    """Collects what is found on one slide."""

    def __init__(self, slide: Node) -> None:
        self.slide = slide
        self.findings: list[Finding] = []
        self.suggestions: list[Suggested] = []

    def tell(self, node: Node, code: str, message: str) -> None:
        self.findings.append(Finding(node.block.block_id, code, message))

    def suggest(self, node: Node, changes: Mapping[str, Any], reason: str) -> None:
        self.suggestions.append(Suggested(node, changes, reason))


def said(slide: Node) -> str:
    """Return what stands on a slide, below its title."""
    return "\n".join(_said(slide))


def _said(slide: Node) -> Iterator[str]:
    for node in slide.walk():
        if node is not slide and (text := plain_text(node.type, node.content)):
            yield text


def _key(slide: Node) -> str:
    title: str = slide.content["title"]
    return " ".join(title.split()).casefold()


def _short(text: str) -> str:
    return point_of(text) if len(words_of(text)) > MOST_ITEM else text


def _image(found: _Found, node: Node) -> None:
    content = node.content
    if not content["asset_id"] and not content["url"]:
        found.tell(node, "no-picture", "there is no picture yet")
    elif not content["alt"].strip():
        found.tell(node, "no-alt", "nothing says what the picture shows, for those who do not see it")
        if caption := content["caption"].strip():
            found.suggest(node, {"alt": caption}, "Nothing says what the picture shows; its caption may.")
