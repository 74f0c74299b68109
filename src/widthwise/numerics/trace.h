// A trace: what anything that evolves in time leaves behind, finite network or infinite-width limit alike. Point k has
// a step, a time and one value in every series; point 0 is initialization, and a point at step s shows the state before
// update s. What one unit of time is, the maker of the trace says (for gradient descent usually rate * step).
//
// Layer-resolved series are named "<observable>.<l>", l = 1..L+1 counting weight matrices from the input. A value that
// was not measured at a point is NaN there, put explicitly.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace widthwise {

struct Trace {
  std::vector<std::int64_t> step;
  std::vector<double> time;
  std::map<std::string, std::vector<double>> series;

  std::size_t size() const { return step.size(); }
  bool empty() const { return step.empty(); }

  /// Opens the next point. @throws Error unless step grows strictly and time does not fall.
  void append(std::int64_t new_step, double new_time);
  /// Sets a value at the newest point (a second call replaces it). @throws Error before the first append, or where an
  /// earlier point of this series was left out.
  void set(const std::string& name, double value);

  bool has(const std::string& name) const { return series.contains(name); }
  /// The values of a series, one a point. @throws Error with the nearest known name.
  const std::vector<double>& values(const std::string& name) const;
  /// @throws Error naming the first series whose length is not the number of points.
  void check() const;

  // The values below are NaN for a trace without points; @throws Error for an unknown name.

  /// Value at the last point.
  double final_value(const std::string& name) const;
  /// Smallest value over the points, NaN left out.
  double best(const std::string& name) const;
  /// Mean over the last `count` points (over all, if there are fewer): a final value with less mini-batch noise.
  double last(const std::string& name, std::size_t count) const;
  /// Linear interpolation in time or in step between neighbouring points; NaN outside the recorded range, so that a run
  /// that stopped early has no value there.
  double at_time(const std::string& name, double t) const;
  double at_step(const std::string& name, double s) const;
  /// Slope of log value over log time of the points from t1 to t2, by least squares; NaN for fewer than three points,
  /// values that are not above 0, or a trace that ends before t2 or begins after t1.
  double slope(const std::string& name, double t1, double t2) const;
};

}  // namespace widthwise
