# Made by the program itself, or when this machine can't run it by one of the same version that it can.
set(NSLAUNCH_NATIVE "" CACHE FILEPATH "When cross-compiling: an nslaunch that runs here and makes the completions")
if(CMAKE_CROSSCOMPILING)
  set(completer ${NSLAUNCH_NATIVE})
else()
  set(completer $<TARGET_FILE:nslaunch>)
endif()
if(NOT completer)
  message(STATUS "no NSLAUNCH_NATIVE was given: the completions are not made")
  return()
endif()

foreach(shell bash zsh fish)
  set(completion ${CMAKE_CURRENT_BINARY_DIR}/completion.${shell})
  add_custom_command(OUTPUT ${completion}
    COMMAND sh -c "\"$0\" completion \"$1\" >\"$2\"" ${completer} ${shell} ${completion}
    DEPENDS nslaunch ${completer} VERBATIM)
  list(APPEND completions ${completion})
endforeach()
add_custom_target(nslaunch_completions ALL DEPENDS ${completions})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion.bash COMPONENT runtime
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME nslaunch)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion.zsh COMPONENT runtime
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _nslaunch)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion.fish COMPONENT runtime
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME nslaunch.fish)
