"""Small texts that several parts of the page share."""


def target_text(text: str) -> str:
    """``>=98`` as a reader writes it: ``≥98``; words stay."""
    return text.replace(">=", "≥").replace("<=", "≤").replace(">", "＞").replace("<", "＜").removeprefix("=")


def unit_beside(unit: str, text: str) -> str:
    """The unit, where the text is a number."""
    bare = text.lstrip("<>=≥≤＞＜").lstrip("-").replace(".", "", 1)
    return unit if bare.isascii() and bare.isdigit() else ""
