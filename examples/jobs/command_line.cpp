#include "command_line.hpp"

#include "programs.hpp"

namespace jobs {

namespace {

/// Words and operators. # begins a comment.
Words split(const std::string& line) {
    Words tokens;
    bool in_word = false;
    for (const char c : line) {
        if (c == '#' && !in_word)
            break;
        const bool blank = c == ' ' || c == '\t' || c == '\r';
        const bool is_operator = c == '|' || c == '&' || c == ';';
        if (is_operator)
            tokens.emplace_back(1, c);
        else if (!blank && in_word)
            tokens.back() += c;
        else if (!blank)
            tokens.emplace_back(1, c);
        in_word = !blank && !is_operator;
    }
    return tokens;
}

} // namespace

std::vector<Pipeline> parse_line(const std::string& line, std::string& error) {
    std::vector<Pipeline> pipelines;
    Pipeline current;
    Words words;
    std::string last_operator;
    for (const std::string& token : split(line)) {
        const bool is_operator = token == "|" || token == "&" || token == ";";
        if (!is_operator) {
            if (const auto place = token.find_first_of("'\"\\<>`()"); place != std::string::npos) {
                error = "syntax error: this shell has no '" + token.substr(place, 1) + "'";
                return {};
            }
            if (words.empty() && token == "run")
                continue; // `run PROGRAM` is PROGRAM
            words.push_back(token);
            continue;
        }
        if (words.empty()) {
            error = "syntax error: a command is missing before '" + token + "'";
            return {};
        }
        current.commands.push_back(std::move(words));
        words.clear();
        last_operator = token;
        if (token == "|")
            continue;
        current.background = token == "&";
        pipelines.push_back(std::move(current));
        current = {};
    }
    if (!words.empty()) {
        current.commands.push_back(std::move(words));
        pipelines.push_back(std::move(current));
    } else if (last_operator == "|" && !current.commands.empty()) {
        error = "syntax error: a command is missing after '|'";
        return {};
    }
    return pipelines;
}

std::string to_string(const Pipeline& pipeline) {
    std::string text;
    for (const Words& words : pipeline.commands)
        text += (text.empty() ? "" : " | ") + joined(words);
    return text;
}

} // namespace jobs
