"""What the ledger asks of the catalogue: is a waste code known, what is it called, to which domain does it belong."""

from functools import cache

from wufei.core.catalogue import UnknownWasteCode, domain_of, methods, waste_code


@cache
def is_known(code: str) -> bool:
    """Whether the catalogue has the code."""
    try:
        return waste_code(code).code == code
    except UnknownWasteCode:
        return False


@cache
def is_method(code: str) -> bool:
    """Whether the catalogue has the method of treatment; empty where none is named."""
    return not code or code in methods()


@cache
def name_and_domain(code: str) -> tuple[str, str]:
    """Chinese name and domain of a code of the catalogue."""
    return waste_code(code).name, str(domain_of(code))
