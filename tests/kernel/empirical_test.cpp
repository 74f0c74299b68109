// Tangent kernels against Jacobians made by one backward pass a sample and output, against passes that never form a
// kernel, and against what theory says of them at initialization.
#include "widthwise/kernel/empirical.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cmath>

#include "network/make_ensemble.h"
#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using ::testing::HasSubstr;
using testing::Shape;

// Every tensor with a multiplier and a rate of its own, so that mixing two up shows.
Ensemble<double> ensemble_of(const Architecture& network, Index count = 2) {
  std::vector<Member> members = testing::members(network, count);
  double next = 0.5;
  for (Member& member : members)
    for (auto* tensors : {&member.scaling.weights, &member.scaling.biases})
      for (TensorScaling& tensor : *tensors) {
        tensor.multiplier = next += 0.13;
        tensor.effective_rate = next * next * (next + 0.2);
      }
  return Ensemble<double>(network, members);
}
Ensemble<double> ensemble_of(const Shape& shape, Index count = 2) {
  return ensemble_of(testing::architecture(shape), count);
}

double share(TangentShare share, const TensorScaling& tensor) {
  if (share == TangentShare::multiplier) return tensor.multiplier * tensor.multiplier;
  return share == TangentShare::rate ? tensor.effective_rate : 1;
}

enum class Tensors { all, weights, biases };

// Row n k + o: derivatives of output o of sample n, times sqrt(share); of one layer, or of all (0).
Matrix<double> jacobian(const Ensemble<double>& ensemble, Index member, const Matrix<double>& points,
                        TangentShare which, Index only = 0, Tensors tensors = Tensors::all) {
  const Index outputs = ensemble.architecture().outputs;
  std::vector<std::vector<double>> rows;
  Propagation<double> propagation(ensemble, 1, 1);
  Parameters<double> gradient(ensemble.architecture(), 1);
  for (Index n = 0; n < points.rows(); ++n)
    for (Index o = 0; o < outputs; ++o) {
      const Matrix<double> one = points.row(n);
      propagation.forward(ensemble, view(one), member);
      Matrix<double> seed = Matrix<double>::Zero(1, outputs);
      seed(0, o) = 1;
      propagation.gradient(ensemble, member, view(std::as_const(seed)), gradient);
      std::vector<double>& row = rows.emplace_back();
      const auto append = [&](View<const double> part, const TensorScaling& scaling) {
        for (Index i = 0; i < part.rows; ++i)
          for (Index j = 0; j < part.cols; ++j) row.push_back(std::sqrt(share(which, scaling)) * part(i, j));
      };
      for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
        if (only != 0 && layer != only) continue;
        const auto l = static_cast<std::size_t>(layer - 1);
        if (tensors != Tensors::biases) append(gradient.weight(0, layer), ensemble.scaling(member).weights[l]);
        if (tensors != Tensors::weights) append(gradient.bias(0, layer), ensemble.scaling(member).biases[l]);
      }
    }
  Matrix<double> out(static_cast<Index>(rows.size()), static_cast<Index>(rows[0].size()));
  for (Index i = 0; i < out.rows(); ++i)
    for (Index j = 0; j < out.cols(); ++j) out(i, j) = rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
  return out;
}

// (N k) x (M k) -> N x M: the mean of the diagonals of the k x k blocks.
Matrix<double> mean_over_outputs(const Matrix<double>& kernel, Index outputs) {
  Matrix<double> out = Matrix<double>::Zero(kernel.rows() / outputs, kernel.cols() / outputs);
  for (Index i = 0; i < out.rows(); ++i)
    for (Index j = 0; j < out.cols(); ++j)
      for (Index o = 0; o < outputs; ++o)
        out(i, j) += kernel(i * outputs + o, j * outputs + o) / static_cast<double>(outputs);
  return out;
}

void expect_near(const Matrix<double>& a, const Matrix<double>& b, double relative = 1e-12) {
  ASSERT_EQ(a.rows(), b.rows());
  ASSERT_EQ(a.cols(), b.cols());
  EXPECT_LT((a - b).norm(), relative * b.norm());
}

TEST(TangentKernel, IsTheJacobianTimesItsTranspose) {
  for (const Index outputs : {1, 3})
    for (const Index hidden : {1, 3})
      for (const bool bias : {false, true}) {
        SCOPED_TRACE(::testing::Message() << outputs << " outputs, " << hidden << " hidden layers, bias " << bias);
        const auto ensemble = ensemble_of({5, outputs, 7, hidden, "softplus", bias});
        const Matrix<double> points = testing::random_matrix<double>(6, 5, 1),
                             others = testing::random_matrix<double>(4, 5, 2);
        for (const auto which : {TangentShare::multiplier, TangentShare::rate, TangentShare::one}) {
          const Matrix<double> j = jacobian(ensemble, 1, points, which), j2 = jacobian(ensemble, 1, others, which);
          expect_near(tangent_kernel(ensemble, 1, view(points), {which}), j * j.transpose());
          expect_near(tangent_kernel(ensemble, 1, view(points), view(others), {which}), j * j2.transpose());
          expect_near(tangent_kernel(ensemble, 1, view(points), {which, true}),
                      mean_over_outputs(j * j.transpose(), outputs));
          expect_near(tangent_kernel(ensemble, 1, view(points), view(others), {which, true}),
                      mean_over_outputs(j * j2.transpose(), outputs));
        }
      }
}

// To within a fifth, the memory in which a tile of one sample fits.
double least_memory(const Ensemble<double>& ensemble) {
  for (double memory = 1e4;; memory *= 1.2) try {
      TangentKernel<double>({TangentShare::one, false, memory}).tile(ensemble, 1);
      return memory;
    } catch (const ConfigError&) {
    }
}

TEST(TangentKernel, OfConvolutionsIsTheJacobianTimesItsTranspose) {
  for (const char* family : {"cnn", "wide-resnet"})
    for (const Index outputs : {1, 2}) {
      SCOPED_TRACE(::testing::Message() << family << ", " << outputs << " outputs");
      FamilyOptions options;
      options.image = {13, 13, 2};
      options.input_dimension = 13 * 13 * 2;
      options.outputs = outputs;
      options.width = family == std::string("cnn") ? 3 : 1;
      options.blocks = 1;
      options.activation = "softplus";
      options.bias_input = options.bias_hidden = options.bias_output = true;
      const auto ensemble = ensemble_of(make_architecture(family, options), 1);
      const Matrix<double> points = testing::random_matrix<double>(5, 13 * 13 * 2, 1),
                           others = testing::random_matrix<double>(3, 13 * 13 * 2, 2);
      const Matrix<double> j = jacobian(ensemble, 0, points, TangentShare::multiplier),
                           j2 = jacobian(ensemble, 0, others, TangentShare::multiplier);
      const double least = least_memory(ensemble);
      EXPECT_LT(TangentKernel<double>({TangentShare::one, false, least}).tile(ensemble, 5), 3);
      for (const double memory : {1e9, least}) {  // one tile, several
        const TangentOptions all{TangentShare::multiplier, false, memory}, mean{TangentShare::multiplier, true, memory};
        expect_near(tangent_kernel(ensemble, 0, view(points), all), j * j.transpose());
        expect_near(tangent_kernel(ensemble, 0, view(points), view(others), all), j * j2.transpose());
        expect_near(tangent_kernel(ensemble, 0, view(points), mean), mean_over_outputs(j * j.transpose(), outputs));
      }
    }
}

TEST(TangentKernel, PartsAreThoseOfTheTensorsAndSumToTheWhole) {
  const Index outputs = 2, n = 5, size = n * outputs;
  const auto ensemble = ensemble_of({4, outputs, 6, 2, "tanh", true});
  const Matrix<double> points = testing::random_matrix<double>(n, 4, 3);
  std::vector<Matrix<double>> memory(7, Matrix<double>(size, size));
  TangentParts<double> parts{view(memory[6])};
  for (std::size_t l = 0; l < 3; ++l) {
    parts.weights.push_back(view(memory[l]));
    parts.biases.push_back(view(memory[3 + l]));
  }
  TangentKernel<double> kernel;
  kernel(ensemble, 0, view(points), parts);
  Matrix<double> sum = Matrix<double>::Zero(size, size);
  for (Index layer = 1; layer <= 3; ++layer) {
    const auto l = static_cast<std::size_t>(layer - 1);
    const Matrix<double> w = jacobian(ensemble, 0, points, TangentShare::multiplier, layer, Tensors::weights);
    const Matrix<double> b = jacobian(ensemble, 0, points, TangentShare::multiplier, layer, Tensors::biases);
    expect_near(memory[l], w * w.transpose());
    expect_near(memory[3 + l], b * b.transpose());
    sum += memory[l] + memory[3 + l];
  }
  expect_near(memory[6], sum);

  // A weight's and its bias's part in one memory: the layer's.
  TangentParts<double> layers{{}, {{}, view(memory[1]), {}}, {{}, view(memory[1]), {}}};
  kernel(ensemble, 0, view(points), layers);
  const Matrix<double> j = jacobian(ensemble, 0, points, TangentShare::multiplier, 2);
  expect_near(memory[1], j * j.transpose());
}

TEST(TangentKernel, TilesMakeTheKernelOfOnePiece) {
  // Every entry is made of the same sums, wherever the edges of tiles are; the products round a little differently.
  for (const Index outputs : {1, 2})
    for (const bool mean : {false, true}) {
      const auto ensemble = ensemble_of({5, outputs, 9, 2, "erf", true});
      const Matrix<double> points = testing::random_matrix<double>(23, 5, 4),
                           others = testing::random_matrix<double>(9, 5, 5);
      const Matrix<double> whole = tangent_kernel(ensemble, 0, view(points), {TangentShare::one, mean});
      const Matrix<double> cross = tangent_kernel(ensemble, 0, view(points), view(others), {TangentShare::one, mean});
      Index smallest = 23;
      for (double memory = 1700; memory < 40000; memory *= 1.7) {
        TangentKernel<double> kernel({TangentShare::one, mean, memory});
        smallest = std::min(smallest, kernel.tile(ensemble, 23));
        Matrix<double> out(whole.rows(), whole.cols()), out2(cross.rows(), cross.cols());
        kernel(ensemble, 0, view(points), {view(out)});
        kernel(ensemble, 0, view(points), view(others), {view(out2)});
        expect_near(out, whole, 1e-13);
        expect_near(out2, cross, 1e-13);
        EXPECT_EQ(out, out.transpose());
      }
      EXPECT_LE(smallest, 3);  // else this says little
    }
}

TEST(TangentKernel, IsWhatPassesSayOfIt) {
  // u' Theta u = |J' u|^2, one backward pass; Theta u = J (J' u), one more forward in forward mode.
  const auto ensemble = ensemble_of({8, 3, 20, 3, "gelu", true}, 1);
  const Matrix<double> points = testing::random_matrix<double>(11, 8, 6), u = testing::random_matrix<double>(11, 3, 7);
  const Matrix<double> kernel = tangent_kernel(ensemble, 0, view(points), {TangentShare::rate});
  const Vector<double> flat = Eigen::Map<const Vector<double>>(u.data(), u.size());
  Propagation<double> propagation(ensemble, 11);
  Parameters<double> gradient(ensemble.architecture(), 1);
  propagation.forward(ensemble, view(points));
  propagation.gradient(ensemble, 0, view(u), gradient);
  double square = 0;
  const auto weigh = [&](View<double> part, const TensorScaling& tensor) {
    for (Index i = 0; i < part.rows; ++i)
      for (Index j = 0; j < part.cols; ++j) {
        square += tensor.effective_rate * part(i, j) * part(i, j);
        part(i, j) *= tensor.effective_rate;
      }
  };
  for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
    weigh(gradient.weight(0, layer), ensemble.scaling(0).weights[static_cast<std::size_t>(layer - 1)]);
    weigh(gradient.bias(0, layer), ensemble.scaling(0).biases[static_cast<std::size_t>(layer - 1)]);
  }
  EXPECT_NEAR(flat.dot(kernel * flat), square, 1e-12 * square);
  const Matrix<double> moved = testing::matrix_of(propagation.jvp(ensemble, 0, gradient));
  const Vector<double> product = kernel * flat;
  EXPECT_LT((product - Eigen::Map<const Vector<double>>(moved.data(), moved.size())).norm(), 1e-12 * product.norm());
}

TEST(TangentKernel, IsSymmetricAndPositive) {
  const auto ensemble = ensemble_of({6, 2, 15, 2, "relu", true}, 1);
  const Matrix<double> points = testing::random_matrix<double>(30, 6, 8);
  const Matrix<double> kernel = tangent_kernel(ensemble, 0, view(points));
  EXPECT_EQ(kernel, kernel.transpose());
  const Eigen::SelfAdjointEigenSolver<Matrix<double>> solved(kernel);
  EXPECT_GT(solved.eigenvalues().minCoeff(), -1e-12 * solved.eigenvalues().maxCoeff());
  // Floats: the same numbers to their own rounding.
  std::vector<Member> members = {{ensemble.key(0), ensemble.scaling(0)}};
  const Ensemble<float> single(ensemble.architecture(), members);
  const Matrix<float> singles = points.cast<float>();
  const Matrix<float> rounded = tangent_kernel(single, 0, view(singles));
  EXPECT_LT((rounded.cast<double>() - kernel).norm(), 1e-5 * kernel.norm());
}

// Weights of deviation 1 times multipliers gain / sqrt(fan_in), gain 1 / rms(phi) behind phi, and |x|^2 = d: as n grows
// Theta(x, x) goes to sum_{k=0}^{L} q^k, q = E phi'^2 / E phi^2 (relu: 1). The mean over draws and points of a network
// of width n has that within its standard error, and a bias of order 1/n.
void expect_diagonal(const std::string& activation, double rms, Index hidden, double expected) {
  constexpr Index width = 1024, inputs = 32;
  FamilyOptions options;
  options.input_dimension = inputs;
  options.outputs = 1;
  options.width = width;
  options.hidden_layers = hidden;
  options.activation = activation;
  if (activation == "softplus") options.activation_parameter = 5;
  options.bias_input = options.bias_hidden = options.bias_output = false;
  const Architecture network = mlp(options);
  Scaling scaling;
  for (const Dense& layer : network.weight_matrices()) {
    TensorScaling weight;
    weight.multiplier = (scaling.weights.empty() ? 1 : 1 / rms) / std::sqrt(static_cast<double>(layer.fan_in));
    weight.effective_std = weight.multiplier;
    scaling.weights.push_back(weight);
    scaling.biases.emplace_back();
  }
  Matrix<double> points = testing::random_matrix<double>(4, inputs, 9);
  points.rowwise().normalize();
  points *= std::sqrt(static_cast<double>(inputs));
  double sum = 0, squares = 0;
  constexpr int draws = 16;
  for (std::uint64_t seed = 0; seed < draws; ++seed) {
    const std::vector<Member> members = {{Key(100 + seed), scaling}};
    const Ensemble<double> ensemble(network, members, InitialWeights::forgotten);
    const double mean = tangent_kernel(ensemble, 0, view(std::as_const(points))).diagonal().mean();
    sum += mean;
    squares += mean * mean;
  }
  const double mean = sum / draws, error = std::sqrt((squares / draws - mean * mean) / (draws - 1));
  EXPECT_LT(error, 0.03 * expected);
  EXPECT_NEAR(mean, expected, 4 * error + 4.0 / width * expected) << activation << ' ' << hidden << " +- " << error;
}

TEST(TangentKernel, OfASoftplusNetworkAtInitializationIsTheArticles) {
  constexpr double factor = 1.404383;  // 1 / rms softplus_5, and q = 0.837939
  expect_diagonal("softplus", 1 / factor, 1, 1.8379);
  expect_diagonal("softplus", 1 / factor, 2, 2.5401);
  expect_diagonal("softplus", 1 / factor, 3, 3.1284);
}

TEST(TangentKernel, OfAReluNetworkAtInitializationIsItsDepthPlusOne) {
  for (const Index hidden : {1, 2, 3})
    expect_diagonal("relu", 1 / std::sqrt(2.0), hidden, static_cast<double>(hidden + 1));
}

TEST(TangentKernel, RefusesWhatDoesNotFit) {
  const auto ensemble = ensemble_of({5, 2, 7, 2, "tanh", true});
  const Matrix<double> points = testing::random_matrix<double>(6, 5, 1),
                       wrong = testing::random_matrix<double>(6, 4, 1);
  EXPECT_THROW(tangent_kernel(ensemble, 0, view(wrong)), ShapeError);
  EXPECT_THROW(tangent_kernel(ensemble, 2, view(points)), ShapeError);
  Matrix<double> out(6, 6);
  EXPECT_THROW(TangentKernel<double>{}(ensemble, 0, view(points), {view(out)}), ShapeError);  // 12 x 12 are meant
  EXPECT_EQ(tangent_kernel(ensemble, 0, view(points).block(0, 0, 0, 5)).size(), 0);
}

TEST(TangentKernel, SaysWhatMemoryItNeeds) {
  const auto ensemble = ensemble_of({5, 2, 7, 2, "tanh", true});
  const Matrix<double> points = testing::random_matrix<double>(600, 5, 1);
  const auto message = [&](double memory) -> std::string {
    try {
      tangent_kernel(ensemble, 0, view(points), {TangentShare::one, false, memory});
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(message(1e6), HasSubstr("1.15e+07 bytes, for a tangent kernel of 1200 x 1200"));
  EXPECT_THAT(message(1e6), HasSubstr("TangentKernel writes parts of it"));
  EXPECT_THROW(TangentKernel<double>({TangentShare::one, false, 100}).tile(ensemble, 600), ConfigError);
}

}  // namespace
}  // namespace widthwise
