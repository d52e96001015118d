"""Read models under faults: writers write, workers and Valkey die, and an auditor follows all of it."""
