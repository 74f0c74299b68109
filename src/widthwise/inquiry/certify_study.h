// The question "does this configuration scale?" as a study: the network, parameterization, optimizer and data that the
// base settings of a study file describe, at several widths and seeds, for a few steps at the file's own rates, in
// double precision. For every weight matrix theory (parameterization/outcome.h, epsilon and weight decay counted) says
// how what is measured moves with the width:
//
//   start          rms of W_l x_{l-1}                              of order one; the output's must not grow
//   first          where first updates differ: rms of h_l after    of order one; the output's must not grow
//                  one
//   update         rms of (W_l - W_l at the start) x_{l-1}         must not grow
//   contribution   what that moves the output by, to first order   of order one: idle in wide networks, or too much
//   epsilon        epsilon over the gradient                       must not grow, or it takes the gradient's place
//   decay          adam, rmsprop: what weight decay adds to the    of order one: else it takes over, or is not felt
//                  gradient, over that; others: the share of W_l
//                  that a step takes
//
// Where first updates have rates of their own, made for a start that vanishes, starts must not grow. update and
// contribution as means over the steps, first after one, the others at initialization (gradients at a later step are
// the noise of how far the loss happens to have fallen). Outputs train centred, f - f_0: loss slopes then start as
// those of the targets, at every width and seed; f_0 itself is a sweep of its own.
//
// Epsilon and decay act through sums such as g + epsilon, of two powers of the width; until the larger power has taken
// over a slope may lie anywhere between the two. So theory's answer is two exponents, the one without epsilon and decay
// and the one at infinite width, and measurements are to lie between; what is required is required of the latter.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "widthwise/parameterization/outcome.h"
#include "widthwise/study/document.h"

namespace widthwise {

struct CertifyQuestion {
  std::filesystem::path file{};  // a study whose base settings are meant; empty: two
                                 // hidden relu layers on generated data, `settings` over it
  std::string variant{};         // of that study
  std::vector<std::pair<std::string, std::string>> settings{};  // key and value as behind --set, over all else
  std::vector<std::int64_t> widths{128, 256, 512, 1024};        // two or more
  int seeds = 16;                                               // two or more
  int steps = 4;
  int samples = 64;         // training samples at most, and of a batch: theory is of few samples beside the width
  double tolerance = 0.25;  // of exponents, which are mostly multiples of 1/2
};

/// What is measured of one weight matrix.
enum class TensorQuantity { start, first, update, contribution, epsilon, decay };
/// "start", "first", "update", "contribution", "epsilon", "decay".
const char* quantity_name(TensorQuantity quantity);

struct Expectation {
  int layer = 1;      // of W_l
  std::string block;  // "input", "hidden", "output"
  TensorQuantity quantity{};
  std::string value;             // of the study's runs: "last(4).update.2"
  Rational exponent, without;    // of the width: at infinite width, and without epsilon and decay
  bool may_vanish = false;       // a start that the first update is made to leave
  std::string name() const;      // "W_2 (hidden): update"
  bool needs_order_one() const;  // else it must not grow
};

/// What theory says of the network asked about: where it leads, and every quantity that has a size.
struct Expected {
  Outcome outcome;
  std::vector<Expectation> rows;  // by layer
  bool first_rates = false;       // whether the first update has rates of its own
};
/// @throws what certify_study_text throws.
Expected certify_expectations(const CertifyQuestion& question);

/// The study as TOML, what `widthwise run` would read: sweeps "networks" and "starts", a prediction a row of the
/// expectations.
/// @throws ConfigError for settings no network can have; fewer than two widths or seeds; an optimizer without steps of
/// a given rate (gradient-flow), sums of residual networks, which theory has no exponents for; settings that are
/// expressions of the width, for there the exponents of the parameterization are not those of the rates. What
/// read_study throws.
std::string certify_study_text(const CertifyQuestion& question);
Study certify_study(const CertifyQuestion& question);

/// What network that is, and what was set aside for the purpose: a sentence each.
std::vector<std::string> certify_notes(const CertifyQuestion& question);

}  // namespace widthwise
