"""A deck to be filled in: all that a prompt alone gives without a model. It says so on every slide."""

import re
from typing import Final

from workers.generating.extracting import PROVIDER
from workers.generating.plan import Plan, SlidePlan
from workers.generating.shortening import escaped, shortened

MARK: Final = "To fill in:"
WARNING: Final = "no model is configured and there is no source, so this is only a frame to be filled in"
_DEFAULT: Final = 6
_TITLE: Final = 80
_ASKED: Final = re.compile(
    r"^(?:please\s+)?(?:(?:make|create|write|generate|prepare|build|draft|give)\s+(?:me\s+|us\s+)?)?"
    r"(?:(?:a|an|the|some|\d+)\s+)?(?:short\s+|brief\s+|\d+[- ]slide\s+)?"
    r"(?:presentation|deck|slides?|slide\s+deck|talk|pitch)\s+(?:about|on|for|of|that)\s+",
    re.IGNORECASE,
)
_BODY: Final = (
    ("Why it matters", ("the problem or the question", "who it concerns", "what happens if nothing is done")),
    ("Background", ("what the audience has to know first", "where things stand today")),
    ("The main point", ("the one sentence to remember", "the strongest reason for it", "an example")),
    ("Evidence", ("figures, with their source", "a case or a quotation")),
    ("What it means", ("for the audience", "what it costs or risks")),
    ("Objections", ("the most likely one", "an honest answer to it")),
    ("Options", ("what could be done", "how the options compare")),
    ("Timeline", ("what comes first", "milestones and dates")),
)
_END: Final = ("Next steps", ("what to decide", "who does what, by when"))
_SEPARATOR: Final = re.compile(r"\s*(?:[;\n•]|\d+[.)]\s)\s*")
_PARTS: Final = 3


def skeleton_of(prompt: str, slides: int | None) -> Plan:
    """Return a frame about what the prompt names; parts that the prompt lists become slides of their own."""
    text = " ".join(prompt.split())
    subject = _ASKED.sub("", text).strip(" .") or text
    named = _named(prompt)
    if named:
        subject = _ASKED.sub("", named.pop(0)).strip(" .:") or subject
    title = shortened(subject[:1].upper() + subject[1:], _TITLE)
    wanted = slides or (len(named) + 2 if named else _DEFAULT)
    body: list[tuple[str, tuple[str, ...]]]
    body = [(n[:1].upper() + n[1:], ("what to say about it", "an example or a figure")) for n in named]
    body += [b for b in _BODY if len(named) < wanted]
    middle = [_slide(t, points) for t, points in body[: max(0, wanted - 2)]]
    middle += [_slide(f"Part {i + 1}", ("what this part says",)) for i in range(len(middle), wanted - 2)]
    first = SlidePlan(
        title, (f"{MARK} a subtitle, the speaker, the date",), "title", notes=f"Asked for: {prompt}"[:4_000]
    )
    made = [first, *middle, _slide(*_END)][:wanted]
    return Plan(title, tuple(made), PROVIDER, warnings=(WARNING,))


def _named(prompt: str) -> list[str]:
    """Return the subject and the parts that a prompt lists, if it lists at least three lines or clauses."""
    parts = [p.strip(" -*:.") for p in _SEPARATOR.split(prompt)]
    parts = [shortened(p, _TITLE) for p in parts if p]
    return parts if len(parts) > _PARTS else []


def _slide(title: str, points: tuple[str, ...]) -> SlidePlan:
    return SlidePlan(escaped(title) if "\n" in title else title, tuple(f"{MARK} {p}" for p in points))
