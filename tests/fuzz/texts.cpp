// What makes text of others fit to be shown, quoted and put into a report.
#include "input.hpp"
#include "sys/base/columns.hpp"
#include "sys/base/text.hpp"

namespace {

using namespace nslaunch;

int hex_digit(char letter) {
  return letter <= '9' ? letter - '0' : letter - 'a' + 10;
}

/// The words of a line as bash reads them: plain, 'in quotes' and $'with \x0a'.
std::vector<std::string> read_as_bash(std::string_view line) {
  std::vector<std::string> words;
  bool quoted = false;
  bool ansi = false;
  bool in_word = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char letter = line[at];
    if (!quoted && letter == ' ') {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (!quoted && letter == '$' && line.substr(at + 1).starts_with('\'')) {
      quoted = ansi = true;
      ++at;
    } else if (letter == '\'') {
      quoted = !quoted;
      ansi = false;
    } else if (ansi && letter == '\\' && line.substr(at + 1).starts_with('x')) {
      words.back() += static_cast<char>(hex_digit(line[at + 2]) * 16 + hex_digit(line[at + 3]));
      at += 3;
    } else if (letter == '\\' && (ansi || !quoted)) {
      words.back() += line[++at];
    } else {
      words.back() += letter;
    }
  }
  return words;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto columns = input.number();
  const auto text = input.text();
  const auto shown = sys::escape(text);
  fuzz::require_harmless(shown);
  fuzz::require(sys::escape(shown) == shown, "what is escaped stays as it is when it is escaped again");
  fuzz::require(sys::columns_of(sys::cut_to_columns(shown, columns)) <= columns, "a text that was cut fits");
  const auto in_report = sys::for_xml(text);
  fuzz::require(sys::for_xml(in_report) == in_report, "what a document may have stays as it is");
  fuzz::require_harmless(in_report, "\t\n\r");
  fuzz::require_harmless(sys::as_it_stands(text));
  const auto words = input.words();
  const auto line = sys::shell_quote(words);
  fuzz::require_harmless(line);
  fuzz::require(read_as_bash(line) == words, "a shell takes quoted words for those that they were");
  return 0;
}
