@echo off
if "%ARMS_EVENT%"=="RECOVER" exit 0
if "%ARMS_DISK%"=="FAILURE" exit 1
if not exist w:\pg\PG_VERSION call :create
net start "PostgreSQL Database" > nul
if errorlevel 1 exit 1
ARMLOAD BaseServer /S /M "Base Server" || exit 1
ARMLOAD Workflow /S /M "Workflow" || exit 1
exit 0

:create
install -d -o postgres -g postgres -m 700 w:\pg
setpriv --reuid postgres --regid postgres --init-groups /usr/lib/postgresql/15/bin/initdb -D w:\pg -A trust > nul
echo host all all all trust>> w:\pg\pg_hba.conf
rem What no database writes is safe from a power cut only now.
sync
ARMLOG "a database was made"
exit /b
