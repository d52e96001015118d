"""Run the command line as a module: `python -m workers.cli`."""

from workers.cli.app import main

main()
