"""A worker's container, as far as its event loop and its signals go: `python container.py RUN_ID`."""

import sys
from pathlib import Path

from modal._runtime.user_code_event_loop import UserCodeEventLoop

sys.path.insert(0, str(Path(__file__).parents[2]))

from modal_app import run_agent

if __name__ == "__main__":
    with UserCodeEventLoop() as loop:
        loop.run(run_agent.local(sys.argv[1]))
