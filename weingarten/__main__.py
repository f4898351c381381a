"""`python -m weingarten`: the command."""

import sys

from weingarten.cli import main

if __name__ == "__main__":
    sys.exit(main())
