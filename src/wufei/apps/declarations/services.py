"""Writes of the declarations; the parts of the app each have a module, this is what other apps call."""

from wufei.apps.declarations.plans import change_plan, file_plan, return_plan, save_plan, start_plan, use_plan

__all__ = ["change_plan", "file_plan", "return_plan", "save_plan", "start_plan", "use_plan"]
