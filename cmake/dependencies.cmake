# Each dependency has one door (docs/architecture.md): only the targets named there link it.
find_package(PkgConfig REQUIRED)
if(NSLAUNCH_STATIC)
  # For all that is found from here on, libnl through pkg-config included.
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
  set(Boost_USE_STATIC_LIBS ON)
endif()
pkg_check_modules(libnl REQUIRED IMPORTED_TARGET libnl-3.0)
pkg_check_modules(libpcap REQUIRED IMPORTED_TARGET libpcap)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
find_package(fmt 8 REQUIRED)
find_package(spdlog 1.9 REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)

if(NSLAUNCH_STATIC)
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_FLAGS -std=c++20)
  check_cxx_source_compiles("
    #include \"${PROJECT_SOURCE_DIR}/src/sys/base/format.cpp\"
    int main() { return static_cast<int>(fmt::format(\"{} {} {:L}\", 1.5, 2.5f, 3).size()); }" NSLAUNCH_OWN_FMT)
  unset(CMAKE_REQUIRED_FLAGS)
endif()
