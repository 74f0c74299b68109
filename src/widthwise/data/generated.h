// Data drawn from a key: inputs x and a rule that gives every sample scores s_1..s_K (K outputs). With z ~ N(0, I_d),
//
//   gaussian  x = z, s_k = <u_k, x> / sqrt(d),  u_k ~ N(0, I_d): a linear rule
//   sphere    x = sqrt(d) z / |z|, uniform on the sphere, under the same rule
//   teacher   s_k = sqrt(3/m) sum_{r=1..m} a_kr erf(<w_r, x> / sqrt(2 d)),  a_kr ~ N(0,1),  w_r uniform on |w| =
//   sqrt(d):
//             a soft committee machine (Saad & Solla, Phys. Rev. E 52, 4225 (1995)) with random readout. Odd in x, and
//             E s^2 = 1, since E erf(z/sqrt 2)^2 = 1/3 for z ~ N(0,1). x = z.
//   power-law x_k = sqrt(lambda_k) z_k, lambda_k = k^-a,  s = sum_k w_k x_k + noise (one output), with
//             lambda_k w_k^2 = k^(-a beta - 1), or the w_k given (the rest 0): E (s - noise)^2 = sum_k lambda_k w_k^2.
//             a: spectrum_exponent, beta: target_exponent. In gradient flow the loss of a linear model falls as t^-beta
//             (Bordelon and Pehlevan, arXiv:2502.02531).
//
// Targets are made of the scores: values (s itself), sign (+-1 for each output), classes (one-hot of the largest score)
// or, for gaussian and sphere, random (+-1 by coin, whatever x is: nothing can be learnt but by heart).
//
// Sample i depends on the key and i alone, so the first P samples of a larger set are those of the smaller one.
// Training, validation and test samples are independent draws under one rule; noise is in all of them.
#pragma once

#include <string>
#include <vector>

#include "widthwise/base/key.h"
#include "widthwise/data/dataset.h"

namespace widthwise {

struct GeneratedOptions {
  Index train = 0, test = 0, validation = 0;  // samples; train >= 1
  Index dimension = 0;                        // d >= 1
  Index outputs = 1;                          // K >= 1; >= 2 with labels = classes
  std::string labels;                         // values, sign, classes, random
  Index teacher_width = 8;                    // m >= 1
  // power-law
  double spectrum_exponent = 1.5, target_exponent = 1;  // a and beta, >= 0
  std::vector<double> coefficients;                     // w_1 .. w_m, m <= d; empty: by target_exponent
  double noise = 0;                                     // standard deviation, >= 0
  Key key;
};

/// Gaussian inputs under a linear rule. For labels sign with one output, classes are 0 (+1) and 1 (-1). Throws
/// ConfigError (data.train, data.test, data.dimension, data.outputs, data.labels) for what cannot be drawn.
Split gaussian(const GeneratedOptions& options);
/// The same inputs under a teacher network; throws also for data.teacher_width.
Split teacher(const GeneratedOptions& options);
/// Uniform on the sphere of radius sqrt(d), under a linear rule.
Split sphere(const GeneratedOptions& options);
/// Power-law spectrum and target; labels values or sign. Throws also for data.spectrum_exponent, data.target_exponent,
/// data.target_coefficients, data.label_noise.
Split power_law(const GeneratedOptions& options);
/// w_1 .. w_d of power-law data.
std::vector<double> power_law_coefficients(const GeneratedOptions& options);

}  // namespace widthwise
