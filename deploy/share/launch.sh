# shellcheck shell=sh disable=SC2154
# Sourced by the programs in bin/: finds a Java runtime and starts a program's jar with it.
#
#   launch PROGRAM [JVM OPTION…] -- [ARGUMENT…]
#
# The jar's own main class is started, or the one that $launch_main names.
#
# JAVA_HOME chooses the runtime; KELPIE_JAVA_OPTS adds JVM options, split at spaces. $home is the folder that holds
# bin, lib and share.

java_major_min=17

# The major version of the Java runtime in folder $1, or nothing.
java_major() {
    [ -x "$1/bin/java" ] || return 0
    if [ -r "$1/release" ]; then
        sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
    else
        "$1/bin/java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p'
    fi
}

# Sets java_home and java_version, or explains and ends.
find_java() {
    if [ -n "${JAVA_HOME:-}" ]; then
        java_home=$JAVA_HOME
        java_version=$(java_major "$java_home")
        if [ "${java_version:-0}" -lt "$java_major_min" ]; then
            echo "JAVA_HOME=$JAVA_HOME holds no Java $java_major_min or newer: unset it or point it to one" >&2
            exit 1
        fi
        return 0
    fi
    on_path=$(command -v java || true)
    for java_home in ${on_path:+"$(readlink -f "$on_path" | sed 's,/bin/java$,,')"} /usr/lib/jvm/*; do
        java_version=$(java_major "$java_home")
        if [ "${java_version:-0}" -ge "$java_major_min" ]; then
            return 0
        fi
    done
    echo "Java $java_major_min or newer was not found: install openjdk-$java_major_min-jre-headless, or set JAVA_HOME" >&2
    exit 1
}

launch() {
    program=$1
    shift
    find_java
    # Libraries load native code and use memory directly; newer runtimes want to be told that this is meant.
    if [ "$java_version" -ge 24 ]; then
        set -- --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow "$@"
    fi
    # A class archive of this program, if one was made by share/make-archive: one of another runtime is passed over.
    launch_archive=$home/share/archive/$program-$java_version.jsa
    if [ -r "$launch_archive" ]; then
        set -- -XX:SharedArchiveFile="$launch_archive" "$@"
    fi
    # The JVM's own warnings go to stdout by default, which belongs to the program.
    set -- -Xlog:disable -Xlog:all=error:stderr '-Xlog:cds*=off:stderr' -Xshare:auto -XX:-UsePerfData "$@"
    launch_jar=$(echo "$home"/lib/kelpie-"$program"-[0-9]*.jar)
    launch_count=$#
    while [ "$launch_count" -gt 0 ]; do
        launch_argument=$1
        shift
        launch_count=$((launch_count - 1))
        if [ "$launch_argument" = -- ] && [ -n "$launch_jar" ]; then
            if [ -n "${launch_main:-}" ]; then
                # shellcheck disable=SC2086 # KELPIE_JAVA_OPTS is split on purpose
                set -- "$@" ${KELPIE_JAVA_OPTS:-} -cp "$launch_jar" "$launch_main"
            else
                # shellcheck disable=SC2086
                set -- "$@" ${KELPIE_JAVA_OPTS:-} -jar "$launch_jar"
            fi
            launch_jar=
        else
            set -- "$@" "$launch_argument"
        fi
    done
    exec "$java_home/bin/java" "$@"
}
