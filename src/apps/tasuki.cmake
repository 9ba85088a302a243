add_program(tasuki SOURCES tasuki.cpp USES cluster/cli)
