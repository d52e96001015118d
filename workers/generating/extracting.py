"""An outline taken from a source by choosing, without any model: every point stands in the source."""

import re
from collections.abc import Sequence
from typing import Final

from workers.generating.plan import INDENT, MOST_POINTS, MOST_SLIDES, NOTES_LENGTH, Plan, SlidePlan, Span
from workers.generating.scanning import Part, Section, sections_of, shown
from workers.generating.scoring import Candidate, Scorer
from workers.generating.sectioning import Chapter, chapters_of
from workers.generating.sentences import Sentence, sentences_of, words_of
from workers.generating.shortening import POINT, escaped, point_of, shortened, title_of
from workers.generating.stopwords import OVERVIEW, language_of

PROVIDER: Final = "offline-extractive"
_FEWEST, _MOST = 3, 5
# A list of so many items is shown as it is; of a longer one the outermost, then the first.
_LIST: Final = 8
_KEPT: Final = 2
_CODE_LINES: Final = 18
_FOR_OVERVIEW: Final = 4
_OVERVIEW_LINES: Final = 10
_SAMPLE: Final = 40_000
# Characters of one paragraph that are looked at; what says more is no paragraph.
_PARAGRAPH: Final = 20_000
# What is between the marks of such a tag ends no sentence.
_TAG: Final = re.compile(r"<[A-Za-z][\w-]*\s[^<>]{0,2000}=[^<>]{0,2000}>")


def outline_of(source: str, slides: int | None, title: str | None = None) -> Plan:
    """Choose a deck from a source: `slides` of them, or as many as suit it; at least one."""
    sections = sections_of(source)
    language = language_of(words_of(source[:_SAMPLE]))
    scorer = Scorer((p.text for s in sections for p in s.parts if p.kind != "code"), language)
    found, sections = _title(sections)
    wanted = min(slides, MOST_SLIDES) if slides else None
    whole = " ".join(p.text for s in sections for p in s.parts if p.kind == "text")[:_SAMPLE]
    # Several headings of the first level: what the document begins with names it better than any phrase.
    first = next((s.title for s in sections if s.title), "")
    heading = title or found or title_of(first) or _named(whole, scorer)
    if wanted == 1:
        [only] = chapters_of(sections, 1, scorer) or [Chapter("", 0)]
        only.title = heading
        return Plan(heading or None, (_slide(only, scorer),), PROVIDER)
    # A line below the title belongs to it, where there is more than that to show.
    below = _subtitle(sections[0]) if len(sections) > 1 else ()
    if below:
        sections = sections[1:]
    # The title, and the overview where there is something to look over, are slides too.
    extra = 1 + (1 if wanted and wanted > _FOR_OVERVIEW + 1 else 0)
    chapters = chapters_of(sections, wanted - extra if wanted else None, scorer)
    content = [_slide(c, scorer) for c in chapters]
    opening = SlidePlan(
        heading,
        tuple(point_of(s.text) for s in below),
        "title",
        sources=tuple((s.start, s.end) for s in below),
    )
    overview = _overview(content, language)
    made = [opening, *([overview] if overview and (not wanted or extra > 1) else []), *content]
    return Plan(heading or None, tuple(made[: wanted or MOST_SLIDES]), PROVIDER)


def _title(sections: list[Section]) -> tuple[str, list[Section]]:
    """Take the document's title: its only heading of the first level, or a first one above nothing but others."""
    highest = min((s.level for s in sections if s.level), default=0)
    tops = [s for s in sections if s.level == highest]
    first = next((s for s in sections if s.level), None)
    if first is None or first is not tops[0] or (len(tops) > 1 and first.parts):
        return "", sections
    rest = [s for s in sections if s is not first]
    if first.parts:
        # What it says before its first subheading keeps its place.
        rest.insert(sections.index(first), Section("", first.level, first.start, first.parts))
    return first.title, rest


def _overview(content: Sequence[SlidePlan], language: str | None) -> SlidePlan | None:
    titles = list(dict.fromkeys(s.title for s in content))
    if len(titles) < _FOR_OVERVIEW or language is None:
        return None
    if len(titles) > _OVERVIEW_LINES:
        last = _OVERVIEW_LINES - 1
        titles = [titles[i * (len(titles) - 1) // last] for i in range(_OVERVIEW_LINES)]
    return SlidePlan(OVERVIEW[language], tuple(map(escaped, titles)))


def _subtitle(section: Section) -> Sequence[Sentence]:
    """Return the one sentence that a section without a heading is, if it is no more than that."""
    if section.title or len(section.parts) != 1 or section.parts[0].kind != "text":
        return ()
    found = _sentences(section.parts)
    return found if len(found) == 1 and len(shown(found[0].text)) <= POINT else ()


def _slide(chapter: Chapter, scorer: Scorer) -> SlidePlan:
    prose = " ".join(p.text for p in chapter.parts if p.kind in ("text", "item"))
    title = title_of(chapter.title) or _named(prose, scorer)
    if chapter.number > 1:
        title = f"{title} ({chapter.number})"
    kept = [p for p in chapter.parts if p.kind == "table" or (p.kind == "code" and _fits(p))][:_KEPT]
    points, sources = _points(chapter, scorer, 2 if kept else _MOST)
    return SlidePlan(
        title=title,
        points=tuple(points),
        notes=_notes(chapter),
        sources=tuple(sources),
        kept=tuple((p.start, p.end) for p in kept),
    )


def _fits(code: Part) -> bool:
    return code.text.count("\n") <= _CODE_LINES + 1


def _points(chapter: Chapter, scorer: Scorer, most: int) -> tuple[list[str], list[Span]]:
    """Choose what is said: the chapter's list if that is most of it, else its best sentences and a short list."""
    items = [p for p in chapter.parts if p.kind == "item"]
    found = _sentences([p for p in chapter.parts if p.kind == "text"])
    shown_items = _list(items)
    room = most if not shown_items else min(2, max(0, _LIST - len(shown_items)))
    if not shown_items:
        room = max(min(_FEWEST, most), min(most, len(found) // 3))
    last = max(1, len(found) - 1)
    candidates = [Candidate(shown(s.text), i / last, i) for i, s in enumerate(found)]
    chosen = [found[c.order] for c in scorer.choose(candidates, chapter.title, room)]
    texts = [(s.start, s.end, point_of(s.text)) for s in chosen]
    texts += [(p.start, p.end, " " * INDENT * p.level + point_of(p.text)) for p in shown_items]
    texts = [t for t in sorted(texts) if t[2].strip()]
    once = {t[2].strip().casefold(): t for t in reversed(texts)}
    kept = sorted(once.values())[:MOST_POINTS]
    return [t[2] for t in kept], [(t[0], t[1]) for t in kept]


def _list(items: Sequence[Part]) -> list[Part]:
    if len(items) > _LIST:
        highest = min(p.level for p in items)
        items = [p for p in items if p.level == highest][:_LIST]
    return list(items)


def _sentences(parts: Sequence[Part]) -> list[Sentence]:
    found: list[Sentence] = []
    for part in parts:
        # The text has the line ends and quote marks of its lines gone; a place within it is the paragraph's.
        exact = len(part.text) == part.end - part.start
        found += [
            s if exact else Sentence(part.start, part.end, s.text)
            for s in sentences_of(_TAG.sub(_spaces, part.text[:_PARAGRAPH]), part.start)
        ]
    return found


def _spaces(tag: re.Match[str]) -> str:
    return " " * len(tag[0])


def _named(text: str, scorer: Scorer) -> str:
    """Name a passage without a heading: by what it is about, or by how it begins."""
    text = shown(text[:_SAMPLE])
    phrases = scorer.phrases(text, 1)
    if phrases:
        return phrases[0][:1].upper() + phrases[0][1:]
    first = next(iter(sentences_of(text)), None)
    return title_of(shortened(first.text, 40)) if first else ""


def _notes(chapter: Chapter) -> str:
    """Return what the presenter can say more: the chapter's own words, as far as they go."""
    lines = [shown(p.text) for p in chapter.parts if p.kind in ("text", "item")]
    notes = "\n".join(line for line in lines if line)
    if len(notes) <= NOTES_LENGTH:
        return notes
    cut = notes.rfind(". ", 0, NOTES_LENGTH - 2)
    return notes[: cut + 1 if cut > NOTES_LENGTH // 2 else NOTES_LENGTH - 2].rstrip() + " …"
