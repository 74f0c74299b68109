// The question "in which regime does this network train?" as a study: networks over alpha and the width, their
// linearised twins, the flow of the tangent kernel they end with, and a search for alpha*, where the kernel has changed
// by a given share of itself (Geiger, Spigler, Jacot and Wyart 2020, whose networks are the default).
//
// A network is whatever the base settings of a study file describe; what they leave open is set for the purpose:
//
//   training.optimizer  gradient-flow: alpha is to decide the regime, not rates and steps; the keys of other rules, in
//   a file
//                       for one of those, are then left out
//   training.kappa      -training.alpha: F = alpha (f - f_0), so that f_0 is no noise of size alpha
//   training.alpha_convention  code where the readout is 1/n (mup, mean-field, integrable), else article; time only
//   stop                all margins are 1; the squared loss and cross-entropy: a training loss of 0.01
//   training.steps      of gradient flow at most 100,000
//   training.max_dgrad  none, and max_dout 0.01, where the activation has kinks (docs/gradient-flow.md)
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "widthwise/study/document.h"

namespace widthwise {

struct RegimeQuestion {
  std::filesystem::path file{};  // a study whose base settings are meant; empty: three hidden softplus layers of width
                                 // 128, mean-field, on 256 samples of Fashion-MNIST by parity, the soft hinge; on data
                                 // of one's own (data.name = csv, npy) by their classes, cross-entropy
  std::string variant{};         // of that study
  std::vector<std::pair<std::string, std::string>> settings{};  // key and value as behind --set, over all else
  std::vector<std::int64_t> widths{};                           // empty: a quarter, half, once and twice the network's
  double lowest = 1e-3, highest = 1e3;                          // alpha, in equal steps of its logarithm
  int alphas = 5;
  int seeds = 4;
  double kernel_change =
      1;  // at alpha*, in multiples of the initial kernel; below some 0.3 it is the lazy law that decides
};

/// Its text, TOML: what `widthwise run` would read. The network's own width and alpha are among those of the grid.
/// Sweeps: "networks", "linearised" and "kernel of the end" (under plain gradient flow only), "alpha*".
/// @throws ConfigError for settings no network can have, alpha <= 0, no or too many alphas or seeds; what read_study
/// throws.
std::string regime_study_text(const RegimeQuestion& question);
Study regime_study(const RegimeQuestion& question);

/// What network that is, and what of its file was left out or is not in its base settings: a sentence each.
std::vector<std::string> regime_notes(const RegimeQuestion& question);

/// Names of the quantities derived in it.
inline constexpr const char* from_linearised = "distance from the linearised network";
inline constexpr const char* from_end_kernel = "distance from the kernel of the end";

}  // namespace widthwise
