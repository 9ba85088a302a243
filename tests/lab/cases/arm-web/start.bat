@echo off
setlocal
if "%ARMS_EVENT%"=="RECOVER" exit
set /a STEP=0
call :step "base server"
ARMLOAD BaseServer /S /M "Base Server" || exit 1
call :step "web front"
echo served by %CLP_GROUPNAME%> w:\index.html
ARMLOAD WebFront /S /M "Web Front" || exit 1
exit 0

:step
set /a STEP+=1
ARMLOG "step %STEP%: %~1"
exit /b
