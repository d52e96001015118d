"""Redis (Valkey): clients, streams, the document cache. It holds nothing that PostgreSQL cannot give again."""
