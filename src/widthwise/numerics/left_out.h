// A statistic of several seeds without one of them: what jack-knives are made of (jackknife.h).
#pragma once

#include <string>

namespace widthwise {

/// A statistic of all seeds but one.
struct LeftOut {
  std::string seed;  // the one
  double value = 0;
};

}  // namespace widthwise
