# Processes of this run: each is started here, remembered by its id, and stopped by that id.

declare -a PROCESS_IDS=()
declare -A PROCESS_LOGS=()

# start LOG COMMAND…: runs a command in the background, its output going to LOG.
start() {
	local log=$1
	shift
	"$@" >"$log" 2>&1 </dev/null &
	PROCESS_IDS+=("$!")
	PROCESS_LOGS[$!]=$log
}

# serve FILE COMMAND…: runs a command as a service manager does: when it was asked to end, or killed, it is started again.
# When it gives up by itself, that is an error. FILE holds the id of the process.
serve() {
	local file=$1 id status
	shift
	trap 'stop "$id"; exit' TERM
	while :; do
		"$@" &
		id=$!
		echo "$id" >"$file"
		status=0
		wait "$id" || status=$?
		((status == 0 || status > 128)) || exit "$status"
	done
}

# stop ID [SECONDS]: asks a process to end, and ends it after ten seconds.
stop() {
	local id=$1 seconds=${2:-10}
	kill -TERM "$id" 2>/dev/null || return 0
	wait_until "$seconds" gone "$id" || kill -KILL "$id" 2>/dev/null || true
	wait "$id" 2>/dev/null || true
}

# stop_all: last started, first asked; all Synapse processes end side by side.
stop_all() {
	local i
	for ((i = ${#PROCESS_IDS[@]} - 1; i > 1; i--)); do
		kill -TERM "${PROCESS_IDS[i]}" 2>/dev/null || true
	done
	for ((i = ${#PROCESS_IDS[@]} - 1; i >= 0; i--)); do
		stop "${PROCESS_IDS[i]}" 15 # longer than what it serves may take
	done
	PROCESS_IDS=()
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

# check_alive: fails, naming the log, when a process that should be running has ended.
check_alive() {
	local id
	for id in "${PROCESS_IDS[@]}"; do
		if gone "$id"; then
			fail "a process ended too early, its output is in ${PROCESS_LOGS[$id]}" "${PROCESS_LOGS[$id]}"
		fi
	done
}

# wait_until SECONDS COMMAND…: polls until the command succeeds.
wait_until() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < deadline)) || return 1
		sleep 0.2
	done
}
