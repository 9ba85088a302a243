@echo off
rem ================================================================
rem  Everything with the web front, which comes up last
rem ================================================================
setlocal enabledelayedexpansion
set LOG=w:\log\start.log
set STEP=0

if "%ARMS_DISK%"=="FAILURE" goto no_disk
goto on_%ARMS_EVENT% 2>nul

:on_START
:on_FAILOVER
call :step "database"
net start "Office Database" || goto failed
call :step "base server"
ARMLOAD OfficeBase /S /M "Office Base Server" || goto failed
call :step "workflow"
ARMLOAD OfficeWorkflow /S /M "Office Workflow" || goto failed
call :step "web front"
ARMLOAD OfficeWeb /S /M "Office Web Front" || goto failed
echo %DATE% up after !STEP! steps>> %LOG%
exit /b 0

:on_RECOVER
ARMLOG "web: the other server is back"
exit /b 0

:failed
ARMBCAST /MSG "web: step !STEP! failed" /A
exit /b 1

:no_disk
ARMBCAST /MSG "web: the partition could not be connected" /A
exit /b 1

:step
set /a STEP+=1
ARMLOG "web: step !STEP!, %~1"
exit /b 0
