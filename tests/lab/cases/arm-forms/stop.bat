@echo off
ARMKILL Shell%INSTANCE%
exit
