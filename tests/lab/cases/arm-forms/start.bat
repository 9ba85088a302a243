@echo off
if "%ARMS_EVENT%"=="RECOVER" exit
ARMLOAD Check%INSTANCE% /W sh -c "exit 4"
ARMGETCD Check%INSTANCE%
if not "%ERRORLEVEL%"=="4" exit 1
ARMLOAD Shell%INSTANCE% /U nobody /M formshell %INSTANCE%
exit %ERRORLEVEL%
