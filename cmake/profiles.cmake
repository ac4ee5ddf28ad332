# Sets what each profile means, before project() so that CMAKE_BUILD_TYPE takes effect.
set(profile_build_type Debug)
set(profile_werror ON)
set(profile_static OFF)
set(profile_faults ON)
set(profile_precompile ON)
set(profile_flags "")
set(profile_tests ON)
set(profile_bench ON)

if(NSLAUNCH_PROFILE STREQUAL "release")
  set(profile_build_type Release)
  set(profile_werror OFF)
  set(profile_static ON)
  set(profile_faults OFF)
  set(profile_precompile OFF)
  set(profile_tests OFF)
  # Wherever it is built, the same bytes.
  set(profile_flags -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
elseif(NSLAUNCH_PROFILE STREQUAL "asan")
  set(profile_bench OFF)
  # Lines for the sanitizers' reports; nobody looks at variables. A null pointer ends the program anyway and objects
  # are the other sanitizer's; with these checks a program has five times the data, and takes 70 ms to start.
  set(profile_flags -fsanitize=address,undefined -fno-sanitize=null,alignment,vptr,object-size
                    -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  set(profile_kernel_layout_flags -fsanitize=alignment)
elseif(NSLAUNCH_PROFILE STREQUAL "tidy")
  set(CMAKE_CXX_COMPILER clang++ CACHE STRING "")
  set(profile_precompile OFF)
  # What costs is to read the standard headers: once a layer, not once a file.
  set(CMAKE_UNITY_BUILD ON CACHE BOOL "")
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 0 CACHE STRING "")
elseif(NSLAUNCH_PROFILE STREQUAL "coverage")
  set(profile_flags --coverage)
elseif(NOT NSLAUNCH_PROFILE STREQUAL "dev")
  message(FATAL_ERROR "NSLAUNCH_PROFILE is '${NSLAUNCH_PROFILE}'; "
                      "choose dev, release, asan, tidy or coverage")
endif()

set(CMAKE_BUILD_TYPE ${profile_build_type} CACHE STRING "")
option(NSLAUNCH_WERROR "Warnings are errors" ${profile_werror})
option(NSLAUNCH_STATIC "Link the program as static-pie" ${profile_static})
option(NSLAUNCH_FAULTS "Compile the fault injection that the tests use" ${profile_faults})
option(NSLAUNCH_PRECOMPILE "Precompile the headers that most sources read" ${profile_precompile})
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
