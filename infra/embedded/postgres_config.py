"""The configuration of the embedded PostgreSQL."""

from collections.abc import Mapping
from pathlib import Path

from infra.embedded.sizes import buffers, journal, memory_here, room_at

# For a machine of a few cores and gigabytes that does other things too. Durability is never traded.
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "300",
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "huge_pages": "off",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_level": "replica",
    # These binaries know pglz alone: 0.1 ms a page, spent while the log's head is locked, on pages of ids that hardly
    # get smaller. Without it, appends to a log of ten million events are several times as fast.
    "wal_compression": "off",
    "min_wal_size": "128MB",
    "checkpoint_timeout": "5min",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_checkpoints": "off",
    # Parameters are people's texts, which must be shreddable: they never get into a log file.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


def postgres_config(data: Path, port: int, socket_folder: Path | None, overrides: Mapping[str, str]) -> str:
    """Write out the configuration file, which goes on from the one that initdb made.

    Args:
        data: The data folder.
        port: The TCP port.
        socket_folder: Where the Unix socket goes; None is nowhere.
        overrides: Settings that differ from ours, as `postgresql.conf` has them.
    """
    settings = {
        **_SETTINGS,
        "shared_buffers": f"{buffers(memory_here())}MB",
        # After a kill -9 the WAL since the last checkpoint is replayed before anyone gets in, which is a matter of
        # seconds; but after each checkpoint every page is written whole once, so there should not be many.
        "max_wal_size": f"{journal(room_at(data))}MB",
        **overrides,
        "port": str(port),
        "unix_socket_directories": "" if socket_folder is None else str(socket_folder),
        "unix_socket_permissions": "0700",
    }
    lines = [f"include {_quoted(str(data / 'postgresql.conf'))}"]
    lines += [f"{name} = {_quoted(value)}" for name, value in settings.items()]
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
