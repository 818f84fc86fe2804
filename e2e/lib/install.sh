# What the run needs on the machine. Everything but Debian's packages goes to the cache directory.

SYNAPSE_VERSION=1.163.2

install_servers() {
	local -a missing=()
	[[ -n $(postgres_bin) ]] || missing+=(postgresql)
	command -v redis-server >/dev/null || missing+=(redis-server)
	command -v curl >/dev/null || missing+=(curl)
	python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
	((${#missing[@]} == 0)) && return
	((EUID == 0)) || fail "please install these packages: ${missing[*]}"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Debian keeps initdb and postgres out of the path, one directory a version: the newest is taken.
postgres_bin() {
	local -a found
	mapfile -t found < <(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V)
	if [[ -x ${found[-1]} ]]; then
		dirname "${found[-1]}"
	elif command -v initdb >/dev/null; then
		dirname "$(readlink -f "$(command -v initdb)")"
	fi
}

# A virtual environment that was not finished has no mark, and is made anew. psycopg2-binary is psycopg2 without the
# need for a compiler and the headers of libpq.
install_synapse() {
	VENV=$CACHE/synapse-$SYNAPSE_VERSION
	[[ -e $VENV/complete ]] && return
	rm -rf "$VENV"
	python3 -m venv "$VENV"
	"$VENV/bin/pip" install --quiet --disable-pip-version-check \
		"matrix-synapse[redis]==$SYNAPSE_VERSION" psycopg2-binary
	touch "$VENV/complete"
}

build_caddy() {
	[[ -n ${CADDY:-} ]] && return
	CADDY=$CACHE/caddy
	(cd "$ROOT" && go build -o "$CADDY" ./cmd/caddy)
}

# build_clients: the Go modules of the run. Each is tested here as far as it can be without servers.
build_clients() {
	(cd "$ROOT/e2e/client" && go vet -tags goolm ./...)
	(cd "$ROOT/e2e/oracle" && go vet ./...)
	(cd "$ROOT/e2e/differential" && go vet ./... && go test ./... && go build -o "$CACHE/differential" .)
}
