#include "widthwise/study/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "widthwise/base/error.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/schema.h"
#include "widthwise/study/table.h"

namespace widthwise {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

// Keys are numbers a person can read, and the same on every machine.
double readable(double key) {
  return std::stod(fmt::format("{:.6g}", key));
}

// The curve g over the keys that were run.
class Measured {
 public:
  Measured(const SearchSpec& spec, const std::vector<SearchPoint>& points) : spec_{spec} {
    for (const SearchPoint& point : points) by_key_[point.key].push_back(&point);
  }

  bool has(double key) const {
    const auto found = by_key_.find(key);
    return found != by_key_.end() &&
           std::ranges::none_of(found->second, [](const SearchPoint* point) { return point->missing; });
  }

  double place(double key) const { return spec_.geometric ? std::log(key) : key; }
  double key_at(double place) const { return spec_.geometric ? std::exp(place) : place; }

  // Without `left_out`, a seed's name, if it is not empty.
  double g(double key, const std::string& left_out = {}) const {
    double sum = 0, count = 0;
    for (const SearchPoint* const point : by_key_.at(key)) {
      if (!left_out.empty() && point->seed == left_out) continue;
      sum += spec_.log_mean ? std::log(point->value) : point->value;
      ++count;
    }
    return sum / count - (spec_.log_mean ? std::log(spec_.equals) : spec_.equals);
  }

  // Why there is no g at a key that was run, or "".
  std::string obstacle(double key) const {
    for (const SearchPoint* const point : by_key_.at(key)) {
      if (std::isfinite(point->value) && (!spec_.log_mean || point->value > 0)) continue;
      const std::string what = !std::isfinite(point->value) ? (point->why.empty() ? "is not finite" : point->why)
                                                            : fmt::format("{:.4g} has no logarithm", point->value);
      return fmt::format("{} has no value to go by at {} = {:g}, {}: {}", spec_.until, spec_.bisect, key, point->seed,
                         what);
    }
    return {};
  }

  double crossing(double a, double b) const {
    const double ga = g(a), gb = g(b);
    return place(a) + (place(b) - place(a)) * (ga == gb ? 0.5 : ga / (ga - gb));
  }

  // Of the crossings of the line through all runs the one nearest to `near`; where it does not cross between the ends,
  // that of its first or last piece drawn out.
  double crossing_without(const std::string& seed, double near) const {
    double inside = none, outside = none;
    const auto nearer = [&](double x, double than) {
      return std::isnan(than) || std::abs(x - near) < std::abs(than - near);
    };
    for (auto b = std::next(by_key_.begin()); b != by_key_.end(); ++b) {
      const double xa = place(std::prev(b)->first), xb = place(b->first);
      const double ga = g(std::prev(b)->first, seed), gb = g(b->first, seed);
      if (ga == gb) continue;
      const double x = xa + (xb - xa) * ga / (ga - gb);
      const bool at_end = std::prev(b) == by_key_.begin() || std::next(b) == by_key_.end();
      if (ga * gb <= 0 && nearer(x, inside)) inside = x;
      if (at_end && (x < place(spec_.low) || x > place(spec_.high)) && nearer(x, outside)) outside = x;
    }
    return std::isnan(inside) ? outside : inside;
  }

  std::vector<std::string> seeds(double key) const {
    std::vector<std::string> out;
    for (const SearchPoint* const point : by_key_.at(key)) out.push_back(point->seed);
    return out;
  }

  bool leaves_nothing_out() const {
    return std::ranges::all_of(by_key_,
                               [&](const auto& entry) { return has(entry.first) && obstacle(entry.first).empty(); });
  }

 private:
  const SearchSpec& spec_;
  std::map<double, std::vector<const SearchPoint*>> by_key_;
};

// The key between a and b to run next; nothing where the bracket is short enough.
std::optional<double> middle(const SearchSpec& spec, double a, double b) {
  const bool whole = key_spec(spec.bisect).type == KeySpec::Type::whole;
  double key = 0;
  if (spec.geometric) {
    if (b / a <= (1 + spec.tolerance) * (1 + 1e-9)) return std::nullopt;
    const double step = std::log1p(spec.tolerance);
    key = std::exp(std::round(0.5 * (std::log(a) + std::log(b)) / step) * step);
  } else {
    const double step = spec.tolerance * (spec.high - spec.low);
    if (b - a <= step * (1 + 1e-9)) return std::nullopt;
    key = std::round(0.5 * (a + b) / step) * step;
  }
  key = whole ? std::round(key) : readable(key);
  if (!(a < key && key < b)) return std::nullopt;
  return key;
}

SearchResult no_crossing(SearchResult result, std::string reason) {
  result.reason = std::move(reason);
  return result;
}

std::string not_bracketed(const SearchSpec& spec, const Measured& curve) {
  const double low = curve.g(spec.low), high = curve.g(spec.high);
  const auto value = [&](double g) { return spec.log_mean ? spec.equals * std::exp(g) : spec.equals + g; };
  return fmt::format("{} is {} {:g} at both ends of {}: {:.4g} at {:g}, {:.4g} at {:g}; extend it {}", spec.until,
                     low > 0 ? "above" : "below", spec.equals, spec.bisect, value(low), spec.low, value(high),
                     spec.high, std::abs(high) < std::abs(low) ? "above" : "below");
}

}  // namespace

SearchResult search(const SearchSpec& spec, const std::vector<SearchPoint>& points) {
  const Measured curve(spec, points);
  SearchResult result{{}, none, spec.low, spec.high, {}, {}};
  for (const double end : {spec.low, spec.high})
    if (!curve.has(end)) result.next.push_back(end);
  if (!result.next.empty()) return no_crossing(std::move(result), "the ends are not run yet");
  for (const double end : {spec.low, spec.high})
    if (const std::string why = curve.obstacle(end); !why.empty()) return no_crossing(std::move(result), why);
  const double first = curve.g(spec.low);
  if (first * curve.g(spec.high) > 0) return no_crossing(std::move(result), not_bracketed(spec, curve));
  while (const auto key = middle(spec, result.low, result.high)) {
    if (!curve.has(*key)) {
      result.next = {*key};
      return no_crossing(std::move(result),
                         fmt::format("the search has come to {} from {:g} to {:g} and goes on at {:g}", spec.bisect,
                                     result.low, result.high, *key));
    }
    if (const std::string why = curve.obstacle(*key); !why.empty()) return no_crossing(std::move(result), why);
    (curve.g(*key) * first > 0 ? result.low : result.high) = *key;
  }
  const double x = curve.crossing(result.low, result.high);
  result.crossing = curve.key_at(x);
  const std::vector<std::string> seeds = curve.seeds(spec.low);
  if (seeds.size() > 1 && curve.leaves_nothing_out())
    for (const std::string& seed : seeds)
      result.left_out.push_back({seed, curve.key_at(curve.crossing_without(seed, x))});
  return result;
}

std::size_t most_ahead(const SearchSpec& spec, const SearchResult& result) {
  if (result.next.empty()) return 0;
  const double length = spec.geometric ? std::log(result.high / result.low) / std::log1p(spec.tolerance)
                                       : (result.high - result.low) / (spec.tolerance * (spec.high - spec.low));
  const auto middles = static_cast<std::size_t>(std::max(0.0, std::ceil(std::log2(std::max(1.0, length))))) + 1;
  return result.next.size() == 1 && result.next.front() != spec.low && result.next.front() != spec.high ? middles - 1
                                                                                                        : middles;
}

namespace {

// The searches of one sweep, followed through what is recorded.
class Searches {
 public:
  Searches(const Study& study, const Sweep& sweep, const StoreReader& reader)
      : study_{study}, sweep_{sweep}, spec_{*sweep.search}, reader_{reader}, value_{parse_value_name(spec_.until)} {
    for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
      if (sweep.axes[i].key == spec_.bisect) bisected_ = i;
    }
    for (GridPoint& point : expand(study, sweep)) {
      const auto [at, fresh] = index_.emplace(place(point), all_.size());
      if (fresh) all_.emplace_back();
      all_[at->second].push_back(std::move(point));
    }
    for (auto& points : all_) follow(points);
  }

  std::vector<GridPoint> points() {
    std::vector<GridPoint> out;
    for (auto& points : all_) std::ranges::move(points, std::back_inserter(out));
    return out;
  }

  std::vector<RunGroup> next_groups() const {
    std::vector<RunGroup> out;
    for (const auto& points : all_) {
      const SearchResult result = search(spec_, measured(points));
      for (const double key : result.next) {
        std::vector<Configuration> runs;
        for (const GridPoint& point : points)
          if (key_of(point) == key) runs.push_back(point.configuration);
        for (RunGroup& group : group_runs(std::move(runs))) out.push_back(std::move(group));
      }
    }
    return out;
  }

  std::size_t ahead() const {
    std::size_t runs = 0;
    for (const auto& points : all_) {
      const SearchResult result = search(spec_, measured(points));
      const auto seeds = static_cast<std::size_t>(
          std::ranges::count_if(points, [&](const GridPoint& point) { return key_of(point) == spec_.low; }));
      runs += seeds * most_ahead(spec_, result);
    }
    return runs;
  }

 private:
  double key_of(const GridPoint& point) const { return point.axes[bisected_].number(); }

  // Where on the axes that are neither seeds nor bisected a point lies.
  std::string place(const GridPoint& point) const {
    std::string out;
    for (std::size_t i = 0; i < point.axes.size(); ++i)
      if (i != bisected_ && !is_seed_axis(sweep_.axes[i].key)) out += to_json(point.axes[i]) + "\n";
    return out;
  }

  std::string seed(const GridPoint& point) const {
    std::string out;
    for (std::size_t i = 0; i < point.axes.size(); ++i)
      if (is_seed_axis(sweep_.axes[i].key))
        out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", sweep_.axes[i].key, to_text(point.axes[i]));
    return out.empty() ? "one seed" : out;
  }

  std::vector<SearchPoint> measured(const std::vector<GridPoint>& points) const {
    std::vector<SearchPoint> out;
    for (const GridPoint& point : points) {
      const bool final_only = value_.point == ValueName::Point::final;
      const auto run =
          reader_.load(point.configuration.identity(), final_only ? RecordParts::summary : RecordParts::with_trace);
      SearchPoint one{key_of(point), seed(point), none, !run.has_value(), {}};
      if (run) {
        one.value = run_value(*run, value_);
        one.why = run->reason;
      }
      out.push_back(one);
    }
    return out;
  }

  // Adds what the search makes, up to the first key that is not recorded for all seeds.
  void follow(std::vector<GridPoint>& points) {
    const std::string here = place(points.front());
    for (;;) {
      const SearchResult result = search(spec_, measured(points));
      bool added = false;
      for (const double key : result.next) {
        if (std::ranges::any_of(points, [&](const GridPoint& point) { return key_of(point) == key; })) continue;
        for (const GridPoint& point : at_key(key))
          if (place(point) == here) points.push_back(point);
        added = true;
      }
      if (!added) return;
    }
  }

  const std::vector<GridPoint>& at_key(double key) {
    const auto [found, fresh] = by_key_.try_emplace(key);
    if (fresh) {
      Sweep one = sweep_;
      one.axes[bisected_].values = {{key, spec_.line}};
      found->second = expand(study_, one);
    }
    return found->second;
  }

  const Study& study_;
  const Sweep& sweep_;
  const SearchSpec& spec_;
  const StoreReader& reader_;
  ValueName value_;
  std::size_t bisected_ = 0;
  std::vector<std::vector<GridPoint>> all_;
  std::map<std::string, std::size_t> index_;
  std::map<double, std::vector<GridPoint>> by_key_;
};

}  // namespace

std::vector<GridPoint> points_of(const Study& study, const Sweep& sweep, const StoreReader& reader) {
  return sweep.search ? Searches(study, sweep, reader).points() : expand(study, sweep);
}

std::vector<RunGroup> search_groups(const Study& study, const StoreReader& reader) {
  std::vector<RunGroup> out;
  for (const Sweep& sweep : study.sweeps)
    if (sweep.search)
      for (RunGroup& group : Searches(study, sweep, reader).next_groups()) out.push_back(std::move(group));
  return out;
}

std::size_t most_runs_ahead(const Study& study, const Sweep& sweep, const StoreReader& reader) {
  return sweep.search ? Searches(study, sweep, reader).ahead() : 0;
}

}  // namespace widthwise
