"""Gateways for SMS and WhatsApp that speak the real wire shapes over real sockets, and do wrong.

    gateway = FakeInfobip(key="kunci").start()      # also FakeZenziva, FakeWhatsApp, FakeKannel
    gateway.url                                     # for the settings
    gateway.taken                                   # what it took, oldest first: `Taken`s
    gateway.ids()                                   # our ids of these ("" at Zenziva)
    gateway.faults = Faults(status=500, times=3)    # wrong three times, then right
    gateway.receipts = Receipts(("delivered",))     # told afterwards; None: nothing is told
    gateway.told                                    # how our side answered each: 200, 403
    gateway.stop()                                  # from now on connections are refused
    gateway.start()                                 # same port, same messages

Faults, alone or together: `delay_ms` (slow: taken at once, answered late), `cut` (hang up after the
body), `status` (answer this instead), `taken=True` (it has the message all the same), `retry_after`
(with status 429), `look_up_status` (Infobip's logs), `body` (answer this text instead).

Receipts: several states come in the order given (`("read", "delivered")` is out of order),
`times=2` repeats each, `early=True` sends them before the answer, `delay_ms` late, `forged=True`
with a wrong signature. Infobip and Kannel are told in each request where receipts go; WhatsApp's
address is `FakeWhatsApp(webhook=...)`, as it is entered once in its console.

`fakes.receiver.Receiver` is the other way round: it receives our webhooks, and keeps them byte for
byte. It hangs until `release()`, drips, redirects, hangs up or answers any status.

By hand: `PYTHONPATH=tests python -m fakes infobip --port 9001` prints what it takes. A bench puts
`tests` on `sys.path` first.
"""

from fakes.gateway import NO_FAULTS, FakeGateway, Faults, Receipts, Taken
from fakes.infobip import FakeInfobip
from fakes.kannel import FakeKannel
from fakes.whatsapp import FakeWhatsApp
from fakes.zenziva import FakeZenziva

__all__ = [
    "NO_FAULTS",
    "FakeGateway",
    "FakeInfobip",
    "FakeKannel",
    "FakeWhatsApp",
    "FakeZenziva",
    "Faults",
    "Receipts",
    "Taken",
]
