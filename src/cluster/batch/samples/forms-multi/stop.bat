rem  Form server, two standbys for each other: the shell always, the service only at home.
IF "%ARMS_EVENT%" == "START" GOTO DOWN
IF "%ARMS_EVENT%" == "FAILOVER" GOTO DOWN
GOTO DONE

:DOWN
IF "%ARMS_DISK%" == "FAILURE" GOTO DONE
y:\forms\formshell K Supplies1
IF "%ARMS_SERVER%" == "OTHER" (
  y:\tools\detach.exe /db supplies1
) ELSE (
  ARMKILL FormServer1
  net stop "Office Database"
)
ARMSLEEP 30

:DONE
exit
