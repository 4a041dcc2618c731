"""Where the sandbox's paths really are: as named in a jail, under another directory when there is none."""

import re
from collections.abc import Mapping

_real: dict[str, str] = {}
_shown: dict[str, str] = {}


def move(places: Mapping[str, str]) -> None:
    """From now on each key, and all below it, stands at its value."""
    _real.update(places)
    _shown.update({real: named for named, real in places.items()})


def real(text: str) -> str:
    """`text`, a path or a command, with the sandbox's paths as they really are."""
    return _translate(text, _real)


def shown(path: str) -> str:
    """A real path as the sandbox names it."""
    return _translate(path, _shown)


def moved() -> bool:
    return bool(_real)


def _translate(text: str, places: Mapping[str, str]) -> str:
    if not places:
        return text
    names = "|".join(re.escape(name) for name in sorted(places, key=len, reverse=True))
    return re.sub(rf"(?<![\w.-])({names})(?![\w-])", lambda found: places[found[1]], text)
