#pragma once

#include <nslaunch/fleet_display.hpp>

#include <memory>
#include <string>
#include <string_view>

#include "run/show/printer.hpp"
#include "run/show/spool.hpp"

namespace nslaunch::run {

/// The output of one attempt on its way to the printer: kept until the attempt has ended, or line by line.
class ShownOutput {
 public:
  /// `label`: the prefix of each line with OutputMode::kStream. The printer must outlive it.
  ShownOutput(OutputMode mode, std::string label, Printer& printer);

  /// No bytes: the stream has ended.
  void take(Stream stream, std::string_view bytes);
  /// Hands what has been kept to the printer.
  void print();
  /// Why the end of the output is lost, as text; empty if it is not.
  std::string problem() const;

 private:
  struct Line {
    std::string text{};     ///< with kStream: an incomplete line
    bool is_begun = false;  ///< the last byte was no newline
  };
  void print_lines(Stream stream, std::string_view bytes);
  void print_line(Stream stream, std::string_view rest);
  Line& line_of(Stream stream) noexcept { return lines_[static_cast<std::size_t>(stream)]; }

  std::string label_;
  Printer& printer_;
  std::shared_ptr<Spool> spool_;  ///< none with kStream
  Line lines_[2];
};

}  // namespace nslaunch::run
