# What `cmake --install` puts where, and the Debian package that `cpack` makes of it:
#
#   cmake --build build/release --target profiler && (cd build/release && cpack)
#
# The package grants no rights by itself: README.md, "Permissions", has the setcap line.
include_guard()
include(GNUInstallDirs)

# Installing needs the program, not the tests.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

find_program(GZIP_PROGRAM gzip REQUIRED)
set(manual ${CMAKE_BINARY_DIR}/profiler.1.gz)
add_custom_command(
  OUTPUT ${manual}
  COMMAND ${GZIP_PROGRAM} -9nc ${CMAKE_SOURCE_DIR}/src/cli/profiler.1 > ${manual}
  DEPENDS ${CMAKE_SOURCE_DIR}/src/cli/profiler.1
  VERBATIM)
add_custom_target(manual DEPENDS ${manual})
add_dependencies(profiler manual)
install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME profiler)
set(CPACK_PACKAGE_VENDOR "profiler")
set(CPACK_PACKAGE_CONTACT "profiler maintainers <maintainers@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
# Exactly the libraries, in the versions that the program's symbols need.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Capstone is not linked, so its package is named here: for `annotate --asm`.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "less, libcapstone4")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libcap2-bin, libc6-dbg")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "profiler that splits user and kernel time by function and cause")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Samples a program through perf_event_open, unwinds its stacks from their
unwind tables while it runs, and shows user and kernel time by function,
with the system calls and page faults that caused the latter.")
include(CPack)
