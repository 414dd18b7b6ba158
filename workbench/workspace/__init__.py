"""`Workbench`: the one object that every surface and notebook uses."""

from workbench.workspace.facade import Workbench

__all__ = ["Workbench"]
