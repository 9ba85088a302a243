# The libraries Tasuki stands on, each a Debian package, each wrapped as one imported target.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# Finds a pkg-config library or says which Debian package brings it.
function(require_library target pkg debian)
  pkg_check_modules(${target} IMPORTED_TARGET GLOBAL ${pkg})
  if(NOT ${target}_FOUND)
    message(FATAL_ERROR "${pkg} is missing: apt install ${debian}, or run ./dev setup")
  endif()
  add_library(lib::${target} ALIAS PkgConfig::${target})
endfunction()

require_library(fmt fmt libfmt-dev)
require_library(cpg libcpg libcpg-dev)
require_library(quorum libquorum libquorum-dev)
require_library(votequorum libvotequorum libvotequorum-dev)
require_library(mnl libmnl libmnl-dev)
require_library(blkid blkid libblkid-dev)
require_library(sodium libsodium libsodium-dev)
require_library(pq libpq libpq-dev)
require_library(pugixml pugixml libpugixml-dev)
require_library(icu icu-uc libicu-dev)

# The one that has no pkg-config file.
find_library(TASUKI_SGUTILS sgutils2)
if(NOT TASUKI_SGUTILS)
  message(FATAL_ERROR "sgutils2 is missing: apt install libsgutils2-dev, or run ./dev setup")
endif()
add_library(lib_sgutils INTERFACE)
target_link_libraries(lib_sgutils INTERFACE ${TASUKI_SGUTILS})
add_library(lib::sgutils ALIAS lib_sgutils)

foreach(header_only json:nlohmann/json.hpp:nlohmann-json3-dev
    toml:toml++/toml.h:libtomlplusplus-dev
    cli:CLI/CLI.hpp:libcli11-dev
    asio:boost/asio.hpp:libboost1.81-dev)
  string(REPLACE ":" ";" parts ${header_only})
  list(GET parts 0 name)
  list(GET parts 1 header)
  list(GET parts 2 debian)
  find_file(TASUKI_HEADER_${name} ${header})
  if(NOT TASUKI_HEADER_${name})
    message(FATAL_ERROR "${header} is missing: apt install ${debian}, or run ./dev setup")
  endif()
  add_library(lib_${name} INTERFACE)
  add_library(lib::${name} ALIAS lib_${name})
endforeach()
target_compile_definitions(lib_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_BEAST_SEPARATE_COMPILATION)

find_package(GTest REQUIRED)
