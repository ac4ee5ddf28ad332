find_program(NSLAUNCH_SCDOC scdoc)
if(NOT NSLAUNCH_SCDOC)
  message(STATUS "scdoc was not found: the manual pages are not built")
  return()
endif()

# scdoc dates a page by it, or by today. As a part of the command a new date makes the pages anew.
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  set(dated ${CMAKE_COMMAND} -E env SOURCE_DATE_EPOCH=$ENV{SOURCE_DATE_EPOCH})
endif()
file(GLOB manual_sources CONFIGURE_DEPENDS docs/man/*.scd)
foreach(source IN LISTS manual_sources)
  cmake_path(GET source STEM LAST_ONLY page)
  set(manual ${CMAKE_CURRENT_BINARY_DIR}/man/${page})
  add_custom_command(OUTPUT ${manual}
    COMMAND ${dated} sh -c "\"$0\" <\"$1\" >\"$2\"" ${NSLAUNCH_SCDOC} ${source} ${manual}
    DEPENDS ${source} VERBATIM)
  list(APPEND manuals ${manual})
endforeach()
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/man)
add_custom_target(nslaunch_manual ALL DEPENDS ${manuals})
install(FILES ${manuals} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT runtime)
