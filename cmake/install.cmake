include(CMakePackageConfigHelpers)

# Two components: the library, and `runtime`, which is all that a package of the program has.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME development)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/nslaunch)
install(TARGETS nslaunch RUNTIME COMPONENT runtime)
install(TARGETS nslaunch_sys nslaunch_ns nslaunch_inspect nslaunch_shard nslaunch_registry nslaunch_run
        EXPORT nslaunch-targets ARCHIVE)
install(DIRECTORY include/nslaunch TYPE INCLUDE)
install(EXPORT nslaunch-targets NAMESPACE nslaunch:: DESTINATION ${package_dir})
configure_package_config_file(cmake/nslaunch-config.cmake.in nslaunch-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(nslaunch-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nslaunch-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/nslaunch-config-version.cmake
        DESTINATION ${package_dir})

cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig
           OUTPUT_VARIABLE to_prefix)
if(NOT NSLAUNCH_STATIC)
  set(pkgconfig_fmt " fmt")
endif()
configure_file(cmake/nslaunch.pc.in nslaunch.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nslaunch.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

include(cmake/manual.cmake)
include(cmake/completions.cmake)
include(cmake/third_party.cmake)
