"""The homeservers of the end-to-end run: which processes there are, and what each one does.

hs1 is the large one: nearly every job that Synapse can give away has a worker of its own, so that the access log
of a worker tells which job a request was taken for. hs2 is the small one: two generic workers, and a main process
that writes every stream itself. mono is one process, and hs1's twin in all else: name, keys, and a copy of its
database. Whoever asks both must get the same answer. mas has Matrix Authentication Service in charge of tokens, which
the client's test plays.

Ports are fixed, so that e2e/Caddyfile can be read as an operator would write it. hs1 has 18xxx, hs2 has 28xxx, mono
23xxx, old 21xxx and mas 24xxx; the replication listener of a process is REPLICATION above its public one.
"""

from dataclasses import dataclass, field

REPLICATION = 400


@dataclass(frozen=True)
class Worker:
    """A worker process. Without resources it serves nobody, and its listener only answers /health."""

    name: str
    port: int
    resources: tuple[str, ...] = ()
    settings: dict = field(default_factory=dict)

    @property
    def replication_port(self) -> int:
        return self.port + REPLICATION


@dataclass(frozen=True)
class Homeserver:
    """A homeserver. Its name holds the federation port, so that no .well-known or SRV look-up is needed.

    Its settings come after those that all homeservers share.
    """

    name: str
    server_name: str
    client_port: int
    main_port: int
    workers: tuple[Worker, ...]
    stream_writers: dict
    settings: dict

    @property
    def replication_port(self) -> int:
        return self.main_port + REPLICATION


CLIENT = ("client",)
FEDERATION = ("federation",)
MEDIA = ("client", "federation", "media")
SERVES_MEDIA = {"enable_media_repo": True}

HS1 = Homeserver(
    name="hs1",
    server_name="localhost:18448",
    client_port=18443,
    main_port=18008,
    workers=(
        Worker("sync1", 18101, CLIENT),
        Worker("sync2", 18102, CLIENT),
        Worker("initial_sync1", 18103, CLIENT),
        Worker("federation_inbound1", 18111, FEDERATION),
        Worker("federation_reader1", 18112, FEDERATION),
        Worker("event_creator1", 18121, CLIENT),
        Worker("event_creator2", 18122, CLIENT),
        Worker("client_reader1", 18123, CLIENT),
        Worker("typing1", 18131, CLIENT),
        Worker("to_device1", 18132, CLIENT),
        Worker("receipts1", 18133, CLIENT),
        Worker("receipts2", 18134, CLIENT),
        Worker("account_data1", 18135, CLIENT),
        Worker("presence1", 18136, CLIENT),
        Worker("push_rules1", 18137, CLIENT),
        Worker("device_lists1", 18138, CLIENT),
        Worker("media1", 18141, MEDIA, SERVES_MEDIA),
        Worker("event_persister1", 18151),
        Worker("event_persister2", 18152),
        Worker("pusher1", 18153),
        Worker("background1", 18154),
        Worker("federation_sender1", 18155),
    ),
    stream_writers={
        "events": ["event_persister1", "event_persister2"],
        "typing": "typing1",
        "to_device": "to_device1",
        "receipts": ["receipts1", "receipts2"],
        "account_data": "account_data1",
        "presence": "presence1",
        "push_rules": "push_rules1",
        "device_lists": "device_lists1",
        "quarantined_media_changes": ["media1"],
    },
    settings={
        "federation_sender_instances": ["federation_sender1"],
        "pusher_instances": ["pusher1"],
        "run_background_tasks_on": "background1",
        "update_user_directory_from_worker": "background1",
        "notify_appservices_from_worker": "background1",
        "media_instance_running_background_jobs": "media1",
        "enable_media_repo": False,
    },
)

HS2 = Homeserver(
    name="hs2",
    server_name="localhost:28448",
    client_port=28443,
    main_port=28008,
    workers=(
        Worker("generic1", 28101, CLIENT + FEDERATION),
        Worker("generic2", 28102, CLIENT + FEDERATION),
        Worker("media1", 28141, MEDIA, SERVES_MEDIA),
    ),
    stream_writers={"quarantined_media_changes": ["media1"]},
    settings={
        "media_instance_running_background_jobs": "media1",
        "enable_media_repo": False,
    },
)

MONO = Homeserver(
    name="mono",
    server_name=HS1.server_name,
    client_port=HS1.client_port,
    main_port=23008,
    workers=(),
    stream_writers={},
    settings={},
)

OLD = Homeserver(
    name="old",
    server_name="localhost:21448",
    client_port=21443,
    main_port=21008,
    workers=(Worker("generic1", 21101, CLIENT + FEDERATION),),
    stream_writers={},
    settings={},
)

MAS = Homeserver(
    name="mas",
    server_name="localhost:24448",
    client_port=24443,
    main_port=24008,
    workers=(
        Worker("sync1", 24101, CLIENT),
        Worker("sync2", 24102, CLIENT),
        Worker("sync3", 24103, CLIENT),
        Worker("client_reader1", 24111, CLIENT),
        Worker("client_reader2", 24112, CLIENT),
    ),
    stream_writers={},
    settings={
        "matrix_authentication_service": {
            "enabled": True,
            "endpoint": "http://127.0.0.1:24080/",
            "secret": "shared-with-synapse",
        },
        "enable_registration": False,
        "enable_registration_without_verification": False,
        "password_config": {"enabled": False},
    },
)

HOMESERVERS = (HS1, HS2, MONO, OLD, MAS)
