"""Writes of the declarations; the parts of the app each have a module, this is what other apps call."""

from wufei.apps.declarations.agreements import (
    decide_handling_plan,
    end_contract,
    record_contract,
    submit_handling_plan,
)
from wufei.apps.declarations.book import book, book_file, book_rows, check_file, reverse_entry
from wufei.apps.declarations.periodic import confirm, correct, generate, generate_all
from wufei.apps.declarations.plans import change_plan, file_plan, return_plan, save_plan, start_plan, use_plan

__all__ = [
    "book",
    "book_file",
    "book_rows",
    "change_plan",
    "check_file",
    "confirm",
    "correct",
    "decide_handling_plan",
    "end_contract",
    "file_plan",
    "generate",
    "generate_all",
    "record_contract",
    "return_plan",
    "reverse_entry",
    "save_plan",
    "start_plan",
    "submit_handling_plan",
    "use_plan",
]
