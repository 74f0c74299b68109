#include "widthwise/study/specs.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "widthwise/base/error.h"
#include "widthwise/study/fields.h"

namespace widthwise {

namespace {

Quantity read_quantity(Fields& fields, const std::string& file) {
  const Value* const of = fields.get("of");
  if (of == nullptr) fields.fail("of", "a value such as \"final.train_loss\"", "nothing");
  if (of->is_text()) return {of->text(), {}, {}};
  if (!of->is_table()) fields.fail("of", "a value, or { optimum = KEY, minimizes = VALUE }", to_json(*of));
  Fields inner(of->table(), "prediction.of", file, of->line);
  Quantity quantity;
  quantity.optimum = inner.required_text("optimum");
  quantity.minimizes = inner.required_text("minimizes");
  inner.done();
  return quantity;
}

// exponent = number | "theory", or value = number.
void read_number(Fields& fields, PredictionSpec& spec) {
  const Value* const exponent = fields.get("exponent");
  const auto value = fields.number("value");
  if ((exponent != nullptr) == value.has_value())
    fields.fail("exponent", "either an exponent (a number or \"theory\") or a value",
                exponent != nullptr ? "both" : "neither");
  if (value) {
    spec.claim = PredictionSpec::Claim::value;
    spec.number = value;
  } else if (exponent->is_text() && exponent->text() == "theory") {
    spec.theory = true;
  } else {
    spec.number = fields.number("exponent");
  }
}

// Ascending positive powers of 1/n, one or a list; none where the member is missing.
std::vector<double> read_powers(Fields& fields, const std::string& name) {
  constexpr const char* expected = "1, 0.5 or ascending positive powers such as [0.5, 1], at most 3";
  const Value* const value = fields.get(name);
  if (value == nullptr) return {};
  const ValueList list = value->is_list() ? value->list() : ValueList{*value};
  bool good = !list.empty() && list.size() <= 3;
  std::vector<double> powers;
  for (const Value& power : list) {
    good = good && std::isfinite(power.number()) && power.number() > (powers.empty() ? 0 : powers.back());
    powers.push_back(power.number());
  }
  if (!good) fields.fail(name, expected, to_json(*value));
  return powers;
}

std::size_t read_require(Fields& fields) {
  const auto number = fields.number("require");
  if (!number) return 0;
  if (!(*number >= 1) || *number > 1e9 || *number != std::floor(*number))
    fields.fail("require", "how many runs of a group there must be, a whole number of at least 1",
                to_text({*number, 0}));
  return static_cast<std::size_t>(*number);
}

}  // namespace

FigureSpec read_figure(const ValueTable& table, const std::string& file, int line) {
  Fields fields(table, "figure", file, line);
  FigureSpec figure;
  figure.line = line;
  figure.name = fields.required_text("name");
  figure.sweep = fields.required_text("sweep");
  figure.title = fields.text("title");
  figure.note = fields.text("note");
  figure.x = fields.required_text("x");
  figure.y = fields.texts("y");
  if (figure.y.empty()) fields.fail("y", "a value, or a list of them", "nothing");
  figure.color = fields.text("color");
  figure.column = fields.text("column");
  figure.row = fields.text("row");
  figure.kind = fields.choice("kind", {"lines", "heatmap"}, "lines");
  figure.log = fields.choice("log", {"", "x", "y", "xy"}, "");
  figure.band = fields.choice("band", {"std", "sem", "none"}, "std");
  figure.theory = fields.text("theory");
  figure.extrapolate = read_powers(fields, "extrapolate");
  figure.where = fields.where("where");
  fields.done();
  if (!figure.extrapolate.empty() && (figure.kind == "heatmap" || figure.x == "step" || figure.x == "time"))
    fields.fail("extrapolate", "lines over an axis such as architecture.width", "another figure");
  if (figure.kind == "heatmap" && (figure.color.empty() || figure.y.size() != 1))
    fields.fail("kind", "for a heatmap: x and y two axes, color the value", "no color, or several y");
  return figure;
}

PredictionSpec read_prediction(const ValueTable& table, const std::string& file, int line) {
  using Claim = PredictionSpec::Claim;
  Fields fields(table, "prediction", file, line);
  PredictionSpec spec;
  spec.line = line;
  spec.name = fields.required_text("name");
  spec.sweep = fields.required_text("sweep");
  spec.note = fields.text("note");
  spec.of = read_quantity(fields, file);
  spec.against = fields.text("against");
  spec.where = fields.where("where");
  read_number(fields, spec);
  spec.source = fields.text("source");
  spec.tolerance = fields.number("tolerance").value_or(0.1);
  spec.toward_zero = fields.choice("toward", {"infinity", "zero"}, "infinity") == "zero";
  spec.converged_only = fields.toggle("converged_only");
  const std::string order = fields.choice("order", {"", "below", "above"}, "");
  fields.done();
  using Side = PredictionSpec::Side;
  spec.side = order == "below" ? Side::below : order == "above" ? Side::above : Side::near;
  if (spec.number && spec.source.empty())
    fields.fail("source", "where the number comes from (paper, equation), since it is not asked of theory", "nothing");
  if (spec.toward_zero && (spec.claim == Claim::value || spec.against == "architecture.width"))
    fields.fail("toward", "zero beside an exponent against something that may go to zero", spec.against);
  if (!(spec.tolerance >= 0) || !std::isfinite(spec.tolerance))
    fields.fail("tolerance", "a number of at least 0", to_text({spec.tolerance, line}));
  if (spec.claim != Claim::value && spec.against.empty())
    fields.fail("against", "the key of an axis, such as \"architecture.width\"", "nothing");
  return spec;
}

void add_searches(Study& study) {
  std::vector<DerivedSpec> all;
  for (const Sweep& sweep : study.sweeps) {
    if (!sweep.search) continue;
    DerivedSpec one;
    one.name = sweep.search->name();
    one.sweep = sweep.name;
    one.of = sweep.search->until;
    one.over = sweep.search->bisect;
    one.how = "search";
    one.line = sweep.search->line;
    one.search = sweep.search;
    for (const DerivedSpec& other : study.derived)
      if (other.name == one.name)
        throw ConfigError({file_and_line(study.file.string(), other.line), "derived.name"},
                          "another name than that of a search", fmt::format("'{}'", other.name));
    all.push_back(std::move(one));
  }
  study.derived.insert(study.derived.begin(), std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()));
}

DerivedSpec read_derived(const ValueTable& table, const std::string& file, int line) {
  Fields fields(table, "derived", file, line);
  DerivedSpec derived;
  derived.line = line;
  derived.name = fields.required_text("name");
  derived.sweep = fields.required_text("sweep");
  derived.of = fields.required_text("of");
  derived.how =
      fields.choice("how",
                    {"mean", "variance", "difference", "best", "infinite-width", "ensemble_error", "ensemble_variance",
                     "relative_distance", "logit_divergence", "probability_divergence", "class_divergence", "ratio"},
                    "mean");
  derived.with = fields.text("with");
  const bool over_and_with = derived.compares_ensembles();
  derived.over = over_and_with || derived.with.empty() ? fields.required_text("over") : fields.text("over");
  derived.by = fields.text("by");
  derived.require = read_require(fields);
  derived.converged_only = fields.toggle("converged_only");
  const std::vector<double> power = read_powers(fields, "power"), powers = read_powers(fields, "powers");
  fields.done();
  if (derived.how == "best" && derived.by.empty())
    fields.fail("by", "the value that is smallest at the best point, such as \"final.train_loss\"", "nothing");
  const bool of_pairs = derived.how == "relative_distance" || derived.how == "ratio";
  if (!derived.with.empty() && !of_pairs && !over_and_with)
    fields.fail("with", "how = \"relative_distance\", \"ratio\" or a divergence beside it", derived.how);
  if (derived.with.empty() && derived.how == "ratio") fields.fail("with", "the sweep that is compared with", "nothing");
  if (!derived.with.empty() && !derived.over.empty() && !over_and_with)
    fields.fail("with", "either over or with", "both");
  if (derived.with.empty() && over_and_with) fields.fail("with", "the sweep that is compared with", "nothing");
  if (derived.require > 0 && derived.how != "mean" && derived.how != "variance" && !derived.of_ensemble())
    fields.fail("require", "a mean, a variance or an ensemble beside it", derived.how);
  if (derived.how != "best" && !derived.by.empty()) fields.fail("by", "how = \"best\" beside it", derived.how);
  if (derived.how != "infinite-width" && !(power.empty() && powers.empty()))
    fields.fail(power.empty() ? "powers" : "power", "how = \"infinite-width\" beside it", derived.how);
  if (!power.empty() && !powers.empty()) fields.fail("powers", "either power or powers", "both");
  if (derived.how == "infinite-width")
    derived.powers = !powers.empty() ? powers : !power.empty() ? power : std::vector<double>{1};
  return derived;
}

}  // namespace widthwise
