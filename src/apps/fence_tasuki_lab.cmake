add_program(fence_tasuki_lab SOURCES fence_tasuki_lab.cpp USES cluster/lab)
