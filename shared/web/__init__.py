"""What makes the pages of three services one site: base page, form macros, style, languages."""

from shared.web.assets import static, static_app
from shared.web.forms import (
    Form,
    chosen_region,
    read_form,
    read_upload_form,
    region_lists,
    uploaded,
)
from shared.web.languages import gettext_noop, untranslated
from shared.web.pages import PAGE_HEADERS, Pages

__all__ = [
    "PAGE_HEADERS",
    "Form",
    "Pages",
    "chosen_region",
    "gettext_noop",
    "read_form",
    "read_upload_form",
    "region_lists",
    "static",
    "static_app",
    "untranslated",
    "uploaded",
]
