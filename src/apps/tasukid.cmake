add_program(tasukid
  SOURCES tasukid.cpp
  USES kit cluster/core cluster/proto cluster/api cluster/runner
  LIBRARIES lib::cli lib::sodium)
