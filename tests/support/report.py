"""A report of ten pages, as people upload them: a PDF with a title, chapters, lists, tables, and page numbers."""

from typing import Final

import typst

TITLE: Final = "The state of the river deltas"
PAGES: Final = 10

# Chapter, what it says, and its list.
CHAPTERS: Final = (
    (
        "How deltas form",
        (
            "A delta forms where a river meets standing water and drops its load. Most of the load is sand and silt that "
            "the current has carried for weeks. Slow water cannot carry sand, so the sand settles first, near the mouth. "
            "Silt and clay stay afloat longer and settle farther out. Over centuries the deposits build a fan of new land "
            "that splits the river into many arms."
        ),
        ("Sand settles at the mouth", "Silt settles on the slope", "Clay settles in deep water"),
    ),
    (
        "Who lives there",
        (
            "Half a billion people live on deltas, on one percent of the land. Most of them farm rice or fish in brackish "
            "water. Cities grow on the old levees, for these are the only dry places. Eight of the ten largest deltas of "
            "Asia hold a city of more than five million. Every one of these cities has outgrown its levees since 1970."
        ),
        ("Rice on the plains", "Fish in the lagoons", "Cities on the levees"),
    ),
    (
        "Why they sink",
        (
            "A delta sinks by itself, because fresh mud is full of water that is pressed out. Floods used to make up for "
            "it with a new layer of silt each year. Pumping of ground water makes the sinking ten times faster. Dams "
            "upstream keep the silt back, so that nothing makes up for it any more. Parts of the Mekong delta lose four "
            "centimetres a year."
        ),
        ("Pumping of ground water", "Dams that keep silt back", "Dikes that keep floods out"),
    ),
    (
        "What the sea does",
        (
            "Waves carry sand along the coast and smooth the front of a delta. Tides widen the arms and fill them with "
            "mud twice a day. A storm surge can drown in a night what took a century to build. Where the sea rises faster "
            "than silt arrives, the coast moves inland by metres a year."
        ),
        ("Waves smooth", "Tides widen", "Surges drown"),
    ),
    (
        "What mangroves are worth",
        (
            "A belt of mangroves takes two thirds of the height from a wave. Its roots hold mud that would otherwise drift "
            "away with the ebb. One hectare stores as much carbon as four hectares of rain forest. Shrimp farms have "
            "replaced a third of all mangroves within forty years. Planting them again costs less than any dike."
        ),
        ("Lower waves", "Hold mud", "Store carbon"),
    ),
    (
        "What dikes cost",
        (
            "A kilometre of sea dike costs between two and twenty million dollars. The land behind a dike gets no silt and "
            "sinks below the sea within two generations. Pumps must then run day and night. The Netherlands spend one "
            "percent of their income on keeping dry. Poorer countries cannot spend as much."
        ),
        ("Building", "Raising every thirty years", "Pumping for ever"),
    ),
    (
        "Letting the river back in",
        (
            "Gaps are cut into dikes so that floods bring silt to the fields again. Farmers lose one harvest in five and "
            "gain land that rises with the sea. In Bangladesh such fields rose by a metre within ten years. The method "
            "needs neighbours who agree, which takes longer than the digging."
        ),
        ("Cut the dike", "Let it flood", "Close it after some years"),
    ),
    (
        "What we recommend",
        (
            "Ground water should have a price in every delta city by 2030. New dams should be built with gates that let "
            "silt pass. Mangroves should be planted wherever a coast retreats by more than a metre a year. Each delta needs "
            "one authority for all of its water. Measurements should be public, so that people can see what is done."
        ),
        ("Price ground water", "Let silt pass", "Plant mangroves", "Publish measurements"),
    ),
)


def report() -> bytes:
    """Return it as a PDF."""
    chapters = "".join(
        f"#pagebreak()\n= {title}\n\n{text}\n\n{text.split('. ')[0]}, as the measurements of the last decade show.\n\n"
        + "".join(f"- {item}\n" for item in items)
        for title, text, items in CHAPTERS
    )
    table = (
        ("Delta", "Area in km²", "Sinks by mm a year"),
        ("Mekong", "39,000", "16"),
        ("Nile", "24,000", "8"),
    )
    cells = ", ".join(f"[{cell}]" for row in table for cell in row)
    source = (
        '#set page(paper: "a4", numbering: "1 / 1")\n#set text(11pt)\n'
        "#show heading.where(level: 1): set text(16pt)\n"
        f"#text(26pt)[{TITLE}]\n\nA report to the council of deltas.\n{chapters}"
        f"#pagebreak()\n= Figures\n\nThe figures are of 2024.\n\n#table(columns: 3, {cells})\n"
    )
    return bytes(typst.compile(source.encode(), format="pdf"))
