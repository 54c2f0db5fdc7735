"""Splits a whole into integer parts (最大余数法): the parts always add up to the whole, to the gram."""

from collections.abc import Sequence


def apportion(whole: int, weights: Sequence[int], *, at_least: int = 0) -> list[int]:
    """Split ``whole`` in proportion to ``weights`` by largest remainders.

    Args:
        whole: what is split, >= ``at_least`` * number of weights.
        weights: integers >= 0, not all 0; a share is proportional to its weight.
        at_least: what every share gets beforehand.

    Returns:
        One share a weight, each >= ``at_least``; their sum is ``whole``.
    """
    rest, total = whole - at_least * len(weights), sum(weights)
    assert rest >= 0, f"{whole} cannot give {at_least} to each of {len(weights)} parts."
    assert total > 0, weights
    shares = [rest * weight // total for weight in weights]
    left = rest - sum(shares)
    if left:
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(rest * weights[i] % total), i))
        for i in by_remainder[:left]:
            shares[i] += 1
    return [share + at_least for share in shares]
