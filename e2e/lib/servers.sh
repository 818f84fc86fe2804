# The servers of the run. PostgreSQL and Redis listen on sockets in the work directory only, so that no server that
# runs on this machine already can be in the way.

CADDY_PORTS=(18443 18448 28443 28448 21443 24443)
CADDY_ADMIN=127.0.0.1:18019

configure() {
	"$VENV/bin/python" -B "$ROOT/e2e/synapse/configure.py" "$WORK"
	check_ports
}

# check_ports: what answers before anything was started is another server, which the run must not take for its own.
check_ports() {
	local port
	for port in $(cut -d ' ' -f 3 "$WORK/processes") "${CADDY_PORTS[@]}" "${CADDY_ADMIN#*:}"; do
		! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || fail "port $port is in use already"
	done
}

start_postgres() {
	local bin data=$WORK/postgres/data
	bin=$(postgres_bin)
	local -a as_user=()
	mkdir "$WORK/postgres"
	if ((EUID == 0)); then # initdb refuses to be run by root
		chown postgres: "$WORK/postgres"
		as_user=(setpriv --reuid=postgres --regid=postgres --init-groups)
	fi
	"${as_user[@]}" "$bin/initdb" --username=synapse --auth=trust --encoding=UTF8 --locale=C --no-sync \
		--pgdata="$data" >initdb.log
	start "$WORK/postgres.log" "${as_user[@]}" "$bin/postgres" -D "$data" -k "$WORK/postgres" \
		-c listen_addresses= -c max_connections=200 -c fsync=off -c synchronous_commit=off -c full_page_writes=off
	wait_until 30 sql postgres 'select 1' || fail "PostgreSQL does not answer" "$WORK/postgres.log"
	local name
	for name in hs1 hs2 mono old mas; do
		sql postgres "create database $name"
	done
}

sql() {
	psql --quiet --no-psqlrc --host="$WORK/postgres" --username=synapse --dbname="$1" --command="$2" \
		>/dev/null 2>>"$WORK/psql.log"
}

start_redis() {
	start "$WORK/redis.log" redis-server --port 0 --unixsocket "$WORK/redis.sock" --save '' --appendonly no
	wait_until 30 redis_answers || fail "Redis does not answer" "$WORK/redis.log"
}

redis_answers() {
	[[ $(redis-cli -s "$WORK/redis.sock" ping 2>/dev/null) == PONG ]]
}

# Synapse reads the authority's certificate when it starts. So Caddy makes it first, in a run that serves nobody.
make_authority() {
	local root=$WORK/caddy/caddy/pki/authorities/local/root.crt
	start "$WORK/authority.log" caddy run --config "$WORK/Caddyfile" --adapter caddyfile
	local id=${PROCESS_IDS[-1]}
	wait_until 30 test -s "$root" || fail "Caddy makes no certificate authority" "$WORK/authority.log"
	stop "$id"
	unset 'PROCESS_IDS[-1]'
	cp "$root" "$WORK/ca.crt"
}

start_caddy() {
	start "$WORK/caddy.log" caddy run --config "$WORK/Caddyfile" --adapter caddyfile
	local port
	for port in "${CADDY_PORTS[@]}"; do
		wait_until 30 answers "https://localhost:$port/_matrix/client/versions" ||
			fail "Caddy does not answer on port $port" "$WORK/caddy.log"
	done
}

# Caddy keeps certificates and its state below the work directory, not in the user's home.
caddy() {
	XDG_DATA_HOME=$WORK/caddy XDG_CONFIG_HOME=$WORK/caddy exec "$CADDY" "$@"
}

# start_synapse HOMESERVER…: the main processes make their databases' tables, then all workers start side by side.
start_synapse() {
	local homeserver name port
	processes_of "$@" >"$WORK/starting"
	while read -r homeserver name port; do
		[[ $name == main ]] && start_process "$homeserver" "$name"
	done <"$WORK/starting"
	wait_for_processes main
	while read -r homeserver name port; do
		[[ $name == main ]] || start_process "$homeserver" "$name"
	done <"$WORK/starting"
	wait_for_processes '*'
}

# processes_of HOMESERVER…: the lines of their processes.
processes_of() {
	local homeserver
	for homeserver; do
		grep "^$homeserver " "$WORK/processes"
	done
}

start_process() {
	local home=$WORK/$1 name=$2 venv=$VENV
	[[ $1 != old ]] || venv=$OLD_VENV
	local -a arguments=(synapse.app.homeserver -c "$home/shared.yaml")
	if [[ $name != main ]]; then
		arguments=(synapse.app.generic_worker -c "$home/shared.yaml" -c "$home/workers/$name.yaml")
	fi
	start "$home/logs/$name.out" serve "$home/$name.pid" env MALLOC_ARENA_MAX=2 "$venv/bin/python" -m "${arguments[@]}"
}

# wait_for_processes PATTERN: until every starting process whose name matches says that it is healthy.
wait_for_processes() {
	local homeserver name port
	while read -r homeserver name port; do
		# shellcheck disable=SC2053 # the pattern is meant as one
		[[ $name == $1 ]] || continue
		wait_until 300 healthy "$port" ||
			fail "$name of $homeserver is not healthy" "$WORK/$homeserver/logs/$name.out" "$WORK/$homeserver/logs/$name.log"
	done <"$WORK/starting"
}

healthy() {
	check_alive
	curl --silent --fail --max-time 5 --output /dev/null "http://127.0.0.1:$1/health"
}

answers() {
	check_alive
	curl --silent --fail --max-time 5 --output /dev/null --cacert "$WORK/ca.crt" "$1"
}
