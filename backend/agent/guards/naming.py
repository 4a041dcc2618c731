"""Whether a person's request speaks of a file: by its path, its name, what it exports, its route, or in words."""

import re
from pathlib import PurePosixPath

_ALL = re.compile(
    r"\b(?:everything|(?:whole|entire) (?:app|site|page|project|thing|design)|from scratch|start(?:ing)? (?:over|again|anew)|rewrite it"
    r"|redesign|redo (?:it|everything)|rebuild|alles|komplett neu|von (?:vorne|grund auf)|neu (?:bauen|machen|schreiben)"
    r"|de zéro|recommence\w*|tout refaire|desde cero|empieza de nuevo|rehaz)\b",
    re.I,
)
_EXPORTED = re.compile(r"\bexport\s+(?:default\s+)?(?:async\s+)?(?:function|const|class|type|interface)\s+(\w+)")
_LOOKS = frozenset(
    re.findall(
        r"\w+",
        "style styles css theme themes color colors colour colours dark light accent font fonts design look palette background"
        " farbe farben schrift couleur couleurs police colores tema thème fuente",
    )
)
_PAGES = frozenset(["page", "layout", "route", "loading", "error", "template", "default", "not", "found", "index"])
_HOME = frozenset(
    ["home", "homepage", "start", "landing", "main", "page", "index", "frontpage", "startseite", "startpage"]
)
_FILLERS = frozenset(["use", "the", "a", "an", "lib", "app", "components", "hooks"])


def names(prompt: str, path: str, content: str = "") -> bool:
    """Generous: a file that the request may well mean is not worth a question."""
    if _ALL.search(prompt):
        return True
    text = prompt.casefold()
    place = PurePosixPath(path)
    if path.casefold() in text or place.name.casefold() in text:
        return True
    words = set(_words(prompt))
    if place.suffix == ".css" and words & _LOOKS:
        return True
    exports = [name.casefold() for name in _EXPORTED.findall(content)]
    if any(name in text for name in exports if len(name) > 3 and name not in _PAGES | {"home"}):
        return True
    told = [word for word in _telling(path) if word not in _FILLERS]
    if not told:
        return bool(words & _HOME) or "/ " in f"{text} "
    return all(_said(word, words) for word in told) or "".join(told) in re.sub(r"[\W_]+", "", text)


def names_exactly(prompt: str, path: str) -> bool:
    """By its path or its file name, or by the folder it is in: for what is not to be changed by the way."""
    text, place = prompt.casefold(), PurePosixPath(path)
    folder = str(place.parent).casefold()
    return path.casefold() in text or place.name.casefold() in text or ("/" in folder and folder in text)


def _telling(path: str) -> list[str]:
    """The words of the file's own name; of a page, those of its route."""
    place = PurePosixPath(path)
    stem = _words(place.stem)
    if not _PAGES.issuperset(stem):
        return stem
    route = [part for part in place.parent.parts[1:] if not part.startswith(("(", "[", "@", "_"))]
    return _words(route[-1]) if route else ([] if stem == ["page"] else stem)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", text).casefold())


def _said(word: str, words: set[str]) -> bool:
    return not {word, f"{word}s", f"{word}es", word.removesuffix("s"), word.removesuffix("es")}.isdisjoint(words)
