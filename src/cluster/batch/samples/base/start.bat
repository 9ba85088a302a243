rem ================================================================
rem  Base server alone, single standby: start
rem ================================================================

rem What happened?
IF "%ARMS_EVENT%" == "START" GOTO NORMAL
IF "%ARMS_EVENT%" == "FAILOVER" GOTO FAILOVER
IF "%ARMS_EVENT%" == "RECOVER" GOTO RECOVER

rem Somebody ran this by hand
GOTO BY_HAND

rem ---- the group starts ------------------------------------------
:NORMAL
IF "%ARMS_DISK%" == "FAILURE" GOTO NO_DISK
IF "%ARMS_SERVER%" == "OTHER" GOTO NORMAL_AWAY

ARMBCAST /MSG "The base server starts on its home server" /A
ARMLoad OfficeBase /S /M "Office Base Server"
GOTO DONE

:NORMAL_AWAY
ARMBCAST /MSG "The base server starts away from home" /A
ARMLoad OfficeBase /S /M "Office Base Server"
GOTO DONE

rem ---- the other server is back ----------------------------------
:RECOVER
rem nothing has to be done
GOTO DONE

rem ---- the other server failed -----------------------------------
:FAILOVER
IF "%ARMS_DISK%" == "FAILURE" GOTO NO_DISK
IF "%ARMS_SERVER%" == "OTHER" GOTO FAILOVER_AWAY

ARMBCAST /MSG "The base server has come home after a failure" /A
ARMLoad OfficeBase /S /M "Office Base Server"
GOTO DONE

:FAILOVER_AWAY
ARMBCAST /MSG "The base server was taken over after a failure" /A
ARMLoad OfficeBase /S /M "Office Base Server"
GOTO DONE

rem ---- what can go wrong -----------------------------------------
:NO_DISK
ARMBCAST /MSG "The base server's partition could not be connected" /A
GOTO DONE

:BY_HAND
ARMLOG "start.bat does nothing outside the cluster"

:DONE
exit
