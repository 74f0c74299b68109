#include "widthwise/report/text.h"

#include <fmt/format.h>

#include <cctype>
#include <cmath>

namespace widthwise::report {
namespace {

bool starts_with_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(text[i])) != lower[i]) return false;
  }
  return true;
}

bool continues_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// Bytes of the first `columns` code points of `text`.
std::size_t prefix_bytes(std::string_view text, std::size_t columns) {
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (!continues_code_point(text[i]) && columns-- == 0) break;
  }
  return i;
}

}  // namespace

std::string escape_label(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : escape_label(text)) {
    if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&#39;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string escape_json_for_script(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

std::string escape_javascript_for_script(std::string_view source) {
  std::string out;
  out.reserve(source.size() + source.size() / 1000);
  for (std::size_t i = 0; i < source.size(); ++i) {
    out += source[i];
    if (source[i] != '<') continue;
    const std::string_view rest = source.substr(i + 1);
    if (starts_with_ignoring_case(rest, "/script") || starts_with_ignoring_case(rest, "!--")) out += '\\';
  }
  return out;
}

std::string single_line(std::string_view text) {
  std::string out(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto byte = static_cast<unsigned char>(out[i]);
    // U+0080..U+009F are control characters of two bytes; some terminals obey them.
    const bool second_control_block =
        byte == 0xC2U && i + 1 < out.size() && static_cast<unsigned char>(out[i + 1]) < 0xA0U;
    if (second_control_block) out[i] = out[i + 1] = ' ';
    if (byte < 0x20U || byte == 0x7FU) out[i] = ' ';
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  for (const char c : text) columns += continues_code_point(c) ? 0U : 1U;
  return columns;
}

std::string pad_right(std::string text, std::size_t width) {
  const std::size_t columns = display_width(text);
  if (columns < width) text.append(width - columns, ' ');
  return text;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  if (width == 0) width = 1;
  std::vector<std::string> lines(1);
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t start = text.find_first_not_of(' ', at);
    if (start == std::string_view::npos) break;
    const std::size_t end = std::min(text.find(' ', start), text.size());
    std::string_view word = text.substr(start, end - start);
    at = end;
    const std::size_t used = display_width(lines.back());
    if (used > 0 && used + 1 + display_width(word) <= width) {
      lines.back().append(" ").append(word);
      continue;
    }
    if (used > 0) lines.emplace_back();
    while (display_width(word) > width) {
      const std::size_t bytes = prefix_bytes(word, width);
      lines.back() = word.substr(0, bytes);
      lines.emplace_back();
      word.remove_prefix(bytes);
    }
    lines.back() = word;
  }
  return lines;
}

std::string short_number(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  if (value == std::round(value) && std::abs(value) < 1e6) return fmt::format("{:.0f}", value + 0.0);
  return fmt::format("{:.{}g}", value, digits);
}

std::string exact_number(double value, std::string_view missing) {
  return std::isfinite(value) ? fmt::format("{}", value) : std::string(missing);
}

std::string file_stem(std::string_view name) {
  std::string stem;
  for (const char c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    if (plain) {
      stem += c;
    } else if (!stem.empty() && stem.back() != '-') {
      stem += '-';
    }
  }
  while (!stem.empty() && stem.back() == '-') stem.pop_back();
  return stem.empty() ? "figure" : stem;
}

}  // namespace widthwise::report
