add_program(tasuki SOURCES tasuki.cpp USES cluster/cli)
# What it simulates with needs nothing of Corosync, only what lies beside it does.
target_link_options(tasuki PRIVATE -Wl,--as-needed)
