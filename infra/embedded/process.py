"""Start a process that neither outlives its supervisor nor hears the terminal's Ctrl-C."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from infra.embedded import guard
from infra.embedded.accounts import Account
from infra.embedded.logs import open_log

_GUARD = (sys.executable, "-I", "-S", guard.__file__)
KERNEL_WATCHES = sys.platform == "linux"


def guard_command(*arguments: str) -> list[str]:
    """Build the command line of the shim."""
    return [*_GUARD, *arguments]


def describe_exit(code: int) -> str:
    """Say how a process ended: `was killed by SIGKILL`, `ended with exit code 3`."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


class GuardedProcess:
    """A running child of ours."""

    def __init__(self, process: asyncio.subprocess.Process, lifeline: int | None) -> None:
        """Take over a process, and the end of the pipe whose closing ends it."""
        self._process = process
        self._lifeline = lifeline

    @property
    def pid(self) -> int:
        """The process id, which stays the same when the shim becomes the program."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for the end; return the exit code, negative for a signal."""
        code = await self._process.wait()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        return code

    async def end(self, *steps: tuple[signal.Signals, float]) -> int:
        """Signal, wait some seconds, go on to the next step; at last kill the whole session's group.

        Args:
            steps: A signal and the seconds that it is given, gentlest first.
        """
        for number, seconds in steps:
            if self.exit_code is not None:
                break
            with suppress(ProcessLookupError):
                self._process.send_signal(number)
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.wait()
        if self.exit_code is None:
            # Not reaped yet, so the group number is still its own.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        return await self.wait()


async def spawn(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    log: Path,
    death_signal: signal.Signals,
    account: Account | None = None,
    folder: Path | None = None,
    kernel_watches: bool = KERNEL_WATCHES,
) -> GuardedProcess:
    """Start a process in a session of its own, with its output in a log.

    Call it on the main thread's event loop: where the kernel watches, the death signal comes when the
    *thread* that forked ends. A command that cannot be executed shows as exit code 127.

    Args:
        command: The program and its arguments.
        env: The complete environment.
        log: The file that standard output and error are appended to.
        death_signal: What the process gets when we end without having stopped it.
        account: Who to run as; None is who we are.
        folder: The working folder; None is ours.
        kernel_watches: Let the kernel send the death signal; else a pipe and a watcher process do.
    """
    reading, writing = (None, None) if kernel_watches else os.pipe()
    who = "-" if account is None else f"{account.uid}:{account.gid}"
    arguments = guard_command(
        "exec",
        str(os.getpid()),
        str(int(death_signal)),
        who,
        "-" if reading is None else str(reading),
        *command,
    )
    try:
        with open_log(log) as output:
            process = await asyncio.create_subprocess_exec(
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                env=dict(env),
                cwd=folder,
                start_new_session=True,
                pass_fds=() if reading is None else (reading,),
            )
    except BaseException:
        if writing is not None:
            os.close(writing)
        raise
    finally:
        if reading is not None:
            os.close(reading)
    return GuardedProcess(process, writing)
