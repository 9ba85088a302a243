@echo off
ARMKILL Shell
ARMKILL Form
exit
