"""Background processes (relay, projector, broadcaster) and the command line."""
