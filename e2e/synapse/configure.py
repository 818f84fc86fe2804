"""Writes the configuration of all homeservers below a work directory: configure.py WORK

    WORK/processes            one line a process: homeserver, name, public port; main first
    WORK/hsN/shared.yaml      read by every process of a homeserver
    WORK/hsN/appservice.yaml  the registration of an application service
    WORK/hsN/workers/*.yaml   read after it, by one worker each
    WORK/hsN/logs/*.yaml      Python's logging configuration, one a process
    WORK/hsN/signing.key      the server's federation key; servers of one name have one key
"""

import base64
import secrets
import sys
from pathlib import Path

import yaml

import settings
from layout import HOMESERVERS, Homeserver


def main(work: Path) -> None:
    keys = {homeserver.server_name: signing_key() for homeserver in HOMESERVERS}
    for homeserver in HOMESERVERS:
        write_homeserver(homeserver, keys[homeserver.server_name], work)
    (work / "processes").write_text("".join(f"{line}\n" for line in processes()))


def processes():
    """Main processes first: they own the database schema, and a worker that finds none gives up."""
    for homeserver in HOMESERVERS:
        yield f"{homeserver.name} main {homeserver.main_port}"
    for homeserver in HOMESERVERS:
        for worker in homeserver.workers:
            yield f"{homeserver.name} {worker.name} {worker.port}"


def write_homeserver(homeserver: Homeserver, key: str, work: Path) -> None:
    home = work / homeserver.name
    for directory in ("workers", "logs", "media"):
        (home / directory).mkdir(parents=True)
    (home / "signing.key").write_text(key)
    write_yaml(home / "shared.yaml", settings.shared(homeserver, home, work))
    write_yaml(home / "appservice.yaml", settings.appservice(homeserver))
    write_yaml(home / "logs" / "main.yaml", settings.logging(home / "logs", "main"))
    for worker in homeserver.workers:
        write_yaml(home / "workers" / f"{worker.name}.yaml", settings.worker(homeserver, worker, home))
        write_yaml(home / "logs" / f"{worker.name}.yaml", settings.logging(home / "logs", worker.name))


def signing_key() -> str:
    """A new Ed25519 key in the form of Synapse's signing key files."""
    seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return f"ed25519 a_e2e {seed}\n"


def write_yaml(path: Path, document: dict) -> None:
    path.write_text(yaml.safe_dump(document, sort_keys=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
