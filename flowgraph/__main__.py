"""`python -m flowgraph`: the command line."""

from flowgraph.cli import script

if __name__ == "__main__":
    script()
