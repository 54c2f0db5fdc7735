"""wufei (无废): the open platform for zero-waste cities."""

__version__ = "0.1.0"
