"""Random edits of contents, in which every word and number that is typed is the only one of its kind.

So a loss shows: a word is in a content, or it is not.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from itertools import count
from random import Random
from typing import Any

import orjson

from domain.content import LIMITS

Content = dict[str, Any]

_MARK = re.compile(r"w\d+|90\d{6}")


def marks(value: Any) -> set[str]:
    """Return the words and numbers in a content, or in any part of one."""
    return set(_MARK.findall(orjson.dumps(value).decode()))


class Typist:
    """Types words and numbers that nobody has typed before."""

    def __init__(self) -> None:
        self._next = count(1_000)

    def word(self) -> str:
        return f"w{next(self._next)}"

    def number(self) -> float:
        return 90_000_000.0 + next(self._next)

    def edit(self, kind: str, content: Content, random: Random) -> Content:
        """Return the fields that one random edit changes, with their new values."""
        changed = deepcopy(content)
        _EDITS[kind](self, changed, random)
        return {field: value for field, value in changed.items() if value != content[field]}

    def text(self, old: str, random: Random) -> str:
        words = re.findall(r"\S+\s*", old)
        at = random.randint(0, len(words))
        match random.randint(0, 5):
            case 0 if words:
                del words[random.randrange(len(words))]
            case 1 if words:
                words[random.randrange(len(words))] = f"{self.word()} "
            case 2 if words:
                end = min(len(words), at + random.randint(1, 4))
                words[at:end] = [f"{self.word()} " for _ in range(random.randint(0, 3))]
            case 3:
                words.insert(at, f"{self.word()} {self.word()}. ")
            case 4:
                words.insert(at, f"{self.word()}\n")
            case _:
                words.insert(at, f"{self.word()} ")
        return "".join(words)

    def heading(self, content: Content, random: Random) -> None:
        if random.randint(0, 3) == 0:
            content["level"] = random.randint(1, 6)
        else:
            content["text"] = self.text(content["text"], random)

    def lines(self, content: Content, random: Random) -> None:
        lines = content["text"].splitlines(keepends=True)
        at = random.randint(0, len(lines))
        if lines and random.randint(0, 2) == 0:
            del lines[min(at, len(lines) - 1)]
        else:
            lines.insert(at, f"{self.word()} = {self.word()}\n")
        content["text"] = "".join(lines)

    def bullets(self, content: Content, random: Random) -> None:
        items = content["items"]
        match random.randint(0, 5):
            case 0 if items:
                del items[random.randrange(len(items))]
            case 1 if items:
                random.shuffle(items)
            case 2 | 3 if items:
                item = random.choice(items)
                item["text"] = self.text(item["text"], random)
            case 4 if items:
                random.choice(items)["level"] = random.randint(0, LIMITS.BULLET_LEVEL)
            case _:
                word = self.word()
                items.insert(random.randint(0, len(items)), {"id": word, "text": self.word(), "level": 0})

    def table(self, content: Content, random: Random) -> None:  # noqa: C901 - one case a kind of edit
        columns, rows = content["columns"], content["rows"]
        at = random.randint(0, len(columns))
        match random.randint(0, 8):
            case 0 if len(columns) > 1:
                at = random.randrange(len(columns))
                for line in (columns, *(row["cells"] for row in rows)):
                    del line[at]
            case 1:
                columns.insert(at, {"id": self.word(), "text": self.word()})
                for row in rows:
                    row["cells"].insert(at, random.choice(["", self.word()]))
            case 2 if rows:
                del rows[random.randrange(len(rows))]
            case 3 if rows:
                random.shuffle(rows)
            case 4:
                order = random.sample(range(len(columns)), len(columns))
                for line in (columns, *(row["cells"] for row in rows)):
                    line[:] = [line[i] for i in order]
            case 5 if columns:
                column = random.choice(columns)
                column["text"] = self.text(column["text"], random)
            case 6 | 7 if rows and columns:
                cells, place = random.choice(rows)["cells"], random.randrange(len(columns))
                cells[place] = self.text(cells[place], random)
            case _:
                cells = [random.choice(["", self.word()]) for _ in columns]
                rows.insert(random.randint(0, len(rows)), {"id": self.word(), "cells": cells})

    def chart(self, content: Content, random: Random) -> None:
        categories, series = content["categories"], content["series"]
        at = random.randint(0, len(categories))
        match random.randint(0, 6):
            case 0 if categories:
                at = random.randrange(len(categories))
                for line in (categories, *(s["values"] for s in series)):
                    del line[at]
            case 1:
                categories.insert(at, self.word())
                for s in series:
                    s["values"].insert(at, random.choice([None, self.number()]))
            case 2 if categories:
                categories[random.randrange(len(categories))] = self.word()
            case 3 if series:
                del series[random.randrange(len(series))]
            case 4 if series:
                random.choice(series)["name"] = self.word()
            case 5 if series and categories:
                random.choice(series)["values"][random.randrange(len(categories))] = self.number()
            case _:
                series.append(
                    {"id": self.word(), "name": self.word(), "values": [self.number() for _ in categories]}
                )


_EDITS: dict[str, Callable[[Typist, Content, Random], None]] = {
    "text": lambda typist, content, random: content.update(text=typist.text(content["text"], random)),
    "heading": Typist.heading,
    "code": Typist.lines,
    "bullets": Typist.bullets,
    "table": Typist.table,
    "chart": Typist.chart,
}
