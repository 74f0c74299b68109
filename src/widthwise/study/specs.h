// Reads [[figure]], [[prediction]] and [[derived]] and checks them against the sweeps they name.
#pragma once

#include <string>

#include "widthwise/study/document.h"

namespace widthwise {

FigureSpec read_figure(const ValueTable& table, const std::string& file, int line);
PredictionSpec read_prediction(const ValueTable& table, const std::string& file, int line);
DerivedSpec read_derived(const ValueTable& table, const std::string& file, int line);

/// Puts the results of searches before the derived quantities written. @throws ConfigError where one has that name.
void add_searches(Study& study);

/// What figures, predictions and derived quantities speak of must exist: the sweep, the axes, the values, the
/// observables these are taken from, the values of `where`. @throws ConfigError with file and line.
void check_references(const Study& study);

}  // namespace widthwise
