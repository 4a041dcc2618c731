"""Find the places where a model wrote "the rest stays as it was" instead of the rest."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_COMMENTS = re.compile(
    r"/\*(?P<block>.*?)\*/|<!--(?P<markup>.*?)-->"
    r"|(?:(?<=\s)|^|(?<=[;{}(),>]))//(?P<line>[^\n]*(?:\n[ \t]*//[^\n]*)*)"
    r"|^[ \t]*(?:#|--)+(?P<hash>[^\n]*)",
    re.S | re.M,
)
_BARE = re.compile(r"^[ \t]*(?P<bare>\.{3}|…)[ \t]*$", re.M)
_PROSE = (".md", ".mdx", ".txt")

_REST = (
    r"rest|remaining|remainder|existing|unchanged|previous|same|omitted|other|keep|unmodified|original|more|truncated|snip(?:ped)?"
    r"|übrige[rns]?|restliche[rns]?|bestehende[rns]?|vorhandene[rns]?|unverändert|wie (?:zuvor|bisher|vorher|gehabt)|weitere[rns]?"
    r"|reste|existante?s?|inchangée?s?|identiques?|comme avant|précédente?s?|autres"
    r"|resto|existentes?|sin cambios|igual(?:es)? que antes|anterior(?:es)?|demás|otros|otras"
)
_THINGS = (
    r"code|imports?|components?|props|fields|functions?|styles?|content|jsx|markup|logic|state|methods?|routes?|rules|items"
    r"|handlers?|hooks?|types?|exports?|html|css|implementation|file|lines?|elements?|columns?|rows?"
)
_DOTS = r"(?:\.{3,}|…)"
_DOTTED = [
    rf"^{_DOTS}\s*.*\b(?:{_REST})\b",
    rf"^(?:the |all |keep |keeping )*(?:rest|remaining|remainder|existing|unchanged|same|omitted|unmodified"
    rf"|(?:other|previous|original) (?:{_THINGS}))\b.*{_DOTS}$",
    rf"^(?:der |die |das |le |la |les |el |los |las )?(?:rest(?:liche[rns]?)?|übrige[rns]?|bestehende[rns]?|reste|resto|demás)\b.*{_DOTS}$",
]
_WHOLE = [
    r"\b(?:rest|remaining|remainder|existing|everything|other|previous|original)\b.*\b(?:unchanged|omitted|not shown|goes here"
    r"|(?:stays?|remains?|is|are|kept) (?:the )?(?:same|as is|as it was|as they were)|as before)\W*$",
    rf"^(?:all |the |your )*(?:existing|previous|original|other|remaining|rest of the|rest of your) (?:{_THINGS})"
    r"(?: (?:code|here|above|below|as is|goes here|stays|remains))*\W*$",
    r"^\W*(?:unchanged|no changes?(?: here)?|same as (?:before|above|previous(?:ly)?|original|existing)|as before|as above|not modified"
    r"|(?:keep|leave) (?:this |it |the rest )?(?:as is|as it is|unchanged)|omitted(?: for brevity)?|truncated|snip(?:ped)?)\W*$",
    r"\bomitted for brevity\b|\bcode (?:continues|omitted|unchanged|remains)\b",
    r"^(?:insert |add |put |paste )?(?:your|the actual|actual|rest of (?:the|your)) (?:code|logic|implementation|content) (?:goes )?here\W*$",
    r"\b(?:rest|restliche[rns]?|übrige[rns]?|bestehende[rns]?|alles andere)\b.*"
    r"\b(?:unverändert|wie (?:zuvor|bisher|vorher|gehabt|oben)|bleib(?:t|en)(?: gleich| so)?)\W*$",
    r"^\W*(?:unverändert|wie (?:zuvor|bisher|vorher|gehabt)|keine änderung(?:en)?|restlicher? code|bestehender code)\W*$",
    r"\b(?:reste|code existant|tout le reste)\b.*\b(?:inchangée?|identique|comme avant|sans changement|ne change pas)\W*$",
    r"^\W*(?:inchangée?s?|identique|comme avant|sans changements?|code existant|(?:le )?reste du (?:code|fichier|composant))\W*$",
    r"\b(?:resto|código existente|todo lo demás)\b.*\b(?:sin cambios|igual(?: que antes)?|no cambia|como antes)\W*$",
    r"^\W*(?:sin cambios|igual que antes|como antes|código existente|(?:el )?resto del (?:código|archivo|componente))\W*$",
]
_IN_PROSE = [re.compile(saying, re.I) for saying in _DOTTED]
_ALONE = [re.compile(saying, re.I) for saying in (*_DOTTED, *_WHOLE)]
"""What says so in a comment of one line, without dots too: in a longer one, such words may end any sentence."""


def elisions(content: str, known: str = "", path: str = "") -> list[str]:
    """The lines of `content` that stand for text left out, but for those that `known` (the file before) has too. Prose
    may say what it likes.
    """
    if path.endswith(_PROSE):
        return []
    before = Counter(_elided(known)) if known else Counter()
    return list((Counter(_elided(content)) - before).elements())


def _elided(content: str) -> Iterator[str]:
    for comment in _COMMENTS.finditer(content):
        body = next(text for text in comment.groups() if text is not None)
        lines = [text for line in body.split("\n") if (text := line.strip().lstrip("*/#!- ").strip())]
        documents = body.startswith("*") and len(lines) > 1
        if not documents and any(_elides(line, _ALONE if len(lines) == 1 else _IN_PROSE) for line in lines):
            yield _shown(content, comment.start(), comment.end())
    for bare in _BARE.finditer(content):
        if not content[: bare.start()].rstrip().endswith(">"):
            yield bare[0].strip()


def _elides(text: str, sayings: Sequence[re.Pattern[str]]) -> bool:
    only_dots = not text.strip(".… ")
    return only_dots or any(saying.search(text) for saying in sayings)


def _shown(content: str, start: int, end: int) -> str:
    """The comment, with the braces that JSX puts around it."""
    if content[:start].endswith("{") and content[end:].startswith("}"):
        start, end = start - 1, end + 1
    return content[start:end].strip()
