"""Shared by all tests: warnings are errors, the clock and the seed are given by argument."""
