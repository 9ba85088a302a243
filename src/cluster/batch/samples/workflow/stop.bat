rem  Workflow on the base server: everything down in the opposite order.
IF "%ARMS_EVENT%" == "START" GOTO DOWN
IF "%ARMS_EVENT%" == "FAILOVER" GOTO DOWN
ARMLOG "stop.bat does nothing outside the cluster"
GOTO DONE

:DOWN
IF "%ARMS_DISK%" == "FAILURE" GOTO NO_DISK
ARMKILL OfficeWorkflow
ARMKILL OfficeBase
IF "%ARMS_SERVER%" == "OTHER" w:\tools\psql.exe -d office -f w:\sql\home.sql > w:\log\home.log 2>&1
net stop "Office Database"
ARMSLEEP 30
GOTO DONE

:NO_DISK
ARMBCAST /MSG "The workflow's partition was never connected" /A

:DONE
exit
