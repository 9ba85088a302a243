#!/bin/sh
ARMKILL Base
