"""HTML: one file that needs nothing else, to be shown by any browser and printed."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any, Final

from workers.exporting.elements import Drawn
from workers.exporting.scene import Scenes
from workers.exporting.source import Picture, Source

_SANS: Final = "'Source Sans 3', 'Source Sans Pro', system-ui, sans-serif"
_SERIF: Final = "Georgia, 'Times New Roman', serif"
_MONO: Final = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
JSON = Mapping[str, Any]


def render(source: Source, drawn: Drawn) -> bytes:
    """Write the page. Everything that people wrote is escaped, and the page may load and run nothing but itself."""
    scenes = Scenes(drawn, "inherit")
    pages = scenes.pages()
    images = {name: _uri(picture) for name, picture in scenes.pictures.items()}
    shown = "\n".join(_page(page, images) for page in pages)
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
        f" script-src '{_hash(_asset('deck.js'))}'"
    )
    fonts = source.theme.fonts
    variables = (
        f":root{{--w:{drawn.width:g};--h:{drawn.height:g};--head:{_stack(fonts['heading'])};"
        f"--body:{_stack(fonts['body'])};--mono:'{fonts['code']}', {_MONO}}}"
        f"@page{{size:{drawn.width:g}px {drawn.height:g}px;margin:0}}"
    )
    document = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(drawn.title)}</title>\n<style>{variables}\n{_asset('deck.css')}</style>\n</head>\n"
        f'<body>\n<main>\n{shown}\n</main>\n<div class="bar"></div>\n<script>{_asset("deck.js")}</script>\n</body>\n</html>\n'
    )
    return document.encode()


def _page(page: JSON, images: Mapping[str, str]) -> str:
    colors = ";".join(f"--{name}:{value}" for name, value in page["colors"].items())
    behind = f";background-image:url({images[page['picture']]})" if page["picture"] else ""
    pictured = " pictured" if page["picture"] else ""
    described = f'aria-roledescription="slide" aria-label="Slide {page["number"]}"'
    parts = [f'<section class="page{pictured}" style="{colors}{behind}" {described}>']
    parts += [
        f'<div class="mark" style="{_place(m)};background:{m["fill"]};border-radius:{_n(m["radius"])}px"></div>'
        for m in page["marks"]
    ]
    if title := page["title"]:
        parts.append(
            f'<h1 class="title fit" style="{_place(title)};font-size:calc({_n(title["size"])}px * var(--k, 1));'
            f'color:{title["color"]}">{escape(title["text"])}</h1>'
        )
    parts += [_box(box, images) for box in page["boxes"]]
    for foot in page["footer"]:
        right = " right" if foot["right"] else ""
        place = f"left:{_n(foot['x'])}px;top:{_n(foot['y'])}px;width:{_n(foot['width'])}px"
        parts.append(f'<div class="foot{right}" style="{place}">{escape(foot["text"])}</div>')
    if page["notes"]:
        parts.append(f'<aside class="notes">{escape(page["notes"])}</aside>')
    return "".join([*parts, "</section>"])


def _box(box: JSON, images: Mapping[str, str]) -> str:
    place = _place(box)
    match box["kind"]:
        case "flow":
            return f'<div class="box fit" style="{place}">{_paragraphs(box["paragraphs"])}</div>'
        case "panel":
            return _panel(box, place)
        case "grid":
            return f'<div class="box fit" style="{place};--edge:{box["edge"]}">{_table(box)}</div>'
        case "chart":
            return f'<div class="box" style="{place}">{box["svg"]}</div>'
        case "image" if box["file"]:
            bleed = " bleed" if box["bleed"] else ""
            source = images[box["file"]]
            return (
                f'<div class="box" style="{place}"><img class="{box["fit"]}{bleed}" src="{source}"'
                f' alt="{escape(box["alt"])}"></div>'
            )
        case "image":
            return f'<div class="box empty" style="{place}" role="img" aria-label="{escape(box["alt"])}">{escape(box["note"])}</div>'
        case _:
            return f'<div class="box" style="{place};--edge:{box["edge"]}"><hr></div>'


def _panel(box: JSON, place: str) -> str:
    kind = box["panel"]
    look = "" if kind == "quote" else f";background:{box['fill']}"
    look += f";border-color:{box['edge']}" if kind == "callout" else ""
    right = "0" if kind == "quote" else f"{_n(box['side'])}px"
    padding = f";padding:{_n(box['above'])}px {right} {_n(box['above'])}px {_n(box['side'] - 4)}px"
    label = ""
    if box["label"]:
        size = f"height:{_n(box['labelled'])}px;font-size:{_n(box['labelled'] * 0.62)}px"
        label = f'<div class="label" style="{size}">{escape(box["label"])}</div>'
    inside = _paragraphs(box["paragraphs"])
    return f'<div class="box panel fit is-{kind}" style="{place}{look}{padding}">{label}{inside}</div>'


def _table(box: JSON) -> str:
    wide = box["widths"]
    columns = "".join(f'<col style="width:{w / sum(wide):.4%}">' for w in wide)
    padding = f"padding:{_n(box['above'])}px {_n(box['side'])}px"
    rows: list[str] = []
    cells = iter(box["cells"])
    for index in range(len(box["heights"])):
        tag = "td" if index else "th"
        row = "".join(
            f'<{tag}{" class=right" if right else ""} style="{padding}">{_paragraph(next(cells))}</{tag}>'
            for right in box["right"]
        )
        rows.append(f"<tr>{row}</tr>")
    return f"<table><colgroup>{columns}</colgroup><thead>{rows[0]}</thead><tbody>{''.join(rows[1:])}</tbody></table>"


def _paragraphs(paragraphs: Sequence[JSON]) -> str:
    return "".join(_paragraph(p) for p in paragraphs)


def _paragraph(p: JSON) -> str:
    # In em, so that what is made smaller to fit keeps its proportions.
    size = p["size"]
    style = f"font-size:calc({_n(size)}px * var(--k, 1));line-height:{p['line']:g}"
    if p["before"]:
        style += f";margin-top:{_n(p['before'] / size)}em"
    marker = ""
    if p["indent"]:
        style += f";padding-left:{_n(p['indent'] / size)}em"
        deep = " deep" if p["level"] and p["marker"] == "•" else ""
        sign = "\u2013" if deep else p["marker"]
        marker = f'<span class="marker{deep}" style="left:{_n(p["outdent"] / size)}em" aria-hidden="true">{escape(sign)}</span>'
    inside = "".join(_runs(p["runs"])) or "&#8203;"
    role = ' role="listitem"' if p["kind"] == "item" else ""
    return f'<div class="p {p["kind"]}" style="{style}"{role}>{marker}{inside}</div>'


def _runs(runs: Sequence[JSON]) -> Iterator[str]:
    for run in runs:
        text = escape(run["text"])
        for tag, wanted in (
            ("code", run["code"]),
            ("s", run["struck"]),
            ("em", run["italic"]),
            ("strong", run["bold"]),
        ):
            text = f"<{tag}>{text}</{tag}>" if wanted else text
        if run["href"]:
            text = f'<a href="{escape(run["href"])}" rel="noopener noreferrer" target="_blank">{text}</a>'
        yield text


def _place(box: JSON) -> str:
    return (
        f"left:{_n(box['x'])}px;top:{_n(box['y'])}px;width:{_n(box['width'])}px;height:{_n(box['height'])}px"
    )


def _uri(picture: Picture) -> str:
    return f"data:{picture.media_type};base64,{b64encode(picture.data).decode()}"


def _stack(family: str) -> str:
    # A family's name is letters, digits and a few marks (`domain.theme.tokens`): it cannot end the quotes.
    return f"'{family}', {_SERIF if 'serif' in family.casefold() else _SANS}"


def _hash(script: str) -> str:
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


@cache
def _asset(name: str) -> str:
    return (files("workers.exporting") / "assets" / name).read_text("utf-8")


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
