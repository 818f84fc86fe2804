# What the benchmarks on a real Synapse have in common: a homeserver of their own, with the end-to-end run's scripts.
# It is sourced. BENCHMARK names the homeserver in bench/synapse/homeserver.py; ROOT is the top of the repository.

CACHE=${E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/caddy-synapse-workers}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/synapse-bench.XXXXXX")
INTERRUPTED=130

# shellcheck source=../../e2e/lib/process.sh
source "$ROOT/e2e/lib/process.sh"
# shellcheck source=../../e2e/lib/install.sh
source "$ROOT/e2e/lib/install.sh"
# shellcheck source=../../e2e/lib/servers.sh
source "$ROOT/e2e/lib/servers.sh"

# stage NAME COMMAND…: runs a step and prints how long it took.
stage() {
	local name=$1 started=$SECONDS
	shift
	echo "== $name"
	"$@"
	echo "== $name: $((SECONDS - started)) s"
}

# fail MESSAGE [LOG…]: says what happened, shows the ends of the logs, and keeps the work directory.
fail() {
	echo "bench: $1" >&2
	shift
	local log
	for log in "$@"; do
		echo "--- $log" >&2
		tail -n 40 "$log" >&2 || true
	done
	exit 1
}

finish() {
	local status=$?
	trap - EXIT INT TERM
	stop_all
	if ((status == 0 || status == INTERRUPTED)); then
		rm -rf "$WORK"
	else
		echo "bench: failed; all logs are in $WORK" >&2
	fi
	exit "$status"
}
trap finish EXIT
trap 'exit $INTERRUPTED' INT TERM

prepare() {
	chmod 711 "$WORK" # PostgreSQL's user passes through
	mkdir -p "$CACHE" "$WORK/caddy"
	cd "$WORK" # a place that PostgreSQL's user may stand in
}

build_benchmark() {
	(cd "$ROOT/bench" && go vet ./... && go test ./... && go build -o "$WORK/$BENCHMARK" "./$BENCHMARK")
}

start_homeserver() {
	"$VENV/bin/python" -B "$ROOT/bench/synapse/homeserver.py" "$WORK" "$BENCHMARK"
	check_ports
	start_postgres
	sql postgres 'create database bench'
	start_redis
	start_synapse bench
}

# write_process_ids: one line a process, its name and its id.
write_process_ids() {
	local id
	for id in "${PROCESS_IDS[@]}"; do
		echo "$(basename "${PROCESS_LOGS[$id]%.*}") $id"
	done >"$WORK/process_ids"
}

# measure COMMAND…: runs a load generator. It is stopped with the servers, also when a signal comes meanwhile.
measure() {
	"$@" &
	PROCESS_IDS+=("$!")
	wait "$!"
}

# versions: what is measured, for the page.
versions() {
	echo "Synapse $SYNAPSE_VERSION, $("$VENV/bin/python" --version)," \
		"PostgreSQL $("$(postgres_bin)/postgres" --version | cut -d ' ' -f 3)," \
		"Redis $(redis-server --version | sed -E 's/.* v=([^ ]+) .*/\1/')"
}
