// The inner loop of measured_peak, once for each instruction set. Internal to linalg.
#pragma once

#include <cstdint>

namespace widthwise::linalg {

/// Runs `rounds` rounds of multiply-adds in registers; returns the operations done (two each).
template <class T>
double peak_rounds(std::int64_t rounds);
/// The name of the instruction set our passes run, as Highway names it.
const char* vector_isa();

}  // namespace widthwise::linalg
