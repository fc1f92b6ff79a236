# shellcheck shell=bash disable=SC2034,SC2154
# The pool of workers: spawn-fcgi makes the socket, multiwatch runs N workers on it.

# libfcgi allocates a dozen small blocks a request: glibc caches enough of them for all requests in flight.
worker_environment=(CHARSET=UTF-8 GLIBC_TUNABLES=glibc.malloc.tcache_count=256)

pool_program() { printf %s "$home/bin/todo-fcgi"; }

# The workers' pids, one a line, found by their exact program: also those whose multiwatch was killed.
pool_workers() {
    local folder name
    for folder in /proc/[0-9]*; do
        IFS= read -r -d '' name 2>/dev/null <"$folder/cmdline" || continue
        [ "$name" != "$(pool_program)" ] || echo "${folder#/proc/}"
    done 2>/dev/null
}

pool_runs() { is_ours "$(read_pid "$home/run/workers.pid")" "$(pool_program)"; }

pool_start() {
    local most
    rm -f "$listen_socket"
    # Each kept connection is a descriptor; the usual limit of a login, 1024, is too low.
    most=$(ulimit -H -n)
    if [ "$most" = unlimited ] || ((most > 65536)); then most=65536; fi
    ulimit -S -n "$most"
    : >>"$home/log/workers.log"
    # The first line of this start.
    log_from=$(($(wc -l <"$home/log/workers.log") + 1))
    # SIGTERM drains a worker. multiwatch replaces a worker that dies, and gives up after fifty deaths in a row.
    # The queue is as long as the kernel allows: with a full one nginx answers 502 at once.
    # TODO_STATE_DIR has the issuer's last good keys, for a restart while the issuer is down.
    # The workers count in one file, and one of them answers for all: `todo-fcgi status`, Prometheus.
    # shellcheck disable=SC2016
    as_service env -u DATABASE_MIGRATION_URL "${worker_environment[@]}" "TODO_STATE_DIR=${TODO_STATE_DIR:-$home/state}" \
        "TODO_METRICS_FILE=$metrics_file" "TODO_METRICS_LISTEN=$metrics_listen" setsid --fork sh -c 'echo $$ >run/workers.pid; exec "$@"' sh \
        spawn-fcgi -n -s "$listen_socket" -M 0660 -b 4096 -- \
        /usr/bin/multiwatch -f "$workers" -s TERM -r 50 -t 5000 -- "$(pool_program)" serve \
        </dev/null >>"$home/log/workers.log" 2>&1
    local until=$((SECONDS + 5))
    until [ -S "$listen_socket" ]; do
        ((SECONDS < until)) || die "the workers' socket did not appear: $listen_socket" "$(pool_last_log_lines)"
        sleep 0.05
    done
}

# Draining workers serve on until nginx has closed their connections, a few seconds.
pool_stop() {
    local worker
    stop_process "$(read_pid "$home/run/workers.pid")" "$(pool_program)" TERM 15
    for worker in $(pool_workers); do stop_process "$worker" "$(pool_program)" TERM 5; done
    rm -f "$home/run/workers.pid" "$listen_socket"
}

pool_last_log_lines() { tail -n "+${log_from:-1}" "$home/log/workers.log" | tail -n 8; }
