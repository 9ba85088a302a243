rem ================================================================
rem  Form server, two standbys for each other: the service runs on both
rem  servers, only this group's shell moves.
rem ================================================================
IF "%ARMS_EVENT%" == "START" GOTO NORMAL
IF "%ARMS_EVENT%" == "FAILOVER" GOTO FAILOVER
GOTO DONE

:NORMAL
IF "%ARMS_DISK%" == "FAILURE" GOTO NO_DISK
IF "%ARMS_SERVER%" == "OTHER" GOTO SHELL
net start "Office Database"
ARMLOAD FormServer1 /S /M "Office Form Server"
GOTO SHELL

:FAILOVER
IF "%ARMS_DISK%" == "FAILURE" GOTO NO_DISK
IF "%ARMS_SERVER%" == "OTHER" (
  rem the service of this server's own group runs already
  y:\tools\attach.exe /db supplies1 /file y:\data\supplies1.db
) ELSE (
  net start "Office Database"
  ARMLOAD FormServer1 /S /M "Office Form Server"
)

:SHELL
y:\forms\formshell S Supplies1
ARMBCAST /MSG "Shell Supplies1 is served (%ARMS_EVENT%, %ARMS_SERVER%)" /A
GOTO DONE

:NO_DISK
ARMBCAST /MSG "Group 1: the partition could not be connected" /A

:DONE
exit
