#!/bin/sh
ARMLOG "the office server ends"
ARMKILL Office
