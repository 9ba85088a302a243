# add_module() makes one folder one library that declares what it uses; add_program() makes a
# main. Including a folder that was not declared stops the configuration with the line that does it.

# What most files include, compiled once for all modules and once for all tests, by the lowest module:
# building everything from nothing takes half the time. A file still includes what it uses.
set(precompiled_headers <algorithm> <array> <charconv> <chrono> <deque> <expected> <filesystem>
  <fstream> <functional> <map> <memory> <optional> <random> <ranges> <set> <span> <string>
  <string_view> <thread> <utility> <variant> <vector>
  <boost/asio.hpp> <fmt/format.h> <nlohmann/json.hpp>)

function(precompile_headers target owner)
  if(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE ${precompiled_headers} ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# The folders a file includes from, such as "kit" or "cluster/core".
function(included_modules file result)
  file(STRINGS ${file} lines REGEX "^#include \"")
  set(found "")
  foreach(line IN LISTS lines)
    if(line MATCHES "^#include \"((kit|cluster/resource/[a-z_]+|cluster/[a-z]+|office/[a-z]+))/[^\"/]+\"")
      list(APPEND found ${CMAKE_MATCH_1})
    else()
      message(FATAL_ERROR "${file}: ${line}: include project files by their path below src/, as "
        "\"cluster/core/config.hpp\"")
    endif()
  endforeach()
  list(REMOVE_DUPLICATES found)
  set(${result} ${found} PARENT_SCOPE)
endfunction()

function(check_includes module sources uses)
  foreach(source IN LISTS sources)
    included_modules(${CMAKE_CURRENT_SOURCE_DIR}/${source} included)
    foreach(folder IN LISTS included)
      if(NOT folder STREQUAL module AND NOT folder IN_LIST uses)
        message(FATAL_ERROR "${CMAKE_CURRENT_SOURCE_DIR}/${source} includes \"${folder}/\", which "
          "${module} does not declare under USES")
      endif()
    endforeach()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
      ${CMAKE_CURRENT_SOURCE_DIR}/${source})
  endforeach()
endfunction()

function(module_target folder result)
  string(REPLACE "/" "_" name ${folder})
  set(${result} tasuki_${name} PARENT_SCOPE)
endfunction()

# add_module(SOURCES ... HEADERS ... TESTS ... USES folders... LIBRARIES lib::...)
# The module is named after its folder below src/. TESTS may use the module and what it uses.
function(add_module)
  cmake_parse_arguments(M "" "" "SOURCES;HEADERS;TESTS;USES;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${PROJECT_SOURCE_DIR}/src
    OUTPUT_VARIABLE folder)
  module_target(${folder} target)
  set(files ${M_SOURCES} ${M_HEADERS} ${M_TESTS})
  check_includes(${folder} "${files}" "${M_USES}")

  set(kind INTERFACE)
  if(M_SOURCES)
    add_library(${target} STATIC ${M_SOURCES})
    precompile_headers(${target} tasuki_kit)
    set(kind PUBLIC)
  else()
    add_library(${target} INTERFACE)
  endif()
  target_include_directories(${target} ${kind} ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} ${kind} ${M_LIBRARIES})
  foreach(used IN LISTS M_USES)
    module_target(${used} used_target)
    target_link_libraries(${target} ${kind} ${used_target})
  endforeach()

  if(M_TESTS)
    add_executable(${target}_test ${M_TESTS})
    precompile_headers(${target}_test tasuki_kit_test <gmock/gmock.h>)
    target_link_libraries(${target}_test PRIVATE ${target} ${M_TEST_LIBRARIES} GTest::gmock_main)
    set_target_properties(${target}_test PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    add_test(NAME ${folder} COMMAND ${target}_test)
    set_tests_properties(${folder} PROPERTIES LABELS unit TIMEOUT 120)
  endif()
endfunction()

# add_program(NAME SOURCES ... USES folders... LIBRARIES lib::...)
function(add_program name)
  cmake_parse_arguments(P "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  check_includes(apps "${P_SOURCES}" "${P_USES}")
  add_executable(${name} ${P_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${P_LIBRARIES})
  foreach(used IN LISTS P_USES)
    module_target(${used} used_target)
    target_link_libraries(${name} PRIVATE ${used_target})
  endforeach()
endfunction()

# add_fuzz(name SOURCES ... MODULE folder SEEDS folders... DICTIONARY file)
# A libFuzzer program for the folder below src/, whose sources it builds anew with sanitizers; what
# that uses is linked as it is, so that building stays cheap. Runs for TASUKI_FUZZ_SECONDS as a test,
# longer with ./dev fuzz. What it finds worth keeping goes to the build folder.
set(TASUKI_FUZZ_SECONDS 10 CACHE STRING "How long each fuzz target runs as a test")
function(add_fuzz name)
  if(TASUKI_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Release")
    return()  # it has sanitizers of its own
  endif()
  cmake_parse_arguments(F "" "MODULE;DICTIONARY" "SOURCES;SEEDS" ${ARGN})
  module_target(${F_MODULE} module)
  get_target_property(sources ${module} SOURCES)
  get_target_property(libraries ${module} LINK_LIBRARIES)
  add_executable(${name} ${F_SOURCES} ${sources})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${libraries})
  set(sanitizers -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
  target_compile_options(${name} PRIVATE ${sanitizers} -O1 -fno-omit-frame-pointer)
  target_link_options(${name} PRIVATE ${sanitizers})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  set(folder ${PROJECT_BINARY_DIR}/fuzz)
  file(MAKE_DIRECTORY ${folder}/${name}.corpus)
  set(arguments -timeout=10 -max_len=4096 -artifact_prefix=${folder}/)
  if(F_DICTIONARY)
    list(APPEND arguments -dict=${CMAKE_CURRENT_SOURCE_DIR}/${F_DICTIONARY})
  endif()
  # How ./dev fuzz starts it: it goes on from what it found before.
  list(JOIN arguments " " line)
  list(JOIN F_SEEDS " " seeds)
  file(WRITE ${folder}/${name}.arguments "${line} ${folder}/${name}.corpus ${seeds}\n")
  # The test always begins with the seeds alone, so that it does not take longer each time.
  list(TRANSFORM F_SEEDS APPEND "/*")
  file(GLOB_RECURSE seed_files ${F_SEEDS})
  if(seed_files)
    list(JOIN seed_files "," seed_line)
    file(WRITE ${folder}/${name}.seeds "${seed_line}")
    list(APPEND arguments -seed_inputs=@${folder}/${name}.seeds)
  endif()
  add_test(NAME fuzz/${name}
    COMMAND ${name} -max_total_time=${TASUKI_FUZZ_SECONDS} -verbosity=0 ${arguments})
  math(EXPR limit "${TASUKI_FUZZ_SECONDS} + 110")
  set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz TIMEOUT ${limit})
endfunction()
