// Data drawn from a key: inputs x ~ N(0, I_d) and a rule that gives every sample scores s_1..s_K (K outputs).
//
//   gaussian  s_k = <u_k, x> / sqrt(d),  u_k ~ N(0, I_d): a linear rule
//   teacher   s_k = sqrt(3/m) sum_{r=1..m} a_kr erf(<w_r, x> / sqrt(2 d)),  a_kr ~ N(0,1),  w_r uniform on |w| =
//   sqrt(d):
//             a soft committee machine (Saad & Solla, Phys. Rev. E 52, 4225 (1995)) with random readout. Odd in x, and
//             E s^2 = 1, since E erf(z/sqrt 2)^2 = 1/3 for z ~ N(0,1).
//
// Targets are made of the scores: values (s itself), sign (+-1 for each output), classes (one-hot of the largest score)
// or, for gaussian only, random (+-1 by coin, whatever x is: nothing can be learnt but by heart).
//
// Sample i depends on the key and i alone, so the first P samples of a larger set are those of the smaller one.
// Training and test samples are independent draws under one rule.
#pragma once

#include <string>

#include "widthwise/base/key.h"
#include "widthwise/data/dataset.h"

namespace widthwise {

struct GeneratedOptions {
  Index train = 0, test = 0;  // samples; train >= 1
  Index dimension = 0;        // d >= 1
  Index outputs = 1;          // K >= 1; >= 2 with labels = classes
  std::string labels;         // values, sign, classes, random
  Index teacher_width = 8;    // m >= 1
  Key key;
};

/// Gaussian inputs under a linear rule. For labels sign with one output, classes are 0 (+1) and 1 (-1). Throws
/// ConfigError (data.train, data.test, data.dimension, data.outputs, data.labels) for what cannot be drawn.
Split gaussian(const GeneratedOptions& options);
/// The same inputs under a teacher network; throws also for data.teacher_width.
Split teacher(const GeneratedOptions& options);

}  // namespace widthwise
