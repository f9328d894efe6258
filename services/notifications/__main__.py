"""`python -m services.notifications <command>`."""

# Both are imported for what they register with the bus.
from services.notifications import handlers, jobs  # noqa: F401
from services.notifications.resources import bus
from services.notifications.settings import settings
from shared.command import main

main(bus, settings, lambda: settings().database_url)
