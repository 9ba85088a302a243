#!/bin/sh
[ "$ARMS_EVENT" = RECOVER ] || ARMLOAD Base /S /M "Base Server"
