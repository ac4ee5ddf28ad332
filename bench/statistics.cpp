#include "bench/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <random>

namespace nslaunch::bench {
double quantile(Samples samples, double q) {
  if (samples.empty()) return 0;
  const auto at = static_cast<std::size_t>(std::lround(q * static_cast<double>(samples.size() - 1)));
  std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(at), samples.end());
  return samples[at];
}

double median(const Samples& samples) {
  return quantile(samples, 0.5);
}

Samples differences(const Samples& a, const Samples& b) {
  Samples result;
  for (std::size_t round = 0; round < std::min(a.size(), b.size()); ++round)
    result.push_back(a[round] - b[round]);
  return result;
}

double ratio(const Samples& a, const Samples& b) {
  return median(a) / median(b);
}

std::vector<std::size_t> next_order(std::size_t count) {
  static std::mt19937 generator(1);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), generator);
  return order;
}

std::string number(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string median_and_half(const Samples& samples, int decimals) {
  return number(median(samples), decimals) + " (" + number(quantile(samples, 0.25), decimals) + "–" +
         number(quantile(samples, 0.75), decimals) + ")";
}

double elapsed_ms(Clock::time_point since) {
  return Milliseconds(Clock::now() - since).count();
}

}  // namespace nslaunch::bench
