"""`python -m understudy.tools`: the command `understudy` of this very checkout."""

from understudy.tools.cli import main

if __name__ == "__main__":
    main()
