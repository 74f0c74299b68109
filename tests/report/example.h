// A page with everything in it, for the tests of the report room: numbers from formulas, so that a wrong drawing shows.
#pragma once

#include <cmath>
#include <string>

#include "widthwise/report/page_model.h"

namespace widthwise::report::example {

inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A loss that has its minimum at rate 2^-9 whatever the width: a line a width, with a band.
inline Series loss_line(double width, double optimum_shift) {
  Series s{std::to_string(static_cast<int>(width)), std::to_string(static_cast<int>(width)), width, 0, {}, {}, {}, {}};
  for (int e = -13; e <= -5; ++e) {
    const double loss = 0.3 + 0.02 * std::pow(e + 9 - optimum_shift * std::log2(width / 32), 2) + 4 / width;
    s.x.push_back(std::exp2(e));
    s.y.push_back(loss);
    s.low.push_back(loss - 1 / width);
    s.high.push_back(loss + 1 / width);
  }
  return s;
}

/// Small multiples: three columns, five widths, bands.
inline Figure transfer() {
  Figure f;
  f.name = "transfer";
  f.title = "Training loss against learning rate";
  f.note = "Mean of three seeds; bands are one standard deviation.";
  f.x_label = "training.learning_rate";
  f.y_label = "final.train_loss";
  f.color_label = "architecture.width";
  f.log_x = f.log_y = true;
  f.columns = {"mup", "ntk", "standard"};
  for (const double shift : {0.0, 0.5, -0.6}) {
    Panel panel;
    for (const double width : {32.0, 64.0, 128.0, 256.0, 512.0}) panel.series.push_back(loss_line(width, shift));
    f.panels.push_back(panel);
  }
  return f;
}

/// Exact power laws n^p, one panel, names as colours, one quantity dashed.
inline Figure slopes() {
  Figure f;
  f.name = "own updates";
  f.title = "Own update of each layer after five steps";
  f.x_label = "architecture.width";
  f.y_label = "at_step(5).own_update";
  f.color_label = "layer";
  f.log_x = f.log_y = true;
  Panel panel;
  for (int layer = 1; layer <= 4; ++layer) {
    const std::string name = "own_update." + std::to_string(layer);
    Series s{name, name, nan, layer == 4 ? 1 : 0, {}, {}, {}, {}};
    for (const double n : {32.0, 64.0, 128.0, 256.0, 512.0}) {
      s.x.push_back(n);
      s.y.push_back(0.02 * layer * std::pow(n / 32, layer == 1 ? 0.0 : 0.9));
    }
    panel.series.push_back(s);
  }
  f.panels = {panel};
  return f;
}

/// y = 1 + 8/n with its fit and its value at infinite width, which has an error bar.
inline Figure limits() {
  Figure f;
  f.name = "limits";
  f.title = "To infinite width";
  f.x_label = "architecture.width";
  f.y_label = "final.train_loss";
  f.log_x = true;
  Series curve{"", "loss", nan, 0, {}, {}, {}, {}}, fit = curve, limit = curve;
  fit.fit = limit.bars = true;
  for (const double n : {16.0, 32.0, 64.0, 128.0}) curve.x.push_back(n);
  fit.x = {16, 128, 256, std::numeric_limits<double>::infinity()};
  limit.x = {std::numeric_limits<double>::infinity()};
  for (Series* s : {&curve, &fit, &limit}) {
    for (const double n : s->x) s->y.push_back(1 + 8 / n);
  }
  limit.low = {0.75};
  limit.high = {1.5};
  f.panels = {Panel{{curve, fit, limit}, {}}};
  return f;
}

/// A heat map over rate and width with two unmeasured cells.
inline Figure map() {
  Figure f;
  f.name = "map";
  f.title = "Loss over rate and width";
  f.kind = Kind::heatmap;
  f.x_label = "training.learning_rate";
  f.y_label = "architecture.width";
  f.color_label = "final.train_loss";
  f.log_x = f.log_y = true;
  f.columns = {"mup", "standard"};
  for (const double shift : {0.0, -0.6}) {
    Grid g;
    for (int e = -13; e <= -5; ++e) g.x.push_back(std::exp2(e));
    g.y = {32, 64, 128, 256, 512};
    for (const double width : g.y) {
      for (const double loss : loss_line(width, shift).y) g.z.push_back(loss);
    }
    g.z[7] = g.z[8] = nan;
    f.panels.push_back({{}, g});
  }
  return f;
}

inline VerdictRow verdict(std::string name, Mark mark, double predicted, double measured, double half_width) {
  VerdictRow row;
  row.name = std::move(name);
  row.mark = mark;
  row.predicted = predicted == 0 ? "0" : "1";
  row.measured = std::to_string(measured).substr(0, 5);
  row.picture = {predicted - 0.15, predicted + 0.15, measured, measured - half_width, measured + half_width};
  row.explanation.claim = "Theory predicts width^" + row.predicted + ", within 0.15 (source: theory).";
  row.explanation.facts = {{"slope", row.measured}, {"widening", "0.02"}};
  row.explanation.points = {{"width", "seed", "value"}, {{"32", "0", "0.51"}, {"64", "0", "0.49"}}};
  row.explanation.slopes = {{"seed", "slope"}, {{"0", "-0.05"}, {"1", "0.01"}}};
  row.explanation.dropped = {"width 512, seed 2: diverged at step 17"};
  row.explanation.rule = "The interval lies inside the band of tolerance.";
  return row;
}

inline Page page() {
  Page p;
  p.title = "Does the best learning rate move with width?";
  p.description = "Three hidden layers of relu units on Fashion-MNIST, trained by Adam.";
  p.finished = 37;
  p.total = 405;
  p.diverged = 2;
  p.warnings = {"Sweep rates: the optimum lies at the edge of training.learning_rate for width 512; extend that axis."};
  p.verdicts = {verdict("muP: the optimum stays", Mark::agrees, 0, -0.03, 0.06),
                verdict("standard: hidden layers outgrow their input as width grows", Mark::disagrees, 1, 0.62, 0.09),
                verdict("ntk: features stop moving", Mark::undecided, 0, 0.2, 0.4)};
  VerdictRow waiting;
  waiting.name = "standard: the optimum falls";
  waiting.predicted = "below 0";
  waiting.remark = "No width has three finished seeds yet.";
  p.verdicts.push_back(waiting);
  p.figures = {transfer(), slopes(), map()};
  p.configuration = "title = \"Does the best learning rate move with width?\"\n[architecture]\nfamily = \"mlp\"\n";
  p.provenance = {{"widthwise", "0.1.0"}, {"cpu", "Some Processor, 2 cores"}, {"isa", "AVX-512"}, {"threads", "2"}};
  return p;
}

}  // namespace widthwise::report::example
