# The words that cases of the virtual machines are written in: those of tests/lab, and what differs
# with machines that have a kernel and a disk of their own.
source "$tests/lab/lib.sh"

lab() { local verb=$1; shift; python3 "$tests/vm/vmlab" --dir "$dir/lab" "$verb" "$@"; }
# One word after the machine's name goes to its shell as it is.
on() { local host=$1; shift; lab exec "$host" -- "$@"; }
# The configuration of the case, with @TOOLS@ standing for the folder of the small services and
# @CASE@ for a copy of the case's own, as machines see them; or N machines without Tasuki.
lab_up() {
  local what=$1
  shift
  if [ -e "$case_folder/$what" ]; then
    cp -rL "$case_folder/." "$dir/case"
    sed "s|@TOOLS@|/opt/tasuki/tools|; s|@CASE@|${dir}/case|" "$case_folder/$what" >"$dir/$what"
    what=$dir/$what
  fi
  lab up "$what" "$@"
}

# Ends a script where "! COMMAND" would not (bash, set -e).
not() { ! "$@"; }

machine_is() {
  [ "$(lab status --json | jq -r ".machines[] | select(.name == \"$1\") | .state")" = "$2" ]
}
# How often the machine was reset without losing its power.
resets() { lab status --json | jq ".machines[] | select(.name == \"$1\") | .resets | length"; }
# When that was last, on the clock of now_ms; 0: never.
last_reset() {
  local epoch
  epoch=$(lab status --json | jq ".machines[] | select(.name == \"$1\") | .resets[-1] // 0")
  if [ "$epoch" = 0 ]; then echo 0; return; fi
  echo $((epoch - $(date +%s%3N) + $(now_ms)))
}
was_reset_since() { [ "$(last_reset "$1")" -ge "$2" ]; }
# When the probe NAME heard NODE first after SINCE_MS.
first_answer_from() {
  awk -v since="$3" -v node="$2" '$1 >= since && $NF == node { printf "%.0f", $1; exit }' "$dir/$1.probe"
}

# In which a lost server has let go, or is reset, in milliseconds after its loss.
t2_of() {
  on "$1" tasuki config check /etc/tasuki/cluster.toml --explain --json |
    jq -r '.times[] | capture("^t2 = (?<ms>[0-9]+)ms").ms'
}

# stop_program NODE NAME: ends it as a service manager would, and keeps it from beginning again.
stop_program() { on "$1" "touch /run/stopped/$2; kill \$(pidof $2)"; }
signal_program() { on "$1" "kill -$3 \$(pidof $2)"; }
runs() { on "$1" pidof "$2" >/dev/null; }
runs_not() { ! runs "$@"; }

show_everything() {
  set +x
  local file
  for file in "$dir"/lab/nodes/*/log/*.log "$dir"/lab/nodes/*/console.log "$dir/lab/lab.log"; do
    [ -s "$file" ] || continue
    echo "===== ${file#"$dir/lab/"}"
    tail -n 60 "$file"
  done
}
