// Kept outputs (measure.keep) of several runs on the same points, compared. F_s is the trained output of run s, samples
// x outputs:
//
//   ensemble_error      share of points that the mean output Fbar = mean_s F_s gets wrong: for one output Fbar y <= 0,
//                       for several another class than the target's is as large; the error of the ensemble, not the
//                       mean error of its members
//   ensemble_variance   1/(S-1) sum_s mean_mu (F_s(x_mu) - Fbar(x_mu))^2, the mean over outputs too; its root is the
//                       size of the fluctuations of F from one initialization to another
//   relative_distance   rms(F_b - F_a) / rms(F_a)
//   divergences         of the law of F over seeds from that of other runs, the mean over points (and outputs) of
//                         logit        KL of normal laws fitted to F
//                         probability  KL of Beta laws fitted to 1 / (1 + exp(-F))      (numerics/divergence.h)
//                         class        |P(F > 0) - P_other(F > 0)|
//                       points without a fit are left out, and there is no value where they are more than a tenth
//                       (Golikov 2020, code)
//
// (Geiger, Spigler, Jacot and Wyart 2020, where F is centred and points are test points.)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace widthwise {

class StoreReader;

struct KeptOutputs {
  std::int64_t samples = 0, outputs = 0;
  std::vector<double> values;        // samples x outputs
  std::vector<std::uint8_t> labels;  // of the samples, as kept_arrays.h; empty where targets have none
};

/// The array `name` ("test_outputs") of a recorded run, with its labels. @throws StoreError where the run does not have
/// it, or it is not what a run writes.
KeptOutputs load_outputs(const StoreReader& reader, const std::string& identity, const std::string& name);

/// All on the same points: @throws ShapeError otherwise. NaN of none; of an ensemble without labels.
double ensemble_error(std::span<const KeptOutputs* const> members);
/// NaN of fewer than two.
double ensemble_variance(std::span<const KeptOutputs* const> members);
/// @param how "logit_divergence", "probability_divergence" or "class_divergence". NaN of none, and where no point has
/// a fit.
double divergence(const std::string& how, std::span<const KeptOutputs* const> members,
                  std::span<const KeptOutputs* const> others);
/// NaN where `a` is zero everywhere.
double relative_distance(const KeptOutputs& a, const KeptOutputs& b);

}  // namespace widthwise
