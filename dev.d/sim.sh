# shellcheck shell=bash disable=SC2154
# Sourced by dev: the simulator, and the model of the lease rules.

command_sim() {
    local model=
    local arguments=()
    while [[ $# -gt 0 ]]; do
        case "$1" in
            --model) model=yes ;;
            *) arguments+=("$1") ;;
        esac
        shift
    done
    if [[ -n $model ]]; then
        [[ ${#arguments[@]} -eq 0 ]] || die "usage: ./dev sim --model"
        ensure_setup
        sim_model
        return
    fi
    ensure_setup
    find_jdk
    local classpath=$root/integration-tests/target/classpath
    mvn --quiet -pl integration-tests -am test-compile dependency:build-classpath \
        -DincludeScope=test -Dmdep.outputFile=target/classpath >&2
    exec "$JAVA_HOME/bin/java" -XX:+UseSerialGC -Xmx1g \
        -cp "$root/integration-tests/target/test-classes:$(<"$classpath")" \
        io.kelpie.it.simulation.SimulationMain "${arguments[@]}"
}

# Each line: what is searched, whether errors are expected, and the flags of the search.
sim_model_searches() {
    cat <<'EOF'
clean                0
clean,K=0            0 -DK=0
clean,joining        0 -DJOINING
NO_MARGIN            1
NO_TERM_WAIT         1
NO_KNOWN_BEGIN       1
NO_FENCED_WRITES     1
NO_PROOF             1
NO_SILENCE           1
NO_LINEAGE_CHECK     1
NO_CLOSING           1
NO_GUARD             1
NO_UNANIMITY         1
NO_NOTED_ANSWER      1
NO_UNBROKEN_ANSWERS  1 -DK=0
NO_UNBROKEN_GRANTS   1 -DK=0
NO_NEW_LINEAGE       1
NO_SINGLE_GRANT      1 -DK=0
NO_GRANTED_START     1
NO_QUESTION_DATE     1
NO_BEGIN_DATE        1
NO_RECORD_FIRST      1
NO_TOMBSTONE         1
NO_ACKNOWLEDGED_SET  1 -DJOINING
EOF
}

# Searches the model's whole state space, as it is and without each rule; fails unless each result is as expected.
sim_model() {
    local folder name expected flags status=0
    folder=$(mktemp -d "${TMPDIR:-/tmp}/kelpie-model.XXXXXX")
    # shellcheck disable=SC2064
    trap "rm -rf '$folder'" EXIT
    printf '%-22s %-12s %s\n' SEARCH ERRORS STATES
    # Two at a time; each in a folder of its own.
    sim_model_searches | while read -r name expected flags; do
        printf '%s\n' "$name $expected $flags"
    done | xargs -P 2 -I '{}' "$root/integration-tests/model/search" "$folder" '{}' || status=1
    rm -rf "$folder"
    trap - EXIT
    ((status == 0)) || die "a search did not end as expected"
}
