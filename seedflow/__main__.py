"""`python -m seedflow`."""

from seedflow.cli.main import main

main()
