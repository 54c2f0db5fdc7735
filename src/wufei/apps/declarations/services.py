"""Writes of the declarations; the parts of the app each have a module, this is what other apps call."""

from wufei.apps.declarations.agreements import (
    add_to_contract,
    contract_line,
    decide_handling_plan,
    end_contract,
    record_contract,
    submit_handling_plan,
)
from wufei.apps.declarations.book import book, book_file, book_rows, check_file, reverse_entry
from wufei.apps.declarations.periodic import adopt, confirm, correct, generate, generate_all
from wufei.apps.declarations.plans import (
    add_to_plan,
    change_plan,
    file_plan,
    plan_line,
    return_plan,
    save_plan,
    start_plan,
)

__all__ = [
    "add_to_contract",
    "add_to_plan",
    "adopt",
    "book",
    "book_file",
    "book_rows",
    "change_plan",
    "check_file",
    "confirm",
    "contract_line",
    "correct",
    "decide_handling_plan",
    "end_contract",
    "file_plan",
    "generate",
    "generate_all",
    "plan_line",
    "record_contract",
    "return_plan",
    "reverse_entry",
    "save_plan",
    "start_plan",
    "submit_handling_plan",
]
