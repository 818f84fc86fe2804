# What is checked once the servers run. A check that fails lets the next one run: the run fails in the end.

declare -a FAILED_CHECKS=()

# check NAME COMMAND…: a stage that may fail. It is one command, or says itself when it stops: no errexit here.
check() {
	stage "$@" || FAILED_CHECKS+=("$1")
}

export_environment() {
	export E2E_WORK=$WORK E2E_CADDY=$CADDY
	export E2E_HS1_NAME=localhost:18448 E2E_HS1_URL=https://localhost:18443
	export E2E_HS2_NAME=localhost:28448 E2E_HS2_URL=https://localhost:28443
	export E2E_MAS_NAME=localhost:24448 E2E_MAS_URL=https://localhost:24443
	export E2E_OLD_URL=https://localhost:21443
	export E2E_MONO_URL=http://127.0.0.1:23008
}

run_client() {
	(cd "$ROOT/e2e/client" && go test -tags goolm -count=1 -timeout 15m -v ./...)
}

# Synapse is asked twice: its processes, built as at start-up, and the script that it ships.
ask_synapse() {
	mkdir "$WORK/oracle"
	"$VENV/bin/python" -B "$ROOT/e2e/synapse/registered.py" "$WORK" \
		>"$WORK/oracle/registered.jsonl" 2>"$WORK/oracle/registered.log" ||
		fail "Synapse's processes cannot be asked" "$WORK/oracle/registered.log"
	"$VENV/bin/python" -m synapse._scripts.generate_workers_map --config-path "$WORK/hs1/shared.yaml" \
		>"$WORK/oracle/workers_map.txt" 2>"$WORK/oracle/workers_map.log" ||
		fail "Synapse's map of workers cannot be made" "$WORK/oracle/workers_map.log"
}

# The configuration that all of this ran with contradicts nothing that Synapse has read.
run_check() {
	local homeserver
	for homeserver in hs1 hs2 old mas; do
		"$CADDY" synapse-workers check --config "$WORK/Caddyfile" \
			--homeserver "$WORK/$homeserver/shared.yaml" --workers "$WORK/$homeserver/workers" || return
	done
}

run_oracle() {
	(cd "$ROOT/e2e/oracle" && go test -count=1 -v ./...)
}

make_users() {
	"$CACHE/differential" seed || fail "no users for the differential test" "$WORK/caddy.log"
}

# mono starts from what hs1 has: the same users, tokens, rooms and media.
copy_hs1_to_mono() {
	local bin
	bin=$(postgres_bin)
	"$bin/pg_dump" --host="$WORK/postgres" --username=synapse hs1 |
		"$bin/psql" --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --host="$WORK/postgres" --username=synapse mono \
			>/dev/null 2>>"$WORK/psql.log" || fail "the database cannot be copied" "$WORK/psql.log"
	cp -r "$WORK/hs1/media/." "$WORK/mono/media/"
}

run_differential() {
	"$CACHE/differential" compare
}
