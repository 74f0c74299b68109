// The step of an explicit Euler gradient flow, adapted by trial (Geiger, Spigler, Jacot and Wyart 2020, their code
// `dynamics.py`): try a step of dt, measure
//
//   dgrad = |g - g'|^2 / (|g| |g'|)           of the gradients before and after (0 where either vanishes)
//   dout  = max_mu |F'_mu - F_mu|             of the trained outputs
//
// and accept it iff dgrad < max_dgrad and dout < max_dout, both strictly (so NaN is refused). Accepted with both below
// `growth_share` of their bounds: the next dt is `growth` times larger. Refused: the state goes back, dt is divided by
// `shrink`.
//
// A gradient that jumps (kinked activations, one unit that flips) can be refused for ever: then either bound dout
// alone, or set a `floor`: a step that is not above it is taken whatever its dgrad and dout, as long as they are
// finite, and counted as forced.
#pragma once

#include <cstdint>
#include <limits>

namespace widthwise {

struct StepRule {
  double max_dgrad = 1e-4;  // > 0, may be infinite
  double max_dout = 0.1;    // > 0, may be infinite
  double first = 1;         // dt of the first trial, > 0
  double growth = 1.1;      // >= 1
  double shrink = 10;       // > 1
  double growth_share = 0.5;
  double floor = 0;  // >= 0
};

/// @throws ConfigError (training.max_dgrad, .max_dout, .first_step, .step_floor) where a number is out of range.
void check_step_rule(const StepRule& rule);

class StepControl {
 public:
  enum class Answer { accepted, forced, refused };
  /// Everything that must be kept to go on as if never stopped.
  struct State {
    double dt = 0;
    std::int64_t accepted = 0, refused = 0, forced = 0;  // forced ones count as accepted too
    double mark = 0;                                     // time when progress was last looked at
    std::int64_t mark_trials = 0;                        // and trials then
  };

  explicit StepControl(const StepRule& rule) : rule_{rule}, state_{rule.first} {}

  /// Step to try next.
  double dt() const { return state_.dt; }
  /// The outcome of a trial of dt(), which it adapts.
  Answer judge(double dgrad, double dout);
  /// Asked after each trial: whether it goes nowhere, time + dt being time, or the last thousand trials having moved
  /// time by less than 1e-10 of itself. (At a kink, trials too short to reach it alternate with ones that are refused.)
  bool stuck(double time);

  const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

 private:
  StepRule rule_;
  State state_;
};

/// dgrad from |g|, |g'| and |g - g'|.
double relative_gradient_change(double before, double after, double difference);

}  // namespace widthwise
