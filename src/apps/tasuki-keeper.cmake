# The C++ library goes into the program: the keeper is locked in memory, and of a shared one most
# pages would be locked without ever being used.
add_program(tasuki-keeper SOURCES tasuki-keeper.cpp USES kit cluster/process)
target_link_options(tasuki-keeper PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections)
