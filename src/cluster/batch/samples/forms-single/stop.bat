rem  Form server with two shells, single standby: shells first.
set FORMS=y:\forms\bin
IF "%ARMS_DISK%" == "FAILURE" GOTO DONE
IF "%ARMS_EVENT%" == "" GOTO DONE
%FORMS%\formshell K Travel
%FORMS%\formshell K Supplies
ARMKILL FormServer
net stop "Office Database"
ARMSLEEP 30
:DONE
exit
