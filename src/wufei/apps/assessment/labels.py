"""The Chinese words for the names in the code, as pages and the command line show them."""

LEVELS = {"error": "错误", "warn": "疑问", "info": "提示"}  # of a finding of the checks, the gravest first
