@echo off
ARMKILL Forum
ARMKILL BaseServer
