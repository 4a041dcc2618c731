"""Copies of sandboxes' disks, from which new sandboxes begin."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Snapshot:
    id: str
    names: tuple[str, ...]
    template: str
    """The template its sandboxes have mounts, environment and start command from."""
    sandbox_id: str
    """Where it was taken."""
    created_at: float
    size: int
    """Bytes of disk."""
