# shellcheck shell=bash disable=SC2034,SC2154
# nginx of this copy: the repository's nginx.conf, its parts, and what differs here.

nginx_pid() { read_pid "$home/nginx/nginx.pid"; }
nginx_runs() { is_ours "$(nginx_pid)" "$home/nginx"; }
nginx_command() { as_service nginx -p "$home/nginx" -c "$home/nginx/nginx.conf" -e "$home/nginx/error.log" "$@"; }

# port_check: a port that somebody else has is said before the long steps.
port_check() {
    if nginx_runs && grep -rqs --include=listen.conf ":$port " "$home/nginx"; then return 0; fi
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        die "port $port of 127.0.0.1 is taken by another program" "Name another port: TODO_PORT=8081 deploy/up"
    fi
}

# origins_read: the lines of origins.conf into `lines`. By the rule of the program (AllowedOrigins.swift): a value that could
# mean anything to nginx is refused before a file is written.
origins_read() {
    # The classes of characters are ASCII's.
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
        [[ $origin =~ $form ]] || die "$name names something that is no origin: $(printf %q "$origin")"
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
    nginx_command -t -q || die "nginx refuses its configuration; the lines above say why ($home/nginx)"
}

nginx_start() {
    nginx_check
    nginx_command </dev/null || die "nginx did not start; the lines above say why" \
        "Port $port may be taken, or too low for $service: TODO_PORT=8081 deploy/up"
}

# QUIT lets requests in flight end.
nginx_stop() {
    stop_process "$(nginx_pid)" "$home/nginx" QUIT 10
}

# Waits until the service says that it serves.
wait_until_ready() {
    local until=$((SECONDS + 30)) status=''
    while [ "$status" != 200 ]; do
        pool_runs || die "the workers ended; their last words ($home/log/workers.log):" "$(pool_last_log_lines)"
        ((SECONDS < until)) || die "the service did not become ready within 30 s: $base_url/ready says $status" \
            "Last words of the workers ($home/log/workers.log):" "$(pool_last_log_lines)"
        sleep 0.1
        status=$(curl -s --noproxy '*' -m 5 -o /dev/null -w '%{http_code}' "$base_url/ready" || true)
    done
}
