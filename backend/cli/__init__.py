"""`codeflow`: serve, run, sandboxes, doctor, export."""

from backend.cli.main import main

__all__ = ["main"]
