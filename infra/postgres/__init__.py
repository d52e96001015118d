"""PostgreSQL: connections, migrations, and the event log on it."""
