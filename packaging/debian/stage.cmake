# CPack runs this between installation and packing.
file(GLOB roots ${CPACK_TEMPORARY_DIRECTORY}/*/usr)
foreach(root IN LISTS roots)
  execute_process(
    COMMAND ${CMAKE_CURRENT_LIST_DIR}/stage ${root} ${CPACK_PACKAGE_VERSION} ${CPACK_PACKAGE_CONTACT}
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()
