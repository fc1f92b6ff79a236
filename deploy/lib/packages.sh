# shellcheck shell=bash disable=SC2034,SC2154
# Installs missing Debian packages without starting their services.

# need NAME PROBE…: the package is missing if no file matches; a program from another source counts as installed.
missing=()
need() {
    local name=$1 probe
    shift
    for probe in "$@"; do
        if compgen -G "$probe" >/dev/null; then return 0; fi
    done
    missing+=("$name")
}

need_to_build() {
    need libfcgi-dev /usr/include/fcgiapp.h
    need libpq-dev /usr/include/postgresql/libpq-fe.h
    need libssl-dev /usr/include/openssl/evp.h
    need libcurl4-openssl-dev '/usr/include/*/curl/curl.h' /usr/include/curl/curl.h
    need pkg-config /usr/bin/pkg-config /usr/bin/pkgconf
}

need_to_run() {
    need nginx /usr/sbin/nginx
    need postgresql '/usr/lib/postgresql/*/bin/initdb'
    need spawn-fcgi /usr/bin/spawn-fcgi
    need multiwatch /usr/bin/multiwatch
    need curl /usr/bin/curl
    need jq /usr/bin/jq
}

# Runs as root, in a shell of its own. Meanwhile no service starts (policy-rc.d) and PostgreSQL does not make its
# default cluster (a drop-in); both files are restored. A newly installed nginx or Prometheus does not start at the next
# boot.
install_as_root() {
    set -euo pipefail
    export DEBIAN_FRONTEND=noninteractive
    # No locals: the trap runs after the function has returned.
    policy=/usr/sbin/policy-rc.d drop_in=/etc/postgresql-common/createcluster.d/todo-fcgi.conf arrived=() said=$(mktemp)
    [ -e /usr/sbin/nginx ] || arrived+=(nginx)
    [ -e /usr/bin/prometheus ] || arrived+=(prometheus)
    # shellcheck disable=SC2317
    restore() {
        rm -f "$policy" "$drop_in" "$said"
        rmdir --ignore-fail-on-non-empty "${drop_in%/*}" 2>/dev/null || true
        [ ! -e "$policy.before-todo-fcgi" ] || mv -f "$policy.before-todo-fcgi" "$policy"
    }
    [ ! -e "$policy" ] || [ -e "$policy.before-todo-fcgi" ] || mv "$policy" "$policy.before-todo-fcgi"
    trap restore EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    mkdir -p "${drop_in%/*}"
    echo 'create_main_cluster = off' >"$drop_in"

    # apt's output is shown only if it fails.
    apt-get -o DPkg::Lock::Timeout=300 update -qq >"$said" 2>&1 || tail -n 5 "$said" >&2
    apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >"$said" 2>&1 || {
        tail -n 20 "$said" >&2
        return 1
    }
    for name in ${arrived[@]+"${arrived[@]}"}; do
        if [ ! -e "/usr/sbin/$name" ] && [ ! -e "/usr/bin/$name" ]; then continue; fi
        update-rc.d "$name" disable >/dev/null 2>&1 || true
        ! command -v systemctl >/dev/null || systemctl disable "$name.service" >/dev/null 2>&1 || true
    done
}

packages_install() {
    [ ${#missing[@]} -gt 0 ] || return 0
    step "Installing Debian packages: ${missing[*]}"
    command -v apt-get >/dev/null || die "these Debian packages are missing, and this is not Debian: ${missing[*]}"
    local root=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "no permission to install packages: neither root nor sudo" \
            "As root: apt-get install --no-install-recommends ${missing[*]}"
        root=(sudo)
    fi
    "${root[@]}" bash -c "$(declare -f install_as_root); install_as_root \"\$@\"" install "${missing[@]}" ||
        die "the packages could not be installed: ${missing[*]}" "See the lines above (permissions, network, package sources)."
    missing=()
}
