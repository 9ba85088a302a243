# The words that lab cases are written in. Nothing here waits for a fixed time: each waits for what
# it names, with a limit.

# One tick of a waiting loop.
tick() { read -rt 0.05 <> <(:) || true; }

# wait_until LIMIT_SECONDS COMMAND...: runs the command until it succeeds.
wait_until() {
  local limit=$1 end
  shift
  end=$(($(date +%s%N) + limit * 1000000000))
  until "$@"; do
    if [ "$(date +%s%N)" -gt "$end" ]; then
      echo "not within $limit s: $*" >&2
      return 1
    fi
    tick
  done
} 2>/dev/null

lab() { local verb=$1; shift; tasuki lab "$verb" --dir "$dir/lab" "$@"; }
# The configuration of the case, with @TOOLS@ standing for the folder of the small services and
# @CASE@ for a copy of the case's own, which nodes see wherever the repository lies. From then on it
# is watched that no two nodes ever have one disk mounted at once; a case in which they do fails.
lab_up() {
  cp -r "$case_folder/." "$dir/case"
  sed "s|@TOOLS@|${bin}/tools|; s|@CASE@|${dir}/case|" "${1:-$case_folder/cluster.toml}" >"$dir/cluster.toml"
  tasuki lab up "$dir/cluster.toml" --dir "$dir/lab"
  mount_watch "$dir/lab" >>"$dir/two_owners" 2>>"$dir/mounts_seen" &
  mount_watch=$!
}
# Ends the watch; fails when two nodes had a disk at once, and when it cannot have seen it.
check_mounts() {
  [ -n "${mount_watch:-}" ] || return 0
  kill "$mount_watch" 2>/dev/null || wait "$mount_watch" || return 1
  if [ -s "$dir/two_owners" ]; then cat "$dir/two_owners"; return 1; fi
  if grep -qF "[[group.partition]]" "$dir/cluster.toml" && [ ! -s "$dir/mounts_seen" ]; then
    echo "mount_watch has seen no mount"
    return 1
  fi
  check_writers
}
# The service `stamp` of a case is what notices that two nodes write to one disk.
check_writers() {
  grep -qF "/stamp\"" "$dir/cluster.toml" || return 0
  if grep -hF "TWO WRITERS" "$dir"/lab/nodes/*/log/tasuki-keeper.log; then return 1; fi
  grep -qF "stamps as owner" "$dir"/lab/nodes/*/log/tasuki-keeper.log || { echo "nothing was stamped"; return 1; }
}
on() { local host=$1; shift; tasuki lab exec --dir "$dir/lab" "$host" -- "$@"; }

# (tasuki status ends with 1 when something needs attention, which is for the case to judge.)
status_of() { on "$1" tasuki status --json || [ $? -eq 1 ]; }
# group_is VIA GROUP "STATE NODE", as tasukid on VIA sees it.
group_is() {
  [ "$(status_of "$1" | jq -r ".groups[] | select(.name == \"$2\") | \"\(.state) \(.node)\"")" = "$3" ]
}
wait_group() { wait_until "${4:-30}" group_is "$1" "$2" "$3"; }
# node_is VIA NODE STATE
node_is() {
  [ "$(status_of "$1" | jq -r ".nodes[] | select(.name == \"$2\") | .state")" = "$3" ]
}
wait_node() { wait_until "${4:-30}" node_is "$1" "$2" "$3"; }

# Who has it, by the kernel's view of each node, whatever tasukid says.
# (Not grep -q: it leaves before the writer is done, which pipefail takes for a failure.)
has_address() { on "$1" ip -o addr show | grep -F " $2/" >/dev/null; }
has_mount() { on "$1" grep -F " $2 " /proc/self/mountinfo >/dev/null; }
hasnt_address() { ! has_address "$@"; }
hasnt_mount() { ! has_mount "$@"; }

# The client's probe of ADDRESS in the background; its answers go to $dir/NAME.probe.
start_probe() {
  on client probe "$2" 8080 >"$dir/$1.probe" &
  background+=($!)
  wait_until 10 test -s "$dir/$1.probe"
}
now_ms() { awk '{printf "%.0f", $1 * 1000}' /proc/uptime; }
# The longest time without an answer since SINCE_MS, in whole milliseconds.
longest_gap() {
  awk -v since="$2" '$1 >= since && last { if ($1 - last > most) most = $1 - last } { last = $1 }
    END { printf "%.0f", most }' "$dir/$1.probe"
}
last_answer_from() { [[ $(tail -n 1 "$dir/$1.probe") == *" $2" ]]; }
wait_answer_from() { wait_until "${3:-30}" last_answer_from "$1" "$2"; }

# events VIA: every event's text, one per line.
events() { on "$1" tasuki events --json | jq -r '.. | .text? // empty'; }
had_event() { events "$1" | grep -F "$2" >/dev/null; }

# The exit code of a command, whose output goes to the case's log.
code_of() {
  local code=0
  "$@" >&2 || code=$?
  echo "$code"
}

pids_in() { on "$1" pgrep -x "$2"; }

show_everything() {
  set +x
  local node
  for node in "$dir"/lab/nodes/*; do
    echo "===== ${node##*/}"
    tail -n 60 "$node"/log/*.log 2>/dev/null
  done
  tail -n 40 "$dir/lab/lab.log" 2>/dev/null
}
