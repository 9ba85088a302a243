# The C++ library goes into the program: the keeper is locked in memory, and of a shared one most
# pages would be locked without ever being used.
add_program(tasuki-keeper SOURCES tasuki-keeper.cpp USES kit cluster/process)
target_link_options(tasuki-keeper PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections)
# Tests of what runs processes start the real keeper.
foreach(test tasuki_cluster_process_test tasuki_cluster_resource_script_test tasuki_cluster_runner_test
    tasuki_cluster_resource_service_test)
  add_dependencies(${test} tasuki-keeper)
endforeach()
