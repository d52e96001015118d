"""The jobs read model: one row a job."""
