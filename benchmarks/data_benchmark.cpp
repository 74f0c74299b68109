// Times the way from compressed files to principal components, and where the time goes:
//
//   data_benchmark [SET SAMPLES DIRECTIONS [DATA_DIR]]        default: fashion-mnist 60000 100
//
// Each part is timed by itself, the best of three; "covariance" also as a share of the peak measured just before
// (a symmetric product needs n d (d + 1) operations).
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/data/load.h"
#include "widthwise/data/pca.h"
#include "widthwise/linalg/cpu.h"
#include "widthwise/linalg/eigen.h"
#include "widthwise/linalg/products.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {
namespace {

template <class Work>
double best_of_three(const Work& work) {
  double best = 1e300;
  for (int round = 0; round < 3; ++round) {
    const auto start = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

void print(const char* part, double seconds, const std::string& more = {}) {
  fmt::print("| {:<44} | {:>7.2f} s | {} |\n", part, seconds, more);
}

void run(const DataOptions& plain, Index directions) {
  DataOptions reduced = plain;
  reduced.pca = directions;
  const double peak = measured_peak<double>(threads());
  const double all = best_of_three([&] { load_data(reduced); });
  const double without = best_of_three([&] { load_data(plain); });
  const Matrix<double> x = load_data(plain).train.inputs;
  Matrix<double> covariance(x.cols(), x.cols());
  const double product = best_of_three([&] { syrk<double>(Op::transpose, 1, view(x), 0, view(covariance)); });
  const double pairs = best_of_three([&] { largest_eigenpairs(view(std::as_const(covariance)), directions); });
  const auto n = static_cast<double>(x.rows()), d = static_cast<double>(x.cols());
  fmt::print("{}: {} samples of {} features to {} directions, {} threads\n", plain.name, x.rows(), x.cols(), directions,
             threads());
  print("files to components, all in all", all);
  print("  of it files to standardised inputs", without);
  print("  covariance, one product", product, fmt::format("{:.0f}% of peak", n * d * (d + 1) / product / peak / 1e7));
  print("  eigenvectors", pairs);
}

}  // namespace
}  // namespace widthwise

int main(int count, char** arguments) {
  using namespace widthwise;
  DataOptions options;
  options.name = count > 1 ? arguments[1] : "fashion-mnist";
  options.train = count > 2 ? std::atoll(arguments[2]) : 60000;
  const Index directions = count > 3 ? std::atoll(arguments[3]) : 100;
  if (count > 4) options.data_dir = arguments[4];
  try {
    run(options, directions);
  } catch (const Error& error) {
    std::cerr << "data_benchmark: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
