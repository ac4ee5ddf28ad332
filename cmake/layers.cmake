# nslaunch_layer(NAME LINKS ...): one directory of src/ with its rooms as one static library that may link (and so
# include) only the layers named in LINKS. scripts/check-layers holds the include side of the same rule.
add_library(nslaunch_settings INTERFACE)
set(spdlog_definitions $<TARGET_PROPERTY:spdlog::spdlog_header_only,INTERFACE_COMPILE_DEFINITIONS>)
target_compile_features(nslaunch_settings INTERFACE cxx_std_20)
target_compile_options(nslaunch_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
  $<$<BOOL:${NSLAUNCH_WERROR}>:-Werror> ${profile_flags})
target_link_options(nslaunch_settings INTERFACE ${profile_flags})
# What spdlog's sources need, all have: they share a precompiled header, and the two that include it are compiled as one.
target_compile_definitions(nslaunch_settings INTERFACE
  $<$<BOOL:${NSLAUNCH_FAULTS}>:NSLAUNCH_FAULTS> ${spdlog_definitions})
if(NSLAUNCH_HARDENED)
  nslaunch_hardening(hardening_flags)
  target_compile_options(nslaunch_settings INTERFACE ${hardening_flags})
  target_link_options(nslaunch_settings INTERFACE -Wl,-z,relro -Wl,-z,now)
endif()
if(NSLAUNCH_STATIC)
  target_compile_options(nslaunch_settings INTERFACE -fPIE -ffunction-sections -fdata-sections)
endif()

# nslaunch_precompile(TARGET): what most sources include is read once, by the first layer. The release, which does
# without, finds an include that is missing.
function(nslaunch_precompile target)
  if(NOT NSLAUNCH_PRECOMPILE)
    return()
  endif()
  if(target STREQUAL "nslaunch_sys")
    target_precompile_headers(nslaunch_sys PRIVATE <algorithm> <array> <chrono> <filesystem> <functional> <map>
      <memory> <optional> <set> <sstream> <string> <vector> <fmt/format.h>)
  else()
    target_precompile_headers(${target} REUSE_FROM nslaunch_sys)
  endif()
endfunction()

# nslaunch_unity(TARGET [SOURCES-AT-ONCE]): its sources as one, or so many at once, where the profile wants that.
function(nslaunch_unity target)
  set(at_once ${NSLAUNCH_UNITY_SOURCES} ${ARGN})
  list(POP_BACK at_once batch)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${NSLAUNCH_UNITY} UNITY_BUILD_BATCH_SIZE ${batch})
endfunction()

function(nslaunch_layer name)
  cmake_parse_arguments(LAYER "" "" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cpp)
  add_library(nslaunch_${name} STATIC ${sources})
  target_include_directories(nslaunch_${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(nslaunch_${name} PRIVATE $<BUILD_INTERFACE:nslaunch_settings>)
  target_compile_options(nslaunch_${name} PRIVATE ${profile_layer_flags})
  foreach(layer IN LISTS LAYER_LINKS)
    target_link_libraries(nslaunch_${name} PUBLIC nslaunch_${layer})
  endforeach()
  set_target_properties(nslaunch_${name} PROPERTIES EXPORT_NAME ${name})
  nslaunch_unity(nslaunch_${name})
  nslaunch_precompile(nslaunch_${name})
endfunction()
