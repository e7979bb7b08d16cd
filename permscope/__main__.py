"""`python -m permscope`."""

from permscope.cli import main

main()
