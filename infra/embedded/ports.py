"""Which TCP ports are free, and a clear word when one is not."""

import errno
import secrets
import socket

from infra.embedded.errors import EmbeddedError

LOOPBACK = "127.0.0.1"
HIGHEST_PORT = 65_535

# Below the range that Linux and macOS hand out to outgoing connections: a remembered port from inside it
# could be occupied by any client of this machine at the very moment a killed server has to come back.
_LOWEST_PICK, _PICKS = 20_000, 12_000
_ATTEMPTS = 200


def port_is_free(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether a server could listen on a port right now.

    Args:
        port: The TCP port, 1 to 65535.
        host: The address that the server would bind.

    Raises:
        EmbeddedError: The port may not be bound for another reason than being taken.
    """
    if not 1 <= port <= HIGHEST_PORT:
        raise EmbeddedError(f"{port} is no TCP port: choose one from 1 to {HIGHEST_PORT}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do it: connections that linger in TIME_WAIT do not count as taken, a listener does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise EmbeddedError(f"port {port} on {host} cannot be bound: {error.strerror}") from error
    return True


def free_port(host: str = LOOPBACK) -> int:
    """Pick a free port at random.

    Raises:
        EmbeddedError: No free port was found.
    """
    for _ in range(_ATTEMPTS):
        port = _LOWEST_PICK + secrets.randbelow(_PICKS)
        if port_is_free(port, host):
            return port
    raise EmbeddedError(f"no free port was found on {host}")


def require_free(port: int, what: str, host: str = LOOPBACK) -> None:
    """Insist that a port is free.

    Args:
        port: The TCP port.
        what: Who wants it, as a person would say it: `write API`.
        host: The address that the server would bind.

    Raises:
        EmbeddedError: The port is taken; the text names it and who wanted it.
    """
    if not port_is_free(port, host):
        raise EmbeddedError(
            f"port {port} ({what}) is taken: stop the program that listens there, or choose another port"
        )
