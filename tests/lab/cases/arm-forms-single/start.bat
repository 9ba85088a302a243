@echo off
if "%ARMS_EVENT%"=="RECOVER" goto EXIT
ARMLOAD Form /S /M "Form Server"
if errorlevel 1 exit 1
ARMLOAD Shell /U nobody /R 3 /H 1 formshell
if errorlevel 1 exit 1
if "%ARMS_SERVER%"=="OTHER" ARMBCAST /MSG "forms on the standby" /A
:EXIT
exit 0
