"""The words of the periodic report, in the reader's language."""

from typing import Any

WORDS: dict[str, dict[str, Any]] = {
    "id": {
        "kind": "Laporan berkala",
        "file": "laporan",
        "page": "Halaman",
        "of": "dari",
        "headings": {
            "trend": "Kegiatan dari bulan ke bulan",
            "map": "Sebaran kegiatan",
            "categories": "Kegiatan menurut bidang",
            "completeness": "Kelengkapan laporan",
            "kpi": "Perpustakaan menurut warna skor",
            "changes": "Perubahan terbesar",
            "no_changes": "Tidak ada yang berubah sejak periode sebelumnya.",
            "regions": "Menurut wilayah",
        },
        "tiles": {
            "activities": "kegiatan pelibatan",
            "people": "keikutsertaan",
            "visits": "kunjungan",
            "stories": "cerita dampak",
        },
        "verified": "{verified} dari {reports} terverifikasi",
        "verification": "Angka di sini mencakup laporan yang belum diverifikasi: kini "
        "{verified_activities} dari {activities} kegiatan pelibatan terverifikasi ({share}), dan "
        "{verified} dari {reports} laporan semua jenis. Dasbor umum dan data terbuka hanya "
        "menghitung yang terverifikasi.",
        "since": "berubah sejak dikunci: {by} (kini {now})",
        "unchanged": "tidak berubah sejak dikunci",
        "moved": "{label} {since}",
        "locked": "Periode ini dikunci pada {day}. Jumlah yang tercetak adalah angka saat dikunci; "
        "{changed}. Rincian menurut wilayah adalah angka kini.",
        "partly_locked": "Dari periode ini yang sudah dikunci: {months}. Bulan lainnya belum, jadi "
        "yang tercetak adalah angka kini.",
        "sum": "Seluruhnya, kini",
        "sum_frozen": "Seluruhnya, saat dikunci",
        "sum_since": "Berubah sejak dikunci",
        "up": "naik {by}% dari {since}",
        "down": "turun {by}% dari {since}",
        "many": "lebih dari {times} kali lipat {since}",
        "same": "sama dengan {since}",
        "new": "belum ada pada {since}",
        "none": "juga tidak ada pada {since}",
        "summary": "Pada {period}, perpustakaan di {region} melaporkan {activities} kegiatan "
        "pelibatan masyarakat dengan {people} keikutsertaan; jumlah kegiatan {change}. Orang yang "
        "datang beberapa kali terhitung beberapa kali.",
        "others": "Selain itu tercatat {visits} kunjungan, {publications} publikasi, dan "
        "{advocacy} kegiatan advokasi yang menghasilkan {funds}. Replikasi mandiri mencakup "
        "{villages} desa, dan {stories} cerita dampak masuk.",
        "most": "Kegiatan terbanyak dilaporkan dari {name}: {figure}.",
        "quiet": "Tanpa laporan kegiatan: {number} wilayah, yaitu {names}.",
        "completeness": "Dari {expected} laporan bulanan yang diharapkan, {came} masuk ({share}); "
        "{in_time} di antaranya tepat waktu. {missing} belum masuk.",
        "least": "Paling belum lengkap: {names}.",
        "nobody_expected": "Tidak ada perpustakaan yang diharapkan melapor pada periode ini.",
        "kpi_note": "Hijau di atas {0}, kuning di atas {1}, merah selebihnya; aturan skor versi "
        "{version}. Perpustakaan tanpa laporan ikut terhitung.",
        "tones": {"green": "Hijau", "yellow": "Kuning", "red": "Merah"},
        "changed": "{name}: {by} kegiatan (dari {before} menjadi {now})",
        "alt_trend": "Kegiatan pelibatan dalam {months} bulan sampai akhir periode.",
        "alt_map": "Makin gelap dan makin banyak titiknya, makin banyak kegiatannya.",
        "columns": [
            "Wilayah",
            "Kegiatan",
            "Keikutsertaan",
            "Kunjungan",
            "Publikasi",
            "Advokasi",
            "Verifikasi",
            "Lengkap",
            "Skor",
        ],
    },
    "en": {
        "kind": "Periodic report",
        "file": "report",
        "page": "Page",
        "of": "of",
        "headings": {
            "trend": "Activities from month to month",
            "map": "Where activities took place",
            "categories": "Activities by field",
            "completeness": "Completeness",
            "kpi": "Libraries by the colour of their score",
            "changes": "Largest changes",
            "no_changes": "Nothing has changed since the period before.",
            "regions": "By region",
        },
        "tiles": {
            "activities": "engagement activities",
            "people": "participations",
            "visits": "visits",
            "stories": "impact stories",
        },
        "verified": "{verified} of {reports} verified",
        "verification": "These figures include reports that are not verified yet: by now "
        "{verified_activities} of {activities} engagement activities are verified ({share}), and "
        "{verified} of {reports} reports of all kinds. The public dashboard and the open data "
        "count verified ones alone.",
        "since": "changed since it was locked: {by} (now {now})",
        "unchanged": "unchanged since it was locked",
        "moved": "{label} {since}",
        "locked": "This period was locked on {day}. The sums that are printed are those of that "
        "moment; {changed}. The figures by region are those of now.",
        "partly_locked": "Of this period these are locked: {months}. The other months are not, so "
        "what is printed is as of now.",
        "sum": "All, now",
        "sum_frozen": "All, when it was locked",
        "sum_since": "Changed since",
        "up": "up {by}% from {since}",
        "down": "down {by}% from {since}",
        "many": "more than {times} times that of {since}",
        "same": "as in {since}",
        "new": "none in {since}",
        "none": "none in {since} either",
        "summary": "In {period}, libraries in {region} reported {activities} engagement activities "
        "with {people} participations; the number of activities: {change}. Somebody who came "
        "several times counts several times.",
        "others": "There were {visits} visits, {publications} publications, and {advocacy} pieces "
        "of advocacy that raised {funds}. Self-funded replication reached {villages} villages, and "
        "{stories} impact stories came in.",
        "most": "Most activities were reported from {name}: {figure}.",
        "quiet": "Without a reported activity: {number} regions, namely {names}.",
        "completeness": "Of {expected} monthly reports expected, {came} came ({share}), "
        "{in_time} of them in time. {missing} are missing.",
        "least": "Least complete: {names}.",
        "nobody_expected": "No library was expected to report in this period.",
        "kpi_note": "Green above {0}, yellow above {1}, red below; score rule version {version}. "
        "Libraries that reported nothing are counted.",
        "tones": {"green": "Green", "yellow": "Yellow", "red": "Red"},
        "changed": "{name}: {by} activities (from {before} to {now})",
        "alt_trend": "Engagement activities in {months} months until the end of the period.",
        "alt_map": "The darker and the more dots, the more activities.",
        "columns": [
            "Region",
            "Activities",
            "Participations",
            "Visits",
            "Publications",
            "Advocacy",
            "Verified",
            "Complete",
            "Score",
        ],
    },
}
