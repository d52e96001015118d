"""Programs that a bench runs in processes of their own."""
