"""Asks the installed Synapse what its processes serve: registered.py WORK

Builds processes of hs1 the way Synapse's own start-up code does, up to the moment where they would listen, and
writes what they would listen for. One JSON line a pattern, in the order in which the process tries them:

    setup     "plain", or "mas" with Matrix Authentication Service
    process   "main", "worker" (client and federation), or "media" (these and the media repository)
    pattern   a regular expression over the raw path
    methods   those that it registers there
    writer    those of them that Synapse's own map of workers denies to all but the writer of a stream
    servlet   the class, and "category" what that map calls its kind
"""

import copy
import inspect
import json
import logging
import re
import sys
from pathlib import Path
from unittest.mock import patch

import settings
from layout import CLIENT, FEDERATION, HS1, MAS, MEDIA, SERVES_MEDIA, Worker
from synapse.app.generic_worker import GenericWorkerServer
from synapse.app.homeserver import SynapseHomeServer
from synapse.config.homeserver import HomeServerConfig
from synapse.http.server import JsonResource

WORKER = Worker("oracle_worker", 1, CLIENT + FEDERATION)
MEDIA_WORKER = Worker("oracle_media", 1, MEDIA, SERVES_MEDIA)

# What Synapse registers only on demand. With Matrix Authentication Service some of it is refused, or changes.
FEATURES = {
    "max_event_delay_duration": "24h",
    "cas_config": {"enabled": True, "server_url": "http://127.0.0.1:1/"},
    "email": {"smtp_host": "127.0.0.1", "notif_from": "e2e@localhost"},
    "login_via_existing_session": {"enabled": True},
    "federation_whitelist_endpoint_enabled": True,
    "retention": {"enabled": True},
}
EXPERIMENTS = (
    "msc1763_enabled msc3391_enabled msc3720_enabled msc3814_enabled msc3983_appservice_otk_claims msc4133_enabled "
    "msc4143_enabled msc4306_enabled msc4370_enabled msc4502_enabled msc4512_enabled"
).split()


def main(work: Path) -> None:
    home = work / HS1.name
    shared = settings.shared(HS1, home, work)
    shared["experimental_features"] = dict.fromkeys(EXPERIMENTS, True)
    rendezvous = {**shared["experimental_features"], "msc4388_mode": "open", "msc4108_enabled": True}
    setups = {
        "plain": {**shared, **FEATURES},
        "mas": {**shared, **MAS.settings, "experimental_features": rendezvous},
    }
    for setup, config in setups.items():
        write(setup, "main", mounted_on_main(config))
        write(setup, "worker", mounted_on_worker({**config, **settings.worker(HS1, WORKER, home)}))
    for setup, config in setups.items():  # last: Synapse remembers in a global that media was wanted once
        write(setup, "media", mounted_on_worker({**config, **settings.worker(HS1, MEDIA_WORKER, home)}))


def write(setup: str, process: str, resources: dict) -> None:
    """One line a pattern. A resource that is mounted at several places has the patterns of all of them."""
    places = {id(resource): (prefix, resource) for prefix, resource in resources.items()}
    for prefix, resource in places.values():
        for line in patterns(prefix, resource, process != "main"):
            print(json.dumps({"setup": setup, "process": process, **line}))


def mounted_on_main(config: dict) -> dict:
    homeserver = build(SynapseHomeServer, config)
    with (
        patch("synapse.app.homeserver.create_resource_tree") as tree,
        patch("synapse.app.homeserver.listen_http", return_value=[]),
    ):
        homeserver._listener_http(homeserver.config, homeserver.config.server.listeners[0])
    return tree.call_args.args[0]


def mounted_on_worker(config: dict) -> dict:
    homeserver = build(GenericWorkerServer, config)
    with (
        patch("synapse.app.generic_worker.create_resource_tree") as tree,
        patch("synapse.app._base.listen_http"),
    ):
        homeserver._listen_http(homeserver.config.worker.worker_listeners[0])
    return tree.call_args.args[0]


def build(kind: type, document: dict):
    config = HomeServerConfig()
    config.parse_config_dict(copy.deepcopy(document), "", "")  # Synapse takes parts out
    homeserver = kind(config.server.server_name, config=config)
    homeserver.setup()
    return homeserver


def patterns(prefix: str, resource, is_worker: bool):
    """What a resource serves. A JsonResource has a table; any other is asked for the methods that it renders."""
    if isinstance(resource, JsonResource):
        for pattern, methods in resource._routes.items():
            yield described(pattern.pattern, methods, is_worker)
        return
    for name, child in resource.children.items():
        yield from patterns(f"{prefix}/{name.decode()}", child, is_worker)
    methods = [name.rpartition("_")[2] for name in dir(resource) if re.fullmatch(r"(_async)?_?render_[A-Z]+", name)]
    methods = sorted(set(methods) - {"HEAD", "OPTIONS"})
    if methods:
        rest = "(/.*)?" if resource.isLeaf else ""
        yield {"pattern": f"^{re.escape(prefix)}{rest}$", "methods": methods, "servlet": type(resource).__name__}


def described(pattern: str, methods: dict, is_worker: bool) -> dict:
    entries = {method.decode(): servlet(entry.callback) for method, entry in methods.items()}
    line = {"pattern": pattern, "methods": list(entries), "servlet": next(iter(entries.values())).__name__}
    denied = [name for name, cls in entries.items() if name in getattr(cls, "WORKERS_DENIED_METHODS", ())]
    if is_worker and denied:
        line["writer"] = denied
    category = getattr(next(iter(entries.values())), "CATEGORY", None)
    return {**line, "category": category} if category else line


def servlet(callback) -> type:
    """The class of a callback, which federation and tracing wrap."""
    return type(inspect.unwrap(callback).__self__)


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    main(Path(sys.argv[1]))
