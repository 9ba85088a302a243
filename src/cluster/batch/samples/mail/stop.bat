@rem  The gateway goes right before the base server, so that no mail is half sent.
@echo off
if "%ARMS_DISK%"=="FAILURE" (
  ARMLOG "mail: nothing to stop without the partition"
  exit /b 0
)
ARMLOG "mail stop: BEGIN"
for %%i in (OfficeMail OfficeBase) do ARMKILL %%i
ARMLOG "mail stop: END"
