"""Write a project's files to a directory."""

import asyncio
from pathlib import Path

from backend.config import Settings
from backend.domain import InvalidInput
from backend.store.sqlite import SqliteStore
from backend.web.session import LOCAL_USER


async def export_project(settings: Settings, project_id: str, directory: Path) -> int:
    """How many files were written. Raises `InvalidInput` when the directory has something in it, `NotFound` for an unknown project."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InvalidInput(f"{directory} is not empty. Name a new or empty directory: nothing is overwritten.")
    store = await SqliteStore.open(settings.database)
    try:
        tree = await store.tree(LOCAL_USER, project_id)
        blobs = await store.blobs(LOCAL_USER, project_id, sorted(set(tree.values())))
    finally:
        await store.close()
    await asyncio.to_thread(_write, directory, {path: blobs[sha] for path, sha in tree.items()})
    return len(tree)


def _write(directory: Path, files: dict[str, bytes]) -> None:
    for path, content in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
