"""The shim that every supervised process starts as; it prepares itself, then becomes the process.

It runs as a script of its own (`python -I -S guard.py …`), before the program that it becomes, and so imports
nothing but the standard library. Why not `preexec_fn`: that runs Python between fork and exec, where a lock
that another thread held at the fork stays locked for ever; and it would keep `Popen` from using vfork.

    exec PARENT SIGNAL UID:GID|- LIFELINE|- PROGRAM ARGUMENT…
        Give up root for UID:GID, see to it that SIGNAL comes when process PARENT ends, become PROGRAM.
    probe UID:GID NEED PATH…
        Exit 0 when the account has the rights NEED (as in os.access) to every PATH.

How the signal comes: on Linux the kernel sends it (PR_SET_PDEATHSIG), set **after** the change of account, for
the kernel clears it then. It means the death of the *thread* that forked, so supervisors fork from their main
thread. Elsewhere LIFELINE is the reading end of a pipe that the supervisor alone holds open for writing: a
small watcher process reads its end and then sends the signal.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys

_PR_SET_PDEATHSIG = 1
_CANNOT_EXECUTE = 127


def _become(account: str) -> None:
    uid, gid = (int(part) for part in account.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _ask_kernel_for(number: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def _leave_watcher(lifeline: int, number: int) -> None:
    """Fork twice, so that the program to be never meets a child it does not know, and return in the program."""
    target = os.getpid()
    gone, held = os.pipe()  # `held` stays open as long as the program or a child of it lives
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        os.close(lifeline)
        os.close(gone)
        os.set_inheritable(held, True)  # noqa: FBT003 - the standard library's own positional flag
        return
    if os.fork():
        os._exit(0)
    os.setsid()
    os.close(held)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    ready, _, _ = select.select([lifeline, gone], [], [])
    # The program leads its session; a process that merely got its number later does not.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if gone not in ready and os.getsid(target) == target:
            os.kill(target, number)
    os._exit(0)


def _execute(parent: int, number: int, account: str, lifeline: str, command: list[str]) -> int:
    if account != "-":
        _become(account)
    if lifeline == "-":
        _ask_kernel_for(number)
    else:
        _leave_watcher(int(lifeline), number)
    if os.getppid() != parent:
        return 0  # the supervisor ended before the signal was arranged
    # A shell without job control starts its background jobs with these ignored, and exec keeps that.
    for name in ("SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP"):
        signal.signal(signal.Signals[name], signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        os.execvp(command[0], command)  # noqa: S606 - our own argument list, no shell
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return _CANNOT_EXECUTE


def _main(arguments: list[str]) -> int:
    match arguments:
        case ["exec", parent, number, account, lifeline, *command] if command:
            return _execute(int(parent), int(number), account, lifeline, command)
        case ["probe", account, need, *paths]:
            _become(account)
            return 0 if all(os.access(path, int(need)) for path in paths) else 1
    sys.stderr.write("guard.py is started by the supervisor only\n")
    return 2


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
