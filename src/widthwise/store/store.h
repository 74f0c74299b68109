// The store of runs: records (record.h), appending (writer.h), reading (reader.h), sharing the work (claims.h), looking
// and checking (inspect.h).
#pragma once

#include "widthwise/store/claims.h"
#include "widthwise/store/inspect.h"
#include "widthwise/store/reader.h"
#include "widthwise/store/record.h"
#include "widthwise/store/writer.h"
