"""A worker in a process of its own, to be killed: `python worker_process.py DATA_DIR`."""

import asyncio
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.runs.actor import Actor
from tests.runs.stage import staged


async def main(root: Path) -> None:
    async with staged(root, lease_s=1.0) as stage:
        stage.actor = Actor(turns=4, pause_s=0.03)
        worker = stage.worker()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        await worker.serve()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
