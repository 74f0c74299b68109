// Work shared out to threads, in place of OpenMP's parallel regions. Those wait by spinning for milliseconds: where
// other programs compete for the cores, a thread that spins keeps a core from the one it waits for, and steps were seen
// to take twenty times as long as on one thread. Here a wait spins for some microseconds, the usual time between two
// products, and then sleeps.
#pragma once

#include <functional>

namespace widthwise {

/// Calls work(0), ..., work(count - 1) at once and returns when all are done: work(0) on the calling thread, the others
/// on threads kept for it from call to call. Within, threads() is 1 and parallel() calls one after the other. An
/// exception of one of them is thrown again here, after all have ended.
void parallel(int count, const std::function<void(int)>& work);

}  // namespace widthwise
