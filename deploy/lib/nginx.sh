# shellcheck shell=bash disable=SC2034,SC2154
# nginx of this copy: the repository's nginx.conf, its parts, and the files that differ between copies.

nginx_pid() { read_pid "$home/nginx/nginx.pid"; }
nginx_runs() { is_ours "$(nginx_pid)" "$home/nginx"; }
nginx_command() { as_service nginx -p "$home/nginx" -c "$home/nginx/nginx.conf" -e "$home/nginx/error.log" "$@"; }

# port_check: fails before the long steps if another program uses the port.
port_check() {
    if nginx_runs && grep -rqs --include=listen.conf ":$port " "$home/nginx"; then return 0; fi
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        die "port $port of 127.0.0.1 is taken by another program" "Choose another port: TODO_PORT=8081 deploy/up"
    fi
}

# origins_read: sets `lines` to the lines of origins.conf. The same rules as in AllowedOrigins.swift: a value with a
# meaning in nginx's configuration is refused before a file is written.
origins_read() {
    # Only ASCII letters and digits match.
    local LC_ALL=C name list='' origin origins=()
    local form='^[a-z][a-z0-9+.-]*://([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$'
    for name in CORS_ORIGINS ALLOWED_ORIGINS FRONTEND_URL; do
        list=${!name:-}
        [ -z "$list" ] || break
    done
    [ -n "$list" ] || list=http://localhost:3000
    [[ $list != *[[:cntrl:]]* ]] || die "$name has more than one line, or a control character"
    list=$(trimmed "$list")
    if [[ $list = \[*\] ]]; then list=${list:1:-1}; fi
    IFS=, read -r -a origins <<<"$list"
    lines=''
    for origin in "${origins[@]}"; do
        origin=$(trimmed "$origin")
        if [[ $origin = \"*\" || $origin = \'*\' ]]; then origin=${origin:1:-1}; fi
        while [[ $origin = */ ]]; do origin=${origin%/}; done
        [ -n "$origin" ] || continue
        [[ $origin =~ $form ]] || die "$name has an entry that is not an origin: $(printf %q "$origin")"
        lines+="\"$origin\" \"$origin\";"$'\n'
    done
}

# trimmed TEXT: without the spaces around it.
trimmed() {
    local text=${1#"${1%%[! ]*}"}
    printf %s "${text%"${text##*[! ]}"}"
}

nginx_configure() {
    local lines part
    origins_read
    as_service tee nginx/todo-fcgi/origins.conf >/dev/null <<<"$lines"
    as_service tee nginx/todo-fcgi/listen.conf >/dev/null <<<"listen 127.0.0.1:$port backlog=4096;"
    as_service tee nginx/todo-fcgi/upstream.conf >/dev/null <<<"server \"unix:$listen_socket\";"
    # The service's user may not be able to enter the checkout.
    as_service tee nginx/nginx.conf >/dev/null <"$checkout/nginx.conf"
    for part in common-http common-server pool-http pool-server; do
        as_service tee "nginx/todo-fcgi/$part.conf" >/dev/null <"$checkout/deploy/nginx/$part.conf"
    done
}

nginx_check() {
    nginx_command -t -q || die "nginx refuses its configuration; see the lines above ($home/nginx)"
}

nginx_start() {
    nginx_check
    nginx_command </dev/null || die "nginx did not start; see the lines above" \
        "Port $port may be in use, or below 1024, which $service cannot bind: TODO_PORT=8081 deploy/up"
}

# SIGQUIT: nginx completes the requests in flight first.
nginx_stop() {
    stop_process "$(nginx_pid)" "$home/nginx" QUIT 10
}

# Waits until /ready is 200.
wait_until_ready() {
    local until=$((SECONDS + 30)) status=''
    while [ "$status" != 200 ]; do
        pool_runs || die "the workers ended; the last lines of $home/log/workers.log:" "$(pool_last_log_lines)"
        ((SECONDS < until)) || die "the service did not become ready within 30 s: $base_url/ready says $status" \
            "The last lines of $home/log/workers.log:" "$(pool_last_log_lines)"
        sleep 0.1
        status=$(curl -s --noproxy '*' -m 5 -o /dev/null -w '%{http_code}' "$base_url/ready" || true)
    done
}
