"""Answers the host's calls."""

import asyncio
import contextlib
import inspect
import json
import os
import signal
import subprocess
from asyncio import StreamReader, StreamWriter

from . import filesystem, process_calls, watching
from .accounts import account
from .network import tunnel
from .oom import OomScore
from .places import real
from .processes import Process, environment
from .transfer import download, upload
from .wire import CallError, Message, refuse, reply, reply_last

CHUNK = 65536
UNARY = {
    "/filesystem.Filesystem/Stat": filesystem.stat_path,
    "/filesystem.Filesystem/ListDir": filesystem.list_dir,
    "/filesystem.Filesystem/MakeDir": filesystem.make_dir,
    "/filesystem.Filesystem/Move": filesystem.move,
    "/filesystem.Filesystem/Remove": filesystem.remove,
    "/filesystem.Filesystem/CreateWatcher": watching.create,
    "/filesystem.Filesystem/GetWatcherEvents": watching.events,
    "/filesystem.Filesystem/RemoveWatcher": watching.remove,
    "/process.Process/List": process_calls.list_all,
    "/process.Process/SendSignal": process_calls.send_signal,
    "/process.Process/Update": process_calls.update,
    "/process.Process/SendInput": process_calls.send_input,
    "/process.Process/CloseStdin": process_calls.close_stdin,
}


class Service:
    def __init__(self, envs: dict[str, str], oom_score: OomScore, *, walled: bool) -> None:
        """`walled`: this guest sees no processes but the sandbox's."""
        self.envs = envs
        self._oom_score = oom_score
        self._walled = walled
        self.background: list[subprocess.Popen[bytes]] = []

    def start(self, command: str, log: str) -> None:
        """Run the template's start command for as long as the sandbox lives; its output goes to `log`."""
        who = account(None)
        fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        with self._oom_score.lent():
            child = subprocess.Popen(
                ["/bin/bash", "-l", "-c", real(command)],
                cwd=who.home,
                env=environment(who, self.envs, {}),
                stdin=subprocess.DEVNULL,
                stdout=fd,
                stderr=fd,
                start_new_session=True,
            )
        self.background.append(child)
        os.close(fd)

    def end(self) -> None:
        """Kill what this guest started."""
        self._signal_groups(signal.SIGKILL)

    def _signal_all(self, number: int) -> None:
        """Every process of the sandbox but its first and this one."""
        if not self._walled:
            self._signal_groups(number)
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, number)

    def _signal_groups(self, number: int) -> None:
        for group in [*Process.all, *(child.pid for child in self.background)]:
            with contextlib.suppress(OSError):
                os.killpg(group, number)

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer the one call of a connection."""
        try:
            head = json.loads(await reader.readline() or b"null")
            if head:
                await self._answer(head, reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except CallError as error:
            await _refuse(error, reader, writer)
        except OSError as error:
            await _refuse(CallError("internal", f"{type(error).__name__}: {error}"), reader, writer)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            malformed = CallError("invalid_argument", f"malformed: {type(error).__name__}: {error}")
            await _refuse(malformed, reader, writer)
        finally:
            writer.close()

    async def _answer(self, head: Message, reader: StreamReader, writer: StreamWriter) -> None:
        match head["op"]:
            case "ping":
                reply(writer, {})
            case "envs":
                self.envs.update(head["envs"])
                reply(writer, {})
            case "freeze":
                self._signal_all(signal.SIGSTOP if head["on"] else signal.SIGCONT)
                reply(writer, {})
            case "tcp":
                await tunnel(head, reader, writer)
            case "write":
                written = await upload(head, reader, account(head.get("user")))
                watching.drain_all()
                reply(writer, written)
            case "read":
                await download(head, reader, writer, account(head.get("user")))
            case "rpc":
                await self._rpc(head, reader, writer)
            case unknown:
                raise CallError("unimplemented", f"unknown operation {unknown}")

    async def _rpc(self, head: Message, reader: StreamReader, writer: StreamWriter) -> None:
        path, message, who = head["path"], head.get("message") or {}, account(head.get("user"))
        keepalive_s = head.get("keepalive_s") or 90
        if call := UNARY.get(path):
            answer = call(message, who)
            answer = await answer if inspect.isawaitable(answer) else answer
            watching.drain_all()
            reply(writer, answer)
        elif path == "/process.Process/Start":
            with self._oom_score.lent():
                process = Process(message, who, self.envs, head.get("timeout_ms") or 0)
            await process.listen(reader, writer, keepalive_s)
        elif path == "/process.Process/Connect":
            await process_calls.find(message).listen(reader, writer, keepalive_s)
        elif path == "/process.Process/StreamInput":
            await _stream_input(reader)
            reply_last(writer, {})
        elif path == "/filesystem.Filesystem/WatchDir":
            await watching.watch(message, who, reader, writer, keepalive_s)
        else:
            raise CallError("unimplemented", f"unknown method {path}")


async def _refuse(error: CallError, reader: StreamReader, writer: StreamWriter) -> None:
    """Say why, and hear the caller out: what is still being sent to a closed connection would break the answer too."""
    refuse(writer, error)
    writer.write_eof()
    with contextlib.suppress(ConnectionError):
        while await reader.read(CHUNK):
            continue


async def _stream_input(reader: StreamReader) -> None:
    process: Process | None = None
    while line := await reader.readline():
        event = json.loads(line)
        if "start" in event:
            process = process_calls.find(event["start"])
        elif "data" in event:
            if process is None:
                raise CallError("invalid_argument", "the stream's first message must name the process")
            await process.feed(event["data"].get("input") or {})
