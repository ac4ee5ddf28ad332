# nslaunch_scenario(LABEL SCRIPT [LONG] [AS root user] [SECOND root|user] [PROPERTIES ...]): a script that tries the built
# program, registered once for every identity in AS and SECOND (see support/as). LONG: only scripts/test --all runs it.
# Who can be both identities runs it as SECOND with --all only.
function(nslaunch_scenario label script)
  cmake_parse_arguments(SCENARIO "LONG" "SECOND" "AS;PROPERTIES" ${ARGN})
  foreach(identity IN LISTS SCENARIO_AS SCENARIO_SECOND)
    set(labels ${label})
    if(SCENARIO_LONG)
      list(APPEND labels long)
    elseif(identity STREQUAL "${SCENARIO_SECOND}")
      list(APPEND labels second)
    endif()
    set(name "${label} as ${identity}: ${script}")
    add_test(NAME ${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/as ${identity} tests/${script})
    set_tests_properties(${name} PROPERTIES LABELS "${labels}" SKIP_RETURN_CODE 77 TIMEOUT 300
      ENVIRONMENT "NSLAUNCH=$<TARGET_FILE:nslaunch>" ${SCENARIO_PROPERTIES})
  endforeach()
endfunction()

# The demo shows the bug on the machine's own ports 9925 and 9926: one at a time.
nslaunch_scenario(examples examples/collide AS root user PROPERTIES PROCESSORS 8)
nslaunch_scenario(examples examples/demo AS root user PROPERTIES RESOURCE_LOCK host_ports PROCESSORS 8)
nslaunch_scenario(examples engines/parallel AS root user PROPERTIES PROCESSORS 4)
nslaunch_scenario(examples engines/slurm AS root PROPERTIES PROCESSORS 2)  # its jobs are an ordinary user's, too

# What is published, made of the program under test: none of it depends on how that was compiled. npm is a user's, a CI
# job is mostly root's.
foreach(scenario shim gitlab-template)
  nslaunch_scenario(packages packages/${scenario} AS root user PROPERTIES PROCESSORS 4)
endforeach()
nslaunch_scenario(packages packages/npm AS user SECOND root PROPERTIES PROCESSORS 4)
nslaunch_scenario(packages packages/github-action AS root SECOND user PROPERTIES PROCESSORS 4)
nslaunch_scenario(packages packages/lint AS user SECOND root PROPERTIES PROCESSORS 4 FIXTURES_REQUIRED package_tools)
nslaunch_scenario(packages packages/package-managers LONG AS root user
  PROPERTIES PROCESSORS 4 FIXTURES_REQUIRED package_tools)

# nslaunch_installation(LABEL FIXTURE): what LABEL's scenarios need from npm. Installed by whoever runs ctest; from
# root's copy everybody reads.
function(nslaunch_installation label fixture)
  add_test(NAME "${label}: install" COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/${label}/install)
  set_tests_properties("${label}: install" PROPERTIES LABELS ${label} SKIP_RETURN_CODE 77 TIMEOUT 900
    ENVIRONMENT "NSLAUNCH=$<TARGET_FILE:nslaunch>" FIXTURES_SETUP ${fixture})
endfunction()

nslaunch_installation(packages package_tools)
nslaunch_installation(harper harperdb)
nslaunch_scenario(harper harper/four-at-once AS user SECOND root PROPERTIES FIXTURES_REQUIRED harperdb PROCESSORS 8)
# All on the same fixed ports, and all in shards: two at once.
nslaunch_scenario(harper harper/suite AS root SECOND user PROPERTIES FIXTURES_REQUIRED harperdb PROCESSORS 4)
foreach(scenario killed-launcher without-nslaunch)
  nslaunch_scenario(harper harper/${scenario} AS root user PROPERTIES FIXTURES_REQUIRED harperdb PROCESSORS 4)
endforeach()
foreach(scenario in-parts reach hold restart-leak)
  nslaunch_scenario(harper harper/${scenario} LONG AS root user PROPERTIES FIXTURES_REQUIRED harperdb PROCESSORS 4)
endforeach()

# What all of these need is fetched and built once (scripts/test builds it at idle priority meanwhile, which is waited
# for); then each runs its containers in a shard.
add_test(NAME "containers: prepare" COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/containers/prepare)
set_tests_properties("containers: prepare" PROPERTIES LABELS containers SKIP_RETURN_CODE 77 TIMEOUT 1800
  FIXTURES_SETUP containers RESOURCE_LOCK release_build)
foreach(scenario variants first-process shared-state wrapper)
  nslaunch_scenario(containers containers/${scenario} AS root PROPERTIES FIXTURES_REQUIRED containers PROCESSORS 4)
endforeach()
