# BPF programs, compiled by clang and embedded as skeletons by bpftool. Both, and libbpf, are
# optional: PROFILER_BPF says whether they are there; what uses them has a substitute.
include_guard()

pkg_check_modules(BPF IMPORTED_TARGET libbpf>=1.0)
find_program(PROFILER_BPF_CLANG NAMES clang clang-19 clang-16 clang-14
             DOC "Compiler for BPF programs")
# Debian keeps it where only root looks.
find_program(PROFILER_BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin DOC "Writes BPF skeletons")

set(PROFILER_BPF OFF)
if(BPF_FOUND AND PROFILER_BPF_CLANG AND PROFILER_BPFTOOL)
  # A clang may have been built without the BPF target.
  execute_process(COMMAND ${PROFILER_BPF_CLANG} --print-targets
                  OUTPUT_VARIABLE clang_targets ERROR_QUIET)
  if(clang_targets MATCHES "bpf")
    set(PROFILER_BPF ON)
  endif()
endif()
if(NOT PROFILER_BPF)
  message(STATUS "Without BPF (it needs libbpf-dev, clang with its BPF target, and bpftool): system "
                 "calls are counted by tracepoint records, strangers' samples dropped after copying")
endif()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(PROFILER_BPF_ARCH arm64)
else()
  set(PROFILER_BPF_ARCH x86)
endif()

# profiler_bpf_program(TARGET NAME DEPENDS file...): NAME.bpf.c becomes "NAME.skel.h" for the sources
# of TARGET, which is also linked with libbpf and compiled with PROFILER_BPF defined.
function(profiler_bpf_program target name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/${name}.bpf.c)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
  list(TRANSFORM ARG_DEPENDS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE depends)
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${PROFILER_BPF_CLANG} -target bpf -mcpu=v3 -D__TARGET_ARCH_${PROFILER_BPF_ARCH} -O2 -g -Wall
            -Werror -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE} -I${CMAKE_SOURCE_DIR}/src
            -c ${source} -o ${object}
    # Not of our writing: clang-tidy says nothing of it.
    COMMAND ${CMAKE_COMMAND} -E echo "// NOLINTBEGIN" > ${skeleton}
    COMMAND ${PROFILER_BPFTOOL} gen skeleton ${object} name ${name} >> ${skeleton}
    COMMAND ${CMAKE_COMMAND} -E echo "// NOLINTEND" >> ${skeleton}
    DEPENDS ${source} ${depends} VERBATIM)
  # By itself it waits for none of the libraries that TARGET is linked with.
  add_custom_target(${name}_skeleton DEPENDS ${skeleton})
  add_dependencies(${target} ${name}_skeleton)
  target_sources(${target} PRIVATE ${skeleton})
  target_include_directories(${target} SYSTEM PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
  target_compile_definitions(${target} PRIVATE PROFILER_BPF)
  target_link_libraries(${target} PUBLIC PkgConfig::BPF)
endfunction()
