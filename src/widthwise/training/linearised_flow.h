// Gradient flow of the network linearised where it is, in the space of its weights,
//
//   g(v) = f(theta_0) + J v,      dv/dt = -rate J^T dObjective/dg,      v(0) = 0
//
// with J = df/dtheta at theta_0 never formed: J^T u is a backward pass, J v a forward pass in forward mode. Its outputs
// are those of the flow of the tangent kernel K = J rate J^T (kernel_flow.h), but nothing grows with the square of the
// samples; and v says which weights a lazy network would move. The network is not changed.
//
// dgrad is that of the gradient in the weights, |G|^2 = sum over tensors of rate |G|^2, as for the network itself
// (flow_worker.h), and F and dObjective/dg are in double. frozen_flow.h says when it ends.
#pragma once

#include "widthwise/network/ensemble.h"
#include "widthwise/network/parameters.h"
#include "widthwise/training/frozen_flow.h"

namespace widthwise {

template <class T>
struct LinearisedFlowResult : FrozenFlowEnd {
  Matrix<double> outputs, test_outputs;  // F, samples x outputs
  Parameters<T> displacement;            // v, one member, in effective form
};

/// Works through `chunk` samples at once (0: what takes about 256 MB); where that is fewer than all, their forward
/// passes are repeated at every step. `test_inputs` may have no rows. @throws ShapeError where data and network do not
/// fit, DataError where one is not finite, ConfigError (training.*) for options out of range and for targets other than
/// -1 and 1 where the loss needs those.
template <class T>
LinearisedFlowResult<T> follow_linearised(const Ensemble<T>& ensemble, Index member, View<const T> inputs,
                                          View<const double> targets, View<const T> test_inputs, const Loss& loss,
                                          const FrozenFlowOptions& options, Index chunk = 0,
                                          const FrozenFlowHooks& hooks = {});

extern template LinearisedFlowResult<float> follow_linearised(const Ensemble<float>&, Index, View<const float>,
                                                              View<const double>, View<const float>, const Loss&,
                                                              const FrozenFlowOptions&, Index, const FrozenFlowHooks&);
extern template LinearisedFlowResult<double> follow_linearised(const Ensemble<double>&, Index, View<const double>,
                                                               View<const double>, View<const double>, const Loss&,
                                                               const FrozenFlowOptions&, Index, const FrozenFlowHooks&);

}  // namespace widthwise
