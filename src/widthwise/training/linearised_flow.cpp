#include "widthwise/training/linearised_flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/data/finite.h"
#include "widthwise/linalg/pointwise.h"
#include "widthwise/network/dense.h"
#include "widthwise/network/propagation.h"
#include "widthwise/training/linear_system.h"

namespace widthwise {

namespace {

constexpr double buffer_bytes = 256e6;

template <class T>
Index chunk_for(const Ensemble<T>& ensemble, Index samples, Index asked) {
  const auto room = Propagation<T>::room(ensemble.architecture());  // and as much again for tangents, at most
  const auto fitting =
      static_cast<Index>(buffer_bytes / (sizeof(T) * static_cast<double>(2 * room.numbers + 3 * room.patches)));
  return std::clamp<Index>(asked > 0 ? asked : fitting, 1, std::max<Index>(samples, 1));
}

// Calls use(of(p), rate) for every tensor, of(p) its view in one-member parameters p.
template <class T, class Use>
void each_rate(const Ensemble<T>& ensemble, Index member, const Use& use) {
  const Scaling& scaling = ensemble.scaling(member);
  for (Index layer = 1; layer <= ensemble.layers(); ++layer) {
    const auto l = static_cast<std::size_t>(layer - 1);
    use([layer](auto& p) { return p.weight(0, layer); }, scaling.weights[l].effective_rate);
    if (ensemble.bias(member, layer).data)
      use([layer](auto& p) { return p.bias(0, layer); }, scaling.biases[l].effective_rate);
  }
}

template <class T>
struct LinearisedLook {
  Matrix<double> outputs, slope;  // F, dObjective/dg
  Parameters<T> gradient;         // J^T of that
  double loss = 0, norm = 0;
  explicit LinearisedLook(const Architecture& architecture) : gradient(architecture, 1) {}
};

template <class T>
class LinearisedSystem final : public LinearSystem<LinearisedLook<T>> {
  using Look = LinearisedLook<T>;

 public:
  LinearisedSystem(const Ensemble<T>& ensemble, Index member, View<const T> inputs, View<const double> targets,
                   const Loss& loss, const FrozenFlowOptions& options, Index chunk)
      : LinearSystem<Look>(inputs.rows, targets.cols, Look(ensemble.architecture()), Look(ensemble.architecture())),
        ensemble_(ensemble),
        member_(member),
        inputs_(inputs),
        targets_(targets),
        loss_(loss),
        options_(options),
        passes_(ensemble, chunk_for(ensemble, inputs.rows, chunk), 1),
        displacement_(ensemble.architecture(), 1),
        direction_(ensemble.architecture(), 1),
        initial_(outputs_at_start(inputs)) {
    this->start();
  }

  /// F on any inputs, from the displacement itself.
  Matrix<double> trained_outputs(View<const T> inputs) {
    Matrix<double> out = outputs_at_start(inputs);
    by_chunks(inputs, [&](Index first, Index rows) {
      const View<const T> moved = passes_.jvp(ensemble_, member_, displacement_);
      for (Index i = 0; i < rows; ++i)
        for (Index j = 0; j < moved.cols; ++j)
          out(first + i, j) = trained_output(options_.scale, out(first + i, j), static_cast<double>(moved(i, j)));
    });
    return out;
  }
  Parameters<T>& displacement() { return displacement_; }

 private:
  double initial(Index sample, Index output) const override { return initial_(sample, output); }
  const OutputScale& scale() const override { return options_.scale; }

  // use(first, rows) behind a forward pass of these samples, which is kept where one holds them all.
  template <class Use>
  void by_chunks(View<const T> inputs, const Use& use) {
    for (Index first = 0; first < inputs.rows; first += passes_.max_samples()) {
      const Index rows = std::min(passes_.max_samples(), inputs.rows - first);
      const View<const T> block = inputs.block(first, 0, rows, inputs.cols);
      if (block.data != held_.data || rows != held_.rows) passes_.forward(ensemble_, block, member_);
      held_ = block;
      use(first, rows);
    }
  }

  Matrix<double> outputs_at_start(View<const T> inputs) {
    Matrix<double> out(inputs.rows, ensemble_.architecture().outputs);
    by_chunks(inputs, [&](Index first, Index rows) {
      const View<const T> output = passes_.output(member_);
      for (Index i = 0; i < rows; ++i)
        for (Index j = 0; j < output.cols; ++j) out(first + i, j) = static_cast<double>(output(i, j));
    });
    return out;
  }

  void write_gradient(Look& look) override {
    look.slope.resize(look.outputs.rows(), look.outputs.cols());
    look.loss = loss_.gradient(view(std::as_const(look.outputs)), targets_, view(look.slope));
    look.slope *= options_.objective_factor;
    by_chunks(inputs_, [&](Index first, Index rows) {
      const View<T> seed = passes_.output_gradient(member_);
      for (Index i = 0; i < rows; ++i)
        for (Index j = 0; j < seed.cols; ++j) seed(i, j) = static_cast<T>(look.slope(first + i, j));
      const T keep = first == 0 ? T(0) : T(1);
      passes_.backward(ensemble_, MemberRange{member_, 1}, [&](const Factors<T>& factors) {
        dense_layer::backward_weight<T>(T(1), factors.delta, factors.input, keep,
                                        look.gradient.weight(0, factors.layer));
        if (const View<T> bias = look.gradient.bias(0, factors.layer); bias.data)
          dense_layer::backward_bias<T>(T(1), factors.delta, keep, bias.data);
      });
    });
    double square = 0;
    each_rate(ensemble_, member_, [&](const auto& of, double rate) {
      square += rate * pointwise::sum_squares<T>(of(std::as_const(look.gradient)));
    });
    look.norm = std::sqrt(square);
  }

  double distance(const Look& a, const Look& b) const override {
    double square = 0;
    each_rate(ensemble_, member_, [&](const auto& of, double rate) {
      square += rate * pointwise::sum_squared_differences<T>(of(a.gradient), of(b.gradient));
    });
    return std::sqrt(square);
  }

  // J rate G.
  void write_velocity(const Look& look, Matrix<double>& velocity) override {
    each_rate(ensemble_, member_, [&](const auto& of, double rate) {
      const View<const T> from = of(look.gradient);
      const View<T> to = of(direction_);
      for (Index i = 0; i < to.rows; ++i)
        for (Index j = 0; j < to.cols; ++j) to(i, j) = static_cast<T>(rate) * from(i, j);
    });
    by_chunks(inputs_, [&](Index first, Index rows) {
      const View<const T> moved = passes_.jvp(ensemble_, member_, direction_);
      for (Index i = 0; i < rows; ++i)
        for (Index j = 0; j < moved.cols; ++j) velocity(first + i, j) = static_cast<double>(moved(i, j));
    });
  }

  void take_step(double dt, const Look& from) override {
    each_rate(ensemble_, member_, [&](const auto& of, double rate) {
      pointwise::sgd<T>(static_cast<T>(dt * rate), of(from.gradient), of(displacement_));
    });
  }

  std::vector<double> moving() const override {
    std::vector<double> numbers;
    each_rate(ensemble_, member_, [&](const auto& of, double) {
      const View<const T> from = of(displacement_);
      for (Index i = 0; i < from.rows; ++i)
        for (Index j = 0; j < from.cols; ++j) numbers.push_back(static_cast<double>(from(i, j)));
    });
    return numbers;
  }
  void set_moving(const std::vector<double>& numbers) override {
    auto next = numbers.begin();
    each_rate(ensemble_, member_, [&](const auto& of, double) {
      const View<T> to = of(displacement_);
      for (Index i = 0; i < to.rows; ++i)
        for (Index j = 0; j < to.cols; ++j) to(i, j) = static_cast<T>(*next++);
    });
  }

  const Ensemble<T>& ensemble_;
  Index member_;
  View<const T> inputs_;
  View<const double> targets_;
  const Loss& loss_;
  const FrozenFlowOptions& options_;
  Propagation<T> passes_;
  View<const T> held_;  // the samples of the last forward pass
  Parameters<T> displacement_, direction_;
  Matrix<double> initial_;  // f(theta_0)
};

}  // namespace

template <class T>
LinearisedFlowResult<T> follow_linearised(const Ensemble<T>& ensemble, Index member, View<const T> inputs,
                                          View<const double> targets, View<const T> test_inputs, const Loss& loss,
                                          const FrozenFlowOptions& options, Index chunk, const FrozenFlowHooks& hooks) {
  const Architecture& architecture = ensemble.architecture();
  if (member < 0 || member >= ensemble.size() || inputs.rows != targets.rows || targets.cols != architecture.outputs ||
      inputs.cols != architecture.input_dimension ||
      (test_inputs.rows > 0 && test_inputs.cols != architecture.input_dimension))
    throw ShapeError("linearised flow",
                     fmt::format("one of {} members, samples x {} inputs and samples x {} targets", ensemble.size(),
                                 architecture.input_dimension, architecture.outputs),
                     fmt::format("member {}, {} x {} and {} x {}, test inputs {} x {}", member, inputs.rows,
                                 inputs.cols, targets.rows, targets.cols, test_inputs.rows, test_inputs.cols));
  check_frozen({}, targets, loss, options);
  require_finite(inputs, "training inputs");
  if (test_inputs.rows > 0) require_finite(test_inputs, "test inputs");
  LinearisedSystem<T> system(ensemble, member, inputs, targets, loss, options, chunk);
  const FrozenFlowEnd end = follow_frozen(system, targets, options, hooks);
  Matrix<double> outputs = system.trained_outputs(inputs), others = system.trained_outputs(test_inputs);
  return {end, std::move(outputs), std::move(others), std::move(system.displacement())};
}

template LinearisedFlowResult<float> follow_linearised(const Ensemble<float>&, Index, View<const float>,
                                                       View<const double>, View<const float>, const Loss&,
                                                       const FrozenFlowOptions&, Index, const FrozenFlowHooks&);
template LinearisedFlowResult<double> follow_linearised(const Ensemble<double>&, Index, View<const double>,
                                                        View<const double>, View<const double>, const Loss&,
                                                        const FrozenFlowOptions&, Index, const FrozenFlowHooks&);

}  // namespace widthwise
