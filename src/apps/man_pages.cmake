# The pages that are written by hand name the options that the programs have.
foreach(program tasukid tasuki-keeper)
  add_test(NAME man/${program}
    COMMAND ${PROJECT_SOURCE_DIR}/docs/man/check_options.sh $<TARGET_FILE:${program}>
      ${PROJECT_SOURCE_DIR}/docs/man/${program}.8)
  set_tests_properties(man/${program} PROPERTIES LABELS unit TIMEOUT 10)
endforeach()
