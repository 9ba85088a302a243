@echo off
if "%ARMS_EVENT%"=="RECOVER" goto :EOF
call :log base begins
ARMLOAD BaseServer /S /M "Base Server" || exit 1
call :log mail begins
ARMLOAD MailGateway /S /R 2 /H 1 "Mail Gateway" || exit 1
exit 0

:log
ARMLOG "%1 %2"
exit /b
