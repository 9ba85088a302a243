@echo off
rem  Everything with the web front, which goes down first.
if "%ARMS_DISK%"=="FAILURE" exit /b 0
for %%i in (OfficeWeb,OfficeWorkflow,OfficeBase) do (
  ARMLOG "web: %%i stops"
  ARMKILL %%i
)
net stop "Office Database" > nul
exit /b 0
