# `cpack -G DEB`, for scripts/package: the program alone. It is static, so the package depends on nothing.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME nslaunch)
set(CPACK_PACKAGE_CONTACT "nslaunch maintainers <maintainers@users.noreply.r-seed-ff4e3431.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "run a command in namespaces of its own")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "nslaunch runs a command, such as a test suite that starts servers on fixed
ports, in network, process, mount and IPC namespaces of its own. When the
command ends, or nslaunch is killed in whatever way, the kernel ends all of it:
no process, listener, mount or temporary file stays behind.
.
The program is one static file, needs no daemon and no set-uid, and works as
root and, where user namespaces are allowed, as an ordinary user.")
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/prerm)
if(CMAKE_CROSSCOMPILING)
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${NSLAUNCH_DEBIAN_ARCHITECTURE})  # the toolchain file's
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL runtime)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/packaging/debian/stage.cmake)
include(CPack)
