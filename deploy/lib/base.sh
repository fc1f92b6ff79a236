# shellcheck shell=bash disable=SC2034,SC2154
# Shared by all scripts here: output, paths, the service's user, and processes of this copy.

set -euo pipefail
export LC_ALL=C.UTF-8
# nginx is in sbin, which a user's PATH often lacks.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' dim='' plain=''; fi
step() { printf '%s==> %s%s\n' "$bold" "$*" "$plain"; }
say() { printf '    %s\n' "$*"; }
die() {
    trap - ERR
    printf '\nerror: %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '       %s\n' "$@" >&2
    exit 1
}
# A command that fails unexpectedly is printed, with its file and line.
set -E
trap '((BASH_SUBSHELL)) || die "\`$BASH_COMMAND\` failed (${BASH_SOURCE[0]##*/}, line $LINENO)"' ERR

# ---- settings of this copy ----

port=${TODO_PORT:-8080}
workers=${TODO_WORKERS:-2}
if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then die "TODO_PORT is not a port: $port"; fi
[[ $workers =~ ^[1-9][0-9]?$ ]] || die "TODO_WORKERS is not a number of processes from 1 to 99: $workers"
base_url=http://127.0.0.1:$port

# A relative TODO_HOME is relative to the checkout, so that `deploy/down` finds it from anywhere.
home_link=${TODO_HOME:-.local}
[[ $home_link = /* ]] || home_link=$checkout/$home_link
home_link=${home_link%/}
[[ $home_link != *[\"\'\\$'\n']* ]] || die "TODO_HOME holds a quote or a backslash, which configuration files cannot carry: $home_link"

hash_of() { printf %s "$1" | sha256sum | cut -c1-12; }

# Set by resolve_paths, once the home exists; see home.sh.
home='' sockets='' listen_socket='' metrics_file='' metrics_listen=''
resolve_paths() {
    home=$(realpath "$home_link")
    # The path of a unix socket has at most 107 bytes; PostgreSQL's is the longest here.
    sockets=$home/run
    [ "$(printf %s "$sockets/.s.PGSQL.5432" | wc -c)" -le 107 ] || sockets=/tmp/todo-fcgi-$(hash_of "$home")
    listen_socket=$sockets/tasks.sock
    metrics_file=$home/run/metrics
    # Ignores the value that another copy's env file has set.
    metrics_listen=${TODO_METRICS_LISTEN:-}
    case $metrics_listen in '' | unix:*/metrics.sock) metrics_listen=unix:$sockets/metrics.sock ;; esac
}

# ---- the service's user: PostgreSQL refuses to run as root, so root's copy belongs to the user `postgres` ----

if [ "$(id -u)" = 0 ]; then service=postgres; else service=$(id -un); fi
as_service() {
    local drop=()
    [ "$(id -u)" != 0 ] || drop=(setpriv "--reuid=$service" "--regid=$service" --init-groups env "HOME=$home")
    # The user may not be able to enter root's working directory.
    (cd "$home" && exec "${drop[@]}" "$@")
}

# ---- processes ----

# is_ours PID TEXT: whether the process runs and its command line has TEXT, a path of this copy: the kernel reuses pids.
is_ours() {
    [[ ${1:-} =~ ^[0-9]+$ ]] && tr '\0' ' ' <"/proc/$1/cmdline" | grep -qF -- "$2"
} 2>/dev/null

read_pid() { head -n 1 "$1" 2>/dev/null || true; }

# stop_process PID TEXT SIGNAL SECONDS: sends the signal to a process of this copy, and SIGKILL if it has not ended in
# time.
stop_process() {
    local until=$((SECONDS + $4))
    is_ours "$1" "$2" || return 0
    kill -s "$3" "$1"
    while is_ours "$1" "$2"; do
        if ((SECONDS >= until)); then
            say "process $1 did not end within $4 s and is killed"
            kill -s KILL "$1" 2>/dev/null || true
            return 0
        fi
        sleep 0.1
    done
}
