#include "run/show/shown_output.hpp"

#include <utility>

namespace nslaunch::run {
namespace {

/// A longer line is printed in pieces: it has to be shown at some point.
constexpr std::size_t kLongestLine = std::size_t{1} << 20;

}  // namespace

ShownOutput::ShownOutput(OutputMode mode, std::string label, Printer& printer)
    : label_(std::move(label)), printer_(printer) {
  if (mode != OutputMode::kStream) spool_ = std::make_shared<Spool>();
}

void ShownOutput::take(Stream stream, std::string_view bytes) {
  if (spool_) {
    spool_->append(stream, bytes);
    if (!bytes.empty()) line_of(stream).is_begun = bytes.back() != '\n';
  } else {
    print_lines(stream, bytes);
    if (bytes.empty() && !line_of(stream).text.empty()) print_line(stream, {});
  }
}

void ShownOutput::print_lines(Stream stream, std::string_view bytes) {
  for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    print_line(stream, bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
  }
  auto& line = line_of(stream).text;
  line.append(bytes);
  if (line.size() >= kLongestLine) print_line(stream, {});
}

void ShownOutput::print_line(Stream stream, std::string_view rest) {
  auto& line = line_of(stream).text;
  std::string text;
  text.reserve(label_.size() + line.size() + rest.size() + 1);
  text.append(label_).append(line).append(rest) += '\n';
  line.clear();
  printer_.print(stream, std::move(text));
}

void ShownOutput::print() {
  if (!spool_ || spool_->size() == 0) return;
  for (const auto stream : {Stream::kOut, Stream::kErr}) {
    if (line_of(stream).is_begun) spool_->append(stream, "\n");
  }
  printer_.print(std::exchange(spool_, nullptr));
}

std::string ShownOutput::problem() const {
  return spool_ ? spool_->problem() : std::string();
}

}  // namespace nslaunch::run
