# shellcheck shell=bash disable=SC2154
# Sourced by dev: programs of the integration tests that want namespaces of their own.

command_chaos() {
    ensure_setup
    ensure_build
    local folder transcript
    isolated_folder
    folder=$isolated_dir
    mkdir -p "$cache/chaos"
    transcript=$cache/chaos/transcript-$(date +%Y%m%d-%H%M%S)
    note "dev: what happens is written to $transcript too"
    isolated io.kelpie.it.chaos.ChaosMain --folder "$folder" --transcript "$transcript" "$@"
}

# Makes a short folder named after this process; removes those whose process is gone.
isolated_folder() {
    local old
    for old in /tmp/kelpie-own.*; do
        if [[ -d $old && ! -e /proc/${old##*.} ]]; then
            rm -rf "$old"
        fi
    done
    isolated_dir=/tmp/kelpie-own.$$
    mkdir "$isolated_dir"
}

# isolated CLASS ARGUMENT…: runs a program of the tests with mounts, network and process numbers of its own. Whatever it
# starts, mounts or sets up ends with it, and it ends with this script, however that ends; $isolated_dir is removed.
isolated() {
    local class=$1 classpath=$root/integration-tests/target/classpath status=0 pid
    shift
    [[ $EUID -eq 0 ]] || die "network namespaces want root"
    find_jdk
    compile_tests
    # The signal goes to unshare, and with unshare ends the first process of the namespace, hence all of them.
    setpriv --pdeathsig KILL \
        unshare --mount --net --pid --fork --kill-child --mount-proc \
        env KELPIE_OWN_NAMESPACES=yes bash "$root/dev.d/isolated-init" \
        "$JAVA_HOME/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Djava.io.tmpdir="$isolated_dir" \
        -Dkelpie.distribution="$distribution" -Dkelpie.guest="$guest" \
        -Dlogback.configurationFile=logback-test.xml \
        -cp "$root/integration-tests/target/test-classes:$(<"$classpath")" "$class" "$@" &
    pid=$!
    # shellcheck disable=SC2064 # the values of now
    trap "end_isolated $pid" INT TERM HUP
    wait "$pid" || status=$?
    trap - INT TERM HUP
    wait "$pid" 2>/dev/null || true
    rm -rf "$isolated_dir"
    return "$status"
}

# end_isolated PID: kills what `isolated` has started, and waits until the first process of the namespace, which ends
# after all others in it, is gone: then nobody writes into the folder any more.
end_isolated() {
    local first
    first=$(ps -o pid= --ppid "$1" | tr -d ' ') || true
    kill -KILL "$1" 2>/dev/null || true
    if [[ -n $first ]]; then
        timeout 10 tail --pid="$first" -f /dev/null || true
    fi
}

# Compiles the integration tests and writes their class path, unless nothing has changed since.
compile_tests() {
    local stamp=$root/integration-tests/target/compiled
    if [[ -e $stamp && $stamp -nt $root/deploy/target/built &&
        -z $(find "$root/integration-tests/src" "$root/integration-tests/pom.xml" -newer "$stamp" -print -quit) ]]; then
        return
    fi
    mvn --quiet -pl integration-tests -am test-compile dependency:build-classpath \
        -DincludeScope=test -Dmdep.outputFile=target/classpath >&2
    touch "$stamp"
}
