#include "widthwise/inquiry/regime.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "widthwise/study/cost.h"
#include "widthwise/study/table.h"

namespace widthwise {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double lazy_share = 0.1;

using Place = std::pair<double, double>;  // width, alpha

SeedMean mean_over_seeds(std::vector<double> values, bool positive) {
  std::erase_if(values, [positive](double x) { return !std::isfinite(x) || (positive && x <= 0); });
  if (values.empty()) return {nan, {nan, nan}};
  if (positive)
    for (double& x : values) x = std::log(x);
  SeedMean out{mean(values), student_interval(values)};
  if (positive) out = {std::exp(out.value), {std::exp(out.interval.low), std::exp(out.interval.high)}};
  return out;
}

// Values of a sweep's runs by place.
std::map<Place, std::vector<double>> by_place(const Table& table, std::size_t value) {
  const auto width = static_cast<std::size_t>(table.axis("architecture.width"));
  const auto alpha = static_cast<std::size_t>(table.axis("training.alpha"));
  std::map<Place, std::vector<double>> out;
  for (const Row& row : table.rows)
    out[{row.axes[width].number(), row.axes[alpha].number()}].push_back(row.values[value]);
  return out;
}

void judge_point(RegimePoint& point, double threshold) {
  const SeedMean& change = point.kernel_change;
  if (std::isnan(change.value) || point.unconverged == point.used) return;
  const double lazy = lazy_share * threshold;
  const auto regime = [&](double x) {
    return x <= lazy ? Regime::lazy : x >= threshold ? Regime::features : Regime::crossover;
  };
  point.regime = regime(change.value);
  point.sure = regime(change.interval.low) == point.regime && regime(change.interval.high) == point.regime;
}

class Reading {
 public:
  Reading(const RegimeQuestion& question, const Study& study, const StoreReader& reader)
      : question_{question}, study_{study}, reader_{reader}, own_{study.base} {}

  RegimeAnswer answer() {
    RegimeAnswer out;
    out.kernel_change = question_.kernel_change;
    out.points = points();
    for (const RegimePoint& point : out.points)
      if (point.width == own_.number("architecture.width") && point.alpha == own_.number("training.alpha"))
        out.here = point;
    out.crossovers = crossovers();
    if (!study_.predictions.empty()) out.exponent = judge(study_, study_.predictions.front(), reader_);
    out.sentences = sentences(out);
    return out;
  }

 private:
  bool tested() const { return own_.whole("data.test") > 0; }
  bool flow() const { return study_.derived.size() > 1; }  // beside that of the search

  std::vector<RegimePoint> points() const {
    const bool classes = own_.text("data.labels") != "values";
    std::vector<std::string> names{"final.kernel_change", fmt::format("final.feature_change.{}", hidden_layers(own_))};
    if (classes) names.push_back(tested() ? "final.test_error" : "final.train_error");
    const Table table = select(study_, "networks", names, reader_);
    std::map<Place, RegimePoint> found;
    const auto fill = [&](const std::map<Place, std::vector<double>>& values, SeedMean RegimePoint::*member,
                          bool positive) {
      for (const auto& [place, of] : values) {
        RegimePoint& point = found[place];
        point.width = place.first;
        point.alpha = place.second;
        point.*member = mean_over_seeds(of, positive);
      }
    };
    fill(by_place(table, 0), &RegimePoint::kernel_change, true);
    fill(by_place(table, 1), &RegimePoint::feature_change, true);
    if (classes) fill(by_place(table, 2), &RegimePoint::error, false);
    if (flow()) {
      fill(by_place(select(study_, "networks", {from_linearised}, reader_), 0), &RegimePoint::from_linearised, true);
      fill(by_place(select(study_, "networks", {from_end_kernel}, reader_), 0), &RegimePoint::from_end_kernel, true);
    }
    count_runs(table, found);
    std::vector<RegimePoint> out;
    for (auto& [place, point] : found) {
      judge_point(point, question_.kernel_change);
      out.push_back(point);
    }
    return out;
  }

  static void count_runs(const Table& table, std::map<Place, RegimePoint>& found) {
    const auto width = static_cast<std::size_t>(table.axis("architecture.width"));
    const auto alpha = static_cast<std::size_t>(table.axis("training.alpha"));
    for (const Row& row : table.rows) {
      RegimePoint& point = found[{row.axes[width].number(), row.axes[alpha].number()}];
      ++point.runs;
      if (std::isfinite(row.values[0]))
        ++point.used;
      else
        point.absent.push_back(
            fmt::format("{}: {}{}", table.seed(row), row.status, row.reason.empty() ? "" : ": " + row.reason));
      if (!row.unconverged) continue;
      ++point.unconverged;
      point.ends.push_back(fmt::format("{}: {}", table.seed(row), row.reason.empty() ? "its last step" : row.reason));
    }
  }

  std::vector<RegimeCrossover> crossovers() const {
    const Table table = select(study_, "alpha*", {"search.training.alpha"}, reader_);
    const auto width = static_cast<std::size_t>(table.axis("architecture.width"));
    std::vector<RegimeCrossover> out;
    for (const Row& row : table.rows) {
      RegimeCrossover one;
      one.width = row.axes[width].number();
      one.alpha = row.values[0];
      one.interval = {nan, nan};
      if (!row.left_out.empty() && row.left_out[0].size() > 1) {
        std::vector<LeftOut> logs = row.left_out[0];
        for (LeftOut& left : logs) left.value = std::log(left.value);
        const Interval interval = jackknife_interval(std::log(one.alpha), logs);
        one.interval = {std::exp(interval.low), std::exp(interval.high)};
      }
      if (!std::isfinite(one.alpha)) one.reason = row.reason.empty() ? row.status : row.reason;
      out.push_back(one);
    }
    return out;
  }

  std::vector<std::string> sentences(const RegimeAnswer& answer) const {
    std::vector<std::string> out;
    const RegimePoint& here = answer.here;
    const std::string place = fmt::format("At width {} and alpha {:g}", here.width, here.alpha);
    const auto interval = [](const SeedMean& of) {
      return std::isfinite(of.interval.low) ? fmt::format(" [{:.3g}, {:.3g}]", of.interval.low, of.interval.high) : "";
    };
    if (here.used == 0) {
      out.push_back(fmt::format("{} no run has ended with a kernel: {}.", place,
                                here.absent.empty() ? "none is recorded" : here.absent.front()));
    } else if (here.regime == Regime::unknown) {
      out.push_back(
          fmt::format("{} no run has reached the margin or loss it was to reach ({}), so it cannot be said in "
                      "which regime it trains; until then its tangent kernel changed by {:.3g} times its initial "
                      "norm.",
                      place, here.ends.front(), here.kernel_change.value));
    } else {
      const char* const word = here.regime == Regime::lazy       ? "is lazy"
                               : here.regime == Regime::features ? "learns features"
                                                                 : "is in the crossover";
      const char* const doubt = here.sure             ? ""
                                : question_.seeds < 2 ? " (of one seed)"
                                                      : " (its interval over seeds reaches into another regime)";
      out.push_back(fmt::format(
          "{} the network {}{}: its tangent kernel changes by {:.3g}{} times its initial norm, "
          "features of the last hidden layer by {:.3g}.",
          place, word, doubt, here.kernel_change.value, interval(here.kernel_change), here.feature_change.value));
    }
    if (std::isfinite(here.from_linearised.value))
      out.push_back(fmt::format(
          "Its {} outputs are {:.2g}{} of themselves away from the linearised network's, {:.2g}{} from those of its "
          "kernel of the end.",
          tested() ? "test" : "training", here.from_linearised.value, interval(here.from_linearised),
          here.from_end_kernel.value, interval(here.from_end_kernel)));
    for (const RegimeCrossover& one : answer.crossovers) {
      if (one.width != here.width) continue;
      if (!std::isfinite(one.alpha)) {
        out.push_back(
            fmt::format("alpha*, where the kernel changes by {:g} times its norm, was not found at this width: {}.",
                        answer.kernel_change, one.reason));
        continue;
      }
      const double ratio = here.alpha / one.alpha;
      out.push_back(fmt::format(
          "alpha*, where the kernel changes by {:g} times its norm, is {:.3g}{} at this width: alpha is {:.3g} "
          "times {}.",
          answer.kernel_change, one.alpha, interval({one.alpha, one.interval}), ratio < 1 ? 1 / ratio : ratio,
          ratio < 1 ? "smaller" : "as large"));
    }
    if (here.unconverged > 0 && here.regime != Regime::unknown)
      out.push_back(fmt::format("{} of {} runs there had not reached the margin or loss they were to reach.",
                                here.unconverged, here.runs));
    return out;
  }

  const RegimeQuestion& question_;
  const Study& study_;
  const StoreReader& reader_;
  Configuration own_;
};

}  // namespace

const char* regime_name(Regime regime) {
  switch (regime) {
    case Regime::lazy:
      return "lazy";
    case Regime::crossover:
      return "crossover";
    case Regime::features:
      return "features";
    case Regime::unknown:
      break;
  }
  return "unknown";
}

RegimeAnswer answer_regime(const RegimeQuestion& question, const Study& study, const StoreReader& reader) {
  return Reading(question, study, reader).answer();
}

}  // namespace widthwise
