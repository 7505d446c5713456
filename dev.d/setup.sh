# shellcheck shell=bash disable=SC2154
# Sourced by dev: the JDK, the packages, the guest.

# Each line: a Debian package, and a test that says whether what is needed of it is there.
needs() {
    cat <<'EOF'
busybox-static           has_static_busybox
ca-certificates          test -s /etc/ssl/certs/ca-certificates.crt
cpio                     command -v cpio
curl                     command -v curl
faketime                 test -e /usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1
gcc                      command -v cc
iproute2                 command -v ss
iptables                 command -v iptables
libc6-dev                test -e /usr/include/stdio.h
libvirt-clients          command -v virsh
libvirt-daemon-system    command -v libvirtd
procps                   command -v ps
prometheus               command -v prometheus
qemu-system-x86          command -v qemu-system-x86_64
qemu-utils               command -v qemu-img
spin                     command -v spin
util-linux               command -v flock
xorriso                  command -v xorriso
EOF
}

has_static_busybox() {
    local busybox
    # A dynamic program names its loader near the start of its file.
    busybox=$(command -v busybox) && ! head -c 4096 "$busybox" | grep -qa 'ld-linux'
}

command_setup() {
    [[ $# -eq 0 ]] || die "setup takes no arguments"
    ensure_setup
    note "dev: ready (Java $(jdk_major "$JAVA_HOME") in $JAVA_HOME)"
}

ensure_setup() {
    # libvirtd and others live where an unprivileged shell does not look.
    PATH=$PATH:/usr/sbin:/sbin
    local missing=() package check
    while read -r package check; do
        eval "$check" >/dev/null 2>&1 || missing+=("$package")
    done < <(needs)
    if ! try_find_jdk; then
        if [[ -n ${JAVA_HOME:-} ]]; then
            die "JAVA_HOME=$JAVA_HOME holds no JDK $java_major_min or newer: unset it or point it to one"
        fi
        missing+=(openjdk-17-jdk-headless)
    fi
    if ((${#missing[@]} > 0)); then
        install_packages "${missing[@]}"
        find_jdk
    fi
    ensure_guest
}

# How root's commands are run here; fails if they cannot be.
as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

can_be_root() {
    [[ $EUID -eq 0 ]] || sudo -n true 2>/dev/null
}

install_packages() {
    command -v apt-get >/dev/null ||
        die "this machine has no apt-get; install the counterparts of these Debian packages: $*"
    if ! can_be_root; then
        note "dev: these packages are missing; install them and try again:"
        note ""
        note "    sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
        note ""
        exit 1
    fi
    note "dev: installing $*"
    mkdir -p "$cache"
    local log=$cache/packages.log
    # A service that cannot be started here, as in a container, is not needed: programs are started by hand.
    if ! { as_root apt-get -q update &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        die "the packages could not be installed; all of apt's output is in $log"
    fi
}

# hail is needed by one benchmark only, so setup does not install it.
ensure_hail() {
    hail_program >/dev/null || install_packages ganeti-htools
    KELPIE_HAIL=$(hail_program) || die "ganeti-htools is installed and has no hail"
    export KELPIE_HAIL
}

hail_program() {
    local program
    for program in hail /usr/lib/ganeti/iallocators/hail; do
        command -v "$program" && return
    done
    return 1
}

ensure_guest() {
    mkdir -p "$guest"
    exec 7>"$guest/lock"
    flock 7
    if [[ ! -s $guest/vmlinuz ]] && can_be_root && ! apt-cache show linux-image-cloud-amd64 >/dev/null 2>&1; then
        as_root apt-get -q update >&2
    fi
    "$root/deploy/guest/build" "$guest" 7>&- || die "the demonstration guest could not be made"
    exec 7>&-
}

# The major version of the JDK in a folder; fails if there is none.
jdk_major() {
    [[ -x $1/bin/javac && -x $1/bin/java ]] || return 1
    if [[ -r $1/release ]]; then
        sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
    else
        "$1/bin/java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p'
    fi
}

jdk_suffices() {
    local major
    major=$(jdk_major "$1") && [[ -n $major ]] && ((major >= java_major_min))
}

# Exports JAVA_HOME: as it is, else the JDK on the path, else the oldest that suffices.
try_find_jdk() {
    local folder
    if [[ -n ${JAVA_HOME:-} ]]; then
        jdk_suffices "$JAVA_HOME"
        return
    fi
    if command -v javac >/dev/null; then
        folder=$(readlink -f "$(command -v javac)")
        folder=${folder%/bin/javac}
        if jdk_suffices "$folder"; then
            export JAVA_HOME=$folder
            return 0
        fi
    fi
    while read -r folder; do
        if jdk_suffices "$folder"; then
            export JAVA_HOME=$folder
            return 0
        fi
    done < <(for folder in /usr/lib/jvm/*; do
        printf '%s %s\n' "$(jdk_major "$folder" || echo 0)" "$folder"
    done | sort -n | cut -d' ' -f2-)
    return 1
}

find_jdk() {
    try_find_jdk || die "no JDK $java_major_min or newer was found${JAVA_HOME:+ in JAVA_HOME=$JAVA_HOME}; run ./dev setup"
}
