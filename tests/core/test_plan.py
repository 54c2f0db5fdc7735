"""Plan packs: the values, the reader and its findings, and the packs that the package brings."""

import pytest

from wufei.core import plan
from wufei.core.findings import Level


@pytest.mark.parametrize("division", plan.pack_divisions())
def test_every_pack_of_the_package_has_no_error(division):
    errors = [finding for finding in plan.check_pack(division) if finding.level is Level.ERROR]
    assert errors == []
