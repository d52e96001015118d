"""Live events: the hub of this process, sockets and server-sent events."""
