rem ================================================================
rem  Base server alone, single standby: stop
rem ================================================================

IF "%ARMS_EVENT%" == "START" GOTO STOPPING
IF "%ARMS_EVENT%" == "FAILOVER" GOTO STOPPING
GOTO BY_HAND

:STOPPING
IF "%ARMS_DISK%" == "FAILURE" GOTO NO_DISK
IF "%ARMS_SERVER%" == "OTHER" GOTO AWAY
ARMBCAST /MSG "The base server stops on its home server" /A
ARMKILL OfficeBase
GOTO DONE

:AWAY
ARMBCAST /MSG "The base server stops away from home" /A
ARMKILL OfficeBase
GOTO DONE

:NO_DISK
ARMBCAST /MSG "The base server's partition was never connected" /A
GOTO DONE

:BY_HAND
ARMLOG "stop.bat does nothing outside the cluster"

:DONE
exit
