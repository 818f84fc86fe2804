"""Synapse's settings for a homeserver and for each of its processes, as the dictionaries that become YAML."""

from pathlib import Path

from layout import HOMESERVERS, Homeserver, Worker

LOOPBACK = ["127.0.0.1"]
UNLIMITED = {"per_second": 9999, "burst_count": 9999}

# A test sends more in a second than a person in an hour.
RATE_LIMITS = {
    "rc_message": UNLIMITED,
    "rc_registration": UNLIMITED,
    "rc_login": {"address": UNLIMITED, "account": UNLIMITED, "failed_attempts": UNLIMITED},
    "rc_admin_redaction": UNLIMITED,
    "rc_joins": {"local": UNLIMITED, "remote": UNLIMITED},
    "rc_joins_per_room": UNLIMITED,
    "rc_invites": {"per_room": UNLIMITED, "per_user": UNLIMITED, "per_issuer": UNLIMITED},
    "rc_presence": {"per_user": UNLIMITED},
    "rc_key_requests": UNLIMITED,
    "rc_media_create": UNLIMITED,
    "rc_room_creation": UNLIMITED,
    "rc_user_directory": UNLIMITED,
    "rc_profile": UNLIMITED,
    "rc_reports": UNLIMITED,
    "rc_3pid_validation": UNLIMITED,
    "rc_third_party_invite": UNLIMITED,
    "rc_registration_token_validity": UNLIMITED,
    "rc_delayed_event_mgmt": UNLIMITED,
    "rc_federation": {"sleep_limit": 9999, "sleep_delay": 0, "reject_limit": 99999, "concurrent": 50},
    "federation_rr_transactions_per_room_per_second": 9999,
}


def shared(homeserver: Homeserver, home: Path, work: Path) -> dict:
    """What every process of a homeserver reads."""
    return {
        "server_name": homeserver.server_name,
        "public_baseurl": f"https://localhost:{homeserver.client_port}/",
        "pid_file": str(home / "main.pid"),
        "log_config": str(home / "logs" / "main.yaml"),
        "signing_key_path": str(home / "signing.key"),
        "media_store_path": str(home / "media"),
        "macaroon_secret_key": f"macaroon-{homeserver.server_name}",
        "form_secret": f"form-{homeserver.server_name}",
        "worker_replication_secret": f"replication-{homeserver.name}",
        "report_stats": False,
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "allow_guest_access": True,
        "app_service_config_files": [str(home / "appservice.yaml")],
        "bcrypt_rounds": 4,
        "max_upload_size": "60M",
        "allow_public_rooms_over_federation": True,
        "user_directory": {"enabled": True, "search_all_users": True},
        # Thread subscriptions have a single writer too; forward extremities are known to main only.
        "experimental_features": {"msc4306_enabled": True, "msc4370_enabled": True},
        "database": {
            "name": "psycopg2",
            "args": {
                "user": "synapse",
                "dbname": homeserver.name,
                "host": str(work / "postgres"),
                "cp_min": 1,
                "cp_max": 3,
            },
        },
        "redis": redis(homeserver, work),
        "listeners": [
            listener(homeserver.main_port, "client", "federation"),
            listener(homeserver.replication_port, "replication"),
        ],
        "instance_map": instance_map(homeserver),
        "stream_writers": homeserver.stream_writers,
        **homeserver.settings,
        **federation(work),
        **RATE_LIMITS,
    }


def appservice(homeserver: Homeserver) -> dict:
    """A bridge that may act for others. Without an address of its own it is told of nothing."""
    users = {"exclusive": False, "regex": f"@bridged.*:{homeserver.server_name}"}
    return {
        "id": "bridge",
        "url": None,
        "as_token": "e2e-bridge-to-homeserver",
        "hs_token": "e2e-homeserver-to-bridge",
        "sender_localpart": "bridge",
        "rate_limited": False,
        "namespaces": {"users": [users]},
    }


def redis(homeserver: Homeserver, work: Path) -> dict:
    """Shared caches in Redis do not carry the server's name: each homeserver needs a database of its own."""
    if not homeserver.workers:
        return {"enabled": False}
    return {"enabled": True, "path": str(work / "redis.sock"), "dbid": HOMESERVERS.index(homeserver)}


def federation(work: Path) -> dict:
    """Federation on the loopback interface, with certificates from Caddy's own authority and really checked."""
    return {
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "federation_ip_range_blacklist": [],
        "ip_range_blacklist": [],
        "federation_custom_ca_list": [str(work / "ca.crt")],
    }


def worker(homeserver: Homeserver, process: Worker, home: Path) -> dict:
    """What one worker reads after the shared settings."""
    return {
        "worker_app": "synapse.app.generic_worker",
        "worker_name": process.name,
        "worker_pid_file": str(home / f"{process.name}.pid"),
        "worker_log_config": str(home / "logs" / f"{process.name}.yaml"),
        "worker_listeners": [
            listener(process.port, *(process.resources or ("health",))),
            listener(process.replication_port, "replication"),
        ],
        **process.settings,
    }


def listener(port: int, *resources: str) -> dict:
    """An HTTP listener on the loopback interface that believes the proxy's X-Forwarded-For."""
    return {
        "port": port,
        "type": "http",
        "tls": False,
        "x_forwarded": True,
        "request_id_header": "X-Request-ID",
        "bind_addresses": LOOPBACK,
        "resources": [{"names": list(resources)}],
    }


def instance_map(homeserver: Homeserver) -> dict:
    """Where processes find each other. These are the replication listeners, never the public ones."""
    ports = {worker.name: worker.replication_port for worker in homeserver.workers}
    ports["main"] = homeserver.replication_port
    return {name: {"host": "127.0.0.1", "port": port} for name, port in ports.items()}


def logging(logs: Path, process: str) -> dict:
    """One log file a process. Its access lines are the evidence of which process took a request."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request)s] %(message)s"}},
        "handlers": {
            "file": {"class": "logging.FileHandler", "formatter": "line", "filename": str(logs / f"{process}.log")}
        },
        "loggers": {"synapse.access.http": {"level": "INFO"}, "synapse.http.server": {"level": "INFO"}},
        "root": {"level": "INFO", "handlers": ["file"]},
    }
