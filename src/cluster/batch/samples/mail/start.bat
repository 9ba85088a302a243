@rem  Base server and mail gateway: the gateway comes right behind the base server.
@echo off
setlocal
set WHERE=at home
if "%ARMS_SERVER%"=="OTHER" set WHERE=away from home

if "%ARMS_DISK%"=="FAILURE" goto no_disk
if "%ARMS_EVENT%"=="START" goto run
if "%ARMS_EVENT%"=="FAILOVER" goto run
if "%ARMS_EVENT%"=="RECOVER" goto :EOF
ARMLOG "mail: event [%ARMS_EVENT%] is not known"
exit /b 1

:run
call :note BEGIN
ARMLOAD OfficeBase /S /M /R 3 /H 1 "Office Base Server"
ARMLOAD OfficeMail /S /M "Office Mail Gateway"
call :note END
exit /b 0

:no_disk
ARMBCAST /MSG "mail: no partition (%ARMS_EVENT%, %WHERE%)" /A
exit /b 1

:note
ARMLOG "mail start %WHERE%: %1"
