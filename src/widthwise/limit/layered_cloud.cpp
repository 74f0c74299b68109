#include "widthwise/limit/layered_cloud.h"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/kernel/activation_kernel.h"
#include "widthwise/limit/input_kernels.h"
#include "widthwise/linalg/eigen.h"
#include "widthwise/linalg/parallel.h"
#include "widthwise/linalg/products.h"
#include "widthwise/linalg/threads.h"

namespace widthwise {

namespace {

constexpr Index chunk = 1024, most_blocks = 16, least_block = 256;

// Calls work(first, count, sum, room) on chunks of the particles, in blocks shared out to threads: each block adds to a
// sum (rows x cols) of its own, and these are added in one order, whoever made them.
template <class Work>
Matrix<double> sum_over(Index particles, Index rows, Index cols, const Work& work) {
  const Index blocks = std::clamp<Index>(particles / least_block, 1, most_blocks);
  std::vector<Matrix<double>> sums(static_cast<std::size_t>(blocks));
  const int workers = static_cast<int>(std::min<Index>(threads(), blocks));
  parallel(workers, [&](int worker) {
    Matrix<double> room;
    for (Index b = worker; b < blocks; b += workers) {
      Matrix<double>& sum = sums[static_cast<std::size_t>(b)];
      sum = Matrix<double>::Zero(rows, cols);
      const Index end = particles * (b + 1) / blocks;
      for (Index first = particles * b / blocks; first < end; first += chunk)
        work(first, std::min(chunk, end - first), view(sum), room);
    }
  });
  for (Index b = 1; b < blocks; ++b) sums[0] += sums[static_cast<std::size_t>(b)];
  return std::move(sums[0]);
}

void copy(View<const double> from, View<double> to) {
  for (Index i = 0; i < from.rows; ++i) std::copy_n(from.row(i), from.cols, to.row(i));
}

View<double> rows_of(Matrix<double>& matrix, Index first, Index count) {
  return view(matrix).block(first, 0, count, matrix.cols());
}

std::vector<double> diagonal(const Matrix<double>& covariance) {
  std::vector<double> out(static_cast<std::size_t>(covariance.rows()));
  for (Index i = 0; i < covariance.rows(); ++i) out[static_cast<std::size_t>(i)] = covariance(i, i);
  return out;
}

// The symmetric matrix with `last` as its last columns.
Matrix<double> bordered(const Matrix<double>& first, const Matrix<double>& last) {
  const Index old = first.rows();
  Matrix<double> out(last.rows(), last.rows());
  out.topLeftCorner(old, old) = first;
  out.rightCols(last.cols()) = last;
  out.bottomLeftCorner(last.cols(), old) = last.topRows(old).transpose();
  return out;
}

// U (n x n, upper) with U^T U = normals^T normals / count.
Matrix<double> moment_factor(Matrix<double>& normals) {
  const Index count = normals.rows(), columns = normals.cols();
  if (count <= columns)
    throw ConfigError(
        {{}, "limit.particles"},
        fmt::format("more than {} independent particles, the samples of the first batch or the features", columns),
        fmt::format("{}", count), "a quarter of limit.particles is independent");
  const Matrix<double> second = sum_over(count, columns, columns, [&](Index first, Index rows, auto sum, auto&) {
    gemm<double>(Op::transpose, Op::none, 1, rows_of(normals, first, rows), rows_of(normals, first, rows), 1, sum);
  });
  return (second / static_cast<double>(count)).llt().matrixU();
}

}  // namespace

InitialCovariances initial_covariances(const Activation& activation, const CloudRule& rule, View<const double> batch,
                                       const Matrix<double>& chi) {
  const ThreadScope one(1);  // the same bits, however many there are
  const auto layers = static_cast<std::size_t>(rule.hidden_layers);
  InitialCovariances out{std::vector<Matrix<double>>(layers), std::vector<Matrix<double>>(layers)};
  std::vector<Matrix<double>> slopes(layers);
  out.forward[0].resize(batch.rows, batch.rows);
  syrk<double>(Op::none, rule.input_variance, batch, 0, view(out.forward[0]));
  for (std::size_t l = 0; l + 1 < layers; ++l) {
    const std::vector<double> variances = diagonal(out.forward[l]);
    ActivationKernel kernel = activation_kernel(activation, variances, variances, view(std::as_const(out.forward[l])));
    out.forward[l + 1] = rule.hidden_variance * kernel.value;
    slopes[l] = std::move(kernel.slope);
  }
  out.backward[layers - 1] = rule.output_variance * chi * chi.transpose();
  for (std::size_t l = layers - 1; l-- > 0;)
    out.backward[l] = rule.hidden_variance * out.backward[l + 1].cwiseProduct(slopes[l]);
  return out;
}

void LayeredCloud::History::make_room(Index rows, Index columns) {
  room_ = columns;
  if (used_ + room_ <= data_.cols()) return;
  Matrix<double> larger(rows, std::max(used_ + room_, data_.cols() + data_.cols() / 2));
  larger.leftCols(used_) = data_.leftCols(used_);
  data_ = std::move(larger);
}

LayeredCloud::LayeredCloud(const CloudRule& rule, std::shared_ptr<const Activation> activation, Key key)
    : rule_{rule},
      activation_{std::move(activation)},
      key_{key},
      layers_(static_cast<std::size_t>(rule.hidden_layers)) {
  // Other activations are not 0 on a half-line with a slope that jumps at its end: all forms have one limit.
  rule_.revived = rule.revived && rule.hidden_layers > 1 && activation_->homogeneity_degree() == 1 &&
                  (activation_->value(-1) == 0 || activation_->value(1) == 0);
}

Matrix<double> LayeredCloud::draw(Key key, const Matrix<double>& root, bool backward) const {
  const Index drawn = rule_.antithetic ? rule_.particles / 4 : rule_.particles;
  Matrix<double> normals(drawn, root.rows()), mixing = root, out(rule_.particles, root.cols());
  const auto cols = static_cast<std::size_t>(normals.cols());
  fill_normal(key, static_cast<std::size_t>(drawn), cols, 1.0, normals.data(), cols);
  if (rule_.matched) {
    if (!rule_.antithetic) normals.rowwise() -= normals.colwise().mean().eval();
    mixing = moment_factor(normals).triangularView<Eigen::Upper>().solve(root);
  }
  sum_over(drawn, 0, 0, [&](Index first, Index count, auto, auto&) {
    gemm<double>(Op::none, Op::none, 1, rows_of(normals, first, count), view(std::as_const(mixing)), 0,
                 rows_of(out, first, count));
  });
  for (Index copies = 1; rule_.antithetic && copies < 4; ++copies)
    out.middleRows(copies * drawn, drawn) = ((backward ? copies / 2 : copies % 2) == 1 ? -1 : 1) * out.topRows(drawn);
  return out;
}

void LayeredCloud::step(View<const double> batch, const Gradient& gradient, std::span<const double> rates) {
  for (Layer& layer : layers_) {
    layer.x.make_room(rule_.particles, batch.rows);
    layer.delta.make_room(rule_.particles, batch.rows);
  }
  std::vector<Matrix<double>> initial_fields;
  Matrix<double> chi;
  if (rule_.revived) xi_.make_room(rule_.particles, batch.rows);
  if (step_ == 0) {
    chi = gradient(Matrix<double>::Zero(batch.rows, rule_.outputs));
    initial_fields = begin(batch, chi);
  } else {
    chi = gradient(forward(batch, true));
  }
  count_dead();
  backward(batch, chi, rates, initial_fields);
  ++step_;
}

Matrix<double> LayeredCloud::output(View<const double> points) {
  return step_ == 0 ? Matrix<double>::Zero(points.rows, rule_.outputs) : forward(points, false);
}

std::vector<Matrix<double>> LayeredCloud::begin(View<const double> batch, const Matrix<double>& chi) {
  const InitialCovariances law = initial_covariances(*activation_, rule_, batch, chi);
  const auto identity = [](Index size, double variance) {
    return Matrix<double>(std::sqrt(variance) * Matrix<double>::Identity(size, size));
  };
  const auto key = [&](std::size_t l, const char* name) { return key_.split(l + 1).split(name); };
  w_ = draw(key(0, "w"), identity(rule_.features, rule_.input_variance), false);
  v_ = draw(key(top(), "a"), identity(rule_.outputs, rule_.output_variance), true);
  std::vector<Matrix<double>> fields(layers_.size());
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    if (l < top()) fields[l] = draw(key(l, "a"), covariance_root(law.backward[l]), true);
    const Matrix<double> drawn = l > 0 ? draw(key(l, "w"), covariance_root(law.forward[l]), false) : Matrix<double>();
    sum_over(rule_.particles, 0, 0, [&](Index first, Index count, auto, auto&) {
      const View<double> h = layers_[l].delta.fresh(first, count), x = layers_[l].x.fresh(first, count);
      if (l == 0)
        gemm<double>(Op::none, Op::transpose, 1, rows_of(w_, first, count), batch, 0, h);
      else
        copy(view(drawn).block(first, 0, count, drawn.cols()), h);
      copy(h, x);
      activation_->forward(x, nullptr, x);
    });
  }
  if (rule_.revived) {
    copy(layers_.back().delta.fresh(0, rule_.particles), xi_.fresh(0, rule_.particles));
    gram_ = sum_over(rule_.particles, batch.rows, batch.rows, [&](Index first, Index count, auto sum, auto&) {
      const View<double> x = layers_[top() - 1].x.fresh(first, count);
      gemm<double>(Op::transpose, Op::none, 1, x, x, 1, sum);
    });
    gram_ /= static_cast<double>(rule_.particles);
  }
  return fields;
}

Matrix<double> LayeredCloud::forward(View<const double> points, bool keep) {
  const auto particles = static_cast<double>(rule_.particles);
  Matrix<double> below;  // Hx^T x / M of the layer below
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    const bool with_present = keep && rule_.revived && l + 1 == top();
    const Index rows = l == top() ? rule_.outputs : layer.x.used() + (with_present ? points.rows : 0);
    below = sum_over(rule_.particles, rows, points.rows, [&](Index first, Index count, auto sum, auto& room) {
      room.resize(count, points.rows);
      if (l == 0)
        gemm<double>(Op::none, Op::transpose, 1, rows_of(w_, first, count), points, 0, view(room));
      else
        gemm<double>(Op::none, Op::none, -1, layer.delta.past(first, count), view(std::as_const(below)), 0, view(room));
      if (keep) copy(view(room), layer.delta.fresh(first, count));
      activation_->forward(view(room), nullptr, view(room));
      if (keep) copy(view(room), layer.x.fresh(first, count));
      gemm<double>(Op::transpose, Op::none, 1,
                   l == top() ? rows_of(v_, first, count) : layer.x.columns(first, count, rows),
                   view(std::as_const(room)), 1, sum);
    });
    below /= particles;
    if (!with_present) continue;
    gram_ = bordered(gram_, below);
    below = below.topRows(layer.x.used()).eval();
  }
  return below.transpose();
}

void LayeredCloud::backward(View<const double> batch, const Matrix<double>& chi, std::span<const double> rates,
                            const std::vector<Matrix<double>>& initial_fields) {
  const auto particles = static_cast<double>(rule_.particles);
  const bool revives = rule_.revived && step_ > 0;
  const Revival law = revives ? revival() : Revival();
  Matrix<double> above;  // Hd^T delta / M of the layer above
  for (std::size_t l = layers_.size(); l-- > 0;) {
    Layer& layer = layers_[l];
    above =
        sum_over(rule_.particles, layer.delta.used(), batch.rows, [&](Index first, Index count, auto sum, auto& room) {
          const View<double> h = layer.delta.fresh(first, count);
          room.resize(count, batch.rows);
          if (l == top())
            gemm<double>(Op::none, Op::transpose, 1, rows_of(v_, first, count), view(chi), 0, view(room));
          else if (!initial_fields.empty())
            room = initial_fields[l].middleRows(first, count);
          else
            gemm<double>(Op::none, Op::none, -1, layer.x.past(first, count), view(std::as_const(above)), 0, view(room));
          if (revives && l == top()) revive(law, first, count);
          activation_->multiply_slope(h, view(room));
          gemm<double>(Op::transpose, Op::none, 1, layer.delta.past(first, count), view(std::as_const(room)), 1, sum);
          room *= rates[l];
          copy(view(room), h);
          if (l == 0)
            gemm<double>(Op::none, Op::none, -1, view(std::as_const(room)), batch, 1, rows_of(w_, first, count));
          if (l == top())
            gemm<double>(Op::none, Op::none, -rates[l + 1], layer.x.fresh(first, count), view(chi), 1,
                         rows_of(v_, first, count));
        });
    above /= particles;
  }
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    if (l < top()) layers_[l].x.keep();
    if (l > 0) layers_[l].delta.keep();
  }
  if (rule_.revived) xi_.keep();
}

LayeredCloud::Revival LayeredCloud::revival() const {
  const Index past = xi_.used(), now = gram_.rows() - past;
  if (!gram_.allFinite())  // diverged
    return {Matrix<double>::Zero(past, now), Matrix<double>::Zero(now, now)};
  const Matrix<double> both = gram_.topRightCorner(past, now);
  const SymmetricEigen eigen = largest_eigenpairs(view(Matrix<double>(gram_.topLeftCorner(past, past))), past);
  const double least = 1e-9 * eigen.values[0];
  const Vector<double> inverse = (eigen.values.array() > least).select(eigen.values.cwiseInverse(), 0);
  Matrix<double> mix = eigen.vectors.transpose() * (inverse.asDiagonal() * (eigen.vectors * both));
  const Matrix<double> rest = gram_.bottomRightCorner(now, now) - both.transpose() * mix;
  return {std::move(mix), covariance_root(rule_.hidden_variance / 2 * (rest + rest.transpose()))};
}

void LayeredCloud::revive(const Revival& law, Index first, Index count) {
  const Key key = key_.split("xi").split(static_cast<std::uint64_t>(step_));
  const View<double> xi = xi_.fresh(first, count), h = layers_.back().delta.fresh(first, count),
                     history = layers_.back().delta.past(first, count);
  gemm<double>(Op::none, Op::none, 1, xi_.past(first, count), view(law.mix), 0, xi);
  Vector<double> normals(xi.cols);
  for (Index j = 0; j < count; ++j) {
    if (std::any_of(history.row(j), history.row(j) + history.cols, [](double value) { return value != 0; })) continue;
    for (Index k = 0; k < xi.cols; ++k)
      normals[k] = normal(key, static_cast<std::uint64_t>(first + j), static_cast<std::uint64_t>(k));
    const Vector<double> noise = law.root.transpose() * normals;
    for (Index k = 0; k < xi.cols; ++k) h(j, k) = xi(j, k) += noise[k];
  }
}

void LayeredCloud::count_dead() {
  Index dead = 0;
  for (Index j = 0; j < rule_.particles; ++j) {
    const View<double> x = layers_.back().x.fresh(j, 1);
    dead += std::all_of(x.row(0), x.row(0) + x.cols, [](double value) { return value == 0; }) ? 1 : 0;
  }
  dead_share_ = static_cast<double>(dead) / static_cast<double>(rule_.particles);
}

}  // namespace widthwise
