"""Give lines the indentation of the file they go into, when their writer assumed another."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

_UNIT = 2


def reindented(lines: Sequence[str], wanted: Sequence[str], found: Sequence[str], file: Iterable[str]) -> list[str]:
    """`lines`, which were written to stand where `wanted` was believed to stand, as they stand where `found` is. `file`:
    all of its lines, for the unit it indents by.
    """
    pairs = [(indent(w), indent(f)) for w, f in zip(wanted, found, strict=True) if w.strip() and f.strip()]
    if all(assumed == real for assumed, real in pairs):
        return list(lines)
    known = dict(reversed(pairs))
    unit, ours = _unit(file), _width(_unit([*wanted, *lines]))
    return [_moved(line, known, unit, ours) if line.strip() else line for line in lines]


def indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _moved(line: str, known: dict[str, str], unit: str, ours: int) -> str:
    assumed, body = indent(line), line.lstrip()
    if assumed in known:
        return known[assumed] + body
    base = max((k for k in known if assumed.startswith(k)), key=len, default=None)
    if base is not None:
        return known[base] + _units(assumed[len(base) :], unit, ours) + body
    base = min(known, key=_width)
    back = len(_units(" " * max(0, _width(base) - _width(assumed)), unit, ours))
    real = known[base]
    return real[: max(0, len(real) - back)] + body


def _units(more: str, unit: str, ours: int) -> str:
    steps, rest = divmod(_width(more), ours)
    return unit * steps + ("" if unit == "\t" else " " * rest)


def _width(text: str) -> int:
    return sum(_UNIT if char == "\t" else 1 for char in text)


def _unit(lines: Iterable[str]) -> str:
    """What one more level of indentation is: a tab, or so many spaces."""
    indents = [indent(line) for line in lines if line.strip()]
    if any(text.startswith("\t") for text in indents):
        return "\t"
    steps = [len(b) - len(a) for a, b in pairwise(indents) if len(b) > len(a)]
    return " " * (min(steps) if steps else _UNIT)
