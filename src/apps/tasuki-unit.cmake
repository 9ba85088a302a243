add_program(tasuki-unit SOURCES tasuki-unit.cpp USES cluster/systemd)
