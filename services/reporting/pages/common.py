"""What the pages of this service share."""

from pathlib import Path

from shared.web import Pages

pages = Pages(Path(__file__).parents[1] / "templates")
