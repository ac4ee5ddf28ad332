# lay_out_as_launched(TARGET): places the functions that a launch calls next to each other, in the order of their
# calls, if lld is available. This saves a launch 45 of 190 page faults (docs/benchmarks.md). scripts/launch-order
# writes the order; names in it that are not in the program are ignored.
find_program(NSLAUNCH_LLD ld.lld)
set(launch_order ${PROJECT_SOURCE_DIR}/cmake/launch-order.txt)

function(lay_out_as_launched target)
  if(NOT NSLAUNCH_LLD)
    message(STATUS "ld.lld was not found: the program will start a little slower")
    return()
  endif()
  # A cross compiler looks for it only beside its own programs, or where it is told.
  cmake_path(GET NSLAUNCH_LLD PARENT_PATH lld_directory)
  target_link_options(${target} PRIVATE -fuse-ld=lld $<$<BOOL:${CMAKE_CROSSCOMPILING}>:-B${lld_directory}>
    -Wl,--symbol-ordering-file=${launch_order} -Wl,--no-warn-symbol-ordering)
  set_target_properties(${target} PROPERTIES LINK_DEPENDS ${launch_order})
endfunction()
