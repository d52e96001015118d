"""Adapters and deployment: settings, wiring, PostgreSQL, Redis, HTTP, embedded servers."""
