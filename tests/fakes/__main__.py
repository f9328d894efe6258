"""A fake gateway by hand: `PYTHONPATH=tests python -m fakes infobip --port 9001`."""

import argparse
import json
import time
from dataclasses import asdict

from fakes import FakeGateway, FakeInfobip, FakeKannel, FakeWhatsApp, FakeZenziva

KINDS: dict[str, type[FakeGateway]] = {
    "infobip": FakeInfobip,
    "kannel": FakeKannel,
    "whatsapp": FakeWhatsApp,
    "zenziva": FakeZenziva,
}


def main() -> None:
    """Run until interrupted; print what is taken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--port", type=int)
    arguments = parser.parse_args()
    gateway = KINDS[arguments.kind](port=arguments.port).start()
    print(gateway.url, flush=True)  # noqa: T201 - for a person
    printed = 0
    while True:
        for taken in gateway.taken[printed:]:
            print(json.dumps(asdict(taken)), flush=True)  # noqa: T201
            printed += 1
        time.sleep(0.1)


if __name__ == "__main__":
    main()
