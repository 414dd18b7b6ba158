"""Tables, pictures and widgets for notebooks."""

from workbench.display.formatters import register_with_ipython

__all__ = ["register_with_ipython"]
