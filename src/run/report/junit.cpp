#include "run/report/junit.hpp"

#include <nslaunch/error.hpp>

#include <algorithm>
#include <cerrno>
#include <pugixml.hpp>
#include <sstream>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::run {
namespace {

constexpr std::string_view kRemarks[] = {"failure",      "error",      "skipped",
                                         "rerunFailure", "rerunError", "flakyFailure",
                                         "flakyError",   "system-out", "system-err"};

/// Names are shown, and repeated, in lists.
constexpr std::size_t kLongestReportedName = 4096;
/// Each is the start or end of an element, or text: far more than any test runner writes per case.
constexpr std::size_t kTagsForACase = 20;

/// Cuts at a character boundary, if there is one.
std::string name_of(std::string text) {
  if (text.size() <= kLongestReportedName) return text;
  std::size_t end = kLongestReportedName;
  while (end > kLongestReportedName - 4 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  text.resize(end);
  return text;
}

bool stands_for_another_try(std::string_view element) {
  return element.starts_with("rerun") || element.starts_with("flaky");
}

/// All text of the node, however it is split into CDATA sections.
std::string text_within(const pugi::xml_node& node) {
  std::string text;
  for (const auto& child : node) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
  }
  return text;
}

JunitRemark read_remark(const pugi::xml_node& node) {
  JunitRemark remark{.element = node.name(),
                     .type = node.attribute("type").value(),
                     .message = node.attribute("message").value(),
                     .text = text_within(node)};
  if (!stands_for_another_try(remark.element)) return remark;
  remark.text += text_within(node.child("stackTrace"));
  remark.output = text_within(node.child("system-out")) + text_within(node.child("system-err"));
  return remark;
}

/// If it is missing or empty, the suite is the class.
bool has_class(const pugi::xml_node& junit_case) {
  return *junit_case.attribute("classname").value() != '\0';
}

JunitCase read_case(const pugi::xml_node& node, const std::string& suite) {
  JunitCase junit_case{.name = name_of(node.attribute("name").value()),
                       .class_name = has_class(node) ? name_of(node.attribute("classname").value()) : suite,
                       .time = node.attribute("time").value()};
  for (const auto& child : node.children()) {
    if (std::find(std::begin(kRemarks), std::end(kRemarks), child.name()) != std::end(kRemarks))
      junit_case.remarks.push_back(read_remark(child));
  }
  return junit_case;
}

[[noreturn]] void refuse_as_too_large(const std::string& path, std::size_t number, const char* what) {
  throw Error(sys::errno_code(EFBIG), fmt::format("{}: more than {} {}", sys::escape(path), number, what));
}

/// Throws Error if the suite does not fit.
void take_room(JunitRoom& room, const JunitSuite& suite, const pugi::xml_node& node,
               const std::string& path) {
  for (const auto& child : node.children("testcase")) {
    if (room.cases == room.most_cases) refuse_as_too_large(path, room.most_cases, "test cases in all");
    ++room.cases;
    if (has_class(child)) continue;
    if (suite.name.size() > room.copies)
      refuse_as_too_large(path, JunitRoom{}.copies, "bytes of suites' names for cases without a class");
    room.copies -= suite.name.size();
  }
}

JunitSuite read_suite(const pugi::xml_node& node, const std::string& path, JunitRoom& room) {
  JunitSuite suite{.name = name_of(node.attribute("name").value()),
                   .time = node.attribute("time").value(),
                   .timestamp = node.attribute("timestamp").value(),
                   .host = node.attribute("hostname").value()};
  for (const auto& property : node.child("properties").children("property")) {
    const auto value = property.attribute("value");
    suite.properties.emplace_back(property.attribute("name").value(),
                                  value ? value.value() : text_within(property));
  }
  take_room(room, suite, node, path);
  for (const auto& child : node.children("testcase")) suite.cases.push_back(read_case(child, suite.name));
  return suite;
}

void set(pugi::xml_node& node, const char* attribute, const std::string& value) {
  node.append_attribute(attribute).set_value(sys::for_xml(value).c_str());
}

/// Text that only changes colours becomes empty.
void set_if_any(pugi::xml_node& node, const char* attribute, const std::string& value) {
  const auto text = sys::for_xml(value);
  if (!text.empty()) node.append_attribute(attribute).set_value(text.c_str());
}

void add_text(pugi::xml_node& node, const std::string& text) {
  if (!text.empty()) node.append_child(pugi::node_pcdata).set_value(sys::for_xml(text).c_str());
}

void write_remark(pugi::xml_node& parent, const JunitRemark& remark) {
  auto node = parent.append_child(remark.element.c_str());
  const bool another_try = stands_for_another_try(remark.element);
  if (another_try || !remark.type.empty()) set(node, "type", remark.type);
  set_if_any(node, "message", remark.message);
  if (!another_try) return add_text(node, remark.text);
  auto trace = node.append_child("stackTrace");
  add_text(trace, remark.text);
  if (remark.output.empty()) return;
  auto output = node.append_child("system-out");
  add_text(output, remark.output);
}

bool has(const JunitCase& junit_case, std::string_view element) {
  const auto is_it = [&](const JunitRemark& remark) { return remark.element == element; };
  return std::any_of(junit_case.remarks.begin(), junit_case.remarks.end(), is_it);
}

/// A time that the schema accepts, else empty: an invalid one is worse than none.
std::string usable_time(const std::string& time) {
  const bool usable = time.find_first_not_of("0123456789.") == std::string::npos &&
                      std::count(time.begin(), time.end(), '.') <= 1;
  return usable ? time : "";
}

void write_suite(pugi::xml_node& parent, const JunitSuite& suite) {
  const auto count = [&](std::string_view element) {
    return std::to_string(std::count_if(suite.cases.begin(), suite.cases.end(),
                                        [&](const JunitCase& one) { return has(one, element); }));
  };
  auto node = parent.append_child("testsuite");
  set(node, "name", suite.name);
  set(node, "tests", std::to_string(suite.cases.size()));
  set(node, "failures", count("failure"));
  set(node, "errors", count("error"));
  set(node, "skipped", count("skipped"));
  set_if_any(node, "time", usable_time(suite.time));
  set_if_any(node, "timestamp", suite.timestamp);
  set_if_any(node, "hostname", suite.host);
  if (!suite.properties.empty()) {
    auto properties = node.append_child("properties");
    for (const auto& [name, value] : suite.properties) {
      auto property = properties.append_child("property");
      set(property, "name", name);
      set(property, "value", value);
    }
  }
  for (const auto& one : suite.cases) {
    auto element = node.append_child("testcase");
    set(element, "name", one.name);
    set_if_any(element, "classname", one.class_name);
    set_if_any(element, "time", one.time);
    for (const auto& remark : one.remarks) write_remark(element, remark);
  }
}

}  // namespace

std::vector<JunitSuite> parse_junit(const std::string& text, const std::string& path) {
  JunitRoom room;
  return parse_junit(text, path, room);
}

std::vector<JunitSuite> parse_junit(const std::string& text, const std::string& path, JunitRoom& room) {
  // Checked before parsing: the tree takes many times the size of the text.
  const auto most_tags = room.most_cases * kTagsForACase;
  if (static_cast<std::size_t>(std::count(text.begin(), text.end(), '<')) > most_tags)
    refuse_as_too_large(path, most_tags, "tags");
  pugi::xml_document document;
  const auto parsed = document.load_buffer(text.data(), text.size());
  if (!parsed) {
    const auto before = text.begin() + std::min(parsed.offset, static_cast<std::ptrdiff_t>(text.size()));
    throw Error({}, fmt::format("{}:{}: {}", sys::escape(path), std::count(text.begin(), before, '\n') + 1,
                                parsed.description()));
  }
  const std::string_view root = document.document_element().name();
  if (root != "testsuites" && root != "testsuite")
    throw Error({},
                fmt::format("{}:1: no JUnit report: its root is <{}>", sys::escape(path), sys::escape(root)));
  auto left = room;
  std::vector<JunitSuite> suites;
  for (const auto& found : document.select_nodes("//testsuite[testcase]"))
    suites.push_back(read_suite(found.node(), path, left));
  room = left;
  return suites;
}

std::string junit_text(const std::vector<JunitSuite>& suites) {
  pugi::xml_document document;
  auto root = document.append_child("testsuites");
  for (const auto& suite : suites) write_suite(root, suite);
  std::ostringstream text;
  document.save(text, " ", pugi::format_indent, pugi::encoding_utf8);
  return text.str();
}

}  // namespace nslaunch::run
