#!/bin/sh
# check_options.sh PROGRAM PAGE: the manual page names the options of the program's help, all of
# them and no others.
set -eu
options() { sed 's/\\-/-/g' | grep -oE -e '--[a-z][a-z-]+' | sort -u; }
wanted=$("$1" --help | options)
named=$(options <"$2")
[ "$wanted" = "$named" ] || {
  printf '%s\n' "$2 names:" "$named" "$1 --help names:" "$wanted" >&2
  exit 1
}
