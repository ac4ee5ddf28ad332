# What others have written and the static program contains is under terms that ask for their notice: THIRD-PARTY
# holds them, as the packages do that it was built from. Boost's ask for none in a program.
if(NOT NSLAUNCH_STATIC)
  return()
endif()

string(REGEX MATCH "^[0-9]+" compiler ${CMAKE_CXX_COMPILER_VERSION})
set(third_party ${CMAKE_CURRENT_BINARY_DIR}/THIRD-PARTY)
file(WRITE ${third_party}.new "nslaunch contains parts of the libraries below.\n")
foreach(package libc6-dev libstdc++-${compiler}-dev libnl-3-dev libpcap0.8-dev libfmt-dev libspdlog-dev
                nlohmann-json3-dev libunistring-dev libpugixml-dev)
  set(notice /usr/share/doc/${package}/copyright)
  if(NOT EXISTS ${notice})
    message(STATUS "${notice} was not found: THIRD-PARTY is without it")
    continue()
  endif()
  file(READ ${notice} terms)
  file(APPEND ${third_party}.new "\n==== ${package} ====\n\n${terms}")
endforeach()
file(COPY_FILE ${third_party}.new ${third_party} ONLY_IF_DIFFERENT)
install(FILES ${third_party} DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
