# nslaunch_hardening(RESULT): what Debian compiles its programs with, as far as this compiler knows it. For the
# release; tests/package/hardened reads it from there.
include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)

function(nslaunch_hardening result)
  set(flags -D_GLIBCXX_ASSERTIONS)
  foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection -mbranch-protection=standard)
    string(MAKE_C_IDENTIFIER "NSLAUNCH_TAKES${flag}" taken)
    check_cxx_compiler_flag(${flag} ${taken})
    if(${taken})
      list(APPEND flags ${flag})
    endif()
  endforeach()
  set(CMAKE_REQUIRED_FLAGS "-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
  check_cxx_source_compiles("
    #include <cstring>
    #if __USE_FORTIFY_LEVEL < 3
    #error
    #endif
    int main() {}" NSLAUNCH_TAKES_FORTIFY_3)
  list(APPEND flags -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$<IF:$<BOOL:${NSLAUNCH_TAKES_FORTIFY_3}>,3,2>)
  set(${result} ${flags} PARENT_SCOPE)
endfunction()
