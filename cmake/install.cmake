include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/nslaunch)
install(TARGETS nslaunch RUNTIME)
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

find_program(NSLAUNCH_SCDOC scdoc)
if(NSLAUNCH_SCDOC)
  file(GLOB manual_sources CONFIGURE_DEPENDS docs/man/*.scd)
  foreach(source IN LISTS manual_sources)
    cmake_path(GET source STEM LAST_ONLY page)
    set(manual ${CMAKE_CURRENT_BINARY_DIR}/man/${page})
    add_custom_command(OUTPUT ${manual}
      COMMAND sh -c "\"$0\" <\"$1\" >\"$2\"" ${NSLAUNCH_SCDOC} ${source} ${manual}
      DEPENDS ${source} VERBATIM)
    list(APPEND manuals ${manual})
  endforeach()
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/man)
  add_custom_target(nslaunch_manual ALL DEPENDS ${manuals})
  install(FILES ${manuals} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
else()
  message(STATUS "scdoc was not found: the manual pages are not built")
endif()

# Made by the program itself: where it runs on this machine.
if(NOT CMAKE_CROSSCOMPILING)
  foreach(shell bash zsh fish)
    set(completion ${CMAKE_CURRENT_BINARY_DIR}/completion.${shell})
    add_custom_command(OUTPUT ${completion}
      COMMAND sh -c "\"$0\" completion \"$1\" >\"$2\"" $<TARGET_FILE:nslaunch> ${shell} ${completion}
      DEPENDS nslaunch VERBATIM)
    list(APPEND completions ${completion})
  endforeach()
  add_custom_target(nslaunch_completions ALL DEPENDS ${completions})
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion.bash
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME nslaunch)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion.zsh
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _nslaunch)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion.fish
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME nslaunch.fish)
endif()
