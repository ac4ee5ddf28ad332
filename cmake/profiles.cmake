# Sets what each profile means, before project() so that CMAKE_BUILD_TYPE takes effect.
set(profile_build_type Debug)
set(profile_werror ON)
set(profile_static OFF)
set(profile_faults ON)
set(profile_precompile ON)
set(profile_unity ON)
set(profile_joined 8)  # few enough that a change is compiled in seconds
set(profile_hardened OFF)
set(profile_flags "")
set(profile_layer_flags "")
set(profile_tests ON)
set(profile_bench ON)

if(NSLAUNCH_PROFILE STREQUAL "dev")
  # clang compiles unoptimized code in two thirds of g++'s time. g++ compiles the release, in CI with its warnings as
  # errors (scripts/lib.sh).
  set(CMAKE_CXX_COMPILER clang++ CACHE STRING "")
elseif(NSLAUNCH_PROFILE STREQUAL "release")
  set(profile_build_type Release)
  set(profile_werror OFF)
  set(profile_static ON)
  set(profile_faults OFF)
  set(profile_precompile OFF)
  set(profile_joined 0)
  set(profile_hardened ON)
  set(profile_tests OFF)
  # Wherever it is built, the same bytes.
  set(profile_flags -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
elseif(NSLAUNCH_PROFILE STREQUAL "asan")
  set(CMAKE_CXX_COMPILER clang++ CACHE STRING "")
  set(profile_bench OFF)
  set(profile_joined 0)
  # Lines for the sanitizers' reports; nobody looks at variables. A number that its type can't hold is a fault where it
  # comes from bytes of others. The fuzz targets are linked with the same layers as the tests.
  set(profile_flags -fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow -fno-sanitize=vptr,function
                    -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  # The fuzz targets run the layers millions of times; of the tests, which would take twice as long to compile, nobody
  # wants speed.
  set(profile_layer_flags -O1)
elseif(NSLAUNCH_PROFILE STREQUAL "tidy")
  set(CMAKE_CXX_COMPILER clang++ CACHE STRING "")
  set(profile_precompile OFF)
  set(profile_joined 0)
elseif(NSLAUNCH_PROFILE STREQUAL "coverage")
  set(profile_unity OFF)
  set(profile_flags --coverage)
else()
  message(FATAL_ERROR "NSLAUNCH_PROFILE is '${NSLAUNCH_PROFILE}'; "
                      "choose dev, release, asan, tidy or coverage")
endif()

set(CMAKE_BUILD_TYPE ${profile_build_type} CACHE STRING "")
option(NSLAUNCH_WERROR "Warnings are errors" ${profile_werror})
option(NSLAUNCH_STATIC "Link the program as static-pie" ${profile_static})
option(NSLAUNCH_FAULTS "Compile the fault injection that the tests use" ${profile_faults})
option(NSLAUNCH_PRECOMPILE "Precompile the headers that most sources read" ${profile_precompile})
option(NSLAUNCH_HARDENED "Compile and link with what makes a mistake in memory end the program" ${profile_hardened})
option(NSLAUNCH_UNITY "Compile several sources as one: what they all include is read once" ${profile_unity})
set(NSLAUNCH_UNITY_SOURCES ${profile_joined} CACHE STRING "How many sources of a layer are compiled as one; 0: all")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
