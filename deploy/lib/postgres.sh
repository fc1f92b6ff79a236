# shellcheck shell=bash disable=SC2034,SC2154
# A private PostgreSQL: it listens only on a unix socket, in a folder that only its user can enter.

postgres_bin() {
    local newest
    newest=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
    [ -x "$newest" ] || die "PostgreSQL's server is not installed"
    dirname "$newest"
}

# Percent-encodes a path for a URI.
uri_encoded() {
    local LC_ALL=C text=$1 out='' at char code
    for ((at = 0; at < ${#text}; at++)); do
        char=${text:at:1}
        case $char in
        [a-zA-Z0-9._~/-]) out+=$char ;;
        *)
            printf -v code %d "'$char"
            printf -v code '%%%02X' $((code & 255))
            out+=$code
            ;;
        esac
    done
    printf %s "$out"
}

# The URI of a role of this copy. private_database: whether DATABASE_URL is unset or such a URI of any copy's env file.
database_url() { printf 'postgresql://%s@/%s?host=%s' "$1" "$2" "$(uri_encoded "$sockets")"; }
private_database() { [[ -z ${DATABASE_URL_FILE:-} ]] && [[ -z ${DATABASE_URL:-} || $DATABASE_URL = 'postgresql://todo_runtime@/todo?host='* ]]; }

postgres_pid() { read_pid "$home/postgres/postmaster.pid"; }
postgres_runs() { is_ours "$(postgres_pid)" "$home/postgres"; }

postgres_create() {
    [ ! -s "$home/postgres/PG_VERSION" ] || return 0
    require_space "$home" 300 "the database"
    # An interrupted first run leaves an incomplete, unused cluster.
    rm -rf "$home/postgres" "$home/postgres.new"
    as_service "$(postgres_bin)/initdb" -D "$home/postgres.new" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$home/log/initdb.log" 2>&1 ||
        die "initdb failed; the last lines of $home/log/initdb.log:" "$(tail -n 3 "$home/log/initdb.log")"
    as_service mv "$home/postgres.new" "$home/postgres"
}

postgres_start() {
    local bin version
    bin=$(postgres_bin)
    version=$(cat "$home/postgres/PG_VERSION")
    [ ! -x "/usr/lib/postgresql/$version/bin/postgres" ] || bin=/usr/lib/postgresql/$version/bin
    # Written each time: the folder may have moved. Durable as in production; only the owner of the socket's folder
    # connects.
    as_service tee "$home/postgres/conf.todo" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '"$sockets"'
unix_socket_permissions = 0700
port = 5432
max_connections = 100
fsync = on
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
CONF
    grep -qx "include 'conf.todo'" "$home/postgres/postgresql.conf" ||
        as_service sh -c "echo \"include 'conf.todo'\" >>postgres/postgresql.conf"
    if ! postgres_runs; then
        # Left by a machine that lost its power; the pid may be another process's now.
        rm -f "$home/postgres/postmaster.pid"
        as_service "$bin/pg_ctl" -D "$home/postgres" -l "$home/log/postgres.log" -w -t 60 start >/dev/null </dev/null ||
            die "PostgreSQL did not start; the last lines of $home/log/postgres.log:" "$(tail -n 5 "$home/log/postgres.log")"
    fi
}

postgres_stop() {
    stop_process "$(postgres_pid)" "$home/postgres" INT 30
}

psql_as_superuser() { as_service psql -XAtq -v ON_ERROR_STOP=1 -h "$sockets" -U postgres "$@"; }

# Two roles: the owner applies migrations, the runtime role reads and writes rows, with timeouts.
postgres_roles() {
    psql_as_superuser -d postgres <<'SQL'
select format('create role %I login', name) from (values ('todo_owner'), ('todo_runtime')) as roles (name)
where not exists (select from pg_roles where rolname = name) \gexec
select 'create database todo owner todo_owner' where not exists (select from pg_database where datname = 'todo') \gexec
revoke all on database todo from public;
grant connect on database todo to todo_runtime;
alter role todo_runtime set statement_timeout = '8s';
alter role todo_runtime set lock_timeout = '4s';
alter role todo_runtime set idle_in_transaction_session_timeout = '10s';
alter role todo_runtime set plan_cache_mode = 'force_generic_plan';
alter role todo_runtime set random_page_cost = '1.1';
alter role todo_runtime set log_error_verbosity = 'terse';
alter role todo_runtime set row_security = 'off';
SQL
}

# Starts or checks the service's database: a private one, unless DATABASE_URL names another.
database_prepare() {
    if private_database; then
        step "Starting PostgreSQL"
        postgres_create
        postgres_start
        postgres_roles
        DATABASE_URL=$(database_url todo_runtime todo)
        DATABASE_MIGRATION_URL=$(database_url todo_owner todo)
    else
        postgres_stop
        [ -z "${DATABASE_URL_FILE:-}" ] || DATABASE_URL=$(cat "$DATABASE_URL_FILE") || die "DATABASE_URL_FILE cannot be read: $DATABASE_URL_FILE"
        [[ ${DATABASE_MIGRATION_URL:-} != *'@/todo?host='* ]] || unset DATABASE_MIGRATION_URL
        say "using the database of DATABASE_URL"
    fi
    unset DATABASE_URL_FILE
    export DATABASE_URL DATABASE_MIGRATION_URL=${DATABASE_MIGRATION_URL:-$DATABASE_URL}
    step "Applying migrations"
    as_service "$home/bin/todo-fcgi" migrate || die "the migrations were not applied; see the lines above"
}
