@echo off
if "%ARMS_DISK%" == "FAILURE" goto DONE
ARMLOG "base server ends because of %CLP_FACTOR%"
ARMKILL BaseServer
echo stopped>> y:\journal.TXT
:DONE
exit
