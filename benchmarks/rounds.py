"""Measuring: rounds interleaved, so that a busy moment falls on all alike, and medians of them."""

import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

Measure = Callable[[], Awaitable[float]]
"""One round: seconds."""


@dataclass(frozen=True)
class Row:
    what: str
    floor: str
    """What it is compared with, in words."""
    ours_s: Sequence[float]
    floor_s: Sequence[float]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours_s) / statistics.median(self.floor_s)


async def interleaved(measures: Mapping[str, Measure], rounds: int) -> dict[str, list[float]]:
    """Each measure once in every round, in turn."""
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            taken[name].append(await measure())
    return taken


def table(rows: Sequence[Row]) -> Table:
    shown = Table("what", "median", "floor", "median", "ratio", title="CodeFlow beside its floors")
    for row in rows:
        shown.add_row(row.what, _seconds(row.ours_s), row.floor, _seconds(row.floor_s), f"{row.ratio:.2f} ×")
    return shown


def _seconds(values: Sequence[float]) -> str:
    middle = statistics.median(values)
    unit, scale = ("s", 1) if middle >= 1 else ("ms", 1000)
    low, high = min(values) * scale, max(values) * scale
    return f"{middle * scale:.3g} {unit} ({low:.3g}–{high:.3g})"
