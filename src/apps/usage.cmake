# A command line that is not understood ends every program with 2.
foreach(program tasuki tasukid tasuki-keeper tasuki-unit)
  add_test(NAME usage/${program}
    COMMAND sh -c "\"$0\" --no-such-option 2>/dev/null; test $? = 2" $<TARGET_FILE:${program}>)
  set_tests_properties(usage/${program} PROPERTIES LABELS unit TIMEOUT 10)
endforeach()
