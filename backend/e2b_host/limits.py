"""What one sandbox may take of the machine."""

from dataclasses import dataclass

MB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    memory_mb: int = 3072
    """All processes of a sandbox together, with `/tmp` and `/dev/shm`; beyond it the host kills the sandbox."""
    disk_mb: int = 2048
    """Files a sandbox wrote, overlays included; beyond it the host kills the sandbox."""
    files: int = 500_000
    """How many of them; beyond it the host kills the sandbox."""
    tmp_mb: int = 512
    """Size of `/tmp`, which lives in memory."""
    shm_mb: int = 256
    """Size of `/dev/shm`."""
    processes: int = 2048
    """Threads count as processes; beyond it a fork is refused."""
    file_mb: int = 2048
    """Largest single file."""
    open_files: int = 32768
    """Of one process."""

    def rlimits(self) -> dict[str, int]:
        """Limits of each process. DATA and not AS: V8 reserves far more address space than it uses."""
        return {
            "CORE": 0,
            "NOFILE": self.open_files,
            "FSIZE": min(self.file_mb, self.disk_mb) * MB,
            "DATA": self.memory_mb * MB,
        }
