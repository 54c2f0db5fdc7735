"""Shared by all tests: warnings are errors, the clock and the seed are given by argument."""

from hypothesis import settings

# No deadline: a busy machine is not a fault of the code. Speed is measured in benchmarks/.
settings.register_profile("wufei", deadline=None)
settings.load_profile("wufei")
