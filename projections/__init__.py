"""Read models: how events become rows, and how rows are queried."""
