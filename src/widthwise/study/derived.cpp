#include "widthwise/study/derived.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "widthwise/base/error.h"
#include "widthwise/numerics/extrapolation.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/kept_outputs.h"
#include "widthwise/study/search.h"

namespace widthwise {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

// A group is as good as its worst run.
std::string worse(const std::string& a, const std::string& b) {
  for (const char* status : {"missing", "diverged", "stopped"})
    if (a == status || b == status) return status;
  return a;
}

bool consumes_seeds(const DerivedSpec& one) {
  return one.how == "infinite-width" || one.how == "search";
}

template <class List, class Item>
bool contains(const List& list, const Item& item) {
  return std::ranges::find(list, item) != list.end();
}

// One group of rows of a table made one row.
class Group {
 public:
  Group(const Table& table, const OutputSource& outputs, std::span<const std::string> tied, ValueList axes)
      : table_{table}, outputs_{outputs}, tied_{tied} {
    out_.axes = std::move(axes);
  }

  void add(const Row& row) { rows_.push_back(&row); }

  Row row(std::span<const DerivedSpec> derived) {
    out_.status = rows_.front()->status;
    out_.reason = rows_.front()->reason;
    for (const Row* const row : rows_) out_.status = worse(out_.status, row->status);
    for (const Row* const row : rows_)
      if (row->edge != Optimum::Edge::none) out_.edge = row->edge;
    for (const DerivedSpec& one : derived) {
      out_.members.emplace_back();
      out_.left_out.emplace_back();
      out_.values.push_back(value(one));
    }
    if (const std::string told = out_.members.front().text(); !told.empty()) out_.reason = told;
    return std::move(out_);
  }

 private:
  double value(const DerivedSpec& one) {
    if (one.how == "best") return best(one);
    if (one.how == "infinite-width") return limit(one);
    if (one.how == "search") return found(one);
    if (one.how == "ratio") return ratio(one);
    const std::vector<const Row*> in = admitted(one);
    const std::size_t need = one.require > 0 ? one.require : one.of_ensemble() ? rows_.size() : 0;
    if (in.size() < need) {
      out_.members.back().needed = need;
      return none;
    }
    if (one.require > 0) {  // those left out have been allowed for
      out_.status = "finished";
      for (const Row* const row : in) out_.status = worse(out_.status, row->status);
    }
    if (one.of_arrays()) return of_outputs(one, in);
    std::vector<double> values;
    for (const Row* const row : rows_) values.push_back(contains(in, row) ? number(*row, one.of) : none);
    if (is_seed_axis(one.over))
      leave_each_out(in, one.over, [&](std::size_t left_out) {
        std::vector<double> rest;
        for (std::size_t i = 0; i < in.size(); ++i)
          if (i != left_out) rest.push_back(number(*in[i], one.of));
        return derive(one.how, rest);
      });
    else
      leave_seeds_out(in, one.of, [&](const std::string& seed) {
        std::vector<double> rest;
        for (const Row* const row : rows_) rest.push_back(contains(in, row) ? without(*row, one.of, seed) : none);
        return derive(one.how, rest);
      });
    return derive(one.how, values);
  }

  // The rows that a value is made of; the others are listed.
  std::vector<const Row*> admitted(const DerivedSpec& one) {
    std::vector<const Row*> in;
    Members& members = out_.members.back();
    for (const Row* const row : rows_) {
      const std::string why = obstacle(*row, one);
      const Members* const inner = members_of(*row, one.of);
      if (inner != nullptr && inner->all > 0) {  // a group itself: what it tells is told on
        members.all += inner->all;
        members.used += inner->used;
        members.unconverged += inner->unconverged;
        for (const Members::Absent& absent : inner->absent)
          members.absent.push_back({place_text(*row, one) + ", " + absent.what, absent.why});
      } else {
        ++members.all;
        members.used += why.empty();
        members.unconverged += why.empty() && row->unconverged;
        if (!why.empty()) members.absent.push_back({place_text(*row, one), why});
      }
      if (why.empty()) in.push_back(row);
    }
    return in;
  }

  // Why a row cannot be in a value, or "".
  std::string obstacle(const Row& row, const DerivedSpec& one) const {
    if (row.status == "missing" && members_of(row, one.of) == nullptr) return "not run yet";
    if (row.status == "diverged" && one.of_arrays()) return row.reason.empty() ? "diverged" : "diverged, " + row.reason;
    if (one.converged_only && row.unconverged)
      return row.reason.empty() ? "has not converged" : "has not converged, " + row.reason;
    if (!one.of_arrays() && !std::isfinite(number(row, one.of)))
      return row.status == "diverged" ? (row.reason.empty() ? "diverged" : "diverged, " + row.reason)
                                      : "has no value there";
    return {};
  }

  const Members* members_of(const Row& row, const std::string& value) const {
    const std::size_t c = column(value);
    return c < row.members.size() ? &row.members[c] : nullptr;
  }

  double of_outputs(const DerivedSpec& one, const std::vector<const Row*>& in) {
    std::vector<KeptOutputs> all;
    for (const Row* const row : in) all.push_back(load_outputs(*outputs_.reader, row->identity, one.of));
    if (one.how == "relative_distance") {
      if (one.with.empty()) return all.size() == 2 ? relative_distance(all[0], all[1]) : none;
      return all.empty() ? none : distance_from_counterpart(one, *in.front(), all.front());
    }
    if (one.compares_ensembles()) return divergence_from_counterparts(one, in, all);
    const auto statistic = one.how == "ensemble_error" ? ensemble_error : ensemble_variance;
    std::vector<const KeptOutputs*> members;
    for (const KeptOutputs& outputs : all) members.push_back(&outputs);
    leave_each_out(in, one.over, [&](std::size_t left_out) {
      std::vector<const KeptOutputs*> rest = members;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(left_out));
      return statistic(rest);
    });
    return statistic(members);
  }

  // Of the runs and of those of the other sweep, whose seeds are left out together.
  double divergence_from_counterparts(const DerivedSpec& one, const std::vector<const Row*>& in,
                                      const std::vector<KeptOutputs>& all) {
    std::vector<KeptOutputs> others;
    std::vector<const Row*> both;
    std::vector<const KeptOutputs*> members, references;
    others.reserve(in.size());
    for (std::size_t i = 0; i < in.size(); ++i) {
      const std::string& identity = outputs_.counterparts.at(one.with).at(in[i]->identity);
      if (!found_counterpart(one, identity)) continue;
      others.push_back(load_outputs(*outputs_.reader, identity, one.of));
      both.push_back(in[i]);
      members.push_back(&all[i]);
      references.push_back(&others.back());
    }
    if (one.require == 0 && both.size() < in.size()) return none;
    leave_each_out(both, one.over, [&](std::size_t left_out) {
      const auto without_it = [&](std::vector<const KeptOutputs*> rest) {
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(left_out));
        return rest;
      };
      return divergence(one.how, without_it(members), without_it(references));
    });
    return divergence(one.how, members, references);
  }

  // Whether a run of the other sweep has outputs; it is listed where not.
  bool found_counterpart(const DerivedSpec& one, const std::string& identity) {
    const auto record = outputs_.reader->load(identity, RecordParts::summary);
    const std::string status = record ? record->status : "missing";
    if (status != "missing" && status != "diverged") return true;
    Members& members = out_.members.back();
    members.used -= members.used > 0;
    members.absent.push_back({"its run in " + one.with, record ? "diverged, " + record->reason : "not run yet"});
    out_.status = worse(out_.status, status);
    return false;
  }

  double distance_from_counterpart(const DerivedSpec& one, const Row& row, const KeptOutputs& outputs) {
    const std::string& other = outputs_.counterparts.at(one.with).at(row.identity);
    if (!found_counterpart(one, other)) return none;
    return relative_distance(load_outputs(*outputs_.reader, other, one.of), outputs);
  }

  // Of a run's value to that of its run in the other sweep.
  double ratio(const DerivedSpec& one) {
    const Row& row = *rows_.front();
    if (admitted(one).empty()) return none;
    const std::string& other = outputs_.counterparts.at(one.with).at(row.identity);
    if (!found_counterpart(one, other)) return none;
    const auto record = outputs_.reader->load(other, RecordParts::with_trace);
    return number(row, one.of) / run_value(*record, parse_value_name(one.of));
  }

  template <class Statistic>
  void leave_each_out(const std::vector<const Row*>& in, const std::string& over, const Statistic& statistic) {
    if (in.size() < 2) return;
    for (std::size_t i = 0; i < in.size(); ++i)
      out_.left_out.back().push_back({fmt::format("{} = {}", over, axis_text(*in[i], over)), statistic(i)});
  }

  // The seeds were consumed before: without each of them, what is made of the values without it.
  template <class Statistic>
  void leave_seeds_out(const std::vector<const Row*>& in, const std::string& value, const Statistic& statistic) {
    const std::size_t c = column(value);
    std::vector<std::string> seeds;
    for (const Row* const row : in)
      if (c < row->left_out.size())
        for (const LeftOut& one : row->left_out[c])
          if (!contains(seeds, one.seed)) seeds.push_back(one.seed);
    for (const std::string& seed : seeds) out_.left_out.back().push_back({seed, statistic(seed)});
  }

  // A value without one seed; where it has not that seed, the value itself.
  double without(const Row& row, const std::string& value, const std::string& seed) const {
    const std::size_t c = column(value);
    if (c < row.left_out.size())
      for (const LeftOut& one : row.left_out[c])
        if (one.seed == seed) return one.value;
    return row.values[c];
  }

  double best(const DerivedSpec& one) {
    const Row* lowest = nullptr;
    for (const Row* const row : rows_) {
      if (row->status == "missing") return none;
      if (one.converged_only && row->unconverged) continue;
      const double by = number(*row, one.by);
      if (std::isfinite(by) && (lowest == nullptr || by < number(*lowest, one.by))) lowest = row;
    }
    if (lowest == nullptr) return none;
    out_.status = lowest->status;
    out_.reason = lowest->reason;
    out_.unconverged = lowest->unconverged;
    if (const Members* const inner = members_of(*lowest, one.of)) out_.members.back() = *inner;
    const std::size_t c = column(one.of);
    if (c < lowest->left_out.size()) out_.left_out.back() = lowest->left_out[c];
    if (const Optimum::Edge edge = edge_of(*lowest, one.over); edge != Optimum::Edge::none) out_.edge = edge;
    return number(*lowest, one.of);
  }

  // Names have no order, and an axis of one value offers no choice: neither has edges.
  Optimum::Edge edge_of(const Row& chosen, const std::string& over) const {
    const double at = place(chosen, over);
    bool lower = false, upper = false;
    for (const Row* const row : rows_) {
      const double other = place(*row, over);
      if (std::isnan(other)) return Optimum::Edge::none;
      lower = lower || other < at;
      upper = upper || other > at;
    }
    if (lower == upper) return Optimum::Edge::none;
    return lower ? Optimum::Edge::upper : Optimum::Edge::lower;
  }

  double limit(const DerivedSpec& one) {
    std::vector<Point> points;
    std::vector<Dropped> dropped;
    for (const Row* const row : rows_) {
      const double y = number(*row, one.of);
      const bool left_out = one.converged_only && row->unconverged;
      out_.members.back().unconverged += row->unconverged && !left_out;
      if (std::isfinite(y) && !left_out)
        points.push_back({place(*row, one.over), table_.seed(*row), y});
      else
        dropped.push_back({fmt::format("{} = {:g}, {}", one.over, place(*row, one.over), table_.seed(*row)),
                           left_out              ? "has not converged"
                           : row->reason.empty() ? "no value there"
                                                 : row->reason});
    }
    ExtrapolationRule rule;
    rule.powers = one.powers;
    const auto found = std::make_shared<Extrapolation>(extrapolate(points, rule));
    found->dropped.insert(found->dropped.begin(), dropped.begin(), dropped.end());
    out_.limits.push_back(found);
    return found->limit;
  }

  double found(const DerivedSpec& one) {
    std::vector<SearchPoint> points;
    Members& members = out_.members.back();
    for (const Row* const row : rows_) {
      points.push_back(
          {place(*row, one.over), table_.seed(*row), number(*row, one.of), row->status == "missing", row->reason});
      ++members.all;
      members.used += row->status != "missing";
      members.unconverged += row->unconverged;
    }
    SearchResult result = search(*one.search, points);
    out_.status = result.next.empty() ? "finished" : "missing";
    out_.left_out.back() = std::move(result.left_out);
    if (!result.reason.empty()) members.absent.push_back({one.name, result.reason});
    return result.crossing;
  }

  std::size_t column(const std::string& value) const {
    return static_cast<std::size_t>(std::ranges::find(table_.values, value) - table_.values.begin());
  }
  double number(const Row& row, const std::string& value) const { return row.values[column(value)]; }
  double place(const Row& row, const std::string& axis) const {
    return row.axes[static_cast<std::size_t>(table_.axis(axis))].number();
  }
  std::string axis_text(const Row& row, const std::string& axis) const {
    return to_text(row.axes[static_cast<std::size_t>(table_.axis(axis))]);
  }
  // "seed.init = 3": where a row lies in its group.
  std::string place_text(const Row& row, const DerivedSpec& one) const {
    if (one.over.empty()) return "the run";
    std::string out = fmt::format("{} = {}", one.over, axis_text(row, one.over));
    for (const std::string& key : tied_) out += fmt::format(", {} = {}", key, axis_text(row, key));
    return out;
  }

  const Table& table_;
  const OutputSource& outputs_;
  std::span<const std::string> tied_;
  std::vector<const Row*> rows_;
  Row out_;
};

}  // namespace

double derive(const std::string& how, std::span<const double> values) {
  std::vector<double> finite;
  std::ranges::copy_if(values, std::back_inserter(finite), [](double x) { return std::isfinite(x); });
  if (how == "difference") return values.size() == 2 && finite.size() == 2 ? values[1] - values[0] : none;
  if (how == "mean") return mean(finite);
  const double deviation = standard_deviation(finite);
  return deviation * deviation;
}

Table derive(const Table& table, std::span<const DerivedSpec> derived, std::span<const std::string> tied,
             const OutputSource& outputs) {
  const DerivedSpec& first = derived.front();
  if (table.axis(first.over) < 0 && first.with.empty()) throw Error("derive: the table has no axis " + first.over);
  const auto stays = [&](const std::string& key) {
    return key != first.over && !contains(tied, key) && !(consumes_seeds(first) && is_seed_axis(key));
  };
  Table out;
  out.sweep = table.sweep;
  out.expected = table.expected;
  out.recorded = table.recorded;
  std::ranges::copy_if(table.axes, std::back_inserter(out.axes), stays);
  for (const DerivedSpec& one : derived) out.values.push_back(one.name);

  std::vector<Group> groups;
  std::unordered_map<std::string, std::size_t> index;
  for (const Row& row : table.rows) {
    ValueList axes;
    for (std::size_t i = 0; i < row.axes.size(); ++i)
      if (stays(table.axes[i])) axes.push_back(row.axes[i]);
    const auto [place, fresh] = index.emplace(to_json({axes, 0}), groups.size());
    if (fresh) groups.emplace_back(table, outputs, tied, axes);
    groups[place->second].add(row);
  }
  for (Group& group : groups) out.rows.push_back(group.row(derived));
  return out;
}

std::vector<std::string> ingredients(std::span<const DerivedSpec> derived) {
  std::vector<std::string> out;
  for (const DerivedSpec& one : derived)
    for (const std::string& value : {one.of_arrays() ? std::string() : one.of, one.by})
      if (!value.empty() && !contains(out, value)) out.push_back(value);
  return out;
}

const DerivedSpec* find_derived(const Study& study, const std::string& sweep, const std::string& name) {
  const auto found = std::ranges::find_if(
      study.derived, [&](const DerivedSpec& one) { return one.name == name && one.sweep == sweep; });
  return found == study.derived.end() ? nullptr : &*found;
}

std::vector<std::string> tied_axes(const Sweep& sweep, const std::string& key) {
  std::vector<std::string> out;
  for (const auto& tied : sweep.zip)
    if (contains(tied, key))
      std::ranges::copy_if(tied, std::back_inserter(out), [&](const auto& k) { return k != key; });
  return out;
}

std::vector<std::string> consumed_axes(const Study& study, const std::string& sweep_name, const std::string& value) {
  const Sweep& sweep = study.sweep(sweep_name);
  std::vector<std::string> consumed, out;
  bool seeds = false;
  for (const DerivedSpec* one = find_derived(study, sweep_name, value); one != nullptr;
       one = find_derived(study, sweep_name, one->of)) {
    consumed.push_back(one->over);
    const std::vector<std::string> tied = tied_axes(sweep, one->over);
    consumed.insert(consumed.end(), tied.begin(), tied.end());
    seeds = seeds || consumes_seeds(*one);
  }
  for (const Axis& axis : sweep.axes)
    if (contains(consumed, axis.key) || (seeds && is_seed_axis(axis.key))) out.push_back(axis.key);
  return out;
}

}  // namespace widthwise
