@echo off
if "%ARMS_EVENT%"=="RECOVER" exit
ARMLOAD BaseServer /S /M "Base Server"
ARMLOAD Forum /S /R 1 /SCR "Forum"
