# add_module() makes one folder one library that declares what it uses; add_program() makes a
# main. Including a folder that was not declared stops the configuration with the line that does it.

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
