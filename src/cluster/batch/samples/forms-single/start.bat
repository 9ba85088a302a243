rem ================================================================
rem  Form server with two shells, single standby
rem ================================================================
set FORMS=y:\forms\bin
IF "%ARMS_EVENT%" == "RECOVER" GOTO DONE
IF "%ARMS_EVENT%" == "START" GOTO RUN
IF NOT "%ARMS_EVENT%" == "FAILOVER" GOTO BY_HAND

:RUN
IF "%ARMS_DISK%" == "FAILURE" GOTO NO_DISK
net start "Office Database"
ARMLOAD FormServer /S /M "Office Form Server"
ARMSLEEP 5
%FORMS%\formshell S Supplies
%FORMS%\formshell S Travel
IF "%ARMS_SERVER%" == "HOME" ARMBCAST /MSG "Forms are served at home" /A
IF "%ARMS_SERVER%" == "OTHER" ARMBCAST /MSG "Forms are served away from home" /A
GOTO DONE

:NO_DISK
ARMBCAST /MSG "The forms' partition could not be connected" /A
GOTO DONE

:BY_HAND
ARMLOG "start.bat does nothing outside the cluster"

:DONE
exit
