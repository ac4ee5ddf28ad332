#include <nslaunch/templates.hpp>

#include <optional>
#include <sstream>

#include "sys/base/values.hpp"

namespace nslaunch {
namespace {

/// The word with this number in a line, from 1.
std::string nth_word(const std::string& line, unsigned number) {
  std::istringstream words(line);
  std::string word;
  for (unsigned index = 0; index < number; ++index) {
    if (!(words >> word)) return {};
  }
  return word;
}

std::optional<std::string> value_from_line(std::string_view word, const std::string& line) {
  if (word.empty()) return line;
  constexpr std::size_t kMostDigits = 3;
  if (word.size() > kMostDigits || word.front() == '0') return std::nullopt;
  const auto number = sys::whole_number<unsigned>(word);
  if (!number) return std::nullopt;
  return nth_word(line, *number);
}

std::optional<std::string> value_of_word(std::string_view word, const TemplateValues& values) {
  if (word == "index") return std::to_string(values.index);
  if (word == "index0") return std::to_string(values.index - 1);
  if (word == "total") return std::to_string(values.total);
  if (word == "name") return values.name;
  if (word == "id") return values.id;
  if (values.line) return value_from_line(word, *values.line);
  return std::nullopt;
}

}  // namespace

std::string expand(std::string_view text, const TemplateValues& values) {
  std::string expanded;
  for (auto brace = text.find('{'); brace != std::string_view::npos; brace = text.find('{')) {
    expanded += text.substr(0, brace);
    text.remove_prefix(brace + 1);
    const auto word = text.substr(0, text.find('}'));
    const auto value = word.size() < text.size() ? value_of_word(word, values) : std::nullopt;
    expanded += value && value->empty() ? values.nothing : value.value_or("{");
    if (value) text.remove_prefix(word.size() + 1);
  }
  return expanded.append(text);
}

}  // namespace nslaunch
