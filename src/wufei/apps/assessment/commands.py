"""The command line of assessment."""

from wufei.apps.assessment.commands_assess import assess
from wufei.apps.assessment.commands_check import check

__all__ = ["assess", "check"]
