rem ================================================================
rem  Workflow on the base server, with a database of its own
rem  The database first, then the base server, then the workflow.
rem ================================================================
IF "%ARMS_EVENT%" == "START" GOTO NORMAL
IF "%ARMS_EVENT%" == "FAILOVER" GOTO TAKEOVER
IF "%ARMS_EVENT%" == "RECOVER" GOTO RECOVER
GOTO BY_HAND

:NORMAL
IF "%ARMS_DISK%" == "FAILURE" GOTO NO_DISK
set REASON=started
GOTO DATABASE

:TAKEOVER
IF "%ARMS_DISK%" == "FAILURE" GOTO NO_DISK
set REASON=taken over
GOTO DATABASE

:RECOVER
ARMLOG "the other server is back"
GOTO DONE

:DATABASE
set PGDATA=w:\database
net start "Office Database"
IF ERRORLEVEL 1 GOTO NO_DATABASE
IF "%ARMS_SERVER%" == "OTHER" w:\tools\psql.exe -d office -f w:\sql\away.sql > w:\log\away.log 2>&1
ARMLOAD OfficeBase /S /M "Office Base Server"
ARMLOAD OfficeWorkflow /S /M "Office Workflow"
ARMBCAST /MSG "The workflow was %REASON%" /A
GOTO DONE

:NO_DATABASE
ARMBCAST /MSG "The workflow's database did not start (code %ERRORLEVEL%)" /A
GOTO DONE

:NO_DISK
ARMBCAST /MSG "The workflow's partition could not be connected" /A
GOTO DONE

:BY_HAND
ARMLOG "start.bat does nothing outside the cluster"

:DONE
exit
