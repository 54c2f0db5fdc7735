"""JSON pointers (RFC 6901) and patterns of them: where in a document something stands.

In a pattern ``*`` is one name or place and ``**`` at the end is one or more.
"""

from collections.abc import Sequence
from typing import Any


class NoSuchPlace(ValueError):
    """A pointer leads nowhere in this document."""


class _Absent:
    """Nothing stands there; ``None`` is a value of its own."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()


def segments(pointer: str) -> tuple[str, ...]:
    """The names and places of a pointer. Raises ``NoSuchPlace`` where it does not begin with a slash."""
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise NoSuchPlace(f"{pointer!r} is no pointer: it begins with a slash or is empty.")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))


def matches(pattern: Sequence[str], place: Sequence[str]) -> bool:
    """Whether a place is one of the pattern's."""
    if pattern and pattern[-1] == "**":
        head = pattern[:-1]
        return len(place) > len(head) and matches(head, place[: len(head)])
    return len(pattern) == len(place) and all(
        wanted in {"*", part} for wanted, part in zip(pattern, place, strict=True)
    )


def specificity(pattern: Sequence[str]) -> tuple[int, ...]:
    """How narrow a pattern is, to be compared: names before ``*`` before ``**`` before nothing, from the left."""
    return tuple({"**": 1, "*": 2}.get(part, 3) for part in pattern)


def _place(part: str, length: int) -> int:
    if not (part.isascii() and part.isdecimal()) or (len(part) > 1 and part[0] == "0") or int(part) >= length:
        raise NoSuchPlace(f"There is no place {part!r} in a list of {length}.")
    return int(part)


def value_at(document: Any, pointer: str) -> Any:
    """What stands at a pointer; ``ABSENT`` where nothing does."""
    value = document
    try:
        for part in segments(pointer):
            if isinstance(value, list):
                value = value[_place(part, len(value))]
            elif isinstance(value, dict) and part in value:
                value = value[part]
            else:
                return ABSENT
    except NoSuchPlace:
        return ABSENT
    return value


def _holder(document: Any, parts: Sequence[str]) -> Any:
    holder = document
    for part in parts:
        if isinstance(holder, list):
            holder = holder[_place(part, len(holder))]
        elif isinstance(holder, dict) and part in holder:
            holder = holder[part]
        else:
            raise NoSuchPlace(f"There is nothing at {part!r}.")
    return holder


def put(document: Any, pointer: str, value: Any) -> Any:
    """Put ``value`` at a pointer, in place; the next place of a list is its length or ``-``. Returns the document.

    Raises:
        NoSuchPlace: what would hold it is not there.
    """
    parts = segments(pointer)
    if not parts:
        return value
    holder, last = _holder(document, parts[:-1]), parts[-1]
    if isinstance(holder, list):
        if last in {"-", str(len(holder))}:
            holder.append(value)
        else:
            holder[_place(last, len(holder))] = value
    elif isinstance(holder, dict):
        holder[last] = value
    else:
        raise NoSuchPlace(f"{pointer!r} leads into a value that holds nothing.")
    return document


def take(document: Any, pointer: str) -> Any:
    """Take away what stands at a pointer, in place. Returns the document. Raises ``NoSuchPlace``."""
    parts = segments(pointer)
    if not parts:
        raise NoSuchPlace("A document cannot be taken out of itself.")
    holder, last = _holder(document, parts[:-1]), parts[-1]
    if isinstance(holder, list):
        del holder[_place(last, len(holder))]
    elif isinstance(holder, dict) and last in holder:
        del holder[last]
    else:
        raise NoSuchPlace(f"There is nothing at {pointer!r}.")
    return document
