"""`python -m services.reporting <command>`."""

# Both are imported for what they register with the bus.
from services.reporting import handlers, jobs  # noqa: F401
from services.reporting.resources import bus
from services.reporting.settings import settings
from shared.command import main

main(bus, settings, lambda: settings().database_url)
