# shellcheck shell=bash disable=SC2034,SC2154
# Finds the Swift toolchain and makes the release build.

toolchain_find() {
    local folder
    # sudo and services shorten PATH; swiftly, the tarball and the packages install into these folders.
    for folder in /opt/swift/usr/bin /usr/local/swift/usr/bin /usr/share/swift/usr/bin "${HOME:-/root}/.local/share/swiftly/bin"; do
        if command -v swift >/dev/null; then break; fi
        [ ! -x "$folder/swift" ] || PATH=$folder:$PATH
    done
    command -v swift >/dev/null || die "no Swift toolchain: \`swift\` is not in the path" \
        "Install Swift 6.2 or newer: https://www.swift.org/install/linux/ (Debian 12)"
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    [ -n "$version" ] || die "\`swift --version\` does not work: $(command -v swift)" \
        "The toolchain may lack a library: https://www.swift.org/install/linux/ lists what Debian 12 needs."
    [ "$(printf '%s\n' 6.2 "$version" | sort -V | head -n 1)" = 6.2 ] || die "Swift $version is too old: 6.2 or newer is needed" \
        "https://www.swift.org/install/linux/"
}

# require_space FOLDER MEGABYTES WHAT: fails before the work starts, not when the disk is full.
require_space() {
    local free folder=$1
    while [ ! -e "$folder" ]; do folder=$(dirname "$folder"); done
    free=$(df --output=avail -m "$folder" | tail -n 1)
    ((free >= $2)) || die "not enough disk space for $3: $free MB free on the disk of $folder, $2 MB needed"
}

build_release() {
    # Uses a program built elsewhere (an image, another build).
    if [ -n "${TODO_BINARY:-}" ]; then
        [ -x "$TODO_BINARY" ] || die "TODO_BINARY is not executable: $TODO_BINARY"
        install -m 755 "$TODO_BINARY" "$home/bin/todo-fcgi"
        return 0
    fi
    step "Building in release mode (the first time takes a few minutes)"
    local folder=$checkout/.build
    [ -e "$folder" ] || folder=$checkout
    [ -w "$folder" ] || die "no permission to write to $folder" "Run as the owner of the checkout."
    [ -d "$checkout/.build/release" ] || require_space "$checkout" 1500 "the build"
    # With colours the compiler's flags would differ with and without a terminal, and everything would be rebuilt.
    swift build --package-path "$checkout" -c release --static-swift-stdlib --no-color-diagnostics --product todo-fcgi ||
        die "the build failed; see the lines above"
    # The service's user may not be able to enter the checkout, and a build must not change the running program.
    install -m 755 "$checkout/.build/release/todo-fcgi" "$home/bin/todo-fcgi"
}
