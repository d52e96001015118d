"""What people may ask for: one message type a command, its handler, and the bus that runs it."""
