# The language, the warnings, the sanitizers and the hardening every target is built with.

option(TASUKI_WERROR "Treat warnings as errors" OFF)
set(TASUKI_SANITIZE "" CACHE STRING "Sanitizers to build with, such as address,undefined or thread")

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Tasuki is built with Clang 19 (apt install clang-19); found "
    "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}. docs/decisions/compiler.md says why.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wnull-dereference -Wmissing-declarations)
# Everything that shares a precompiled header is compiled for threads or not; ccache compares the
# contents of such a header, not its age.
add_compile_options(-pthread -Xclang -fno-pch-timestamp)
if(TASUKI_WERROR)
  add_compile_options(-Werror)
endif()
if(TASUKI_SANITIZE)
  add_compile_options(-fsanitize=${TASUKI_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TASUKI_SANITIZE})
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  # Assertions stay on in release: a node that stops is taken over, a node that is wrong is not.
  set(CMAKE_CXX_FLAGS_RELEASE "-O2")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -D_GLIBCXX_ASSERTIONS
    -fstack-protector-strong -fstack-clash-protection -fcf-protection)
  add_link_options(-Wl,-z,relro -Wl,-z,now)
endif()
