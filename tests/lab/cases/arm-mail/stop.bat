@echo off
for %%i in (MailGateway BaseServer) do (
  ARMKILL %%i
  ARMLOG "%%i has ended"
)
exit
