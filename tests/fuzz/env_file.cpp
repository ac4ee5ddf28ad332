// The file of --env-file.
#include "cli/common/variables.hpp"
#include "input.hpp"
#include "memory_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::Input(data, size).text();
  const fuzz::MemoryFile file(text);
  nslaunch::cli::Arguments arguments;
  arguments.add("env-file", file.path());
  std::vector<std::string> variables;
  fuzz::works([&] { nslaunch::cli::add_variables(variables, arguments, nullptr); });
  for (const auto& variable : variables) {
    fuzz::require(variable.find('=') != std::string::npos && variable.front() != '=',
                  "a variable has a name");
    fuzz::require(variable.find('\0') == std::string::npos, "a variable has no NUL byte");
    fuzz::require(text.find(variable) != std::string::npos, "a variable stands in the file");
  }
  return 0;
}
