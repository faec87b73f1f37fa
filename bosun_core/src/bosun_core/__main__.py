"""`python -m bosun_core` is `bosun-plugin-runner`."""

from bosun_core.cli import console

if __name__ == "__main__":
    console()
