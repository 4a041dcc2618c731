"""`codeflow`: serve, run, worker, sandboxes, doctor, export, and what the operator sets."""

from backend.cli.main import main

__all__ = ["main"]
