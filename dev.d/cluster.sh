# shellcheck shell=bash disable=SC2154
# Sourced by dev: a cluster of separate processes under one folder.
#
#   FOLDER/controllers          their addresses, as KELPIE_CONTROLLERS wants them
#   FOLDER/c1, FOLDER/h1, …     one folder a process: its configuration, data, log, and pid with start time
#   FOLDER/prometheus           a Prometheus configuration that scrapes them

# The socket paths of VMs below the folder must stay under 108 bytes.
cluster_path_max=60

command_cluster() {
    local verb=${1:-} agents=2 folder=$cache/cluster
    [[ $# -eq 0 ]] || shift
    while (($# > 0)); do
        case "$1" in
            --agents) agents=${2:?--agents wants a number} && shift 2 ;;
            --folder) folder=${2:?--folder wants a folder} && shift 2 ;;
            *) die "cluster: unknown argument \"$1\"" ;;
        esac
    done
    [[ $agents =~ ^[1-9][0-9]?$ ]] || die "cluster: --agents is 1 to 99, not \"$agents\""
    folder=$(realpath -m "$folder")
    case "$verb" in
        up)
            ensure_setup
            ensure_build
            cluster_up "$folder" "$agents"
            note "dev: cluster is up in $folder; try: ./dev kelpie get hosts"
            if [[ $folder != "$cache/cluster" ]]; then
                note "     with: export KELPIE_CONTROLLERS=$(<"$folder/controllers")"
            fi
            ;;
        down) cluster_down "$folder" ;;
        status) cluster_status "$folder" ;;
        *) die "usage: ./dev cluster up|down|status [--agents N] [--folder DIR]" ;;
    esac
}

# Field 22 of /proc/PID/stat: with the pid it names a process for as long as the machine is up.
start_time_of() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The second field, the command, may hold spaces and parentheses.
    stat=${stat##*) }
    cut -d' ' -f20 <<<"$stat"
}

# True if the process that a pid file names runs; a zombie does not.
process_runs() {
    local pid started
    read -r pid started <"$1" 2>/dev/null || return 1
    [[ $(start_time_of "$pid") == "$started" ]] && ! grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null
}

# free_ports COUNT: that many ports nobody listens on, one a line.
free_ports() {
    local count=$1 port taken
    taken=" $(ss -Htln | awk '{ sub(/.*:/, "", $4); printf "%s ", $4 }')"
    # Below the range from which the kernel takes ports for outgoing connections.
    port=$((20000 + (RANDOM % 1000) * 12))
    while ((count > 0)); do
        if [[ $taken != *" $port "* ]]; then
            echo "$port"
            count=$((count - 1))
        fi
        port=$((port + 1))
    done
}

# cluster_start FOLDER NAME PROGRAM: starts a program on FOLDER/NAME/config.yaml.
cluster_start() {
    local folder=$1/$2 program=$3 pid
    mkdir -p "$1/tmp"
    TMPDIR=$1/tmp KELPIE_JAVA_OPTS="-Djava.io.tmpdir=$1/tmp ${KELPIE_JAVA_OPTS:-}" \
        setsid "$distribution/bin/$program" --config "$folder/config.yaml" \
        </dev/null >>"$folder/log" 2>&1 7>&- 8>&- &
    pid=$!
    echo "$pid $(start_time_of "$pid")" >"$folder/pid"
    disown "$pid"
}

# await SECONDS WHAT COMMAND…: until the command succeeds.
await() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        if ((SECONDS >= deadline)); then
            note "dev: waited in vain for $what"
            return 1
        fi
        sleep 0.1
    done
}

# metric_is ADDRESS LINE: whether /metrics shows exactly this line.
metric_is() {
    curl -s --max-time 2 "http://$1/metrics" 2>/dev/null | grep -qxF "$2"
}

cluster_up() {
    local folder=$1 agents=$2 ports i name
    ((${#folder} <= cluster_path_max)) ||
        die "cluster: the path of $folder is longer than $cluster_path_max characters, too long for sockets below it"
    [[ ! -e $folder/controllers ]] ||
        die "there is a cluster in $folder already; end it by: ./dev cluster down --folder $folder"
    mkdir -p "$folder"/{c1,prometheus/targets}
    mapfile -t ports < <(free_ports $((3 + agents)))
    local controller=127.0.0.1:${ports[0]} zookeeper=127.0.0.1:${ports[1]} metrics=127.0.0.1:${ports[2]}

    cat >"$folder/c1/config.yaml" <<EOF
controllerId: c1
listenAddress: $controller
dataFolder: $folder/c1/data
embeddedZooKeeper: true
embeddedZooKeeperAddress: $zookeeper
metricsAddress: $metrics
EOF
    echo "$controller" >"$folder/controllers"
    cp "$root/deploy/prometheus/prometheus.yml" "$folder/prometheus/"
    echo "[{\"targets\": [\"$metrics\"]}]" >"$folder/prometheus/targets/controllers.json"
    cluster_start "$folder" c1 kelpie-controller

    local targets=()
    for ((i = 1; i <= agents; i++)); do
        name=h$i
        mkdir -p "$folder/$name"/{data,run,pool/guest}
        cp "$guest/vmlinuz" "$guest/initrd.img" "$folder/$name/pool/guest/"
        cat >"$folder/$name/config.yaml" <<EOF
hostName: $name
dataFolder: $folder/$name/data
runFolder: $folder/$name/run
controllers: [$controller]
labels: {rack: r$i}
pools:
  - {name: default, path: $folder/$name/pool, shared: false}
# Several agents share this machine, so each is told what it may use.
capacity: {cpus: 2, memory: ${KELPIE_AGENT_MEMORY:-2Gi}}
reservedMemory: 64Mi
drivers: [${KELPIE_AGENT_DRIVERS:-qemu}]
guard: $distribution/bin/kelpie-guard
metricsAddress: 127.0.0.1:${ports[2 + i]}
EOF
        targets+=("{\"targets\": [\"127.0.0.1:${ports[2 + i]}\"], \"labels\": {\"host\": \"$name\"}}")
        cluster_start "$folder" "$name" kelpie-agent
    done
    (
        IFS=,
        echo "[${targets[*]}]"
    ) >"$folder/prometheus/targets/agents.json"

    if ! await 60 "the controller to lead" cluster_process_ready "$folder" c1 "$metrics" 'kelpie_controller_leading 1.0'; then
        cluster_give_up "$folder" c1
    fi
    for ((i = 1; i <= agents; i++)); do
        if ! await 60 "agent h$i to join" cluster_process_ready "$folder" "h$i" "127.0.0.1:${ports[2 + i]}" 'kelpie_agent_connected 1.0'; then
            cluster_give_up "$folder" "h$i"
        fi
    done
}

cluster_process_ready() {
    local folder=$1 name=$2 metrics=$3 line=$4
    process_runs "$folder/$name/pid" || cluster_give_up "$folder" "$name"
    metric_is "$metrics" "$line"
}

# Shows why a process is not there, and ends the rest.
cluster_give_up() {
    note "dev: $2 did not start; the end of $1/$2/log:"
    tail -n 30 "$1/$2/log" >&2
    cluster_down "$1"
    exit 1
}

# end_process PIDFILE SECONDS: asks, waits, kills.
end_process() {
    local pid
    process_runs "$1" || return 0
    read -r pid _ <"$1"
    kill -TERM "$pid" 2>/dev/null || return 0
    local deadline=$((SECONDS + $2))
    while process_runs "$1"; do
        if ((SECONDS >= deadline)); then
            kill -KILL "$pid" 2>/dev/null || true
            return 0
        fi
        sleep 0.05
    done
}

# Guards outlive their agent, and a killed guard takes its QEMU along: each wrote its own record.
kill_guards() {
    local record pid started
    while IFS= read -r record; do
        while read -r _ pid started; do
            if [[ $(start_time_of "$pid") == "$started" ]]; then
                kill -KILL "$pid" 2>/dev/null || true
            fi
        done < <(grep -aE '^(guard|qemu) [0-9]+ [0-9]+$' "$record")
    done < <(grep -rlaxsE --exclude-dir=pool 'kelpie-guard [0-9]+' "$1" || true)
}

# Processes other than this script whose command line names the folder, as "PID COMMAND"; zombies have none.
processes_of() {
    local entry pid line
    for entry in /proc/[0-9]*/cmdline; do
        pid=${entry#/proc/}
        pid=${pid%/cmdline}
        line=$(tr '\0' ' ' 2>/dev/null <"$entry") || continue
        if [[ $line == *"$1/"* && $pid != "$$" && $pid != "$BASHPID" && $line != *"/dev cluster"* ]]; then
            printf '%s %s\n' "$pid" "$line"
        fi
    done
}

cluster_down() {
    local folder=$1 pid_file left
    if [[ ! -e $folder/controllers ]]; then
        note "dev: there is no cluster in $folder"
        return 0
    fi
    # Agents first, so that none starts a VM again.
    for pid_file in "$folder"/h*/pid "$folder"/c*/pid; do
        [[ ! -e $pid_file ]] || end_process "$pid_file" 10
    done
    kill_guards "$folder"
    # A killed process takes a moment to vanish.
    await 10 "all processes of $folder to end" no_process_of "$folder" || {
        left=$(processes_of "$folder")
        die "these processes are left: $left"
    }
    rm -rf "$folder"
}

no_process_of() {
    [[ -z $(processes_of "$1") ]]
}

cluster_status() {
    local folder=$1 pid_file name
    if [[ ! -e $folder/controllers ]]; then
        note "there is no cluster in $folder; start one by: ./dev cluster up"
        return 1
    fi
    for pid_file in "$folder"/c*/pid "$folder"/h*/pid; do
        [[ -e $pid_file ]] || continue
        name=$(basename "$(dirname "$pid_file")")
        if process_runs "$pid_file"; then
            echo "$name runs, pid $(cut -d' ' -f1 "$pid_file"), log $folder/$name/log"
        else
            echo "$name has ended, log $folder/$name/log"
        fi
    done
    KELPIE_CONTROLLERS=$(<"$folder/controllers") "$distribution/bin/kelpie" cluster status
}
