"""parkbench: a tabletop game and a test bench for what a language model does when it could get away with it."""

__version__ = "0.1.0"
