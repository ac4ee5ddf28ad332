# lay_out_as_launched(TARGET): what a launch calls lies together in the program, in that order, where
# lld is there to do it: a launch then touches a third of the pages (docs/benchmarks.md). The order is
# scripts/launch-order's; names in it that are not in the program are passed over.
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
