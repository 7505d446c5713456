# shellcheck shell=bash disable=SC2154
# Sourced by dev: one job from submit to delete, on real processes. Ends with 0 only if all of it happened.

# Seconds that each wait of the demonstration may take.
demo_patience=90

command_demo() {
    local keep=
    case "$*" in
        "") ;;
        --keep) keep=yes ;;
        *) die "usage: ./dev demo [--keep]" ;;
    esac
    ensure_setup
    ensure_build

    demo_folder=$(mktemp -d /tmp/kelpie-demo.XXXXXX)
    demo_step=0
    demo_started=$SECONDS
    # Whatever happens, nothing is left behind; with --keep, only a success is.
    trap 'demo_end' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    touch "$demo_folder/begin"
    # The operator's own configuration is neither read nor written.
    export KELPIE_CONFIG=$demo_folder/config.yaml
    unset KELPIE_CONTEXT

    demo_heading "Start a controller with its own ZooKeeper, and two agents"
    demo_show "./dev cluster up --agents 2 --folder $demo_folder/cluster"
    KELPIE_AGENT_MEMORY=768Mi cluster_up "$demo_folder/cluster" 2
    KELPIE_CONTROLLERS=$(<"$demo_folder/cluster/controllers")
    export KELPIE_CONTROLLERS
    cluster_processes

    demo_heading "What the hosts can do, measured"
    demo_run get hosts -o wide
    demo_run describe host h1

    demo_heading "Submit a job of three Linux VMs, and watch it start"
    demo_submit_and_watch

    demo_heading "Where the VMs are, and why"
    demo_run get vms
    demo_run explain vm web-0

    demo_heading "What each guest printed on its serial console"
    local vm
    for vm in web-0 web-1 web-2; do
        await "$demo_patience" "$vm's guest to say hello" demo_said_hello "$vm" 1 || exit 1
        demo_show "kelpie logs $vm"
        demo_guest_lines "$vm" | head -n 3
    done

    demo_heading "Kill the QEMU of web-1, and see it restarted"
    demo_kill_and_await_restart web-1
    demo_run get vms
    demo_show "kelpie get events | tail -n 6"
    demo_ask get events | tail -n 6

    if [[ -n $keep ]]; then
        demo_say_how_to_go_on
        return 0
    fi

    demo_heading "Delete the job"
    demo_run delete job web
    demo_run wait --for=deleted job/web --timeout "${demo_patience}s"
    demo_run get vms

    demo_heading "End the cluster, and look for what is left"
    demo_verify_no_vm_left
    demo_show "./dev cluster down --folder $demo_folder/cluster"
    cluster_down "$demo_folder/cluster"
    demo_verify_nothing_left
    rm -rf "$demo_folder"
    trap - EXIT
    echo
    echo "All of it happened, in $((SECONDS - demo_started)) s."
}

demo_end() {
    local status=$?
    trap - EXIT
    trap '' INT TERM
    if [[ -d $demo_folder ]]; then
        note ""
        note "dev: the demonstration did not complete (status $status); cleaning up"
        if [[ -n ${KELPIE_DEMO_LOGS:-} ]]; then
            mkdir -p "$KELPIE_DEMO_LOGS"
            cp -r "$demo_folder/cluster" "$KELPIE_DEMO_LOGS/" 2>/dev/null || true
        fi
        (cluster_down "$demo_folder/cluster") || true
        rm -rf "$demo_folder"
    fi
    ((status != 0)) || status=1
    exit "$status"
}

demo_heading() {
    demo_step=$((demo_step + 1))
    printf '\n=== %d. %s\n' "$demo_step" "$1"
}

demo_show() {
    printf '\n$ %s\n' "$1"
}

# Runs a command of the CLI and shows it as an operator would type it.
demo_run() {
    demo_show "kelpie ${*//$root\//}"
    "$distribution/bin/kelpie" "$@"
}

# The CLI without being shown.
demo_ask() {
    "$distribution/bin/kelpie" "$@"
}

cluster_processes() {
    local pid_file
    for pid_file in "$demo_folder"/cluster/*/pid; do
        echo "$(basename "$(dirname "$pid_file")") runs, pid $(cut -d' ' -f1 "$pid_file")"
    done
}

demo_submit_and_watch() {
    demo_show "kelpie get vms -w &"
    # Not by a function: the pid must be the program's own.
    "$distribution/bin/kelpie" get vms -w &
    local watcher=$! status=0
    # Long enough for the watcher to be there when the job comes; nothing depends on it.
    sleep 2
    demo_run apply -f "$root/docs/examples/web.yaml"
    demo_run wait --for=running job/web --timeout "${demo_patience}s" || status=$?
    kill "$watcher" 2>/dev/null || true
    wait "$watcher" 2>/dev/null || true
    if ((status != 0)); then
        demo_run describe vm web-0 || true
        exit "$status"
    fi
}

# demo_field VM FIELD: the first value under this key of the VM's JSON.
demo_field() {
    demo_ask get vm "$1" -o json |
        sed -nE "s/^.*\"$2\"[[:space:]]*:[[:space:]]*\"?([^\",}]*).*/\1/p" | head -n 1
}

# What the guest itself said; the hypervisor's firmware says nothing of that form.
demo_guest_lines() {
    demo_ask logs "$1" | tr -d '\r' | grep -a '^kelpie guest:' || true
}

# demo_said_hello VM TIMES: whether the guest gave the hostname of its seed that often.
demo_said_hello() {
    local count
    count=$(demo_guest_lines "$1" | grep -cx "kelpie guest: hello from $1" || true)
    ((${count:-0} >= $2))
}

# demo_record VM_ID INCARNATION: the record of the instance's guard.
demo_record() {
    grep -rlaxsF --exclude-dir=pool "instance $1/$2" "$demo_folder/cluster" | while IFS= read -r file; do
        if grep -qaxE 'kelpie-guard [0-9]+' "$file"; then
            echo "$file"
        fi
    done | head -n 1
}

demo_kill_and_await_restart() {
    local vm=$1 id before after record qemu started
    id=$(demo_field "$vm" vmId)
    before=$(demo_field "$vm" incarnation)
    record=$(demo_record "$id" "$before")
    [[ -n $record ]] || die "no guard's record was found for $vm, instance $id/$before"
    read -r _ qemu started < <(grep -aE '^qemu [0-9]+ [0-9]+$' "$record")
    [[ $(start_time_of "$qemu") == "$started" && $(cat "/proc/$qemu/comm") == qemu-system* ]] ||
        die "pid $qemu is not the QEMU of $vm"
    demo_show "kill -KILL $qemu        # the QEMU of $vm, incarnation $before"
    kill -KILL "$qemu"
    await "$demo_patience" "$vm to be restarted" demo_runs_anew "$vm" "$before" || exit 1
    after=$(demo_field "$vm" incarnation)
    record=$(demo_record "$id" "$after")
    echo "$vm runs again: incarnation $after, pid $(sed -nE 's/^qemu ([0-9]+) .*/\1/p' "$record")"
}

# demo_runs_anew VM INCARNATION: whether it runs under a higher one.
demo_runs_anew() {
    local json state incarnation
    json=$(demo_ask get vm "$1" -o json) || return 1
    state=$(sed -nE 's/^.*"state"[[:space:]]*:[[:space:]]*"([^"]*)".*/\1/p' <<<"$json" | head -n 1)
    incarnation=$(sed -nE 's/^.*"incarnation"[[:space:]]*:[[:space:]]*"?([0-9]+).*/\1/p' <<<"$json" | head -n 1)
    [[ $state == *RUNNING ]] && ((incarnation > $2))
}

demo_verify_no_vm_left() {
    local left
    left=$(processes_of "$demo_folder/cluster" | grep -E ' *(qemu-system|[^ ]*kelpie-guard)' || true)
    [[ -z $left ]] || die "VMs outlived their job: $left"
    left=$(find "$demo_folder"/cluster/h*/pool -type f ! -path '*/pool/guest/*')
    [[ -z $left ]] || die "files of VMs outlived their job: $left"
    echo "no VM's process and no VM's file is left"
}

demo_verify_nothing_left() {
    local left
    left=$(processes_of "$demo_folder")
    [[ -z $left ]] || die "these processes are left: $left"
    # Whatever the demonstration started has inherited this; grep itself must not.
    left=$(env -u KELPIE_CONFIG grep -lzsxF "KELPIE_CONFIG=$KELPIE_CONFIG" /proc/[0-9]*/environ || true)
    [[ -z $left ]] || die "these processes are left: $left"
    left=$(find /tmp /var/tmp /dev/shm /run "$HOME" "$HOME/.config" -maxdepth 1 -newer "$demo_folder/begin" \
        \( -iname '*kelpie*' -o -name 'jna-*' -o -name 'snappy-*' \) \
        ! -path "$demo_folder" ! -name 'kelpie-demo.*' 2>/dev/null || true)
    [[ -z $left ]] || die "these files are left outside $demo_folder: $left"
    echo "no process and no file outside $demo_folder is left"
}

demo_say_how_to_go_on() {
    trap - EXIT
    cat <<EOF

The cluster goes on. Talk to it by:

    export KELPIE_CONTROLLERS=$KELPIE_CONTROLLERS
    ./dev kelpie get vms
    ./dev kelpie logs web-0 -f

End it by:

    ./dev cluster down --folder $demo_folder/cluster && rm -r $demo_folder
EOF
}
