"""Embedded PostgreSQL and Valkey in a data folder, and the supervisor of the processes of `decklog up`."""
