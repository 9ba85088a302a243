#include "cluster/batch/arithmetic.hpp"

#include <array>
#include <charconv>
#include <limits>

#include "cluster/batch/words.hpp"

namespace tasuki::batch {
namespace {

// How deep parentheses and signs may stand in one another; so that no line exhausts the stack.
constexpr int kDepthMax = 200;

struct CalculationFault {
  const char* text;
  int errorlevel;
};
// The texts and numbers of cmd.exe.
constexpr CalculationFault kUnbalanced{"Unbalanced parenthesis.", 1073750988};
constexpr CalculationFault kMissingOperand{"Missing operand.", 1073750989};
constexpr CalculationFault kMissingOperator{"Missing operator.", 1073750990};
constexpr CalculationFault kInvalidNumber{
    "Invalid number. Numeric constants are either decimal (17), hexadecimal (0x11), or octal "
    "(021).",
    1073750991};
constexpr CalculationFault kTooLarge{"Invalid number. Numbers are limited to 32-bits of precision.",
                                     1073750992};
constexpr CalculationFault kDivideByZero{"Divide by zero error.", 1073750993};

struct Digits {
  std::string_view text;
  int base = 10;
};

Digits digits_of(std::string_view text) {
  if (starts_with_name(text, "0x")) return {text.substr(2), 16};
  if (text.size() > 1 && text.front() == '0') return {text.substr(1), 8};
  return {text, 10};
}

int32_t wrap(int64_t value) {
  return static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint64_t>(value)));
}

// The number in front, and how many characters of the digits it took.
std::pair<int64_t, size_t> parse_digits(const Digits& digits, bool& too_large) {
  int64_t value = 0;
  const char* const begin = digits.text.data();
  const auto [end, problem] =
      std::from_chars(begin, begin + digits.text.size(), value, digits.base);
  too_large = problem == std::errc::result_out_of_range;
  if (problem == std::errc::invalid_argument) return {0, 0};
  return {value, static_cast<size_t>(end - begin)};
}

int32_t shifted(int32_t left, int32_t right, bool to_left) {
  constexpr int kBits = 32;
  if (right < 0 || right >= kBits) return !to_left && left < 0 ? -1 : 0;
  return to_left ? wrap(static_cast<int64_t>(left) << right) : left >> right;
}

class Calculator {
 public:
  Calculator(std::string_view text, const Variables& variables)
      : text_(text), variables_(variables) {}

  Calculated calculate() {
    const int32_t value = comma();
    if (!fault_ && !at_end()) fail(peek() == ')' ? kUnbalanced : kMissingOperator);
    if (fault_) return {0, fault_->text, fault_->errorlevel};
    return {value, std::nullopt, 0};
  }

 private:
  // The levels of binary operators, loosest first.
  static constexpr std::array<std::array<std::string_view, 3>, 6> kLevels{
      {{"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"}}};

  void fail(const CalculationFault& fault) {
    if (!fault_) fault_ = fault;
    text_ = {};
  }

  char peek() {
    while (!text_.empty() && (is_blank(text_.front()) || text_.front() == '"'))
      text_.remove_prefix(1);
    return text_.empty() ? '\0' : text_.front();
  }
  bool at_end() { return peek() == '\0'; }
  bool take(std::string_view operator_text) {
    peek();
    if (!text_.starts_with(operator_text)) return false;
    text_.remove_prefix(operator_text.size());
    return true;
  }

  int32_t comma() {
    int32_t value = assignment();
    while (!fault_ && take(",")) value = assignment();
    return value;
  }

  // NAME = value, NAME += value and so on, or a value.
  int32_t assignment() {
    if (too_deep()) return 0;
    peek();
    const std::string_view before = text_;
    const std::string_view name = take_name();
    const std::string_view operation = name.empty() ? std::string_view{} : take_assignment();
    if (operation.empty()) {
      text_ = before;
      const int32_t value = binary(0);
      --depth_;
      return value;
    }
    const int32_t right = assignment();
    --depth_;
    if (fault_) return 0;
    const int32_t value =
        operation == "=" ? right
                         : apply(operation.substr(0, operation.size() - 1), variable(name), right);
    if (!fault_) variables_.set(name, value);
    return value;
  }

  bool too_deep() {
    if (++depth_ > kDepthMax) fail(kUnbalanced);
    return fault_.has_value();
  }

  std::string_view take_assignment() {
    peek();
    for (const std::string_view operation :
         {"<<=", ">>=", "*=", "/=", "%=", "+=", "-=", "&=", "^=", "|=", "="})
      if (take(operation)) return operation;
    return {};
  }

  int32_t binary(size_t level) {
    if (level == kLevels.size()) return unary();
    int32_t left = binary(level + 1);
    for (;;) {
      const std::string_view operation = take_operator(level);
      if (fault_ || operation.empty()) return left;
      const int32_t right = binary(level + 1);
      left = apply(operation, left, right);
    }
  }

  std::string_view take_operator(size_t level) {
    for (const std::string_view operation : kLevels[level])
      if (!operation.empty() && take(operation)) return operation;
    return {};
  }

  int32_t apply(std::string_view operation, int32_t left, int32_t right) {
    if (fault_) return 0;
    const int64_t wide = left;
    switch (operation.front()) {
      case '|':
        return left | right;
      case '^':
        return left ^ right;
      case '&':
        return left & right;
      case '<':
        return shifted(left, right, true);
      case '>':
        return shifted(left, right, false);
      case '+':
        return wrap(wide + right);
      case '-':
        return wrap(wide - right);
      case '*':
        return wrap(wide * right);
      default:
        break;
    }
    if (right == 0) fail(kDivideByZero);
    if (right == 0) return 0;
    return operation == "/" ? wrap(wide / right) : wrap(wide % right);
  }

  int32_t unary() {
    if (too_deep()) return 0;
    int32_t value = 0;
    if (take("-"))
      value = wrap(-static_cast<int64_t>(unary()));
    else if (take("+"))
      value = unary();
    else if (take("~"))
      value = ~unary();
    else if (take("!"))
      value = unary() == 0 ? 1 : 0;
    else
      value = operand();
    --depth_;
    return value;
  }

  int32_t operand() {
    if (take("(")) {
      const int32_t value = comma();
      if (!fault_ && !take(")")) fail(kUnbalanced);
      return value;
    }
    if (is_digit(peek())) return number();
    const std::string_view name = take_name();
    if (name.empty()) fail(kMissingOperand);
    return name.empty() ? 0 : variable(name);
  }

  int32_t number() {
    size_t end = 0;
    while (end < text_.size() && !is_operator(text_[end]) && !is_blank(text_[end])) ++end;
    const Digits digits = digits_of(text_.substr(0, end));
    text_.remove_prefix(end);
    bool too_large = false;
    const auto [value, length] = parse_digits(digits, too_large);
    const bool hexadecimal = digits.base == 16;
    const int64_t limit = hexadecimal ? int64_t{std::numeric_limits<uint32_t>::max()}
                                      : int64_t{std::numeric_limits<int32_t>::max()};
    if (too_large || value > limit)
      fail(kTooLarge);
    else if (length < digits.text.size() || length == 0)
      fail(kInvalidNumber);
    return wrap(value);
  }

  static bool is_operator(char c) { return std::string_view("()!~-*/%+<>&^|=,\"").contains(c); }

  std::string_view take_name() {
    size_t end = 0;
    while (end < text_.size() && !is_operator(text_[end]) && !is_blank(text_[end])) ++end;
    if (end == 0 || is_digit(text_.front())) return {};
    const std::string_view name = text_.substr(0, end);
    text_.remove_prefix(end);
    return name;
  }

  int32_t variable(std::string_view name) {
    return leading_number(variables_.find(name).value_or("0"));
  }

  std::string_view text_;
  const Variables& variables_;
  std::optional<CalculationFault> fault_;
  int depth_ = 0;
};

}  // namespace

std::optional<int32_t> whole_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  const Digits digits = digits_of(text);
  bool too_large = false;
  const auto [value, length] = parse_digits(digits, too_large);
  if (too_large || length < digits.text.size() || length == 0) return std::nullopt;
  return wrap(negative ? -value : value);
}

int32_t leading_number(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text.front())) return 0;
  bool too_large = false;
  const auto [value, length] = parse_digits(digits_of(text), too_large);
  return wrap(negative ? -value : value);
}

Calculated calculate(std::string_view expression, const Variables& variables) {
  return Calculator(expression, variables).calculate();
}

}  // namespace tasuki::batch
