// What a run will take, before it is run: for the order of work, the size of groups and the time left.
#pragma once

#include "widthwise/architecture/architecture.h"
#include "widthwise/data/load.h"
#include "widthwise/study/grid.h"

namespace widthwise {

struct RunCost {
  double flops = 0;   // of the products, measurements included
  double work = 0;    // flops and what narrow layers waste, in flops of a wide one: proportional to time
  double memory = 0;  // bytes while it trains, data apart
  double disk = 0;    // bytes of its record
};

/// `inputs` and `outputs` of the data set the run trains on.
RunCost estimate_cost(const Configuration& configuration, Index inputs, Index outputs);

/// Inputs and outputs of the data a run asks for, by shape_of; found out once a process.
DataShape expected_shape(const Configuration& configuration);

/// The architecture a configuration describes, for data of that shape. @throws ConfigError
Architecture make_architecture(const Configuration& configuration, Index inputs, Index outputs);

/// Weight matrices but the readout, as set or as the family makes them: L, of residual-mlp L+1.
Index hidden_layers(const Configuration& configuration);

/// L, what exponents in depth scale with: hidden layers, or of residual networks branches.
double depth(const Configuration& configuration);

/// The steps it measures at.
std::vector<std::int64_t> measured_steps(const Configuration& configuration);

}  // namespace widthwise
