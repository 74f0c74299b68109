// The activations there are, one file each; known.cpp lists them with their parameters. Not needed outside this room.
#pragma once

#include "widthwise/activation/activation.h"

namespace widthwise {

std::shared_ptr<const Activation> make_linear();
std::shared_ptr<const Activation> make_relu();
std::shared_ptr<const Activation> make_leaky_relu(double slope);
std::shared_ptr<const Activation> make_erf();
std::shared_ptr<const Activation> make_gelu();
std::shared_ptr<const Activation> make_tanh();
std::shared_ptr<const Activation> make_softplus(double beta);
std::shared_ptr<const Activation> make_relu_power(double power);
std::shared_ptr<const Activation> make_abs();
std::shared_ptr<const Activation> make_sigmoid();
std::shared_ptr<const Activation> make_silu();
std::shared_ptr<const Activation> make_elu(double alpha);
std::shared_ptr<const Activation> make_sin();
std::shared_ptr<const Activation> make_cos();
std::shared_ptr<const Activation> make_quadratic();

}  // namespace widthwise
