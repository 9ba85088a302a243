@echo off
ARMLOG "nothing is killed here"
