// Gradient flow of a kernel machine: what a network does whose tangent kernel K never changes (Geiger, Spigler, Jacot
// and Wyart 2020, "init kernel" and "final kernel"). It moves the dual variables c of the training samples,
//
//   dc/dt = -dObjective/dg,    g = g_0 + K c on the training samples, g = g_0 + K_test c on others,    c(0) = 0
//
// so that no system is ever solved: K may be singular. For squared loss and objective_factor = 1 / alpha, centred, the
// trained output is F = (1 - exp(-K t / samples)) y. dgrad is that of dObjective/dg, in the space of functions. One
// accepted step costs one product K v; frozen_flow.h says when it ends.
//
// K with the rates of a run (TangentShare::rate, kernel/empirical.h) runs on that run's clock.
#pragma once

#include "widthwise/network/ensemble.h"
#include "widthwise/training/frozen_flow.h"

namespace widthwise {

/// P training samples, M others, k outputs.
struct KernelFlowProblem {
  View<const double> kernel;          // symmetric, (P k) x (P k), row n k + o; or P x P, the same for every output
  View<const double> targets;         // P x k
  View<const double> initial{};       // g_0, P x k; null data: 0
  View<const double> test_kernel{};   // (M k) x (P k), or M x P; null data: there are no others
  View<const double> test_initial{};  // M x k; null data: 0
};

struct KernelFlowResult : FrozenFlowEnd {
  Matrix<double> outputs, test_outputs;  // F, P x k and M x k
  Matrix<double> duals;                  // c, P x k
};

/// @throws ShapeError where matrices do not fit, DataError where one is not finite, ConfigError (training.*) for
/// options out of range and for targets other than -1 and 1 where the loss needs those.
KernelFlowResult follow_kernel_flow(const KernelFlowProblem& problem, const Loss& loss,
                                    const FrozenFlowOptions& options, const FrozenFlowHooks& hooks = {});

/// The flow of a member's tangent kernel at its weights as they are, with its rates, and g_0 its outputs there:
/// everything in double but the kernel's own passes. `test_inputs` may have no rows. `memory`: bytes that a kernel may
/// take.
/// @throws as above; ConfigError (memory) where one would take more.
template <class T>
KernelFlowResult follow_tangent_kernel(const Ensemble<T>& ensemble, Index member, View<const T> inputs,
                                       View<const double> targets, View<const T> test_inputs, const Loss& loss,
                                       const FrozenFlowOptions& options, double memory = 4e9,
                                       const FrozenFlowHooks& hooks = {});

extern template KernelFlowResult follow_tangent_kernel(const Ensemble<float>&, Index, View<const float>,
                                                       View<const double>, View<const float>, const Loss&,
                                                       const FrozenFlowOptions&, double, const FrozenFlowHooks&);
extern template KernelFlowResult follow_tangent_kernel(const Ensemble<double>&, Index, View<const double>,
                                                       View<const double>, View<const double>, const Loss&,
                                                       const FrozenFlowOptions&, double, const FrozenFlowHooks&);

}  // namespace widthwise
