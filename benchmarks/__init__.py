"""Measures the ledger against the machine's own ceiling: ``python -m benchmarks`` (= ``make bench``)."""
