// The formulas of observable.h by the observable's name, but those of tangent kernels (kernel_observables.h).
#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "widthwise/observable/recorder_state.h"

namespace widthwise {

/// The value for the member and moment in the state; layers count from 1, 0 where there is none.
template <class T>
using Formula = std::function<double(RecorderState<T>&, Index layer)>;
template <class T>
using Formulas = std::unordered_map<std::string, Formula<T>>;

template <class T>
const Formulas<T>& formulas();

/// Those of layer_diagnostics.cpp: parts of preactivations, ranks, and how units and inputs differ.
template <class T>
void add_layer_diagnostics(Formulas<T>& formulas);

}  // namespace widthwise
