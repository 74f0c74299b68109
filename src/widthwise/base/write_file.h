// Writing a file whole: readers see the old content or the new one, never half of it.
#pragma once

#include <filesystem>
#include <string_view>

namespace widthwise {

/// Writes beside `path`, then renames; missing folders are made. @throws Error naming the path and the reason.
void write_file(const std::filesystem::path& path, std::string_view content);

}  // namespace widthwise
