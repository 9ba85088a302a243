# What may befall the owner of the group "web" and its witness. Each begins and ends with all
# servers in the cluster and the group up; meanwhile mount_watch and the service `stamp` look for a
# second owner.

owner() { status_of "$1" | jq -r '.groups[] | select(.name == "web") | .node'; }
other_than() { if [ "$1" = sv1 ]; then echo sv2; else echo sv1; fi; }
nodes() { tasuki lab status --dir "$dir/lab" --json | jq -r '.hosts[] | select(.kind == "node") | .name'; }
is_off() {
  tasuki lab status --dir "$dir/lab" --json |
    jq -e ".hosts[] | select(.name == \"$1\") | .state == \"off\"" >/dev/null
}
is_frozen() {
  tasuki lab status --dir "$dir/lab" --json |
    jq -e ".hosts[] | select(.name == \"$1\") | .state == \"frozen\"" >/dev/null
}
votes() { [ "$(status_of "$1" | jq .witness.votes)" = "$2" ]; }
is_up_on() { group_is "$1" web "online $2" && group_is "$2" web "online $2"; }
is_up() { is_up_on sv1 "$(owner sv1)" && is_up_on sv2 "$(owner sv1)"; }
everybody_back() {
  local node other
  lab heal
  for node in $(nodes); do if is_off "$node"; then lab start "$node"; fi; done
  for node in $(nodes); do
    for other in $(nodes); do wait_node "$node" "$other" online 60; done
  done
  wait_until 60 is_up
}
goes_to() {
  wait_group "$1" web "online $1" 60
  wait_answer_from web "$1"
}
# Whether one of the two has noticed that the other is not there.
one_is_missed() {
  ! node_is sv1 sv2 online || ! node_is sv2 sv1 online
}
# Exactly one serves, as it says itself and as the client sees.
one_serves() {
  local first=no second=no
  if group_is sv1 web "online sv1"; then first=yes; fi
  if group_is sv2 web "online sv2"; then second=yes; fi
  [ $first != $second ] && { if [ $first = yes ]; then last_answer_from web sv1; else last_answer_from web sv2; fi; }
}

# How often it was said on NODE that WORDS (a pattern), which a proof is told with.
said() { events "$1" | grep -cE "$2" || true; }

# lost_by WORDS COMMAND...: what the command does to the owner, whose name is added to it, the other
# one takes the group over after, with a proof that is told in WORDS. Sets $lost and $survivor.
lost_by() {
  local words=$1 before
  shift
  lost=$(owner sv1)
  survivor=$(other_than "$lost")
  before=$(said "$survivor" "$words")
  "$@" "$lost"
  goes_to "$survivor"
  [ "$(said "$survivor" "$words")" -gt "$before" ]
}
killed() {
  lost_by "$1" lab kill
  everybody_back
  is_up_on "$lost" "$survivor"
}
cut_off() {
  lost_by "$1" lab cut
  everybody_back
}
# frozen WORDS [--paused]: it wakes only where nothing ended it.
frozen() {
  lost_by "$1" lab freeze ${2:-}
  lab thaw "$lost" || ! is_frozen "$lost"
  everybody_back
  [ "$(owner sv1)" = "$survivor" ]
}
cut_one_way() {
  lab cut "$1" "$2" --one-way
  wait_until 30 one_is_missed
  wait_until 60 one_serves
  everybody_back
}
# witness_lost HOW_IT_GOES HOW_IT_COMES_BACK
witness_lost() {
  local before serving node
  serving=$(owner sv1) before=$(now_ms)
  "$1"
  for node in sv1 sv2; do wait_until 30 votes "$node" false; done
  "$2"
  for node in sv1 sv2; do wait_until 30 votes "$node" true; done
  is_up_on sv1 "$serving"
  [ "$(longest_gap web "$before")" -lt 400 ]
}
# What was acknowledged while a server was away binds it when it is back without those who know.
stale() {
  local knows lacks
  knows=$(owner sv1) lacks=$(other_than "$knows")
  lab kill "$lacks"
  wait_until 60 misses "$knows" "$lacks"
  wait_until 60 may_decide "$knows"
  on "$knows" tasuki lock
  lab kill "$knows"
  lab start "$lacks"
  wait_until 60 waits_for_news "$lacks"
  hasnt_mount "$lacks" /mnt/data
  everybody_back
  [ "$(status_of "$lacks" | jq .locked)" = true ]
  on "$lacks" tasuki unlock
}
misses() { node_is "$1" "$2" off || node_is "$1" "$2" lost; }
may_decide() { [ "$(status_of "$1" | jq .right_to_decide)" = true ]; }
waits_for_news() {
  status_of "$1" | jq -r '.problems[]' |
    grep -E "may not know the newest state|no right to decide" >/dev/null
}
