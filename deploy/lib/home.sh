# shellcheck shell=bash disable=SC2034,SC2154
# The folder of a copy: data, secret, sockets, logs. Only a folder with the file .todo-fcgi is ever removed.

unrestricted_homes=/var/lib/todo-fcgi

home_exists() {
    if [ -e "$home_link" ] && [ ! -x "$home_link" ]; then
        die "$home_link can only be entered by its owner, $(stat -Lc %U "$home_link")" \
            "Run as that user or as root, or choose another folder: TODO_HOME=…"
    fi
    [ -e "$home_link/.todo-fcgi" ]
}

# Makes the folder, owned by the service's user; if that user cannot enter it, it is in /var/lib, and a link points to
# it.
home_prepare() {
    if ! home_exists; then
        [ ! -e "$home_link" ] || [ -z "$(ls -A "$home_link")" ] || die "$home_link is not empty and was not made by deploy/up" \
            "Choose another folder: TODO_HOME=… deploy/up"
        mkdir -p "$home_link" 2>/dev/null || die "no permission to make $home_link" \
            "Run as the owner of $(dirname "$home_link"), or choose another folder: TODO_HOME=… deploy/up"
        if [ "$(id -u)" = 0 ]; then
            chown "$service:" "$home_link"
            # shellcheck disable=SC2016
            if ! setpriv "--reuid=$service" "--regid=$service" --init-groups sh -c 'cd "$1"' sh "$home_link" 2>/dev/null; then
                local elsewhere
                elsewhere=$unrestricted_homes/$(hash_of "$home_link")
                rmdir "$home_link"
                install -d -m 755 "$unrestricted_homes"
                install -d -o "$service" -g "$service" -m 700 "$elsewhere"
                ln -s "$elsewhere" "$home_link"
            fi
        fi
        chmod 700 "$home_link"
        touch "$home_link/.todo-fcgi"
        [ "$(id -u)" != 0 ] || chown "$service:" "$home_link/.todo-fcgi"
    fi
    resolve_paths
    local owner
    owner=$(stat -Lc %U "$home/")
    [ "$owner" = "$service" ] || die "$home_link belongs to $owner, this run is for $service" \
        "Run as the same user as the first time, or choose another folder: TODO_HOME=… deploy/up"
    as_service mkdir -p -m 700 "$home/run" "$home/log" "$home/bin" "$home/state" "$home/nginx/todo-fcgi"/{main,http,server,location}.d
    if [ "$sockets" != "$home/run" ]; then
        [ -e "$sockets" ] || as_service mkdir -m 700 "$sockets"
        if [ -L "$sockets" ] || [ "$(stat -c %U "$sockets")" != "$service" ]; then die "$sockets does not belong to $service"; fi
    fi
}

# Removes everything of this copy, including a folder in /var/lib and the link to it.
home_purge() {
    home_exists || die "$home_link was not made by deploy/up; nothing removed"
    [ "$sockets" = "$home/run" ] || rm -rf "$sockets"
    rm -rf "${home:?}"
    [ ! -L "$home_link" ] || rm -f "$home_link"
    [ ! -d "$unrestricted_homes" ] || rmdir --ignore-fail-on-non-empty "$unrestricted_homes" 2>/dev/null || true
}

# 32 random bytes, made once; a secret from the environment overrides it and is not stored.
secret_prepare() {
    if [ -n "${BETTER_AUTH_SECRET:-}" ]; then
        unset BETTER_AUTH_SECRET_FILE
        secret=$BETTER_AUTH_SECRET
    elif [ -n "${BETTER_AUTH_SECRET_FILE:-}" ]; then
        secret=$(cat "$BETTER_AUTH_SECRET_FILE") || die "BETTER_AUTH_SECRET_FILE cannot be read: $BETTER_AUTH_SECRET_FILE"
        # The service's user may not be able to read root's file.
        as_service test -r "$BETTER_AUTH_SECRET_FILE" || { unset BETTER_AUTH_SECRET_FILE; export BETTER_AUTH_SECRET=$secret; }
    else
        if [ ! -s "$home/secret" ]; then
            as_service sh -c 'umask 077; head -c 32 /dev/urandom | base64 >secret'
        fi
        secret=$(cat "$home/secret")
        export BETTER_AUTH_SECRET_FILE=$home/secret
    fi
}

# Quotes a value for the shell.
quoted() { printf "'%s'" "${1//\'/\'\\\'\'}"; }

# Writes the file that scripts source: `. .local/env`.
env_write() {
    local name file
    file=$(as_service mktemp "$home/env.XXXXXX")
    {
        echo "# Written by deploy/up for this copy: . $home_link/env"
        declare -A values=(
            [BASE_URL]=$base_url
            [BETTER_AUTH_SECRET]=$secret
            [DATABASE_URL]=$DATABASE_URL
            [DATABASE_MIGRATION_URL]=$DATABASE_MIGRATION_URL
            [LISTEN_SOCKET]=$listen_socket
            [TODO_METRICS_FILE]=$metrics_file
            [TODO_METRICS_LISTEN]=$metrics_listen
            [WORKERS_PID_FILE]=$home/run/workers.pid
            [NGINX_PID_FILE]=$home/nginx/nginx.pid
            [POSTGRES_PID_FILE]=$home/postgres/postmaster.pid
        )
        for name in BASE_URL BETTER_AUTH_SECRET DATABASE_URL DATABASE_MIGRATION_URL LISTEN_SOCKET \
            TODO_METRICS_FILE TODO_METRICS_LISTEN WORKERS_PID_FILE NGINX_PID_FILE POSTGRES_PID_FILE; do
            echo "export $name=$(quoted "${values[$name]}")"
        done
    } >"$file"
    mv -f "$file" "$home/env"
}
