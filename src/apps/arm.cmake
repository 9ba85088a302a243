add_program(arm SOURCES arm.cpp USES cluster/arm)
# A folder with the program under each command's name, for the front of a script's PATH: in capitals,
# in lower case, and as guides mix them. Batch files find them in any case.
set(commands ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/commands)
file(MAKE_DIRECTORY ${commands})
foreach(command ARMLoad ARMKill ARMLoadC ARMGetCD ARMBcast ARMBroadcast ARMLog ARMSleep ARMDelay Net)
  string(TOLOWER ${command} lower)
  string(TOUPPER ${command} upper)
  foreach(name ${command} ${lower} ${upper})
    file(CREATE_LINK ../arm ${commands}/${name} SYMBOLIC)
  endforeach()
endforeach()
