"""Words that say nothing of what a text is about, by language: enough to tell languages apart, too."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

_LISTS: Final[Mapping[str, str]] = {
    "en": "a about above after again all also although am an and any are as at be because been before being below"
    " between both but by can could did do does doing down during each either even ever few for from further had has"
    " have having he her here hers him his how however i if in into is it its itself just may me might more most much"
    " must my neither no nor not now of off often on once one only or other our ours out over own same she should since"
    " so some still such than that the their theirs them then there these they this those though through thus to too"
    " two under until up upon us very via was we well were what when where whether which while who whom whose why will"
    " with within without would yet you your yours it's don't can't",
    "de": "aber alle allem allen aller alles als also am an ander andere anderen auch auf aus bei beim bereits bin bis"
    " bist da dabei dadurch daher damit dann das dass dazu dein dem den denn der deren des dessen die dies diese diesem"
    " diesen dieser dieses doch dort du durch ein eine einem einen einer eines er es etwa etwas euer für gegen habe"
    " haben hat hatte hier hin hinter ich ihm ihn ihnen ihr ihre im immer in ins ist ja jede jedem jeden jeder jedes"
    " jedoch kann kein keine können man mehr mein mit muss müssen nach nicht nichts noch nun nur ob oder ohne sehr sein"
    " seine sich sie sind so sogar soll sollen sondern sowie über um und uns unser unter viel vom von vor war waren was"
    " weil welche wenn werden wie wieder wir wird wo wurde wurden zu zum zur zwar zwischen",
    "fr": "à alors au aucun aussi autre aux avant avec avoir bien c'est ce ceci cela ces cet cette ceux chaque ci comme"
    " comment dans de depuis des donc dont du elle elles en encore entre est et eux fait faire il ils je la le les leur"
    " leurs lors lui ma mais me même mes moins mon ne ni non nos notre nous on ont ou où par parce pas peu peut plus"
    " pour pourquoi quand que quel quelle qui sa sans se ses si sont sous sur ta tandis tant te tous tout toute très tu"
    " un une votre vous été être d'une d'un l'on",
    "es": "a al algo ante antes aunque bajo bien cada como con contra cual cuando de del desde donde dos e el él ella"
    " ellas ellos en entre era es esa ese eso esta está estas este esto estos fue ha hacia han hasta hay la las le les"
    " lo los más me mi mientras muy nada ni no nos nosotros o otra otro para pero poco por porque que qué quien se según"
    " ser si sí sin sobre son su sus también tan tanto te tiene todo todos tras tu un una unas uno unos y ya",
    "it": "a ad agli ai al alla alle anche ancora avere che chi ci come con contro cui da dal dalla dalle dei del della"
    " delle di dove e è ed era essere fra gli ha hanno i il in io la le lei lo loro lui ma mentre mi mia molto ne negli"
    " nei nel nella non noi o ogni per perché più poi prima quale quando quella quello questa queste questi questo qui"
    " se sempre senza si sia sono sopra su sua sue sul sulla suo tra tutti tutto un una uno voi",
    "pt": "a ao aos as até com como da das de dela dele depois do dos e é ela elas ele eles em entre era essa esse esta"
    " está este eu foi há isso isto já lhe mais mas me mesmo muito na não nas nem no nos nós num numa o os ou para pela"
    " pelas pelo pelos por porque quando que quem são se sem ser seu seus só sobre sua suas também te tem toda todos um"
    " uma você",
    "nl": "aan al alle als bij daar dan dat de den deze die dit doch doen door dus een en er ge geen had heb hebben heeft"
    " het hier hij hoe hun iets ik in is ja je kan kon maar me meer men met mijn moet na naar niet niets nog nu of om"
    " omdat onder ons ook op over reeds te tegen toch toen tot u uit uw van veel voor want waren was wat werd wie wij"
    " wil worden wordt zal ze zich zij zijn zo zonder zou",
}
STOPWORDS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(words.split()) for name, words in _LISTS.items()
}
ANY: Final = frozenset().union(*STOPWORDS.values())

# What an overview is called, by language.
OVERVIEW: Final[Mapping[str, str]] = {
    "en": "Overview",
    "de": "Überblick",
    "fr": "Aperçu",
    "es": "Contenido",
    "it": "Panoramica",
    "pt": "Visão geral",
    "nl": "Overzicht",
}
# A text is in a language if at least this share of its words are the language's stop words.
_SHARE: Final = 0.15


def language_of(words: Iterable[str]) -> str | None:
    """Return the language of a text by its stop words; None if it is none of those known here."""
    counts = Counter(words)
    total = counts.total()
    if not total:
        return None
    shares = {name: sum(counts[w] for w in stop) / total for name, stop in STOPWORDS.items()}
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= _SHARE else None
