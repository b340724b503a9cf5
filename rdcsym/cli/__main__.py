"""`python -m rdcsym.cli`: the same as `rdcsym`."""

from rdcsym.cli import main

main()
