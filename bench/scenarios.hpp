#pragma once

#include "bench/setup.hpp"

namespace nslaunch::bench {

// Each measures one line of the budgets and prints Markdown tables.

void measure_start(const Setup& setup);     ///< start to exit, above a bare `true`
void measure_many(const Setup& setup);      ///< many shards at once
void measure_teardown(const Setup& setup);  ///< from the launcher's SIGKILL to all gone
void measure_memory(const Setup& setup);    ///< private dirty memory of what stays resident
void measure_registry(const Setup& setup);  ///< listing live shards, sweeping dead records
void measure_relay(const Setup& setup);     ///< bytes through a published port
void measure_suite(const Setup& setup);     ///< many shards by one run, and what they write

}  // namespace nslaunch::bench
