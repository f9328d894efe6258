"""What is wrong with a field, in words: pydantic tells the kind, this page says it to a person."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shared.web.languages import gettext_noop as _

MESSAGES: dict[str, str] = {
    "missing": _("Isian ini wajib diisi."),
    "string_type": _("Isian ini harus berupa tulisan."),
    "string_too_short": _("Isian ini masih kosong atau terlalu pendek."),
    "string_too_long": _("Isian ini terlalu panjang; paling banyak {max_length} huruf."),
    "literal_error": _("Pilih salah satu dari daftar."),
    "bool_type": _("Pilih ya atau tidak."),
    "extra_forbidden": _("Isian ini tidak dikenal."),
    "json_invalid": _("Kiriman ini bukan JSON yang utuh."),
    "model_attributes_type": _("Kiriman ini harus berupa objek JSON."),
    "unreadable": _("Ada karakter yang tidak dapat dibaca; ketik ulang isian ini."),
    "email": _("Alamat surel ini tidak lengkap. Contoh: nama@contoh.id"),
    "phone": _("Nomor HP ini tidak lengkap. Contoh: 0812 3456 7890"),
    "no-address": _("Isian ini tidak boleh memuat alamat situs atau surel."),
    "nik": _("NIK terdiri atas 16 angka."),
    "region": _("Wilayah ini tidak dikenal. Pilih dari daftar."),
    "contact": _("Isi alamat surel atau nomor HP, supaya kami dapat mengabari Anda."),
}
FALLBACK = _("Isian ini belum benar.")


def explain(error: Mapping[str, Any], translate: Callable[[str], str]) -> str:
    """One of pydantic's errors as a sentence in the reader's language."""
    text = translate(MESSAGES.get(error["type"], FALLBACK))
    limits = error.get("ctx") or {}
    return text.format(max_length=limits.get("max_length", ""))


def explain_fields(
    errors: Iterable[Mapping[str, Any]], translate: Callable[[str], str]
) -> dict[str, str]:
    """The first message of each field, for `Form.errors`; the whole form's under the empty name."""
    told: dict[str, str] = {}
    for error in errors:
        name = str(error["loc"][0]) if error["loc"] else ""
        told.setdefault(name, explain(error, translate))
    return told
