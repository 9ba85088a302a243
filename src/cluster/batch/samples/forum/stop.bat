rem  Œf¦”Â‚Ì’â~
IF "%ARMS_DISK%" == "FAILURE" GOTO I—¹
w:\forum\bin\index.exe /stop
ARMKILL Forum
ARMKILL OfficeBase
:I—¹
exit
