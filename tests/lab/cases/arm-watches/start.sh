#!/bin/sh
# Starts the office server, whatever the event, but not when the disk is missing.
[ "$ARMS_DISK" = FAILURE ] && { ARMBCAST /MSG "the partition is missing" /A; exit 1; }
case $ARMS_EVENT in
  RECOVER) armlog "a lost server is back"; exit 0 ;;
esac
ARMBcast /MSG "the office server starts: $ARMS_EVENT $ARMS_SERVER" /A
ARMLoad Office /S /M "office server"
