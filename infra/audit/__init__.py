"""Tamper evidence: recomputes the log's hash chains, signs checkpoints of it, moves it out and in as NDJSON."""
