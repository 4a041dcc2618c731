"""The gate: nothing is done before it has been compiled, served and opened.

Three levels look at the running app, each in its own way, and all of them must pass:

- **types**: the compiler's own check of every file;
- **routes**: every page and handler that needs no parameter is asked for and must be served;
- **browser**: every such page is opened in a headless browser, inside the sandbox, and must come alive without an error.

A level that could not run has failed, and says so.
"""

from backend.checks.gate import check

__all__ = ["check"]
