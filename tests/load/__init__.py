"""People at work on a running service: `python -m tests.load --users 200 --seconds 30`. See infra/docs/scaling.md."""
