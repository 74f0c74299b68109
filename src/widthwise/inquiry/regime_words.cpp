#include "widthwise/inquiry/regime_words.h"

#include <fmt/format.h>

#include <cmath>

namespace widthwise {

namespace {

std::string with_interval(double value, const Interval& interval) {
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) return fmt::format("{:.3g}", value);
  return fmt::format("{:.3g} [{:.3g}, {:.3g}]", value, interval.low, interval.high);
}

std::string with_interval(const SeedMean& mean) {
  return with_interval(mean.value, mean.interval);
}

std::string verdict(const RegimePoint& here, int seeds) {
  const std::string place = fmt::format("At width {} and alpha {:g}", here.width, here.alpha);
  if (here.used == 0)
    return fmt::format("{} no run has ended with a kernel: {}.", place,
                       here.absent.empty() ? "none is recorded" : here.absent.front());
  if (here.unconverged == here.used)
    return fmt::format(
        "{} no run has reached the margin or loss it was to reach ({}), so it cannot be said in which regime it "
        "trains; "
        "until then its tangent kernel changed by {:.3g} times its initial norm.",
        place, here.ends.front(), here.kernel_change.value);
  if (here.regime == Regime::unknown)
    return fmt::format("{} nothing moved: what was to be reached held at the start.", place);
  const char* const word = here.regime == Regime::lazy       ? "is lazy"
                           : here.regime == Regime::features ? "learns features"
                                                             : "is in the crossover";
  const char* const doubt = here.sure   ? ""
                            : seeds < 2 ? " (of one seed)"
                                        : " (its interval over seeds reaches into another regime)";
  return fmt::format(
      "{} the network {}{}: its tangent kernel changes by {} times its initial norm, features of the last hidden layer "
      "by "
      "{:.3g}.",
      place, word, doubt, with_interval(here.kernel_change), here.feature_change.value);
}

std::string border(const RegimeCrossover& one, double alpha, double kernel_change) {
  const std::string what = fmt::format("alpha*, where the kernel changes by {:g} times its norm,", kernel_change);
  if (!std::isfinite(one.alpha)) return fmt::format("{} was not found at this width: {}.", what, one.reason);
  const double ratio = alpha / one.alpha;
  const std::string doubt =
      one.unconverged == 0 ? ""
                           : fmt::format(" ({} of the {} runs of its search had not reached what they were to reach)",
                                         one.unconverged, one.runs);
  return fmt::format("{} is {} at this width{}: alpha is {:.3g} times {}.", what,
                     with_interval(one.alpha, one.interval), doubt, ratio < 1 ? 1 / ratio : ratio,
                     ratio < 1 ? "smaller" : "as large");
}

}  // namespace

std::vector<std::string> regime_in_words(const RegimeAnswer& answer, const std::string& part, int seeds) {
  const RegimePoint& here = answer.here;
  std::vector<std::string> out{verdict(here, seeds)};
  if (std::isfinite(here.from_linearised.value))
    out.push_back(fmt::format("Its {} outputs are {} of themselves away from the linearised network's.", part,
                              with_interval(here.from_linearised)));
  if (std::isfinite(here.from_end_kernel.value))
    out.push_back(fmt::format("From those of the flow of the kernel it ends with they are {} away.",
                              with_interval(here.from_end_kernel)));
  for (const RegimeCrossover& one : answer.crossovers)
    if (one.width == here.width) out.push_back(border(one, here.alpha, answer.kernel_change));
  if (here.unconverged > 0 && here.unconverged < here.used)
    out.push_back(fmt::format("{} of {} runs there had not reached the margin or loss they were to reach.",
                              here.unconverged, here.runs));
  return out;
}

}  // namespace widthwise
