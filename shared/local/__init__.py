"""The product on one machine, on real engines from PyPI wheels; knows no service."""
