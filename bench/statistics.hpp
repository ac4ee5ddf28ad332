#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace nslaunch::bench {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC
using Milliseconds = std::chrono::duration<double, std::milli>;

/// One contestant's value in each round: index i of every contestant is the same round.
using Samples = std::vector<double>;

double quantile(Samples samples, double q);
double median(const Samples& samples);

/// a - b, round by round.
Samples differences(const Samples& a, const Samples& b);

/// The ratio of the medians. (The median of each round's ratio tends to 1 where noise is larger
/// than what is measured.)
double ratio(const Samples& a, const Samples& b);

/// 0, 1, … count-1 in another order each time, the same orders in each execution.
std::vector<std::size_t> next_order(std::size_t count);

/// "1.234", for tables.
std::string number(double value, int decimals);

/// "1.23 (1.20–1.31)": the median and the middle half.
std::string median_and_half(const Samples& samples, int decimals);

double elapsed_ms(Clock::time_point since);

}  // namespace nslaunch::bench
