"""Texts that would be scripts if anything took them for markup."""

from typing import Any

# Each sets `window.owned` if it runs.
TEXTS = (
    "<script>window.owned=1</script>",
    "<img src=x onerror='window.owned=1'>",
    "<svg/onload=window.owned=1>",
    "</textarea></title></style><script>window.owned=1</script>",
    "[click](javascript:window.owned=1)",
    "[click](JaVaScRiPt&#58;window.owned=1)",
    "[click](data:text/html,<script>window.owned=1</script>)",
    "![x](javascript:window.owned=1)",
    '"><iframe srcdoc="<script>parent.owned=1</script>"></iframe>',
    '`<b>` **<i onclick=window.owned=1>** <https://e.example/"onmouseover="window.owned=1>',
    "{{constructor.constructor('window.owned=1')()}}",
    "\u2028]]><script>window.owned=1</script><!--",
)
ALL = " ".join(TEXTS)

BLOCKS: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("text", {"text": text}) for text in TEXTS),
    ("heading", {"text": ALL, "level": 2}),
    ("bullets", {"items": [{"text": text} for text in TEXTS]}),
    ("table", {"columns": [{"text": t} for t in TEXTS[:4]], "rows": [{"cells": list(TEXTS[4:8])}]}),
    ("code", {"language": "html", "text": ALL}),
    ("quote", {"text": ALL, "by": ALL}),
    ("callout", {"tone": "info", "text": ALL}),
    ("image", {"alt": ALL, "caption": ALL}),
    (
        "chart",
        {"kind": "bar", "categories": list(TEXTS[:3]), "series": [{"name": TEXTS[0], "values": [1, 2, 3]}]},
    ),
)
