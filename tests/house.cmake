# nslaunch_house(NAME COMMAND ... [LOCKS ...] [PROPERTIES ...])
function(nslaunch_house name)
  cmake_parse_arguments(HOUSE "" "" "COMMAND;LOCKS;PROPERTIES" ${ARGN})
  list(POP_FRONT HOUSE_COMMAND script)
  add_test(NAME "house: ${name}" COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${HOUSE_COMMAND})
  set_tests_properties("house: ${name}" PROPERTIES LABELS house TIMEOUT 900 SKIP_RETURN_CODE 77 PROCESSORS 8
    RESOURCE_LOCK "${HOUSE_LOCKS}" ${HOUSE_PROPERTIES})
endfunction()

nslaunch_house(check-layers COMMAND house/check-layers)
nslaunch_house(check-paths COMMAND house/check-paths)
nslaunch_house(named-tests COMMAND house/named-tests)
nslaunch_house(documented-tree COMMAND house/documented-tree)
nslaunch_house(readme-commands COMMAND house/readme-commands LOCKS release_build host_ports)
nslaunch_house(sources-alone COMMAND house/sources-alone)
set_tests_properties("house: sources-alone" PROPERTIES LABELS "house;long")
nslaunch_house("installed dev" COMMAND package/installed ${PROJECT_BINARY_DIR})
set_tests_properties("house: installed dev" PROPERTIES LABELS "house;long")
# What scripts/package makes of build/release, and what is done with it.
nslaunch_house(packages COMMAND package/made LOCKS release_build PROPERTIES FIXTURES_SETUP packages)
nslaunch_house("installed release" COMMAND package/installed ${PROJECT_SOURCE_DIR}/build/release LOCKS release_build
  PROPERTIES FIXTURES_REQUIRED packages)
nslaunch_house("release is hardened" COMMAND package/hardened ${PROJECT_SOURCE_DIR}/build/release LOCKS release_build
  PROPERTIES FIXTURES_REQUIRED packages)
nslaunch_house("packages in a fresh root" COMMAND package/fresh-root LOCKS release_build
  PROPERTIES FIXTURES_REQUIRED packages ENVIRONMENT "NSLAUNCH=$<TARGET_FILE:nslaunch>")
nslaunch_house("packages are reproducible" COMMAND package/reproducible LOCKS release_build
  PROPERTIES FIXTURES_REQUIRED packages TIMEOUT 1800)
set_tests_properties("house: packages are reproducible" PROPERTIES LABELS "house;long")
