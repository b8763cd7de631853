# Every folder of code is one static library target of the same name, made of all its .cc files;
# every folder under tests/unit is one test program.
include_guard()

add_library(profiler_options INTERFACE)
target_include_directories(profiler_options INTERFACE
  ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
target_compile_options(profiler_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  -fno-omit-frame-pointer)
if(PROFILER_SANITIZE)
  target_compile_options(profiler_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all)
  target_link_options(profiler_options INTERFACE -fsanitize=address,undefined)
endif()

if(PROFILER_FUZZERS)
  # libstdc++ 12 uses what clang 19 calls deprecated, in std::stable_sort.
  target_compile_options(profiler_options INTERFACE
    -fsanitize=fuzzer-no-link -Wno-deprecated-declarations)
endif()

# profiler_library(NAME DEPS target...)
function(profiler_library name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE profiler_options ${ARG_DEPS})
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC profiler_options ${ARG_DEPS})
endfunction()

# profiler_unit_test(NAME DEPS target...): tests/unit/NAME/*.cc
function(profiler_unit_test name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_test ${sources})
  target_link_libraries(${name}_test PRIVATE profiler_options ${ARG_DEPS}
    GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name}_test PRIVATE
    PROFILER_SOURCE_DIR="${CMAKE_SOURCE_DIR}" PROFILER_BINARY_DIR="${CMAKE_BINARY_DIR}")
  gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 120)
endfunction()
