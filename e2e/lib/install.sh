# What the run needs on the machine. Everything but Debian's packages goes to the cache directory.

SYNAPSE_VERSION=1.163.2
OLD_SYNAPSE_VERSION=1.99.0

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
	install_into "$VENV" "matrix-synapse[redis]==$SYNAPSE_VERSION" psycopg2-binary
}

# The old Synapse wants libraries of its time.
install_old_synapse() {
	OLD_VENV=$CACHE/synapse-$OLD_SYNAPSE_VERSION
	install_into "$OLD_VENV" "matrix-synapse[redis]==$OLD_SYNAPSE_VERSION" psycopg2-binary \
		"twisted==23.10.0" "txredisapi==1.4.10" "prometheus_client==0.19.0" "setuptools<81"
}

install_into() {
	local venv=$1
	shift
	[[ -e $venv/complete ]] && return
	rm -rf "$venv"
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
	touch "$venv/complete"
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
