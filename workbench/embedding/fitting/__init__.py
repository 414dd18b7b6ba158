"""How the static model that comes with the package was made: `python -m workbench.embedding.fitting --help`."""
