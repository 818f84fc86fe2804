"""Writes the configuration of one benchmark's homeserver: homeserver.py WORK worth|slidingsync

The files are those of the end-to-end run, written by e2e/synapse for another layout. Main writes every stream.
Presence is off, as on most servers that need workers: its timers would wake clients whenever they like.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "e2e" / "synapse"))

import configure
import settings
from layout import CLIENT, Homeserver, Worker

METRICS = 800
PER_STRATEGY = 3


def synchrotron(name: str, port: int) -> Worker:
    """A worker whose metrics can be read METRICS above its public port."""
    metrics = {"port": port + METRICS, "type": "metrics", "bind_addresses": settings.LOOPBACK}
    return Worker(name, port, CLIENT, {"worker_listeners": [settings.listener(port, *CLIENT), metrics]})


def strategy(name: str, port: int) -> list[Worker]:
    return [synchrotron(f"{name}{i + 1}", port + i) for i in range(PER_STRATEGY)]


def homeserver(main_port: int, workers: list[Worker], **more) -> Homeserver:
    """Tokens do not end by themselves before a benchmark is done."""
    return Homeserver(
        name="bench",
        server_name="bench.localhost",
        client_port=main_port,
        main_port=main_port,
        workers=tuple(workers),
        stream_writers={},
        settings={
            "presence": {"enabled": False},
            "enable_metrics": True,
            "refreshable_access_token_lifetime": "24h",
            **more,
        },
    )


HOMESERVERS = {
    "worth": homeserver(
        17008,
        strategy("user", 17111) + strategy("authorization", 17121) + strategy("round_robin", 17131),
    ),
    # A repeated initial sync is computed again, not taken from the cache of whole responses.
    "slidingsync": homeserver(
        16008,
        [synchrotron("sync1", 16111)],
        caches={"sync_response_cache_duration": 0},
    ),
}


def no_federation(_work: Path) -> dict:
    return {"trusted_key_servers": [], "suppress_key_server_warning": True}


if __name__ == "__main__":
    settings.federation = no_federation
    configure.HOMESERVERS = settings.HOMESERVERS = (HOMESERVERS[sys.argv[2]],)
    configure.main(Path(sys.argv[1]))
