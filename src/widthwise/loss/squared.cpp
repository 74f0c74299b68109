// Squared loss, L = mean over samples of 1/2 |f - y|^2, and its gradient (f - y) / samples.
#include <array>

#include "widthwise/loss/losses.h"

namespace widthwise {
namespace {

/// Sum of squared differences of one run of entries; several partial sums, so that the compiler may vectorise.
template <class T, class Each>
double sum_of_squares(const T* f, const T* y, Index count, Each each) {
  constexpr Index lanes = 8;
  std::array<double, lanes> partial{};
  Index j = 0;
  for (; j + lanes <= count; j += lanes) {
    for (Index lane = 0; lane < lanes; ++lane) {
      const T difference = f[j + lane] - y[j + lane];
      partial[static_cast<std::size_t>(lane)] += static_cast<double>(difference) * static_cast<double>(difference);
      each(j + lane, difference);
    }
  }
  double sum = 0;
  for (; j < count; ++j) {
    const T difference = f[j] - y[j];
    sum += static_cast<double>(difference) * static_cast<double>(difference);
    each(j, difference);
  }
  for (const double lane : partial) sum += lane;
  return sum;
}

class Squared final : public Loss {
 public:
  std::string_view name() const override { return "squared"; }

  double value(View<const float> f, View<const float> y) const override { return mean(f, y); }
  double value(View<const double> f, View<const double> y) const override { return mean(f, y); }
  double gradient(View<const float> f, View<const float> y, View<float> g) const override { return derive(f, y, g); }
  double gradient(View<const double> f, View<const double> y, View<double> g) const override { return derive(f, y, g); }

 private:
  template <class T>
  static double mean(View<const T> f, View<const T> y) {
    detail::check_same_shape("squared loss", f, y);
    double sum = 0;
    for (Index i = 0; i < f.rows; ++i) sum += sum_of_squares(f.row(i), y.row(i), f.cols, [](Index, T) {});
    return sum / (2 * static_cast<double>(f.rows));
  }

  template <class T>
  static double derive(View<const T> f, View<const T> y, View<T> gradient) {
    detail::check_same_shape("squared loss", f, y);
    detail::check_same_shape<T>("squared loss gradient", gradient, y);
    const T scale = T(1) / static_cast<T>(f.rows);
    double sum = 0;
    for (Index i = 0; i < f.rows; ++i) {
      T* g = gradient.row(i);
      sum += sum_of_squares(f.row(i), y.row(i), f.cols, [g, scale](Index j, T d) { g[j] = scale * d; });
    }
    return sum / (2 * static_cast<double>(f.rows));
  }
};

}  // namespace

std::shared_ptr<const Loss> make_squared() {
  return std::make_shared<Squared>();
}

}  // namespace widthwise
