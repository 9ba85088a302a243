@echo off
ARMKILL Workflow
ARMKILL BaseServer
ARMSLEEP 0
net stop "PostgreSQL Database"
if errorlevel 2 ARMLOG "the database did not run"
exit 0
