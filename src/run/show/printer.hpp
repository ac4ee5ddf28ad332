#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "run/show/spool.hpp"
#include "sys/io/loop.hpp"

namespace nslaunch::run {

/// What a terminal shows below all other output.
class Footer {
 public:
  virtual ~Footer() = default;
  /// The sequence that removes it from the screen; empty if it is not shown.
  virtual std::string erase() = 0;
};

/// Writes to this process's stdout and stderr in one common order, at the readers' pace and without ever
/// blocking. Output that has lost its reader is dropped.
class Printer {
 public:
  Printer();

  /// Writes whenever `loop` turns. `loop` must outlive this.
  void begin(sys::Loop& loop);
  void print(Stream stream, std::string text);
  /// Prints all of it, each piece to its stream.
  void print(std::shared_ptr<Spool> spool);
  /// Prints the footer itself.
  void print_footer(std::string text);

  /// Nothing more should be added for now.
  bool is_full() const noexcept { return waiting_ > kMostWaiting || items_.size() > kMostItems; }
  /// The errno if something could not be written (a full disk); 0 if at most a stream is closed.
  int error() const noexcept { return error_; }
  std::uint64_t written() const noexcept { return written_; }
  bool is_empty() const noexcept { return items_.empty(); }

  /// Writes as much as is accepted at once.
  void write_now();

  /// The footer is written to stderr; if stdout is a terminal, too, it is erased for output to either.
  void set_footer(Footer* footer) noexcept { footer_ = footer; }

 private:
  static constexpr std::size_t kMostWaiting = std::size_t{4} << 20;
  static constexpr std::size_t kMostItems = 256;

  struct Item {
    Stream stream = Stream::kOut;
    std::string text{};
    std::shared_ptr<Spool> spool{};
    bool is_footer = false;
  };
  /// The descriptor that a stream is written to.
  int target(Stream stream) const noexcept;
  bool fill_front();
  bool write_some();
  void wait_for_front() noexcept;

  std::deque<Item> items_;
  int error_ = 0;
  std::uint64_t written_ = 0;    ///< bytes
  std::size_t waiting_ = 0;      ///< bytes of text
  std::size_t front_taken_ = 0;  ///< of the front's text
  bool lost_[2] = {false, false};
  sys::Fd terminals_[2];  ///< the streams that are terminals, reopened so that a write never blocks
  std::size_t most_at_once_[2];
  bool on_terminal_[2];
  Footer* footer_ = nullptr;
  sys::Loop::Watch watches_[2];
};

}  // namespace nslaunch::run
