#include "widthwise/study/warnings.h"

#include <fmt/format.h>

#include <algorithm>

#include "widthwise/parameterization/integrable_schemes.h"
#include "widthwise/study/scheme.h"

namespace widthwise {

namespace {

// What becomes of a scheme whose layers are taken to vanish at 0.
std::string without_zero(const std::string& scheme, int hidden_layers) {
  if (scheme == "integrable")
    return hidden_layers > 2 ? "features do not vanish with width, and the network is not stuck where it starts"
                             : "features do not vanish with width";
  if (scheme == "ip-llr")
    return "features do not vanish with width, so that its first rates are too large by powers of the width: expect "
           "the first update to diverge";
  if (scheme == "hp" || scheme == "hpz")
    return "layers that lost their initial weights start from phi(0), and ip-llr is not what they stand for";
  return {};
}

}  // namespace

std::vector<std::string> warnings_of(const Configuration& run) {
  const std::string& scheme = run.text("parameterization.name");
  const auto activation = make_activation(run);
  const std::string phi =
      run.text("architecture.family") == "deep-linear" ? "linear" : run.text("architecture.activation");
  const auto layers = static_cast<int>(run.whole("architecture.hidden_layers"));
  std::vector<std::string> out;
  if (activation->value(0) != 0)
    if (const std::string what = without_zero(scheme, layers); !what.empty())
      out.push_back(
          fmt::format("{} assumes phi(0) = 0, and {}(0) is {:.3g}: {}.", scheme, phi, activation->value(0), what));
  if (!depends_on_degree(scheme)) return out;
  const auto own = activation->homogeneity_degree();
  const auto taken = parse_homogeneity(run.text("parameterization.homogeneity"), *activation);
  if (!taken || own == taken || activation->value(0) != 0) return out;
  if (own)
    out.push_back(
        fmt::format("parameterization.homogeneity = {} for {}, whose degree is {}: the first update is not of "
                    "order one.",
                    *taken, phi, *own));
  else if (const ActivationFacts facts = activation_facts(*activation);
           *taken == 1 && layers > 2 && !facts.flat_at_zero && !facts.kink_at_zero)
    out.push_back(
        fmt::format("{} has no degree of homogeneity: with parameterization.homogeneity = 1 the first update "
                    "moves the output by n^(-{}/2) only (L = {}), unless it is calibrated.",
                    phi, layers - 2, layers));
  return out;
}

std::vector<std::string> warnings_of(const Study& study) {
  std::vector<std::string> out;
  for (const Sweep& sweep : study.sweeps)
    for (const auto& point : expand(study, sweep))
      for (std::string& warning : warnings_of(point.configuration))
        if (std::ranges::find(out, warning) == out.end()) out.push_back(std::move(warning));
  return out;
}

}  // namespace widthwise
